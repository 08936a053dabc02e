// SPDX-License-Identifier: GPL-2.0

//! The logical ring context: the memory that holds an engine's state while a context is out.
//!
//! Its first page is the per-process hardware status page; the next begins with the registers of the
//! ring, as pairs of (offset, value) for MI_LOAD_REGISTER_IMM. Below are the dwords of the values.
//! Source: Broadwell PRM, volume 7 (Register State Context), and intel_lrc_reg.h.

use super::engine::Engine;
use super::platform::{Generation, Platform};
use core::ops::Range;

/// Page of the image that the registers are in (intel_lrc.h: `LRC_STATE_PN`).
pub const STATE_PAGE: u64 = 1;

/// Dwords in that page.
pub const STATE_DWORDS: u16 = 0x400;

/// CTX_CONTEXT_CONTROL; a masked register.
pub const CONTEXT_CONTROL: u16 = 0x03;
/// RING_HEAD.
pub const RING_HEAD: u16 = 0x05;
/// RING_TAIL.
pub const RING_TAIL: u16 = 0x07;
/// RING_BUFFER_START: where the ring is in the GGTT.
pub const RING_START: u16 = 0x09;
/// RING_BUFFER_CONTROL: its length.
pub const RING_CONTROL: u16 = 0x0b;
/// BB_PER_CTX_PTR: the batch that runs after each restore; bit 0 makes it valid.
pub const PER_CONTEXT_BATCH: u16 = 0x19;
/// RCS_INDIRECT_CTX: the batch that runs during a restore; bits 5:0 are its length in cache lines.
pub const INDIRECT_CONTEXT: u16 = 0x1b;
/// RCS_INDIRECT_CTX_OFFSET: when it runs.
pub const INDIRECT_CONTEXT_OFFSET: u16 = 0x1d;
/// CTX_TIMESTAMP.
pub const TIMESTAMP: u16 = 0x23;
/// R_PWR_CLK_STATE of the render engine.
pub const POWER_CLOCK_STATE: u16 = 0x43;

/// BCS_SWCTRL, in the blitter's image: how its operands are tiled; a masked register (intel_lrc.c: `REG16(0x200)`;
/// kvmgt: `BCS_TILE_REGISTER_VAL_OFFSET`).
pub const fn blitter_tiling(engine: Engine) -> Option<u16> {
    match engine {
        Engine::Bcs => Some(0x43),
        _ => None,
    }
}

/// The upper half of a masked register whose lower half is written whole.
pub const MASK_ALL: u32 = 0xffff_0000;

/// BB_OFFSET, of the engines whose image has it: what is added to the address of an MI_BATCH_BUFFER_START that
/// asks for it (intel_lrc.c: `lrc_ring_bb_offset`).
pub const fn batch_offset(platform: Platform, engine: Engine) -> Option<u16> {
    match (platform.generation(), engine) {
        (Generation::Gen8, Engine::Rcs) => Some(0xc5),
        (Generation::Gen8, _) => None,
        (Generation::Gen9, _) => Some(0x65),
    }
}

/// 13 dwords between two lists, MI_NOOP in the image of every engine.
pub const UNUSED: Range<u16> = 0x34..0x41;

/// PDP*n*_UDW and PDP*n*_LDW: the roots of a 3-level table. PDP0 is the root of a 4-level one.
pub const PDP: [(u16, u16); 4] = [(0x31, 0x33), (0x2d, 0x2f), (0x29, 0x2b), (0x25, 0x27)];

/// Of CTX_CONTEXT_CONTROL: only the registers of the ring are loaded, not the engine's state
/// (intel_engine_regs.h: `CTX_CTRL_ENGINE_CTX_RESTORE_INHIBIT`).
pub const RESTORE_INHIBIT: u32 = 1 << 0;

/// Of RING_BUFFER_CONTROL: the ring is enabled.
pub const RING_VALID: u32 = 1 << 0;

/// Bits 31:12 of RING_BUFFER_START.
pub const RING_START_MASK: u32 = 0xffff_f000;

