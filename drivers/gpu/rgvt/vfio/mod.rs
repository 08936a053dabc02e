// SPDX-License-Identifier: GPL-2.0

//! Virtual GPUs for user space: mediated devices of the GPU, with the regions and interrupts of a PCI
//! device.
//!
//! Names and texts in sysfs are those of kvmgt, which mdevctl and libvirt know.

#[allow(unreachable_pub)] // tests/unit uses it, too.
mod access;
mod attributes;
#[allow(unreachable_pub)] // tests/unit uses it, too.
mod description;
mod device;
#[allow(unreachable_pub)] // tests/unit uses it, too.
mod edid;
mod gfx;
mod irq;
#[allow(unreachable_pub)] // tests/unit uses it, too.
mod opregion;
mod region;

use core::fmt::{
    self,
    Write, //
};

use kernel::{
    device::Device,
    prelude::*,
    str::{
        CString,
        Formatter, //
    },
    sync::Arc,
};

use crate::{
    rust::{
        mdev::{
            Driver,
            Group,
            Parent,
            Type, //
        },
        vfio::{
            Registration,
            PCI_API, //
        }, //
    },
    vgpu::{
        Gpu,
        Vgpu,
        VgpuType, //
    },
};
use description::Description;
use device::VgpuDevice;

/// The virtual GPUs of one GPU, offered to user space until this is dropped, which waits until all of them
/// are closed.
pub(crate) struct Offer {
    _parent: Parent<Types>,
}

impl Offer {
    /// Offers virtual GPUs of all types that `gpu` can hold, below `device`.
    pub(crate) fn new(gpu: Arc<Gpu>, device: &Device) -> Result<Self> {
        let mut types = KVec::new();
        for kind in gpu.offered() {
            let name = CString::try_from_fmt(fmt!("{}", gpu.type_name(kind)))?;
            types.push(Type { name, kind: *kind }, GFP_KERNEL)?;
        }

        Ok(Self {
            _parent: Parent::new(device, Types(gpu), types)?,
        })
    }
}

/// The types of one GPU.
struct Types(Arc<Gpu>);

impl Driver for Types {
    const NAME: &'static CStr = c"intel_vgpu_mdev";
    const DEVICE_API: &'static CStr = PCI_API;
    const GROUPS: &'static [Group<Self::Device>] = attributes::GROUPS;

    type Kind = VgpuType;
    type Device = Registration<VgpuDevice>;

    fn available(&self, kind: &VgpuType) -> u32 {
        self.0.available(kind)
    }

    fn describe(&self, kind: &VgpuType, f: &mut Formatter<'_>) -> fmt::Result {
        let description = Description {
            aperture: kind.aperture.get() >> 20,
            hidden: kind.hidden.get() >> 20,
            fences: kind.fences,
            resolution: (kind.resolution.width, kind.resolution.height),
            weight: kind.weight,
        };
        write!(f, "{description}")
    }

    fn create(&self, device: &Device, kind: &VgpuType) -> Result<Self::Device> {
        let vgpu = Vgpu::new(&self.0, kind)?;

        Registration::new(device, VgpuDevice::new(vgpu)?)
    }

    fn shutdown(device: &Self::Device) {
        device.operations().vgpu().shut_down();
    }
}
