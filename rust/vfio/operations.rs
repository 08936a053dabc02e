// SPDX-License-Identifier: GPL-2.0

//! What a device does, and what it says of itself.
//!
//! C header: [`include/uapi/linux/vfio.h`](srctree/include/uapi/linux/vfio.h)

use core::ops::Range;

use kernel::{
    prelude::*,
    sync::Arc,
    uaccess::{
        UserSliceReader,
        UserSliceWriter, //
    },
};

use super::{
    Form,
    Guest,
    Mapping,
    PlaneInfo,
    PlaneKind, //
};

/// Numbers of the regions of a PCI device, and what user space may do with a region.
pub(crate) mod region {
    use crate::rust::bindings;

    /// BAR 0; the others follow.
    pub(crate) const BAR0: u32 = bindings::VFIO_PCI_BAR0_REGION_INDEX;
    /// BAR 2.
    pub(crate) const BAR2: u32 = bindings::VFIO_PCI_BAR2_REGION_INDEX;
    /// The configuration space.
    pub(crate) const CONFIG: u32 = bindings::VFIO_PCI_CONFIG_REGION_INDEX;
    /// How many regions PCI has; those of the device's own follow.
    pub(crate) const COUNT: u32 = bindings::VFIO_PCI_NUM_REGIONS;

    /// Read it.
    pub(crate) const READ: u32 = bindings::VFIO_REGION_INFO_FLAG_READ;
    /// Write it.
    pub(crate) const WRITE: u32 = bindings::VFIO_REGION_INFO_FLAG_WRITE;
    /// Map it.
    pub(crate) const MMAP: u32 = bindings::VFIO_REGION_INFO_FLAG_MMAP;

    /// Type of the regions that are a PCI vendor's own, whose ID is below this bit.
    pub(crate) const TYPE_PCI_VENDOR: u32 = bindings::VFIO_REGION_TYPE_PCI_VENDOR_TYPE;
    /// Type of the regions of a display.
    pub(crate) const TYPE_GFX: u32 = bindings::VFIO_REGION_TYPE_GFX;
    /// Of a display's: what monitor is plugged in.
    pub(crate) const SUBTYPE_GFX_EDID: u32 = bindings::VFIO_REGION_SUBTYPE_GFX_EDID;

    /// Of Intel's: the OpRegion of integrated graphics.
    pub(crate) const SUBTYPE_INTEL_OPREGION: u32 = bindings::VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION;
}

/// Numbers of the interrupts of a PCI device, and what user space may do with one.
pub(crate) mod irq {
    use crate::rust::bindings;

    /// The pin.
    pub(crate) const INTX: u32 = bindings::VFIO_PCI_INTX_IRQ_INDEX;
    /// The messages.
    pub(crate) const MSI: u32 = bindings::VFIO_PCI_MSI_IRQ_INDEX;
    /// The request to give the device back; nothing that a guest sees.
    pub(crate) const REQUEST: u32 = bindings::VFIO_PCI_REQ_IRQ_INDEX;
    /// How many there are.
    pub(crate) const COUNT: u32 = bindings::VFIO_PCI_NUM_IRQS;

    /// It signals an eventfd.
    pub(crate) const EVENTFD: u32 = bindings::VFIO_IRQ_INFO_EVENTFD;
    /// It can be masked.
    pub(crate) const MASKABLE: u32 = bindings::VFIO_IRQ_INFO_MASKABLE;
    /// It masks itself when it signals.
    pub(crate) const AUTOMASKED: u32 = bindings::VFIO_IRQ_INFO_AUTOMASKED;
    /// All of its eventfds have to be set in one go.
    pub(crate) const NORESIZE: u32 = bindings::VFIO_IRQ_INFO_NORESIZE;
}

/// What there is of a PCI device that can be reset.
#[derive(Clone, Copy)]
pub(crate) struct DeviceInfo {
    /// Regions are numbered from 0 up to this.
    pub(crate) regions: u32,
    /// Interrupts are numbered from 0 up to this.
    pub(crate) irqs: u32,
}

/// A region that belongs to a device and not to PCI.
#[derive(Clone, Copy)]
pub(crate) struct Special {
    /// Whose it is.
    pub(crate) kind: u32,
    /// Which of theirs it is.
    pub(crate) subtype: u32,
}

