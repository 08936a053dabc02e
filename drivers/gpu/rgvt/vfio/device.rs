// SPDX-License-Identifier: GPL-2.0

//! A virtual GPU as VFIO sees it.

use core::ops::Deref;

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    uaccess::{
        UserSliceReader,
        UserSliceWriter, //
    },
};

use super::{
    gfx::{
        self,
        Forms,
        MonitorRegion, //
    },
    irq::Irqs,
    region::{
        self,
        Region, //
    }, //
};
use crate::{
    rust::{
        process::Process,
        vfio::{
            irq,
            DeviceInfo,
            Form,
            Guest,
            IrqInfo,
            IrqSet,
            Mapping,
            Operations,
            PlaneInfo,
            PlaneKind,
            RegionInfo, //
        },
    },
    vgpu::Vgpu,
};

/// A virtual GPU, with what user space has set up beside it.
#[pin_data]
pub(super) struct VgpuDevice {
    vgpu: Arc<Vgpu>,
    #[pin]
    irqs: Irqs,
    /// Who has opened it, while it is open.
    #[pin]
    user: Mutex<Option<Process>>,
    #[pin]
    monitor: MonitorRegion,
    #[pin]
    forms: Forms,
}

impl VgpuDevice {
    /// A virtual GPU that nobody has opened.
    pub(super) fn new(vgpu: Arc<Vgpu>) -> Result<Pin<KBox<Self>>> {
        let monitor = MonitorRegion::new(&vgpu)?;
        KBox::pin_init(
            pin_init!(Self {
                irqs <- Irqs::new(vgpu.clone()),
                monitor <- monitor,
                forms <- Forms::new(),
                vgpu,
                user <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )
    }

    /// The guest's monitor.
    pub(super) fn monitor(&self) -> &MonitorRegion {
        &self.monitor
    }

    /// How user space gets at what the monitor shows.
    pub(super) fn forms(&self) -> &Forms {
        &self.forms
    }

    /// The virtual GPU.
    pub(super) fn vgpu(&self) -> &Vgpu {
        &self.vgpu
    }

    /// Who has opened it, while it is open.
    pub(super) fn user(&self) -> impl Deref<Target = Option<Process>> + use<'_> {
        self.user.lock()
    }
}

impl Operations for VgpuDevice {
    fn open(&self, guest: &Arc<Guest>) -> Result {
        Vgpu::open(&self.vgpu, guest.clone())?;
        self.forms.open();
        *self.user.lock() = Some(Process::current());
        Ok(())
    }

    fn close(&self) {
        self.irqs.clear();
        self.monitor.close(&self.vgpu);
        self.vgpu.close();
        *self.user.lock() = None;
    }

    fn read(&self, offset: u64, into: UserSliceWriter) -> Result<usize> {
        region::read(&self.vgpu, &self.monitor, offset, into)
    }

    fn write(&self, offset: u64, from: UserSliceReader) -> Result<usize> {
        region::write(&self.vgpu, &self.monitor, offset, from)
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

    fn shows_as(&self, form: Form) -> bool {
        self.forms.current() == form
    }

    fn picture(&self, form: Form, plane: PlaneKind) -> Result<Option<PlaneInfo>> {
        gfx::picture(&self.vgpu, form, plane)
    }

    fn dma_buf(&self, id: u32) -> Result<u32> {
        self.vgpu.give(id)
    }

    fn reset(&self) -> Result {
        self.vgpu.reset();
        Ok(())
    }

    fn request(&self, times: u32) {
        let asked = self.irqs.ask();
        if times > 0 {
            return;
        }

        let id = self.vgpu.id().get();
        match (asked, &*self.user.lock()) {
            (true, Some(user)) => {
                pr_notice!("vGPU {id}: to be removed, its user was asked to close it: {user}\n")
            }
            (false, Some(user)) => {
                pr_warn!("vGPU {id}: to be removed, but its user does not listen: {user}\n")
            }
            // It is just being opened or closed.
            (_, None) => {}
        }
    }

    fn unmapped(&self, iova: u64, size: u64) {
        self.vgpu.unmapped(iova, size);
    }

    fn written(&self, address: u64, bytes: usize) {
        self.vgpu.written(address, bytes);
    }
}
