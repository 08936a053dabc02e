// SPDX-License-Identifier: GPL-2.0

//! Signalling an eventfd of user space.
//!
//! C header: [`include/linux/eventfd.h`](srctree/include/linux/eventfd.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    error::from_err_ptr,
    prelude::*, //
};

/// An eventfd that user space waits on.
///
/// # Invariants
///
/// `self.0` points to a valid `struct eventfd_ctx`, of which this object holds a reference.
pub(crate) struct EventFd(NonNull<bindings::eventfd_ctx>);

// SAFETY: The reference can be given up from any thread.
unsafe impl Send for EventFd {}

// SAFETY: An eventfd has a lock of its own.
unsafe impl Sync for EventFd {}

impl EventFd {
    /// The eventfd that the calling process knows by `fd`. EBADF or EINVAL if it knows none.
    pub(crate) fn from_fd(fd: i32) -> Result<Self> {
        // SAFETY: The function takes any number.
        let ctx = from_err_ptr(unsafe { bindings::eventfd_ctx_fdget(fd) })?;

        // INVARIANT: The function returned it with a reference for the caller.
        NonNull::new(ctx).map(Self).ok_or(EBADF)
    }

    /// Adds 1 to the counter, which wakes who waits; from any context.
    pub(crate) fn signal(&self) {
        // SAFETY: The type's invariant: the eventfd is alive.
        unsafe { bindings::eventfd_signal_mask(self.0.as_ptr(), 0) };
    }
}

impl Drop for EventFd {
    fn drop(&mut self) {
        // SAFETY: The type's invariant: this object holds a reference, and gives it up.
        unsafe { bindings::eventfd_ctx_put(self.0.as_ptr()) };
    }
}
