// SPDX-License-Identifier: GPL-2.0

//! The guest of an open device: its memory, and word of its writes.
//!
//! C headers: [`include/linux/vfio.h`](srctree/include/linux/vfio.h),
//! [`arch/x86/include/asm/kvm_page_track.h`](srctree/arch/x86/include/asm/kvm_page_track.h)

use core::ptr::NonNull;

use kernel::{
    device::Device,
    error::to_result,
    new_mutex,
    prelude::*,
    sync::{
        aref::ARef,
        Arc,
        Mutex, //
    },
    types::Opaque, //
};

use super::{
    pin::Memory,
    track::{
        self,
        Tracks, //
    },
    Operations, //
};
use crate::rust::bindings;

/// Log2 of the size of a page.
pub(super) const PAGE_SHIFT: u32 = 12;

/// The guest of a device, from [`Operations::open`] to the end of [`Operations::close`].
///
/// Its addresses are those that user space gave to its memory in the VFIO container, of which a virtual
/// machine's are the physical ones.
///
/// A program can open a device without being a virtual machine. Then there is no KVM, and writes cannot be
/// tracked; all else works.
///
/// After the device was closed everything fails with ENODEV, and what was still pinned or tracked is not
/// any more, however long there are references and guards.
///
/// # Locks
///
/// Those of this object are taken inside of a driver's own; VFIO's, KVM's and those of user space's memory
/// are taken inside of them. Everything may sleep.
///
/// # Invariants
///
/// - While `memory` says that it is open, `vdev` is an open VFIO device with an emulated IOMMU.
/// - `node` is registered with the KVM that `tracks` names, if it does.
#[pin_data]
pub(crate) struct Guest {
    pub(super) vdev: NonNull<bindings::vfio_device>,
    /// The device that accesses the pinned pages: the parent of the mediated one.
    pub(super) dma: ARef<Device>,
    #[pin]
    pub(super) node: Opaque<bindings::kvm_page_track_notifier_node>,
    #[pin]
    pub(super) memory: Mutex<Memory>,
    #[pin]
    pub(super) tracks: Mutex<Tracks>,
}

// SAFETY: The functions of VFIO and KVM that are used can be called from any thread, and the type's
// invariants say when.
unsafe impl Send for Guest {}

// SAFETY: As above; all that changes is behind a lock.
unsafe impl Sync for Guest {}

impl Guest {
    /// The guest of a device that is being opened, whose writes `T` is told of.
    ///
    /// # Safety
    ///
    /// - `vdev` is being opened, and is embedded in a `Device<T>`.
    /// - [`Guest::close`] is called before `vdev` is closed, or before its opening fails.
    pub(super) unsafe fn open<T: Operations>(
        vdev: NonNull<bindings::vfio_device>,
    ) -> Result<Arc<Self>> {
        // SAFETY: The device is alive. VFIO sets `kvm` before it opens a device.
        let (parent, kvm) = unsafe { ((*(*vdev.as_ptr()).dev).parent, (*vdev.as_ptr()).kvm) };

        // SAFETY: The parent is there as long as its mediated device, and is reference-counted.
        let dma: &Device = unsafe { Device::from_raw(parent) };

        // INVARIANT: The caller promises that `vdev` is open until `close` is called, and `tracks` names
        // no KVM yet.
        let this = Arc::pin_init(
            pin_init!(Self {
                vdev,
                dma: dma.into(),
                node <- track::node::<T>(),
                memory <- new_mutex!(Memory::new(), "rgvt_guest_memory"),
                tracks <- new_mutex!(Tracks::new(), "rgvt_guest_tracks"),
            }),
            GFP_KERNEL,
        )?;

        if let Some(kvm) = NonNull::new(kvm) {
            this.listen(kvm)?;
        }

        Ok(this)
    }

    /// Ends the guest. Waits until nobody is told of a write any more, so no lock may be held that
    /// [`Operations::written`] takes.
    pub(super) fn close(&self) {
        let tracked = self.stop_listening();
        let pinned = self.memory.lock().close(self);

        // The driver has to give all back itself: only it can say that nothing uses it any more.
        if tracked != 0 || pinned != 0 {
            pr_err!("closed with {tracked} pages tracked and {pinned} pins: a bug of the driver\n");
        }
    }

    /// Fills `into` from `from` on. EFAULT if a byte of that is not the guest's to read.
    pub(crate) fn read(&self, from: u64, into: &mut [u8]) -> Result {
        // SAFETY: `into` is valid for writes of its length.
        unsafe { self.copy(from, into.as_mut_ptr(), into.len(), false) }
    }

    /// Writes `bytes` from `to` on. EFAULT if a byte of that is not the guest's to write; those before it
    /// may be written all the same.
    pub(crate) fn write(&self, to: u64, bytes: &[u8]) -> Result {
        // SAFETY: `bytes` is valid for reads of its length, and only read.
        unsafe { self.copy(to, bytes.as_ptr().cast_mut(), bytes.len(), true) }
    }

    /// # Safety
    ///
    /// `data` must be valid for reads of `len` bytes, and if not `write`, for writes.
    unsafe fn copy(&self, iova: u64, data: *mut u8, len: usize, write: bool) -> Result {
        let memory = self.memory.lock();
        memory.is_open()?;
        if len == 0 {
            return Ok(());
        }

        // SAFETY: The type's invariants: the device is open, and stays so while `memory` is locked. The
        // caller vouches for `data`.
        let copied = to_result(unsafe {
            bindings::vfio_dma_rw(self.vdev.as_ptr(), iova, data.cast(), len, write)
        });

        // VFIO has several numbers for an address that nothing is mapped at.
        copied.map_err(|_| EFAULT)
    }
}
