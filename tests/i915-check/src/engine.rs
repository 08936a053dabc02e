// SPDX-License-Identifier: GPL-2.0
//! The four engines of the modelled devices and their registers.

use std::fmt;

/// Hardware generation, as far as the checks must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// Broadwell.
    Gen8,
    /// Skylake, Kaby Lake, Coffee Lake.
    Gen9,
}

impl Generation {
    /// From the PCI device ID: 0x16xx are the Broadwell parts (`include/drm/intel/pciids.h`).
    pub fn of_chipset(id: u16) -> Self {
        if id >> 8 == 0x16 {
            Self::Gen8
        } else {
            Self::Gen9
        }
    }
}

/// An engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Render and compute.
    Rcs,
    /// Blitter.
    Bcs,
    /// First video decoder.
    Vcs0,
    /// Video enhancement.
    Vecs,
}

impl Engine {
    /// All of them, in the order in which checks run.
    pub const ALL: [Self; 4] = [Self::Rcs, Self::Bcs, Self::Vcs0, Self::Vecs];

    /// The value of `I915_EXEC_RING_MASK` (and `I915_EXEC_BSD_RING1`) in execbuffer's flags.
    pub fn selector(self) -> u64 {
        const BSD_RING1: u64 = 1 << 13;
        match self {
            Self::Rcs => 1,
            Self::Vcs0 => 2 | BSD_RING1,
            Self::Bcs => 3,
            Self::Vecs => 4,
        }
    }

    /// Start of the engine's registers (`gt/intel_engine_regs.h`).
    fn base(self) -> u32 {
        match self {
            Self::Rcs => 0x2000,
            Self::Vcs0 => 0x1_2000,
            Self::Vecs => 0x1_a000,
            Self::Bcs => 0x2_2000,
        }
    }

    /// Low dword of `CS_GPR_R<n>`, n in 0..16; the high dword follows.
    pub fn gpr(self, n: u8) -> u32 {
        assert!(n < 16, "GPR {n}");
        self.base() + 0x600 + 8 * u32::from(n)
    }

    /// Low dword of the running timestamp; the high one follows.
    pub fn timestamp(self) -> u32 {
        self.base() + 0x358
    }

    /// Whether a context has GPRs and MI_MATH here: on Gen8 only the render engine's are saved.
    pub fn has_gprs(self, generation: Generation) -> bool {
        generation >= Generation::Gen9 || self == Self::Rcs
    }

    /// Whether the kernel copies and inspects batches (`i915_cmd_parser.c`, Gen9's blitter).
    /// The copy is what runs, so a batch must not wait for a change to itself.
    pub fn is_parsed(self, generation: Generation) -> bool {
        generation >= Generation::Gen9 && self == Self::Bcs
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rcs => "rcs",
            Self::Bcs => "bcs",
            Self::Vcs0 => "vcs0",
            Self::Vecs => "vecs",
        })
    }
}

/// Registers that belong to one engine only.
pub mod reg {
    /// Blitter: source and destination of old blits are Y-tiled (bits 0, 1; masked).
    pub const BCS_SWCTRL: u32 = 0x2_2200;
    /// Render: first operand of MI_PREDICATE, 64 bits.
    pub const MI_PREDICATE_SRC0: u32 = 0x2400;
    /// Render: second operand of MI_PREDICATE, 64 bits.
    pub const MI_PREDICATE_SRC1: u32 = 0x2408;
    /// Render: what MI_PREDICATE made of them, in bit 0.
    pub const MI_PREDICATE_RESULT: u32 = 0x2418;
    /// Render: whether a predicated MI_BATCH_BUFFER_START jumps.
    pub const MI_PREDICATE_RESULT_1: u32 = 0x241c;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers() {
        assert_eq!(Engine::Rcs.gpr(0), 0x2600);
        assert_eq!(Engine::Bcs.gpr(15), 0x22678);
        assert_eq!(Engine::Vcs0.timestamp(), 0x12358);
        assert_eq!(Engine::Vecs.gpr(1), 0x1a608);
    }

    #[test]
    fn generations() {
        assert_eq!(Generation::of_chipset(0x1616), Generation::Gen8);
        for id in [0x1912, 0x5912, 0x3e92, 0x9bc5] {
            assert_eq!(Generation::of_chipset(id), Generation::Gen9);
        }
    }
}
