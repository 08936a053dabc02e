// SPDX-License-Identifier: GPL-2.0

//! What i915 saved of a GPU before it lent it: the PCI configuration space. And where its aperture is.
//!
//! C source: [`drivers/gpu/drm/i915/intel_gvt.c`](srctree/drivers/gpu/drm/i915/intel_gvt.c)

use core::ops::Range;

use kernel::{
    bindings::{
        pci_resource_len,
        pci_resource_start,
        PCI_CFG_SPACE_EXP_SIZE, //
    },
    ffi, //
};

use super::GpuRef;
use crate::rust::bindings;

/// The BAR that is a window on the lower part of what the GGTT maps.
const APERTURE: ffi::c_int = 2;

impl GpuRef {
    /// The PCI configuration space as i915 saved it: [`PCI_CFG_SPACE_EXP_SIZE`] bytes.
    pub(crate) fn initial_config(&self) -> &[u8] {
        // SAFETY: i915 is valid, and has saved the space into memory that stays while it lends the GPU.
        let saved = unsafe { bindings::rgvt_i915_initial_cfg_space(self.as_raw()) };

        // SAFETY: It is as long as this, and written once, before i915 lent the GPU.
        unsafe { core::slice::from_raw_parts(saved.cast(), PCI_CFG_SPACE_EXP_SIZE as usize) }
    }

    /// The physical addresses at which the CPU finds the aperture. `None` if there is none.
    pub(crate) fn aperture(&self) -> Option<Range<u64>> {
        // SAFETY: i915 is valid, and bound to a PCI device whose resources do not change meanwhile.
        let (start, len) = unsafe {
            let device = bindings::rgvt_i915_pdev(self.as_raw());

            (
                pci_resource_start(device, APERTURE),
                pci_resource_len(device, APERTURE),
            )
        };

        (len != 0).then_some(start..start.checked_add(len)?)
    }
}
