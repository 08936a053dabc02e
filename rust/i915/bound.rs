// SPDX-License-Identifier: GPL-2.0

//! A walk over the GPUs that i915 drives.

use core::{
    borrow::Borrow,
    ops::Deref,
    ptr::NonNull, //
};

use super::{
    Awake,
    Gpu, //
};
use crate::rust::{
    bindings,
    pci, //
};

/// A GPU to which i915 is bound, and stays bound while this lives.
///
/// # Invariants
///
/// `i915` belongs to the device whose lock `_locked` holds, and i915 has probed that device to the end.
pub(super) struct BoundGpu<L = pci::Locked> {
    i915: NonNull<bindings::drm_i915_private>,
    _locked: L,
}

impl BoundGpu {
    /// Iterates over all GPUs that i915 drives; waits for a probe or a removal that is under way.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        pci::DisplayDevices::default().filter_map(|device| Self::new(device.lock()))
    }

    /// Wakes the GPU, and keeps it awake.
    pub(super) fn wake(self) -> Awake<Self> {
        Awake::new(self)
    }
}

impl<L: Borrow<pci::Locked>> BoundGpu<L> {
    /// The GPU that this device is, if i915 drives it.
    pub(super) fn new(locked: L) -> Option<Self> {
        let device = locked.borrow();
        if device.driver() != Some(c"i915") {
            return None;
        }

        // SAFETY: i915 is bound to this device, so the data of its driver is i915's, or NULL.
        let i915 = NonNull::new(unsafe { bindings::rgvt_pdev_to_i915(device.as_raw()) })?;

        // INVARIANT: With the lock held a driver is either bound, its probe at an end, or not there.
        Some(Self {
            i915,
            _locked: locked,
        })
    }
}

impl<L> Deref for BoundGpu<L> {
    type Target = Gpu;

    fn deref(&self) -> &Gpu {
        // SAFETY: The type's invariants: the probe is at an end, and the lock keeps off the removal.
        unsafe { Gpu::from_raw(self.i915.as_ptr()) }
    }
}
