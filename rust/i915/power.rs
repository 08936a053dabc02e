// SPDX-License-Identifier: GPL-2.0

//! Keeping a GPU awake.
//!
//! C header: [`drivers/gpu/drm/i915/intel_runtime_pm.h`](srctree/drivers/gpu/drm/i915/intel_runtime_pm.h)

use core::ops::Deref;

use kernel::{
    error::to_result,
    prelude::*, //
};

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

/// A GPU that is not put to sleep for want of use while this lives, but with the whole system.
///
/// i915 keeps an account of who has its GPU awake, and warns when the system goes to sleep and there is someone
/// (intel_runtime_pm.c: `intel_runtime_pm_driver_release`). This is none of them: it is a user of the device, for
/// whom power management keeps an account of its own.
///
/// # Invariants
///
/// The device of `gpu` is in use, for this object.
pub(crate) struct InUse {
    gpu: GpuRef,
}

impl InUse {
    /// Wakes the GPU, and keeps it awake. May sleep.
    pub(crate) fn new(gpu: &GpuRef) -> Result<Self> {
        // SAFETY: The invariants of `Gpu`: i915 is valid, and so is its device.
        to_result(unsafe {
            bindings::rgvt_pm_runtime_resume_and_get(bindings::rgvt_i915_dev(gpu.as_raw()))
        })?;

        // INVARIANT: As just done.
        Ok(Self { gpu: gpu.clone() })
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        // SAFETY: The device is valid; the type's invariant: its use is ours to end.
        unsafe {
            bindings::rgvt_pm_runtime_put_autosuspend(bindings::rgvt_i915_dev(self.gpu.as_raw()));
        }
    }
}

impl Gpu {
    /// Wakes the GPU, and keeps it awake. May sleep.
    pub(crate) fn wake(&self) -> Awake<&Self> {
        Awake::new(self)
    }
}
