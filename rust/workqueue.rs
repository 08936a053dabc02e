// SPDX-License-Identifier: GPL-2.0

//! A workqueue of one's own, and waiting for a work item, neither of which the kernel crate can do.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use core::{
    ops::Deref,
    ptr::NonNull, //
};

use kernel::{
    bindings, container_of,
    prelude::*,
    workqueue::{
        DelayedWork,
        Queue,
        Work, //
    },
};

/// A workqueue that serves nobody else. Its work runs on any processor, as soon as one can be had, and not
/// while the system sleeps.
///
/// # Invariants
///
/// The pointer is that of a valid workqueue, which this object owns.
pub(crate) struct OwnedQueue(NonNull<bindings::workqueue_struct>);

// SAFETY: A workqueue may be used, and destroyed, by any thread.
unsafe impl Send for OwnedQueue {}

// SAFETY: As above.
unsafe impl Sync for OwnedQueue {}

impl OwnedQueue {
    /// Makes a workqueue. May sleep.
    pub(crate) fn new(name: &CStr) -> Result<Self> {
        let flags = bindings::wq_flags_WQ_UNBOUND
            | bindings::wq_flags_WQ_FREEZABLE
            | bindings::wq_flags_WQ_HIGHPRI;

        // SAFETY: Both are strings of C, and the format takes the second. 0 is for as many at once as there can be.
        let queue = unsafe {
            bindings::alloc_workqueue_noprof(c"%s".as_char_ptr(), flags, 0, name.as_char_ptr())
        };

        // INVARIANT: It has just been made.
        NonNull::new(queue).map(Self).ok_or(ENOMEM)
    }
}

impl Deref for OwnedQueue {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        // SAFETY: The type's invariant; the workqueue lives as long as `self`.
        unsafe { Queue::from_raw(self.0.as_ptr()) }
    }
}

impl Drop for OwnedQueue {
    /// Waits for all work that was queued. Not to be called by such work itself.
    fn drop(&mut self) {
        // SAFETY: The type's invariant; nobody can use it any more.
        unsafe { bindings::destroy_workqueue(self.0.as_ptr()) };
    }
}

/// Waits until `work` does not run, if it runs or is queued. Sleeps; not to be called by the work itself.
pub(crate) fn flush<T: ?Sized, const ID: u64>(work: &Work<T, ID>) {
    // SAFETY: `work` is a valid work item, initialised when it was made.
    unsafe { bindings::flush_work(Work::raw_get(work)) };
}

/// Likewise, of `work` that is delayed; it does not wait out the delay.
pub(crate) fn flush_delayed<T: ?Sized, const ID: u64>(work: &DelayedWork<T, ID>) {
    // SAFETY: `work` is a valid work item, initialised when it was made, which the kernel crate keeps in a
    // `delayed_work`.
    unsafe {
        let work = Work::raw_get(DelayedWork::raw_as_work(work));
        bindings::flush_delayed_work(container_of!(work, bindings::delayed_work, work));
    }
}
