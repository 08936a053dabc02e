// SPDX-License-Identifier: GPL-2.0

//! Names and places of the engines.

use serde::Serialize;

/// A command streamer of the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineId {
    /// Render.
    Rcs,
    /// Blitter.
    Bcs,
    /// Video (first instance).
    Vcs0,
    /// Video enhancement.
    Vecs,
}

impl EngineId {
    /// All engines, in the order of their indices.
    pub const ALL: [Self; 4] = [Self::Rcs, Self::Bcs, Self::Vcs0, Self::Vecs];

    /// First register of the engine's ring block (i915: `gt/intel_engine_regs.h`, `*_RING_BASE`).
    pub const fn base(self) -> u32 {
        match self {
            Self::Rcs => 0x2000,
            Self::Bcs => 0x2_2000,
            Self::Vcs0 => 0x1_2000,
            Self::Vecs => 0x1_a000,
        }
    }

    /// Position in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// GT interrupt register set (0 to 3) and shift of the engine's bits in it
    /// (i915: `gt/intel_gt_irq.c`, gen8_gt_irq_postinstall).
    pub const fn irq(self) -> (usize, u32) {
        match self {
            Self::Rcs => (0, 0),
            Self::Bcs => (0, 16),
            Self::Vcs0 => (1, 0),
            Self::Vecs => (3, 0),
        }
    }

    /// Bit in GDRST that resets the engine alone (i915: `GEN6_GRDOM_*`).
    pub const fn reset_bit(self) -> u32 {
        match self {
            Self::Rcs => 1 << 1,
            Self::Vcs0 => 1 << 2,
            Self::Bcs => 1 << 3,
            Self::Vecs => 1 << 4,
        }
    }
}
