// SPDX-License-Identifier: GPL-2.0

//! The context status buffer: a ring of reports, in registers and in the guest's status page.

use crate::hw::execlist::{
    CsbEntry, CsbPointers, CSB_ENTRIES, CSB_WRITE_RESET, HWSP_CSB, HWSP_CSB_WRITE,
};
use kernel::num::Bounded;

/// A new entry, to be copied to the guest's hardware status page: first the entry, then, when that is
/// visible, the write pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which entry of the buffer it is, below [`CSB_ENTRIES`].
    pub index: u8,
    /// What it says.
    pub entry: CsbEntry,
}

impl Report {
    /// Where in the status page, in bytes, the 8 bytes of the entry belong.
    pub fn entry_offset(&self) -> u64 {
        (u64::from(self.index) << 3).saturating_add(HWSP_CSB)
    }

    /// Where in the status page, in bytes, the 4 bytes of the write pointer belong.
    pub const fn pointer_offset(&self) -> u64 {
        HWSP_CSB_WRITE
    }

    /// The write pointer.
    pub fn pointer(&self) -> u32 {
        u32::from(self.index)
    }
}

/// The registers.
#[derive(Clone, Debug)]
pub(super) struct StatusBuffer {
    entries: [CsbEntry; CSB_ENTRIES],
    pointers: CsbPointers,
}

impl StatusBuffer {
    pub(super) fn new() -> Self {
        Self {
            entries: [CsbEntry::from_raw(0); CSB_ENTRIES],
            pointers: CsbPointers::from_raw(u32::from(CSB_WRITE_RESET)),
        }
    }

    /// What is read `offset` bytes into the buffer.
    pub(super) fn read(&self, offset: u32) -> Option<u32> {
        let entry = self.entries.get(usize::try_from(offset >> 3).ok()?)?;
        let (lower, upper) = halves(entry.into_raw());
        match offset & 7 {
            0 => Some(lower),
            4 => Some(upper),
            _ => None,
        }
    }

    /// The pointers' register.
    pub(super) fn pointers(&self) -> u32 {
        self.pointers.into_raw()
    }

    /// A guest's write to the pointers' register.
    pub(super) fn write_pointers(&mut self, value: u32) {
        let fields = CsbPointers::READ_MASK | CsbPointers::WRITE_MASK;
        let mask = value >> 16 & fields;
        let old = self.pointers.into_raw();
        self.pointers = CsbPointers::from_raw(old & !mask | value & mask);
    }

    /// Writes `entry` behind the last one. A guest that reads too slowly loses the oldest.
    pub(super) fn append(&mut self, entry: CsbEntry) -> Report {
        // Of the pointer's values 6 and 7 are no entries: what follows is entry 0.
        let last = u8::try_from(self.pointers.write().get()).unwrap_or(u8::MAX);
        let index = match last.checked_add(1) {
            Some(next) if usize::from(next) < CSB_ENTRIES => next,
            _ => 0,
        };
        if let Some(place) = self.entries.get_mut(usize::from(index)) {
            *place = entry;
        }
        if let Some(write) = Bounded::try_new(u32::from(index)) {
            self.pointers = self.pointers.with_write(write);
        }
        Report { index, entry }
    }
}

/// The lower and the upper half of a register of 8 bytes.
pub(super) fn halves(value: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    )
}
