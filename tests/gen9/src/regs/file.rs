// SPDX-License-Identifier: GPL-2.0

//! Storage of the registers, without their behaviour.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::MMIO_SIZE;
use crate::shared::Shared;

/// The stored values. Accesses outside read zero and write nothing.
pub struct RegFile {
    memory: Arc<Shared>,
}

impl RegFile {
    /// The registers that live in BAR0's shared memory.
    pub fn new(memory: Arc<Shared>) -> Self {
        Self { memory }
    }

    /// The stored value.
    pub fn get(&self, offset: u32) -> u32 {
        self.cell(offset)
            .map_or(0, |cell| cell.load(Ordering::SeqCst))
    }

    /// Stores a value.
    pub fn set(&self, offset: u32, value: u32) {
        if let Some(cell) = self.cell(offset) {
            cell.store(value, Ordering::SeqCst);
        }
    }

    /// Sets every register to zero.
    pub fn clear(&self) {
        for offset in (0..MMIO_SIZE).step_by(4) {
            // Reading first leaves the pages of registers that nobody used unallocated.
            if self.get(offset) != 0 {
                self.set(offset, 0);
            }
        }
    }

    /// Replaces the value by what `f` makes of it, atomically; returns the value before.
    pub fn update(&self, offset: u32, mut f: impl FnMut(u32) -> u32) -> u32 {
        let Some(cell) = self.cell(offset) else {
            return 0;
        };
        match cell.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |v| Some(f(v))) {
            Ok(before) | Err(before) => before,
        }
    }

    /// A masked write: bits 31:16 of `value` select which of bits 15:0 change.
    pub fn set_masked(&self, offset: u32, value: u32) {
        let mask = value >> 16;
        self.update(offset, |old| old & !mask & 0xffff | value & mask);
    }

    /// The two halves of a 64-bit value, low one first.
    pub fn get64(&self, low: u32) -> u64 {
        u64::from(self.get(low)) | u64::from(self.get(low + 4)) << 32
    }

    /// Stores the two halves of a 64-bit value, low one first.
    pub fn set64(&self, low: u32, value: u64) {
        self.set(low, value as u32);
        self.set(low + 4, (value >> 32) as u32);
    }

    fn cell(&self, offset: u32) -> Option<&AtomicU32> {
        if offset >= MMIO_SIZE {
            return None;
        }
        self.memory.cell32(offset as usize)
    }
}
