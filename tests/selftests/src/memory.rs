// SPDX-License-Identifier: GPL-2.0
//! Memory of this process that stands for a guest's.

use std::io;

use crate::mapping::Mapping;

/// Bytes in a page.
pub const PAGE: u64 = 4096;

/// Where the memory is for the device: its IOVA, which is the guest's physical address.
pub const BASE: u64 = 0x10_0000;

/// Its size in bytes.
pub const SIZE: u64 = 4 << 20;

/// The memory.
pub struct Memory {
    mapping: Mapping,
}

impl Memory {
    /// Fresh pages of zeros.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            mapping: Mapping::of_pages(SIZE as usize)?,
        })
    }

    /// Where this process sees it.
    pub fn address(&self) -> u64 {
        self.mapping.address()
    }

    /// The device's address of page `index`.
    pub fn page(index: u64) -> u64 {
        BASE + index * PAGE
    }

    /// Reads the dword at a byte offset.
    pub fn read(&self, at: u64) -> u32 {
        self.mapping.read(at as usize / 4)
    }

    /// Writes the dword at a byte offset.
    pub fn write(&self, at: u64, value: u32) {
        self.mapping.write(at as usize / 4, value);
    }

    /// Writes dwords from a byte offset on.
    pub fn fill(&self, at: u64, values: &[u32]) {
        for (at, &value) in (at..).step_by(4).zip(values) {
            self.write(at, value);
        }
    }
}
