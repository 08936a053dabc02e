// SPDX-License-Identifier: GPL-2.0

//! A fence register that is kept from the host. It makes a stretch of the aperture look linear to the CPU
//! that is tiled in memory.
//!
//! C header: [`drivers/gpu/drm/i915/gt/intel_ggtt_fencing.h`](srctree/drivers/gpu/drm/i915/gt/intel_ggtt_fencing.h)

use core::ptr::NonNull;

use kernel::{
    error::from_err_ptr,
    prelude::*, //
};

use super::{
    ggtt::GgttLock,
    GpuRef, //
};
use crate::rust::bindings;

/// A fence register that i915 uses for nothing, until this is dropped. It is 0 at first, and keeps its value when
/// i915 resets the GPU.
///
/// # Invariants
///
/// `fence` is a fence register of the GGTT of `gpu`, and reserved for this object.
pub(crate) struct Fence {
    fence: NonNull<bindings::i915_fence_reg>,
    gpu: GpuRef,
}

// SAFETY: i915 gives a reserved fence register no other value, any thread may set it, and whoever does has this
// object for itself.
unsafe impl Send for Fence {}

impl Fence {
    /// Reserves a fence register. `ENOSPC` if the host cannot spare one. May sleep.
    pub(crate) fn reserve(gpu: GpuRef) -> Result<Self> {
        let fence = {
            // It may have a value to be taken back.
            let _awake = gpu.wake();
            let ggtt = GgttLock::new(&gpu);

            // SAFETY: The lock is held.
            from_err_ptr(unsafe { bindings::i915_reserve_fence(ggtt.as_raw()) })?
        };

        // INVARIANT: It has just been reserved.
        let mut this = Self {
            fence: NonNull::new(fence).ok_or(ENOSPC)?,
            gpu,
        };

        this.set(0);
        Ok(this)
    }

    /// Sets the register. What it says is in terms of the host's addresses. May sleep.
    pub(crate) fn set(&mut self, value: u64) {
        let _awake = self.gpu.wake();

        // SAFETY: The type's invariants; the GPU is awake.
        unsafe { bindings::rgvt_fence_set(self.fence.as_ptr(), value) };
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        self.set(0);

        let _ggtt = GgttLock::new(&self.gpu);

        // SAFETY: The type's invariant: it is reserved, and ours to give back. The lock is held.
        unsafe { bindings::i915_unreserve_fence(self.fence.as_ptr()) };
    }
}
