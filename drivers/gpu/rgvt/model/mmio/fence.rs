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

/// Bits of a page's address in either half: in the lower one the first page of the stretch, in the upper
/// one the last.
const PAGE: u64 = 0xffff_f000;

/// What the hardware's fence may hold for what a guest wrote: the same if the stretch is in the guest's part
/// of the aperture; else 0, since the host's and others' accesses are not to go through it.
pub fn audited(value: u64, share: &Share) -> u64 {
    let first = value & PAGE;
    let last = value >> 32 & PAGE;
    let size = last
        .checked_add(PAGE_SIZE)
        .and_then(|end| end.checked_sub(first));
    let own = size.filter(|&size| size != 0).and_then(|size| {
        let range = share.aperture;
        range.offset_of(GuestGma::new(first), Bytes::new(size))
    });
    if value & VALID != 0 && own.is_some() {
        value
    } else {
        0
    }
}

/// What fence `index` holds.
pub(super) fn value(cells: &Cells, index: u8) -> u64 {
    let half = |offset: u32| {
        let at = FIRST.checked_add((u32::from(index) << 3) | offset);
        u64::from(at.map_or(0, |at| cells.get(at)))
    };
    half(0) | half(4) << 32
}
