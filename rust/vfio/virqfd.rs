// SPDX-License-Identifier: GPL-2.0

//! Being told when user space, or KVM, signals an eventfd.
//!
//! C header: [`include/linux/vfio.h`](srctree/include/linux/vfio.h)

use core::marker::PhantomPinned;

use kernel::{
    error::to_result,
    ffi,
    prelude::*,
    sync::Arc,
    types::Opaque, //
};

use crate::rust::bindings;

/// What is done when an eventfd was signalled.
pub(crate) trait Signalled: Send + Sync + 'static {
    /// The eventfd was signalled, once or more often since the last call. Runs in a workqueue.
    fn signalled(&self);
}

/// Listens to an eventfd until it is dropped, or the eventfd's last file is closed.
#[pin_data(PinnedDrop)]
pub(crate) struct Listener<T: Signalled> {
    /// VFIO's listener, NULL once the eventfd is closed; VFIO's to access after it was enabled.
    #[pin]
    virqfd: Opaque<*mut bindings::virqfd>,
    target: Arc<T>,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: VFIO guards the pointer by a lock of its own, and a `Listener` can be dropped by any thread.
unsafe impl<T: Signalled> Send for Listener<T> {}

// SAFETY: As above; there is nothing to do with a shared reference.
unsafe impl<T: Signalled> Sync for Listener<T> {}

impl<T: Signalled> Listener<T> {
    /// Calls `target` whenever the eventfd is signalled that the calling process knows by `fd`, and now if
    /// it was before.
    pub(crate) fn new(fd: i32, target: Arc<T>) -> Result<Pin<KBox<Self>>> {
        let this = KBox::pin_init(
            pin_init!(Self {
                virqfd <- Opaque::ffi_init(|slot: *mut *mut bindings::virqfd| {
                    // SAFETY: `slot` is valid for writes.
                    unsafe { slot.write(core::ptr::null_mut()) }
                }),
                target,
                _pin: PhantomPinned,
            }),
            GFP_KERNEL,
        )?;

        // SAFETY: `virqfd` is pinned and NULL, and `target` is alive, until `drop` has disabled the
        // listener. It is there already when this function fails, and disabling does nothing then.
        to_result(unsafe {
            bindings::vfio_virqfd_enable(
                Arc::as_ptr(&this.target).cast_mut().cast(),
                None,
                Some(Self::thread),
                core::ptr::null_mut(),
                this.virqfd.get(),
                fd,
            )
        })?;

        Ok(this)
    }

    /// # Safety
    ///
    /// For VFIO only, with the `target` of a living listener.
    unsafe extern "C" fn thread(target: *mut ffi::c_void, _data: *mut ffi::c_void) {
        // SAFETY: The caller's promise; the target is only ever shared.
        unsafe { &*target.cast::<T>() }.signalled();
    }
}

#[pinned_drop]
impl<T: Signalled> PinnedDrop for Listener<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: The pointer is NULL or a listener of VFIO's. When this returns, `thread` runs no more.
        unsafe { bindings::vfio_virqfd_disable(self.virqfd.get()) };
    }
}
