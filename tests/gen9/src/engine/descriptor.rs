// SPDX-License-Identifier: GPL-2.0

//! The 64-bit context descriptor (PRM Skylake vol. 3a "Context Descriptor Format"; i915
//! `gt/intel_lrc.c`, `lrc_descriptor`).

use crate::witness::ContextKey;

/// Names a context and says how its image is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor(u64);

impl Descriptor {
    /// From the two halves that ELSP takes.
    pub fn new(high: u32, low: u32) -> Self {
        Self(u64::from(high) << 32 | u64::from(low))
    }

    /// Bit 0: there is a context.
    pub fn is_valid(self) -> bool {
        self.0 & 1 != 0
    }

    /// Bit 2: the image is read again even when the context is the one that runs.
    pub fn force_restore(self) -> bool {
        self.0 & 1 << 2 != 0
    }

    /// Bits 4:3: addressing mode 3 is a 4-level PPGTT (i915: `INTEL_LEGACY_64B_CONTEXT`).
    pub fn four_level(self) -> bool {
        self.0 >> 3 & 3 == 3
    }

    /// Bits 31:12: GGTT address of the logical ring context.
    pub fn lrca(self) -> u32 {
        self.0 as u32 & 0xffff_f000
    }

    /// Bits 63:32: what software calls the context.
    pub fn id(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// How the witness knows the context.
    pub fn key(self) -> ContextKey {
        ContextKey {
            id: self.id(),
            lrca: self.lrca(),
        }
    }
}
