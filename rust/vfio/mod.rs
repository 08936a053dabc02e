// SPDX-License-Identifier: GPL-2.0

//! Devices that user space drives through VFIO, without hardware that does DMA on its own.
//!
//! [`Registration`] offers a device whose behaviour is an [`Operations`]. While one is open, [`Guest`] gives
//! access to the memory of who opened it.
//!
//! C header: [`include/linux/vfio.h`](srctree/include/linux/vfio.h)

mod device;
mod gfx;
mod guest;
mod ioctl;
mod mapping;
mod operations;
mod pin;
mod track;
mod virqfd;

pub(crate) use device::Registration;
pub(crate) use gfx::{
    Form,
    PlaneInfo,
    PlaneKind, //
};
pub(crate) use guest::Guest;
pub(crate) use mapping::Mapping;
pub(crate) use operations::{
    irq,
    region,
    Action,
    DeviceInfo,
    IrqData,
    IrqInfo,
    IrqSet,
    Operations,
    RegionInfo,
    Special, //
};
pub(crate) use pin::Pin;
pub(crate) use track::Track;
pub(crate) use virqfd::{
    Listener,
    Signalled, //
};

use crate::rust::bindings;

/// What the sysfs attribute `device_api` says of a device with the regions and interrupts of PCI.
pub(crate) const PCI_API: &kernel::prelude::CStr = c"vfio-pci";
