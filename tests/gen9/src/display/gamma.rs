// SPDX-License-Identifier: GPL-2.0

//! Gamma: the tables in which a pipe looks up what it shows for a colour. There is one table, before or
//! after the matrix ([`super::csc`]), or its halves are used before and after it.
//!
//! PRM Skylake vol. 2c "GAMMA_MODE", "PAL_LGC", "PAL_PREC_DATA", "PAL_EXT_GC_MAX"; i915
//! `display/intel_color_regs.h`, and `bdw_load_luts` in `display/intel_color.c` for which entry is where.
//! The mode of twelve bits, which i915 does not use on these devices, is not known here.

use super::palette::Palettes;
use crate::gpu::Gpu;

/// LGC_PALETTE and PREC_PAL_EXT_GC_MAX of pipe A, and the distance of the pipes.
const LEGACY: u32 = 0x4_a000;
const BEYOND: u32 = 0x4_a420;
const STRIDE: u32 = 0x800;
/// Entries of the legacy palette.
const LEGACY_ENTRIES: u32 = 256;
/// GAMMA_MODE_MODE_MASK, GAMMA_MODE_MODE_8BIT, GAMMA_MODE_MODE_10BIT, GAMMA_MODE_MODE_SPLIT.
const MODE: u32 = 3;
const EIGHT_BITS: u32 = 0;
const TEN_BITS: u32 = 1;
const SPLIT: u32 = 3;

/// Full red, green or blue is one less.
pub const FULL: i32 = 1 << 12;
/// Where the tables end for values of more than full.
pub const END: i32 = 3 * FULL;

/// A table for each component. Values have twelve bits from nothing to full.
#[derive(Clone, Debug)]
pub struct Table {
    entries: Vec<[i32; 3]>,
    /// What a value at the end becomes, if such values are told from full.
    beyond: Option<[i32; 3]>,
}

impl Table {
    /// What is shown for `value` of a component: red, green or blue.
    pub fn look(&self, component: usize, value: i32) -> i32 {
        let entry = |index: usize| self.entries[index][component];
        let last = entry(self.entries.len() - 1);
        if value < FULL {
            // CAST: twelve bits.
            return entry(value.max(0) as usize * self.entries.len() / FULL as usize);
        }
        let beyond = self.beyond.map_or(last, |beyond| beyond[component]);
        last + (beyond - last) * (value.min(END) - FULL) / (END - FULL)
    }
}

/// The tables of a pipe, before and after its matrix.
#[derive(Clone, Debug, Default)]
pub struct Gamma {
    /// What comes before the matrix.
    pub before: Option<Table>,
    /// What comes after it.
    pub after: Option<Table>,
}

impl Gamma {
    /// The tables of `pipe` in the mode that GAMMA_MODE has. A table for all comes after the matrix
    /// where `matrix_first`.
    pub fn read(gpu: &Gpu, palettes: &Palettes, pipe: u32, mode: u32, matrix_first: bool) -> Self {
        let register = |offset: u32| gpu.regs.get(offset + STRIDE * pipe);
        let precise = |entries: &[u32]| Table {
            entries: entries.iter().map(|&entry| widen(entry, 10)).collect(),
            // CAST: 3.16 bits become 3.12.
            beyond: Some([0, 4, 8].map(|at| (register(BEYOND + at) >> 4 & 0x7fff) as i32)),
        };
        let table = match mode & MODE {
            EIGHT_BITS => Table {
                entries: (0..LEGACY_ENTRIES)
                    .map(|index| widen(register(LEGACY + 4 * index), 8))
                    .collect(),
                beyond: None,
            },
            TEN_BITS => precise(&palettes.entries(pipe)),
            SPLIT => {
                let entries = palettes.entries(pipe);
                let (before, after) = entries.split_at(entries.len() / 2);
                return Self {
                    before: Some(precise(before)),
                    after: Some(precise(after)),
                };
            }
            _ => return Self::default(),
        };
        let (before, after) = if matrix_first {
            (None, Some(table))
        } else {
            (Some(table), None)
        };
        Self { before, after }
    }
}

/// Red, green and blue of twelve bits out of an entry that has `bits` for each, blue lowest.
fn widen(entry: u32, bits: u32) -> [i32; 3] {
    [2, 1, 0].map(|place| {
        let value = entry >> (place * bits) & ((1 << bits) - 1);
        // CAST: twelve bits.
        (value << (12 - bits) | value >> (2 * bits - 12)) as i32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_fill_twelve_bits() {
        for (entry, bits, expected) in [
            (0x00ff_8001, 8, [0xfff, 0x808, 0x010]),
            (0x3ff8_0001, 10, [0xfff, 0x802, 0x004]),
        ] {
            assert_eq!(widen(entry, bits), expected);
        }
    }

    #[test]
    fn a_table_ends_at_full_or_at_three_times_that() {
        let mut table = Table {
            entries: (0..256).map(|value| [value, 0, 0]).collect(),
            beyond: None,
        };
        for (value, expected) in [
            (-9, 0),
            (15, 0),
            (16, 1),
            (4095, 255),
            (4096, 255),
            (99_999, 255),
        ] {
            assert_eq!(table.look(0, value), expected, "{value}");
        }
        table.beyond = Some([455, 0, 0]);
        for (value, expected) in [
            (4095, 255),
            (4096, 255),
            (8192, 355),
            (END, 455),
            (99_999, 455),
        ] {
            assert_eq!(table.look(0, value), expected, "{value}");
        }
    }
}
