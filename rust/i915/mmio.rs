// SPDX-License-Identifier: GPL-2.0

//! The registers of a GPU that is awake.
//!
//! i915 takes the forcewake that a register needs for each access, with a spinlock held and interrupts off.
//!
//! C header: [`drivers/gpu/drm/i915/intel_uncore.h`](srctree/drivers/gpu/drm/i915/intel_uncore.h)

use core::ops::Deref;

use kernel::prelude::*;

use super::{
    Awake,
    Gpu, //
};
use crate::rust::bindings;

/// Bytes of registers at the start of BAR 0 (i915: `intel_uncore_setup_mmio()`).
const REGISTERS: u32 = 2 << 20;

/// Whether a register of 32 bits can be at `offset`.
fn is_register(offset: u32) -> bool {
    offset < REGISTERS && offset % 4 == 0
}

impl<G: Deref<Target = Gpu>> Awake<G> {
    /// Reads the register at `offset` in BAR 0. `EINVAL` if there can be none. Does not sleep.
    pub(crate) fn read32(&self, offset: u32) -> Result<u32> {
        if !is_register(offset) {
            return Err(EINVAL);
        }

        // SAFETY: The invariants of `Gpu`, which is awake; the registers are mapped as long as i915 is bound,
        // and `offset` is within them.
        Ok(unsafe { bindings::rgvt_uncore_read(self.as_raw(), offset) })
    }
}
