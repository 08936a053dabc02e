// SPDX-License-Identifier: GPL-2.0

//! Waiting for a work item, which the kernel crate cannot do.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use kernel::{
    bindings::flush_work,
    workqueue::Work, //
};

/// Waits until `work` does not run, if it runs or is queued. Sleeps; not to be called by the work itself.
pub(crate) fn flush<T: ?Sized, const ID: u64>(work: &Work<T, ID>) {
    // SAFETY: `work` is a valid work item, initialised when it was made.
    unsafe { flush_work(Work::raw_get(work)) };
}
