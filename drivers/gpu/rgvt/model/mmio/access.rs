// SPDX-License-Identifier: GPL-2.0

//! Accesses of other sizes than a register's 4 bytes.
//!
//! 8 bytes are two registers, the lower one first. A read of 1 or 2 bytes is a part of the register.
//! A write of 1 or 2 bytes reaches hardware with byte enables; here it becomes one of 4 bytes, with
//! in the others what leaves them as they are ([`super::Registers::unwritten`]).

use crate::hw::addr::MmioOffset;

/// The access is not 1, 2, 4 or 8 bytes, or not aligned to its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadShape;

/// A part of one or two registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    at: u32,
    size: u32,
}

impl Access {
    /// An access of `size` bytes at `at`.
    pub fn new(at: u32, size: usize) -> Result<Self, BadShape> {
        let (size, within) = match size {
            1 => (1, 0),
            2 => (2, 1),
            4 => (4, 3),
            8 => (8, 7),
            _ => return Err(BadShape),
        };
        if at & within != 0 {
            return Err(BadShape);
        }
        Ok(Self { at, size })
    }

    /// The register that the first byte lies in.
    pub const fn register(self) -> MmioOffset {
        MmioOffset::new(self.at & !3)
    }

    /// The second register of an access of 8 bytes.
    pub const fn second(self) -> Option<MmioOffset> {
        if self.size == 8 {
            self.register().checked_add(4)
        } else {
            None
        }
    }

    const fn shift(self) -> u32 {
        (self.at & 3) << 3
    }

    const fn mask(self) -> u32 {
        match self.size {
            1 => 0xff,
            2 => 0xffff,
            _ => u32::MAX,
        }
    }

    /// What is read, in the lower bytes, when `read` reads one register.
    pub fn read(self, mut read: impl FnMut(MmioOffset) -> u32) -> u64 {
        let low = read(self.register()).wrapping_shr(self.shift()) & self.mask();
        let high = self.second().map_or(0, read);
        u64::from(low) | u64::from(high) << 32
    }

    /// What is to be written to the first register for the lower bytes of `value`, with those that
    /// are not written taken from `others`. The second register's is [`Access::upper`].
    pub fn lower(self, others: u32, value: u64) -> u32 {
        let [a, b, c, d, ..] = value.to_le_bytes();
        let value = u32::from_le_bytes([a, b, c, d]).wrapping_shl(self.shift());
        let mask = self.mask().wrapping_shl(self.shift());
        others & !mask | value & mask
    }

    /// What is to be written to the second register.
    pub fn upper(value: u64) -> u32 {
        let [.., e, f, g, h] = value.to_le_bytes();
        u32::from_le_bytes([e, f, g, h])
    }
}
