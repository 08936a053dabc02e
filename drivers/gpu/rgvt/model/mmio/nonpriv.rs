// SPDX-License-Identifier: GPL-2.0

//! The registers that a guest may open to its batches without privilege.
//!
//! What a guest opens has no effect: the hardware's slots are the host's, always. But a driver that reads
//! back what it wrote is to find it, and one that opens what no guest may have is to be told. Source of the
//! offsets: intel_workarounds.c (`*_whitelist_build`), and what guests of GVT-g are known to open. Two that kvmgt lets through are not here: 0xd80 is
//! the power manager's and 0x64844 the display's, both the host's.

use super::engines;
use crate::hw::{engine::Engine, platform::Platform};

/// RING_FORCE_TO_NONPRIV, relative to an engine's base.
pub const SLOTS: u32 = 0x4d0;

/// There are twelve of them.
pub const SLOT_BYTES: u32 = 48;

/// Bits 25:2 of a slot: the register.
const ADDRESS: u32 = 0x03ff_fffc;

/// RING_NOPID, relative to an engine's base: what unused slots name.
const NOPID: u32 = 0x94;

/// Registers, first and last.
const PERMITTED: &[(u32, u32)] = &[
    (0x20ec, 0x20ec), // GEN9_CS_DEBUG_MODE1
    (0x2248, 0x2248), // GEN9_CTX_PREEMPT_REG
    (0x2340, 0x2354), // CL_PRIMITIVES_COUNT, PS_INVOCATION_COUNT, PS_DEPTH_COUNT
    (0x2580, 0x2580), // GEN8_CS_CHICKEN1
    (0x2690, 0x2698),
    (0x2754, 0x2754),
    (0x28a0, 0x28a0),
    (0x4de0, 0x4de4), // TRVATTL3PTRDW
    (0x4dfc, 0x4dfc),
    (0x7010, 0x7014), // GEN7_COMMON_SLICE_CHICKEN1, COMMON_SLICE_CHICKEN2
    (0x7300, 0x7304), // HDC_CHICKEN0, GEN8_HDC_CHICKEN1
    (0x7700, 0x770c),
    (0x83a8, 0x83a8),
    (0xb110, 0xb110),
    (0xb118, 0xb118), // GEN8_L3SQCREG4
    (0xe100, 0xe100), // GEN8_HALF_SLICE_CHICKEN1
    (0xe18c, 0xe18c), // GEN10_SAMPLER_MODE
    (0xe48c, 0xe48c), // GEN9_ROW_CHICKEN4
    (0xe5f4, 0xe5f4),
];

/// Bits 29:28 of a slot, from Coffee Lake on: only reads (i915: `RING_FORCE_TO_NONPRIV_ACCESS_RD`).
const ACCESS: u32 = 3 << 28;
const ACCESS_READ: u32 = 1 << 28;

/// Whether slots have [`ACCESS`] and a range.
const fn extended(platform: Platform) -> bool {
    matches!(platform, Platform::CoffeeLake | Platform::CometLake)
}

/// How many bytes of registers a slot opens (i915: `RING_FORCE_TO_NONPRIV_RANGE_*`).
const fn range(platform: Platform, slot: u32) -> u32 {
    match slot & 3 {
        1 if extended(platform) => 4 * 4,
        2 if extended(platform) => 16 * 4,
        3 if extended(platform) => 64 * 4,
        _ => 4,
    }
}

/// Whether a slot of `engine` may hold this.
pub fn permitted(platform: Platform, engine: Engine, slot: u32) -> bool {
    let bytes = range(platform, slot);
    let address = slot & ADDRESS;
    // Drivers disagree with the manual on whether a range begins at the address or at a multiple of
    // its size, so both are looked at. An address has 26 bits: nothing overflows.
    let first = address & !bytes.wrapping_sub(1);
    let last = address.wrapping_add(bytes).wrapping_sub(4);
    let own = |offset| bytes == 4 && engines::at(engine, offset).get() == address;
    let read_only = extended(platform) && slot & ACCESS == ACCESS_READ;
    own(NOPID)
        || own(engines::CONTEXT_TIMESTAMP) && read_only
        || PERMITTED
            .iter()
            .any(|&(low, high)| low <= first && last <= high)
}
