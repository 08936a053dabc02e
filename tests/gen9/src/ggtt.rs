// SPDX-License-Identifier: GPL-2.0

//! The global graphics translation table: one 8-byte entry a page, 4 GiB in all.
//!
//! Entry format: PRM Skylake vol. 5 "Memory Views", Global GTT entry; i915 `gt/intel_gtt.h`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::addr::{Dma, PAGE_SIZE};
use crate::shared::Shared;

/// Entries in the table.
pub const ENTRIES: u64 = 1 << 20;
/// Size of the table in bytes; it is the upper half of BAR0.
pub const SIZE: u64 = ENTRIES * 8;
/// Where the table starts in BAR0.
pub const BAR0_OFFSET: u64 = 8 << 20;

/// Entry is valid.
const PRESENT: u64 = 1;
/// Physical address bits of an entry: 38:12.
const ADDRESS: u64 = 0x7f_ffff_f000;

/// The table. Reads and writes are single accesses, as on the bus.
pub struct Ggtt {
    memory: Arc<Shared>,
}

impl Ggtt {
    /// The table that lives in BAR0's shared memory.
    pub fn new(memory: Arc<Shared>) -> Self {
        Self { memory }
    }

    /// Entry `index`, or zero past the end.
    pub fn entry(&self, index: u64) -> u64 {
        self.cell(index)
            .map_or(0, |cell| cell.load(Ordering::Acquire))
    }

    /// Sets entry `index`; ignored past the end.
    pub fn set_entry(&self, index: u64, value: u64) {
        if let Some(cell) = self.cell(index) {
            cell.store(value, Ordering::Release);
        }
    }

    /// Where the byte at `addr` lies, if its entry is valid.
    pub fn translate(&self, addr: u64) -> Option<Dma> {
        let entry = self.entry(addr / PAGE_SIZE);
        (entry & PRESENT != 0).then_some(Dma((entry & ADDRESS) + addr % PAGE_SIZE))
    }

    fn cell(&self, index: u64) -> Option<&std::sync::atomic::AtomicU64> {
        if index >= ENTRIES {
            return None;
        }
        self.memory.cell64((BAR0_OFFSET + index * 8) as usize)
    }
}
