// SPDX-License-Identifier: GPL-2.0
//! Per-process page tables, and what is said of them.

use super::Fuzzer;
use crate::context::Context;
use crate::memory::{PAGE, SIZE};
use crate::regs::pvinfo;

impl Fuzzer<'_> {
    /// Makes a page of memory look like a table, of pages that may be tables themselves.
    pub(super) fn table(&mut self) {
        let page = match self.rng.below(3) {
            // The root of a context.
            0 => Context::root(self.rng.below(4)),
            _ => self.rng.below(SIZE / PAGE),
        };
        for _ in 0..=self.rng.below(16) {
            let index = self.rng.pick(&[0, 1, 2, 16, 511, 256]);
            let flags = self.rng.pick(&[0x3, 0x1, 0x83, 0x803, 0x7, 0]);
            let entry = match self.rng.below(8) {
                0 => self.rng.number(),
                1 => crate::memory::Memory::page(page) | flags,
                _ => self.address() | flags,
            };
            let at = page * PAGE + index * 8;
            self.client.memory.write(at, entry as u32);
            self.client.memory.write(at + 4, (entry >> 32) as u32);
        }
    }

    /// Says something of tables and contexts.
    pub(super) fn notify(&mut self) {
        let device_writes = self.rng.below(9);
        for half in 0..device_writes {
            let address = self.address();
            let value = if half % 2 == 0 {
                address
            } else {
                address >> 32
            } as u32;
            let at = pvinfo::PDP + 4 * half as u32;
            let _ = self.client.device.set_reg(at, value);
        }
        let notification = match self.rng.below(8) {
            0 => self.rng.number() as u32,
            _ => 2 + self.rng.below(6) as u32,
        };
        let _ = self.client.device.set_reg(pvinfo::NOTIFY, notification);
    }
}
