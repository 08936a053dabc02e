// SPDX-License-Identifier: GPL-2.0

//! The command streamers.

use super::addr::MmioOffset;

/// A command streamer of Gen8 or Gen9. The order is that of i915's `enum intel_engine_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Engine {
    /// Render and compute.
    Rcs,
    /// Copy (blitter).
    Bcs,
    /// Video decode and encode.
    Vcs0,
    /// The second video engine, of GT3 and GT4 parts.
    Vcs1,
    /// Video enhancement.
    Vecs,
}

impl Engine {
    /// All engines, in order.
    pub const ALL: [Engine; 5] = [
        Engine::Rcs,
        Engine::Bcs,
        Engine::Vcs0,
        Engine::Vcs1,
        Engine::Vecs,
    ];

    /// Its place in [`Self::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Engine::Rcs => 0,
            Engine::Bcs => 1,
            Engine::Vcs0 => 2,
            Engine::Vcs1 => 3,
            Engine::Vecs => 4,
        }
    }

    /// What i915 calls it, in sysfs and in the kernel's log.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Rcs => "rcs0",
            Engine::Bcs => "bcs0",
            Engine::Vcs0 => "vcs0",
            Engine::Vcs1 => "vcs1",
            Engine::Vecs => "vecs0",
        }
    }

    /// Offset of the engine's block of registers (i915_reg.h: `*_RING_BASE`).
    pub const fn mmio_base(self) -> MmioOffset {
        MmioOffset::new(match self {
            Engine::Rcs => 0x0_2000,
            Engine::Bcs => 0x2_2000,
            Engine::Vcs0 => 0x1_2000,
            Engine::Vcs1 => 0x1_c000,
            Engine::Vecs => 0x1_a000,
        })
    }

    /// The engine's bit in GEN6_GDRST (0x941c), which resets it (intel_gt_regs.h: `GEN6_GRDOM_*`
    /// and `GEN8_GRDOM_MEDIA2`).
    pub const fn reset_bit(self) -> u32 {
        match self {
            Engine::Rcs => 1 << 1,
            Engine::Vcs0 => 1 << 2,
            Engine::Bcs => 1 << 3,
            Engine::Vecs => 1 << 4,
            Engine::Vcs1 => 1 << 7,
        }
    }

    /// The engine whose block of registers holds `offset`, and the offset within the block. Blocks
    /// are 2 KiB, at multiples of that.
    pub const fn of_register(offset: MmioOffset) -> Option<(Engine, u32)> {
        const BLOCK: u32 = 0x800;

        let engine = match offset.get() & !(BLOCK - 1) {
            0x0_2000 => Engine::Rcs,
            0x2_2000 => Engine::Bcs,
            0x1_2000 => Engine::Vcs0,
            0x1_c000 => Engine::Vcs1,
            0x1_a000 => Engine::Vecs,
            _ => return None,
        };
        Some((engine, offset.get() & (BLOCK - 1)))
    }
}
