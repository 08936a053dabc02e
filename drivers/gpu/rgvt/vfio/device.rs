// SPDX-License-Identifier: GPL-2.0

//! A virtual GPU as VFIO sees it.

use kernel::{
    prelude::*,
    sync::Arc,
    uaccess::{
        UserSliceReader,
        UserSliceWriter, //
    },
};

use super::{
    irq::Irqs,
    region::{
        self,
        Region, //
    }, //
};
use crate::{
    rust::vfio::{
        irq,
        DeviceInfo,
        Guest,
        IrqInfo,
        IrqSet,
        Mapping,
        Operations,
        RegionInfo, //
    },
    vgpu::Vgpu,
};

/// A virtual GPU, with what user space has set up beside it.
#[pin_data]
pub(super) struct VgpuDevice {
    vgpu: Arc<Vgpu>,
    #[pin]
    irqs: Irqs,
}

impl VgpuDevice {
    /// A virtual GPU that nobody has opened.
    pub(super) fn new(vgpu: Arc<Vgpu>) -> Result<Pin<KBox<Self>>> {
        KBox::pin_init(
            pin_init!(Self {
                irqs <- Irqs::new(vgpu.clone()),
                vgpu,
            }),
            GFP_KERNEL,
        )
    }

    /// The virtual GPU.
    pub(super) fn vgpu(&self) -> &Vgpu {
        &self.vgpu
    }
}

impl Operations for VgpuDevice {
    fn open(&self, guest: &Arc<Guest>) -> Result {
        Vgpu::open(&self.vgpu, guest.clone())
    }

    fn close(&self) {
        self.irqs.clear();
        self.vgpu.close();
    }

    fn read(&self, offset: u64, into: UserSliceWriter) -> Result<usize> {
        region::read(&self.vgpu, offset, into)
    }

    fn write(&self, offset: u64, from: UserSliceReader) -> Result<usize> {
        region::write(&self.vgpu, offset, from)
    }

    fn mmap(&self, mapping: &Mapping<'_>) -> Result {
        region::mmap(&self.vgpu, mapping)
    }

    fn info(&self) -> DeviceInfo {
        DeviceInfo {
            regions: region::COUNT,
            irqs: irq::COUNT,
        }
    }

    fn region_info(&self, index: u32) -> Result<RegionInfo> {
        Ok(Region::new(index)?.info(&self.vgpu))
    }

    fn irq_info(&self, index: u32) -> Result<IrqInfo> {
        Irqs::info(index)
    }

    fn set_irqs(&self, set: IrqSet) -> Result {
        self.irqs.set(set)
    }

    fn reset(&self) -> Result {
        self.vgpu.reset();
        Ok(())
    }

    fn request(&self, times: u32) {
        self.irqs.request(times);
    }

    fn unmapped(&self, iova: u64, size: u64) {
        self.vgpu.unmapped(iova, size);
    }

    fn written(&self, address: u64, bytes: usize) {
        self.vgpu.written(address, bytes);
    }
}