/// Bits 20:2 of RING_HEAD: the offset in the ring, in bytes.
pub const HEAD_MASK: u32 = 0x001f_fffc;

/// Bits 31:21 of RING_HEAD: how often it went past the ring's end.
pub const HEAD_WRAPS_MASK: u32 = 0xffe0_0000;

/// Bits 20:3 of RING_TAIL: the offset in the ring, in bytes.
pub const TAIL_MASK: u32 = 0x001f_fff8;

/// Bits 20:12 of RING_BUFFER_CONTROL: the ring's length in pages, less one.
pub const RING_LENGTH_MASK: u32 = 0x001f_f000;

/// The ring's length in bytes, from RING_BUFFER_CONTROL: 4 KiB to 2 MiB.
pub const fn ring_bytes(control: u32) -> u32 {
    (control & RING_LENGTH_MASK).wrapping_add(0x1000)
}

/// Of BB_PER_CTX_PTR: there is such a batch.
pub const PER_CONTEXT_VALID: u32 = 1 << 0;

/// Bits 31:12 of BB_PER_CTX_PTR: where the batch is in the GGTT.
pub const PER_CONTEXT_ADDRESS_MASK: u32 = 0xffff_f000;

/// Bits 31:6 of RCS_INDIRECT_CTX: where the batch is in the GGTT.
pub const INDIRECT_ADDRESS_MASK: u32 = 0xffff_ffc0;

/// Bits 5:0 of RCS_INDIRECT_CTX: the batch's length in cache lines.
pub const INDIRECT_LINES_MASK: u32 = 0x3f;

/// Log2 of the bytes in a cache line.
pub const CACHE_LINE_SHIFT: u32 = 6;

/// Whether the engine runs batches while it restores a context (intel_lrc.c:
/// `lrc_ring_wa_bb_per_ctx`).
pub fn has_restore_batches(platform: Platform, engine: Engine) -> bool {
    platform.generation() == Generation::Gen9 || engine == Engine::Rcs
}

/// Dwords of the register page that hold the engine's own state, which no driver writes: the first of
/// each run, and the one after its last, in order.
///
/// Left out are the registers of the ring and BCS_SWCTRL, which come before, and what drivers set in between:
/// RING_MI_MODE, BB_OFFSET, OACTXCONTROL, EU_PERF_CNTL0 to 6 (intel_lrc.c: `gen*_offsets`,
/// `lrc_ring_mi_mode`, `lrc_ring_bb_offset`; i915_perf.c: `ctx_oactxctrl_offset`,
/// `ctx_flexeu0_offset`).
pub fn engine_dwords(platform: Platform, engine: Engine) -> &'static [(u16, u16)] {
    match (platform.generation(), engine) {
        (Generation::Gen8, Engine::Rcs) => &[
            (0x51, 0x58),
            (0x5a, 0xc4),
            (0xc6, 0x120),
            (0x122, 0x2ce),
            (0x2dc, STATE_DWORDS),
        ],
        (Generation::Gen8, _) => &[(0x46, STATE_DWORDS)],
        (Generation::Gen9, Engine::Rcs) => &[
            (0x52, 0x54),
            (0x56, 0x64),
            (0x66, 0x128),
            (0x12a, 0x3de),
            (0x3ec, STATE_DWORDS),
        ],
        (Generation::Gen9, _) => &[(0x52, 0x54), (0x56, 0x64), (0x66, STATE_DWORDS)],
    }
}

/// Pages of the image that hold more of the engine's state; empty for most engines. Broadwell does
/// not use the last one that i915 sets aside, and drivers of other systems lack it (kvmgt: "19").
pub fn engine_pages(platform: Platform, engine: Engine) -> Range<u64> {
    let end = match (platform.generation(), engine) {
        (Generation::Gen8, Engine::Rcs) => 19,
        _ => platform.context_size(engine).pages(),
    };
    STATE_PAGE.saturating_add(1)..end
}
