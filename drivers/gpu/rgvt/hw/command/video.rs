// SPDX-License-Identifier: GPL-2.0

//! Commands of the video engines, by family. Opcodes are the upper half of the header.
//!
//! Their addresses are in the address space of the context. How long the members of a family are is
//! not told apart: the engine goes by the length field (i915_cmd_parser.c, for the video engines).

use super::{table, Engines, Length, Row};

const fn family(engines: Engines, first: u16, last: u16, bits: u8) -> Row {
    Row::local(engines, first, last, Length::field(bits)).unit()
}

/// One dword. Its length field, of 6 bits, does not count the header alone, and i915's parser does not look at
/// it: what hardware does if it is not zero is not said.
const WAIT: Length = Length::biased(6, 1, 1, 1);

/// Decoding and encoding.
pub(super) const VIDEO: [Row; 5] = table([
    Row::local(Engines::VIDEO, 0x6800, 0x6800, WAIT).unit(), // MFX_WAIT
    // MFX common and codecs, VDENC, HCP.
    family(Engines::VIDEO, 0x7000, 0x73ff, 12),
    // HUC, SFC.
    family(Engines::VIDEO, 0x7500, 0x75ff, 12),
    // Cryptography.
    family(Engines::VIDEO, 0x7600, 0x76ff, 16),
    // MFX for JPEG.
    family(Engines::VIDEO, 0x7700, 0x77ff, 12),
]);

/// Enhancement.
pub(super) const ENHANCE: [Row; 1] = table([
    // VEBOX and SFC.
    family(Engines::ENHANCE, 0x7400, 0x75ff, 12),
]);
