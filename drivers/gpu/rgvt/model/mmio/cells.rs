// SPDX-License-Identifier: GPL-2.0

//! What the registers of one virtual GPU hold.

use crate::hw::addr::MmioOffset;
use kernel::{error::Result, prelude::*};

/// Bytes of registers in BAR 0; the GGTT begins at 8 MiB, and between the two there is nothing.
pub const SPACE: u32 = 2 << 20;

/// Registers in it.
pub(super) const COUNT: usize = 512 << 10;

/// The values, each of 4 bytes.
///
/// All of the space has memory from the start. Guests use some sixty of its pages, but then no
/// access has to allocate, and none can fail.
pub struct Cells(KVVec<u32>);

impl Cells {
    /// Cells that are all zero.
    pub(super) fn new() -> Result<Self> {
        Ok(Self(KVVec::from_elem(0, COUNT, GFP_KERNEL)?))
    }

    /// Zeroes all of them.
    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// The value at `at`, rounded down to a multiple of 4; zero outside of the space.
    pub fn get(&self, at: MmioOffset) -> u32 {
        self.0.get(index(at.get())).copied().unwrap_or(0)
    }

    /// Stores `value` at `at`, rounded down to a multiple of 4. Outside of the space it is dropped.
    pub fn set(&mut self, at: MmioOffset, value: u32) {
        if let Some(cell) = self.0.get_mut(index(at.get())) {
            *cell = value;
        }
    }

    /// Replaces the value by what `change` makes of it.
    pub fn update(&mut self, at: MmioOffset, change: impl FnOnce(u32) -> u32) {
        self.set(at, change(self.get(at)));
    }
}

/// Which register is at an offset, or would be.
pub(super) fn index(offset: u32) -> usize {
    usize::try_from(offset >> 2).unwrap_or(usize::MAX)
}

/// What a masked register holds after a write: the upper half of `written` tells which bits of the
/// lower half change.
pub const fn masked(old: u32, written: u32) -> u32 {
    let mask = written >> 16;
    old & !mask & 0xffff | written & mask
}
