// SPDX-License-Identifier: GPL-2.0
//! Accesses to registers, configuration space, entries, memory and aperture. Errors are ignored: to be
//! refused is what such a client deserves.

use super::Fuzzer;
use crate::device::Device;
use crate::memory::{Memory, PAGE, SIZE};
use crate::regs::{GGTT, GGTT_SIZE, Share, entry_of, flush};
use crate::uapi::{BAR0, BAR2, CONFIG, OPREGION};

/// Beginnings and lengths of stretches of BAR 0 that have behaviour.
const INTERESTING: &[(u64, u64)] = &[
    (0x0_2000, 0x800),
    (0x1_2000, 0x800),
    (0x1_a000, 0x800),
    (0x2_2000, 0x800),
    (0x4000, 0x1000),
    (0x9000, 0x1000),
    (0xa000, 0x400),
    (0x4_4000, 0x1000),
    (0x4_5000, 0x1000),
    (0x4_6000, 0x1000),
    (0x6_0000, 0x1_0000),
    (0x7_0000, 0x3000),
    (0x7_8000, 0x1000),
    (0xc_4000, 0x100),
    (0xc_5100, 0x30),
    (0xc_7200, 0x20),
    (0x10_0000, 0x100),
    (0x10_1000, 0x20),
    (0x13_8120, 0x20),
    (0x14_0000, 0x2_0000),
];

impl Fuzzer<'_> {
    /// A length that is mostly that of a register.
    fn length(&mut self) -> usize {
        match self.rng.below(8) {
            0 => self.rng.below(64) as usize,
            _ => self.rng.pick(&[1, 2, 4, 4, 4, 8, 8]),
        }
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let words = length.div_ceil(8);
        let mut bytes: Vec<u8> = (0..words)
            .flat_map(|_| self.rng.number().to_le_bytes())
            .collect();
        bytes.truncate(length);
        bytes
    }

    fn access(&mut self, at: u64) {
        let length = self.length();
        if self.rng.one_in(3) {
            let _ = self.client.device.read_at(at, &mut vec![0; length]);
        } else {
            let bytes = self.bytes(length);
            let _ = self.client.device.write_at(at, &bytes);
        }
    }

    pub(super) fn register(&mut self) {
        let offset = if self.rng.one_in(4) {
            self.rng.below(16 << 20)
        } else {
            let (start, size) = self.rng.pick(INTERESTING);
            start + self.rng.below(size)
        };
        let aligned = if self.rng.one_in(8) {
            offset
        } else {
            offset & !3
        };
        self.access(Device::start(BAR0) + aligned);
    }

    pub(super) fn config(&mut self) {
        let region = if self.rng.one_in(10) {
            OPREGION
        } else {
            CONFIG
        };
        let at = self.rng.below(260);
        self.access(Device::start(region) + at);
    }

    /// An address in the GGTT, mostly of the share's first pages.
    pub(super) fn gma(&mut self) -> u64 {
        let Ok(share) = Share::of(&self.client.device) else {
            return 0;
        };
        match self.rng.below(10) {
            0 => self.rng.next64() & 0xffff_f000,
            1 => share.hidden.0 + self.rng.below(share.hidden.1 / PAGE) * PAGE,
            2 => share.aperture.0 + share.aperture.1 - PAGE,
            _ => share.page(self.rng.below(256)),
        }
    }

    /// An address in memory, mostly a page that is there.
    pub(super) fn address(&mut self) -> u64 {
        match self.rng.below(10) {
            0 => self.rng.number() & !0xfff,
            _ => Memory::page(self.rng.below(SIZE / PAGE)),
        }
    }

    pub(super) fn entry(&mut self) {
        let place = match self.rng.below(12) {
            0 => GGTT + self.rng.below(GGTT_SIZE),
            _ => {
                let gma = self.gma();
                entry_of(gma)
            }
        };
        let value = match self.rng.below(6) {
            0 => self.rng.number(),
            1 => 0,
            _ => self.address() | 1,
        };
        let at = Device::start(BAR0) + place;
        let bytes = value.to_le_bytes();
        let _ = match self.rng.below(6) {
            0 => self.client.device.write_at(at, &bytes[..4]),
            1 => self.client.device.write_at(at + 4, &bytes[4..]),
            2 => self.client.device.read_at(at, &mut [0; 8]),
            _ => self.client.device.write_at(at, &bytes),
        };
        if self.rng.one_in(16) {
            let _ = flush(&self.client.device);
        }
    }

    /// Memory that the device may be reading.
    pub(super) fn scribble(&mut self) {
        for _ in 0..self.rng.below(64) {
            let at = self.rng.below(SIZE / 4) * 4;
            let value = self.rng.number() as u32;
            self.client.memory.write(at, value);
        }
    }

    pub(super) fn aperture(&mut self) {
        let at = self.gma() + self.rng.below(PAGE);
        self.access(Device::start(BAR2) + at);
    }
}
