// SPDX-License-Identifier: GPL-2.0

//! Commands of the blitter. Opcodes are bits 31:22 of the header.
//!
//! Their addresses are in the address space of the context, in the ring and in batches of either kind
//! (i915: intel_migrate.c copies so from the ring).

use super::{table, Engines, Length, Row};

const fn blt(first: u16, last: u16) -> Row {
    Row::local(Engines::COPY, 2 << 7 | first, 2 << 7 | last, Length::BYTE).unit()
}

pub(super) const ROWS: [Row; 9] = table([
    blt(0x01, 0x01),        // XY_SETUP_BLT
    blt(0x03, 0x03),        // XY_SETUP_CLIP_BLT
    blt(0x11, 0x11),        // XY_SETUP_MONO_PATTERN_SL_BLT
    blt(0x24, 0x26),        // XY_PIXEL_BLT, XY_SCANLINES_BLT, XY_TEXT_BLT
    blt(0x31, 0x31),        // XY_TEXT_IMMEDIATE_BLT
    blt(0x42, 0x42).gen9(), // XY_FAST_COPY_BLT
    // XY_COLOR_BLT, XY_PAT_BLT, XY_MONO_PAT_BLT, XY_SRC_COPY_BLT, XY_MONO_SRC_COPY_BLT, XY_FULL_BLT,
    // XY_FULL_MONO_SRC_BLT, XY_FULL_MONO_PATTERN_BLT, XY_FULL_MONO_PATTERN_MONO_SRC_BLT.
    blt(0x50, 0x58),
    blt(0x59, 0x59), // XY_MONO_PAT_FIXED_BLT
    // XY_MONO_SRC_COPY_IMMEDIATE_BLT, XY_PAT_BLT_IMMEDIATE, XY_SRC_COPY_CHROMA_BLT,
    // XY_FULL_IMMEDIATE_PATTERN_BLT, XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT, XY_PAT_CHROMA_BLT,
    // XY_PAT_CHROMA_BLT_IMMEDIATE.
    blt(0x71, 0x77),
]);
