// SPDX-License-Identifier: GPL-2.0

//! Keeping a GPU awake.
//!
//! C header: [`drivers/gpu/drm/i915/intel_runtime_pm.h`](srctree/drivers/gpu/drm/i915/intel_runtime_pm.h)

use core::ops::Deref;

use super::{
    Gpu,
    GpuRef, //
};
use crate::rust::bindings;

/// A GPU that is awake, so that its registers and its GGTT can be accessed, while this lives.
///
/// # Invariants
///
/// `wakeref` is a reference to the runtime power of `gpu`, and was taken for this object. `gpu` always leads
/// to the same [`Gpu`].
pub(crate) struct Awake<G: Deref<Target = Gpu>> {
    wakeref: *mut bindings::ref_tracker,
    gpu: G,
}

// SAFETY: Any thread can give the reference back.
unsafe impl<G: Deref<Target = Gpu> + Send> Send for Awake<G> {}

// SAFETY: A shared reference only leads to the GPU.
unsafe impl<G: Deref<Target = Gpu> + Sync> Sync for Awake<G> {}

impl<G: Deref<Target = Gpu>> Awake<G> {
    /// Wakes `gpu`, which always leads to the same [`Gpu`]. May sleep.
    pub(super) fn new(gpu: G) -> Self {
        // SAFETY: The invariants of `Gpu`: i915 is valid.
        let wakeref = unsafe { bindings::rgvt_runtime_pm_get(gpu.as_raw()) };

        // INVARIANT: The reference has just been taken.
        Self { wakeref, gpu }
    }

    pub(super) fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    pub(super) fn as_raw(&self) -> *mut bindings::drm_i915_private {
        self.gpu.as_raw()
    }
}

impl<G: Deref<Target = Gpu>> Drop for Awake<G> {
    fn drop(&mut self) {
        // SAFETY: The type's invariants: the reference is ours to give back, and i915 is valid.
        unsafe { bindings::rgvt_runtime_pm_put(self.gpu.as_raw(), self.wakeref) };
    }
}

impl GpuRef {
    /// Wakes the GPU, and keeps it awake for as long as one likes. May sleep.
    pub(crate) fn keep_awake(&self) -> Awake<Self> {
        Awake::new(self.clone())
    }
}

impl Gpu {
    /// Wakes the GPU, and keeps it awake. May sleep.
    pub(crate) fn wake(&self) -> Awake<&Self> {
        Awake::new(self)
    }
}
