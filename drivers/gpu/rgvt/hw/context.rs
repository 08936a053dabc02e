// SPDX-License-Identifier: GPL-2.0

//! The logical ring context: the memory that holds an engine's state while a context is out.
//!
//! Its first page is the per-process hardware status page; the next begins with the registers of the
//! ring, as pairs of (offset, value) for MI_LOAD_REGISTER_IMM. Below are the dwords of the values.
//! Source: Broadwell PRM, volume 7 (Register State Context), and intel_lrc_reg.h.

/// Page of the image that the registers are in (intel_lrc.h: `LRC_STATE_PN`).
pub const STATE_PAGE: u64 = 1;

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

/// PDP*n*_UDW and PDP*n*_LDW: the roots of a 3-level table. PDP0 is the root of a 4-level one.
pub const PDP: [(u16, u16); 4] = [(0x31, 0x33), (0x2d, 0x2f), (0x29, 0x2b), (0x25, 0x27)];

/// Bits 20:2 of RING_HEAD: the offset in the ring, in bytes.
pub const HEAD_MASK: u32 = 0x001f_fffc;

/// Bits 20:3 of RING_TAIL: the offset in the ring, in bytes.
pub const TAIL_MASK: u32 = 0x001f_fff8;

/// Bits 20:12 of RING_BUFFER_CONTROL: the ring's length in pages, less one.
pub const RING_LENGTH_MASK: u32 = 0x001f_f000;

/// The ring's length in bytes, from RING_BUFFER_CONTROL: 4 KiB to 2 MiB.
pub const fn ring_bytes(control: u32) -> u32 {
    (control & RING_LENGTH_MASK).wrapping_add(0x1000)
}
