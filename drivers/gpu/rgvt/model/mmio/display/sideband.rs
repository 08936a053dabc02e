// SPDX-License-Identifier: GPL-2.0

//! Broadwell's sideband to the clocks and PHYs of the PCH: registers behind registers, memory.

use super::at;
use crate::model::mmio::cells::Cells;

/// SBI_ADDR (bits 31:16), SBI_DATA, SBI_CTL_STAT.
const ADDRESS: u32 = 0xc_6000;
const DATA: u32 = 0xc_6004;
const CONTROL: u32 = 0xc_6008;
/// SBI_STATUS_BUSY: when it is written, an access starts.
const BUSY: u32 = 1;
/// SBI_RESPONSE_MASK; zero is success.
const RESPONSE: u32 = 3 << 1;
/// SBI_CTL_OP_WR.
const WRITE: u32 = 1 << 8;
/// SBI_CTL_DEST_MASK: clocks or PHYs.
const DESTINATION: u32 = 1 << 16;

/// How many registers are kept; i915 knows some 30.
const REGISTERS: usize = 48;

/// What the sideband reaches.
#[derive(Clone, Debug)]
pub(super) struct Sideband {
    /// Destination and address, and value.
    registers: [Option<(u32, u32)>; REGISTERS],
}

impl Sideband {
    /// Registers that are all zero.
    pub(super) const fn new() -> Self {
        Self {
            registers: [None; REGISTERS],
        }
    }

    /// A write to SBI_CTL_STAT.
    pub(super) fn write(&mut self, cells: &mut Cells, value: u32) {
        cells.set(at(CONTROL), value & !(BUSY | RESPONSE));
        if value & BUSY == 0 {
            return;
        }
        let key = value & DESTINATION | cells.get(at(ADDRESS)) >> 16;
        if value & WRITE == 0 {
            cells.set(at(DATA), self.get(key));
        } else {
            self.set(key, cells.get(at(DATA)));
        }
    }

    fn get(&self, key: u32) -> u32 {
        let mut known = self.registers.iter().flatten();
        known
            .find(|(other, _)| *other == key)
            .map_or(0, |(_, value)| *value)
    }

    fn set(&mut self, key: u32, value: u32) {
        // Slots are filled in order, so one that is free comes after all that are not.
        let slot = self
            .registers
            .iter_mut()
            .find(|slot| slot.is_none_or(|(other, _)| other == key));
        if let Some(slot) = slot {
            *slot = Some((key, value));
        }
    }
}
