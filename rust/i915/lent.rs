// SPDX-License-Identifier: GPL-2.0

//! The right to use a GPU, for as long as i915 lends it.

use core::{
    ops::Deref,
    ptr::NonNull, //
};

use kernel::{
    prelude::*,
    sync::{
        Arc,
        Completion, //
    },
};

use super::Gpu;
use crate::rust::bindings;

/// What all [`GpuRef`]s of one GPU share.
///
/// # Invariants
///
/// The invariants of [`Gpu`] hold for `i915`, and it is lent: until `returned` is completed.
struct Lent {
    i915: NonNull<bindings::drm_i915_private>,
    returned: Arc<Completion>,
}

// SAFETY: i915 locks what it shares between threads, and no method of `Gpu` is bound to one.
unsafe impl Send for Lent {}

// SAFETY: As above.
unsafe impl Sync for Lent {}

impl Drop for Lent {
    fn drop(&mut self) {
        self.returned.complete_all();
    }
}

/// A GPU that i915 lends to us. A client has one only when i915's probe is over, so that what is set up last is there,
/// too. i915 waits for the last of these before it takes the GPU back, so none may outlive
/// [`Client::detach`](super::Client::detach) by more than it takes others to finish.
#[derive(Clone)]
pub(crate) struct GpuRef(Arc<Lent>);

impl Deref for GpuRef {
    type Target = Gpu;

    fn deref(&self) -> &Gpu {
        // SAFETY: The invariants of `Lent`, which is not dropped while `self` is there.
        unsafe { Gpu::from_raw(self.0.i915.as_ptr()) }
    }
}

/// The lending of a GPU. Waits, when it is dropped, until no [`GpuRef`] is left.
pub(super) struct Loan(Arc<Completion>);

impl Loan {
    /// Begins to lend `gpu`.
    ///
    /// # Safety
    ///
    /// Until the `Loan` is dropped, `gpu` must be valid, and i915 keep the state it has saved of it.
    pub(super) unsafe fn new(gpu: &Gpu) -> Result<(Self, GpuRef)> {
        let returned = Arc::pin_init(Completion::new(), GFP_KERNEL)?;

        // INVARIANT: The caller vouches for `gpu` until `returned` is completed.
        let lent = Lent {
            i915: NonNull::new(gpu.as_raw()).ok_or(EINVAL)?,
            returned: returned.clone(),
        };

        Ok((Self(returned), GpuRef(Arc::new(lent, GFP_KERNEL)?)))
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.0.wait_for_completion();
    }
}
