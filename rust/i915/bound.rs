// SPDX-License-Identifier: GPL-2.0

//! A walk over the GPUs that i915 drives, and keeping one awake.
//!
//! C header: [`drivers/gpu/drm/i915/intel_runtime_pm.h`](srctree/drivers/gpu/drm/i915/intel_runtime_pm.h)

use core::ptr::NonNull;

use super::Gpu;
use crate::rust::{
    bindings,
    pci, //
};

/// A GPU to which i915 is bound, and stays bound while this lives.
///
/// # Invariants
///
/// `i915` belongs to the device whose lock `_locked` holds, and i915 has probed that device to the end.
pub(super) struct BoundGpu {
    i915: NonNull<bindings::drm_i915_private>,
    _locked: pci::Locked,
}

impl BoundGpu {
    /// Iterates over all GPUs that i915 drives; waits for a probe or a removal that is under way.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        pci::DisplayDevices::default().filter_map(|device| Self::new(device.lock()))
    }

    fn new(locked: pci::Locked) -> Option<Self> {
        if locked.driver() != Some(c"i915") {
            return None;
        }

        // SAFETY: i915 is bound to this device, so the data of its driver is i915's, or NULL.
        let i915 = NonNull::new(unsafe { bindings::rgvt_pdev_to_i915(locked.as_raw()) })?;

        // INVARIANT: With the lock held a driver is either bound, its probe at an end, or not there.
        Some(Self {
            i915,
            _locked: locked,
        })
    }

    /// The GPU.
    pub(super) fn gpu(&self) -> &Gpu {
        // SAFETY: The type's invariants: the probe is at an end, and the lock keeps off the removal.
        unsafe { Gpu::from_raw(self.i915.as_ptr()) }
    }

    /// Wakes the GPU, and keeps it awake.
    pub(super) fn wake(self) -> AwakeGpu {
        // SAFETY: The type's invariants: `i915` is valid.
        let wakeref = unsafe { bindings::rgvt_runtime_pm_get(self.i915.as_ptr()) };

        // INVARIANT: The reference has just been taken.
        AwakeGpu {
            wakeref,
            bound: self,
        }
    }
}

/// A GPU to which i915 is bound, and whose registers can be read, while this lives.
///
/// # Invariants
///
/// `wakeref` is a reference to the runtime power of `bound`, and was taken for this object.
pub(super) struct AwakeGpu {
    wakeref: *mut bindings::ref_tracker,
    bound: BoundGpu,
}

impl Drop for AwakeGpu {
    fn drop(&mut self) {
        // SAFETY: The type's invariants: the reference is ours to give back, and `i915` is valid.
        unsafe { bindings::rgvt_runtime_pm_put(self.bound.i915.as_ptr(), self.wakeref) };
    }
}
