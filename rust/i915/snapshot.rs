// SPDX-License-Identifier: GPL-2.0

//! What i915 saved of a GPU before it lent it: registers and PCI configuration space.
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

use super::{
    mmio::is_register,
    GpuRef, //
};
use crate::rust::bindings;

/// The BAR that is a window on the lower part of what the GGTT maps.
const APERTURE: ffi::c_int = 2;

impl GpuRef {
    /// The value that i915 saved of the register at `offset` in BAR 0; 0 of one that it knows not. `None` if
    /// there can be no register.
    pub(crate) fn initial_register(&self, offset: u32) -> Option<u32> {
        if !is_register(offset) {
            return None;
        }

        // SAFETY: i915 is valid, and has saved the registers into memory that stays while it lends the GPU.
        let saved = unsafe { bindings::rgvt_i915_initial_mmio(self.as_raw()) }.cast::<u32>();

        // SAFETY: What i915 saved is as long as `is_register()` allows, and written once, before it lent the
        // GPU. The cast does not truncate.
        Some(unsafe { saved.add(offset as usize / 4).read() })
    }

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
