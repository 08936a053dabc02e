// SPDX-License-Identifier: GPL-2.0

//! Fence registers: each makes a stretch of the aperture tiled (i915: `FENCE_REG_GEN6_LO`).

use super::{behaviour::Behaviour, cells::Cells, span::Span};
use crate::{
    hw::addr::{Bytes, GuestGma, MmioOffset, PAGE_SIZE},
    model::partition::Share,
};

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

/// Whether a fence is in use.
const VALID: u64 = 1 << 0;

/// Tiles of 128 bytes by 32 rows, not of 512 bytes by 8 rows.
const TILED_Y: u64 = 1 << 1;

/// How far a row of bytes is from the next, less one, in units of so many bytes (i915:
/// `GEN6_FENCE_PITCH_SHIFT`, `GEN7_FENCE_MAX_PITCH_VAL`).
const PITCH_SHIFT: u32 = 32;
const PITCH: u64 = 0x7ff;
const PITCH_UNIT: u64 = 128;

/// What would be one more bit of the pitch.
const RESERVED: u64 = 1 << 43;

/// Bits of a page's address in either half: in the lower one the first page of the stretch, in the upper
/// one the last.
const PAGE: u64 = 0xffff_f000;

/// What the hardware's fence may hold for what a guest wrote: the same if what is accessed through it is in the
/// guest's part of the aperture; else 0, since the host's and others' accesses are not to go through it.
pub fn audited(value: u64, share: &Share) -> u64 {
    let first = value & PAGE;
    let last = value >> 32 & PAGE;
    let size = last
        .checked_add(PAGE_SIZE)
        .and_then(|end| end.checked_sub(first))
        .filter(|&size| size != 0);
    // Of a row of tiles that the stretch has a part of, an access can go to any tile, also to those behind the
    // stretch. Drivers leave none behind (i915: `i915_gem_fence_size`).
    let reach = size
        .zip(tile_row(value))
        .and_then(|(size, row)| size.checked_next_multiple_of(row));
    let own = reach.and_then(|reach| {
        let range = share.aperture;
        range.offset_of(GuestGma::new(first), Bytes::new(reach))
    });
    if value & VALID != 0 && own.is_some() {
        value & (VALID | TILED_Y | PAGE | (PAGE | PITCH) << PITCH_SHIFT)
    } else {
        0
    }
}

/// How many bytes a row of tiles has. `None` if the pitch is not one of whole tiles, or means nothing: how far
/// the hardware goes then, nobody says, and no driver tries (i915: `i915_tiling_ok`).
fn tile_row(value: u64) -> Option<u64> {
    let pitch = (value >> PITCH_SHIFT & PITCH)
        .wrapping_add(1)
        .wrapping_mul(PITCH_UNIT);
    let (width, height) = if value & TILED_Y != 0 {
        (128, 32)
    } else {
        (512, 8)
    };
    let known = value & RESERVED == 0 && pitch.checked_rem(width) == Some(0);
    known.then_some(pitch.wrapping_mul(height))
}

/// What fence `index` holds.
pub(super) fn value(cells: &Cells, index: u8) -> u64 {
    let half = |offset: u32| {
        let at = FIRST.checked_add((u32::from(index) << 3) | offset);
        u64::from(at.map_or(0, |at| cells.get(at)))
    };
    half(0) | half(4) << 32
}