/// One region. A region that does not exist has size 0.
#[derive(Clone, Copy, Default)]
pub(crate) struct RegionInfo {
    /// Where it begins in the device's file.
    pub(crate) offset: u64,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// Bits of [`region`].
    pub(crate) flags: u32,
    /// Start and size of the only part that can be mapped, in bytes within the region.
    pub(crate) mappable: Option<(u64, u64)>,
    /// What it is if its number does not say.
    pub(crate) special: Option<Special>,
}

/// One kind of interrupt.
#[derive(Clone, Copy)]
pub(crate) struct IrqInfo {
    /// Bits of [`irq`].
    pub(crate) flags: u32,
    /// How many it has; 0 if it does not exist.
    pub(crate) count: u32,
}

/// What user space does with interrupts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Holds them back.
    Mask,
    /// Lets them through again.
    Unmask,
    /// Says what they signal, or has them fire.
    Trigger,
}

/// With what.
pub(crate) enum IrqData {
    /// Nothing: all of the range.
    None,
    /// Only where it is true; one for each of the range.
    Bool(KVec<bool>),
    /// By an eventfd for each of the range; -1 for none.
    EventFd(KVec<i32>),
}

/// An order about interrupts that exist.
pub(crate) struct IrqSet {
    /// Which kind.
    pub(crate) index: u32,
    /// Which of them; none to have the kind switched off.
    pub(crate) range: Range<u32>,
    /// What to do.
    pub(crate) action: Action,
    /// With what.
    pub(crate) data: IrqData,
}

/// A device's behaviour.
///
/// Most functions are called of an open device only; `unmapped` and `written` also while it is being opened
/// or closed. All but `open` and `close` are called by several threads at once. All may sleep.
pub(crate) trait Operations: Send + Sync + Sized + 'static {
    /// The first user has opened the device. `guest` is of no use any more after `close`.
    fn open(&self, guest: &Arc<Guest>) -> Result;

    /// The last user has closed the device: it is to be as new, hold no guard of the guest's, and no lock
    /// that `written` takes.
    fn close(&self);

    /// Reads at `offset` of the device's file; returns how many bytes that were.
    fn read(&self, offset: u64, into: UserSliceWriter) -> Result<usize>;

    /// Writes at `offset` of the device's file; returns how many bytes that were.
    fn write(&self, offset: u64, from: UserSliceReader) -> Result<usize>;

    /// Maps a part of the device's file.
    fn mmap(&self, mapping: &Mapping<'_>) -> Result;

    /// Tells what there is.
    fn info(&self) -> DeviceInfo;

    /// Tells of region `index`. EINVAL if there is none of this number.
    fn region_info(&self, index: u32) -> Result<RegionInfo>;

    /// Tells of interrupts `index`, which is below [`irq::COUNT`]. EINVAL if there is none of this number.
    fn irq_info(&self, index: u32) -> Result<IrqInfo>;

    /// Sets up interrupts. ENOTTY if that cannot be done with them.
    fn set_irqs(&self, set: IrqSet) -> Result;

    /// Whether user space gets at a picture of the device's screen in this form.
    fn shows_as(&self, form: Form) -> bool;

    /// Takes a picture of a plane, or of the screen, in a form that [`Operations::shows_as`]; `None` if nothing is
    /// shown.
    fn picture(&self, form: Form, plane: PlaneKind) -> Result<Option<PlaneInfo>>;

    /// Gives the dma-buf of a number that [`Operations::picture`] has told to the current process, as a file
    /// descriptor. EINVAL if there is none.
    fn dma_buf(&self, id: u32) -> Result<u32>;

    /// Makes the device as new, although it is open.
    fn reset(&self) -> Result;

    /// The device is to go, but is still open. Asks the user to close it; `times` counts from 0.
    fn request(&self, times: u32);

    /// The guest's memory between `iova` and `iova + size` goes: what is pinned there must be unpinned.
    /// Until this returns nothing can be pinned there again.
    fn unmapped(&self, iova: u64, size: u64);

    /// The guest's CPU wrote `bytes` at `address`, in a page for which there is a
    /// [`Track`](super::Track). With KVM's lock held against changes of memory slots: nothing may be
    /// waited for that another thread does with those.
    fn written(&self, address: u64, bytes: usize);
}
