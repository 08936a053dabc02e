// SPDX-License-Identifier: GPL-2.0

//! The precision palettes behind their index and data registers. Drivers read them back to verify
//! what they have set.

use super::{special, Register};
use crate::{
    hw::addr::MmioOffset,
    model::mmio::{cells::Cells, span::Span},
};
use kernel::{error::Result, prelude::*};

/// PAL_PREC_INDEX and PAL_PREC_DATA of pipes A to C.
const PIPES: [(u32, u32); 3] = [
    (0x4_a400, 0x4_a404),
    (0x4_ac00, 0x4_ac04),
    (0x4_b400, 0x4_b404),
];
/// PAL_PREC_AUTO_INCREMENT.
const AUTO_INCREMENT: u32 = 1 << 15;
/// PAL_PREC_INDEX_VALUE_MASK.
const INDEX: u32 = 0x3ff;
/// Log2 of the entries of a palette.
const ENTRIES_SHIFT: u32 = 10;

/// 0x4a000 to 0x4bfff.
pub(super) const TABLE: &[Span] = &[
    Span::plain(0x4_a000).to(PIPES[0].0),
    special(PIPES[0].1, Register::Palette),
    Span::plain(0x4_a408).to(PIPES[1].0),
    special(PIPES[1].1, Register::Palette),
    Span::plain(0x4_ac08).to(PIPES[2].0),
    special(PIPES[2].1, Register::Palette),
    Span::plain(0x4_b408).to(0x4_bffc),
];

/// The entries.
pub(super) struct Palettes(KVVec<u32>);

impl Palettes {
    /// All zero.
    pub(super) fn new() -> Result<Self> {
        let count = PIPES.len() << ENTRIES_SHIFT;
        Ok(Self(KVVec::from_elem(0, count, GFP_KERNEL)?))
    }

    /// Zeroes them.
    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Reads the data register `data`.
    pub(super) fn read(&self, cells: &mut Cells, data: MmioOffset) -> u32 {
        next(cells, data)
            .and_then(|index| self.0.get(index))
            .copied()
            .unwrap_or(0)
    }

    /// Writes it.
    pub(super) fn write(&mut self, cells: &mut Cells, data: MmioOffset, value: u32) {
        if let Some(entry) = next(cells, data).and_then(|index| self.0.get_mut(index)) {
            *entry = value;
        }
    }
}

/// Which entry the data register `data` shows. Moves the index on where it shall.
fn next(cells: &mut Cells, data: MmioOffset) -> Option<usize> {
    let pipe = PIPES.iter().position(|(_, at)| *at == data.get())?;
    let index = MmioOffset::new(PIPES.get(pipe)?.0);
    let old = cells.get(index);
    if old & AUTO_INCREMENT != 0 {
        let next = old.wrapping_add(1) & INDEX;
        cells.set(index, old & !INDEX | next);
    }
    let entry = usize::try_from(old & INDEX).ok()?;
    Some(pipe << ENTRIES_SHIFT | entry)
}
