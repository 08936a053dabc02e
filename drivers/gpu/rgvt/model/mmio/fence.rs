// SPDX-License-Identifier: GPL-2.0

//! Fence registers: each makes a stretch of the aperture tiled (i915: `FENCE_REG_GEN6_LO`).

use super::{behaviour::Behaviour, cells::Cells, span::Span};
use crate::hw::addr::MmioOffset;

/// The lower half of the first fence; the upper one follows, then the next fence.
const FIRST: MmioOffset = MmioOffset::new(0x10_0000);

/// How many fences the hardware has. A virtual GPU has a few of them, from the first on.
pub const COUNT: u8 = 32;

/// The registers.
pub const TABLE: &[Span] = &[Span::special(FIRST.get(), Behaviour::Fence).bytes(8 * 32)];

/// The fence that the register at `at` is half of.
pub(super) fn index(at: MmioOffset) -> Option<u8> {
    let index = u8::try_from(at.checked_sub(FIRST)? >> 3).ok()?;
    (index < COUNT).then_some(index)
}

/// What fence `index` holds.
pub(super) fn value(cells: &Cells, index: u8) -> u64 {
    let half = |offset: u32| {
        let at = FIRST.checked_add((u32::from(index) << 3) | offset);
        u64::from(at.map_or(0, |at| cells.get(at)))
    };
    half(0) | half(4) << 32
}
