// SPDX-License-Identifier: GPL-2.0

//! The kinds of address that meet in a GPU.

use std::fmt;

/// Size of a graphics page in bytes.
pub const PAGE_SIZE: u64 = 4096;

/// Address as the device puts it on the bus: guest-physical of the machine that owns the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dma(pub u64);

impl Dma {
    /// The address `bytes` further on; wraps, since a page table can hold any address.
    pub fn offset(self, bytes: u64) -> Self {
        Self(self.0.wrapping_add(bytes))
    }
}

/// Which page tables translate a graphics address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// The global graphics translation table (GGTT), 4 GiB, one for the device.
    Global,
    /// The per-process graphics translation table (PPGTT) of the running context.
    PerProcess,
}

/// A graphics address: what commands and the aperture use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gma {
    /// The tables that translate it.
    pub space: Space,
    /// Byte address; 32 bits in the GGTT, 48 bits in a 4-level PPGTT.
    pub addr: u64,
}

impl Gma {
    /// An address in the GGTT.
    pub fn global(addr: u64) -> Self {
        Self {
            space: Space::Global,
            addr,
        }
    }

    /// An address in the running context's PPGTT.
    pub fn per_process(addr: u64) -> Self {
        Self {
            space: Space::PerProcess,
            addr,
        }
    }

    /// The address `bytes` further on in the same space.
    pub fn offset(self, bytes: u64) -> Self {
        Self {
            addr: self.addr.wrapping_add(bytes),
            ..self
        }
    }
}

impl fmt::Display for Gma {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = match self.space {
            Space::Global => "ggtt",
            Space::PerProcess => "ppgtt",
        };
        write!(f, "{space}:{:#x}", self.addr)
    }
}

/// Direction of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// The device reads memory.
    Read,
    /// The device writes memory.
    Write,
}
