// SPDX-License-Identifier: GPL-2.0

//! The register file: 2 MiB of registers, most of them plain memory, the rest with a policy.
//!
//! Registers are declared once, as [`Span`]s, by the [`Block`] that owns them. A page in which every
//! register is plain can be mapped into the machine; the others trap.

mod file;
mod map;

pub use file::RegFile;
pub use map::{Map, OverlapError};

use std::io;
use std::sync::Arc;

use crate::gpu::Gpu;
use crate::platform::Platform;

/// Bytes of registers in BAR0; the rest of its lower half is reserved.
pub const MMIO_SIZE: u32 = 2 << 20;

/// What an access to a register does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Memory: keeps what is written. The default of registers that nobody declares.
    Plain,
    /// Reads its reset value; writes are dropped.
    Const,
    /// Bits 31:16 of a write select which of bits 15:0 change (i915: `REG_MASKED_FIELD`).
    Masked,
    /// A write clears the bits that it has set.
    WriteOneClear,
    /// These bits of a write read back as zero at once: an action that is over.
    SelfClear(u32),
    /// The owning block answers.
    Handled,
}

/// A run of registers with one policy.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Byte offset of the first register; a multiple of 4.
    pub first: u32,
    /// Number of 32-bit registers.
    pub count: u32,
    /// What an access does.
    pub policy: Policy,
    /// Value after power-on and device reset.
    pub reset: u32,
}

impl Span {
    /// One register.
    pub const fn one(offset: u32, policy: Policy, reset: u32) -> Self {
        Self {
            first: offset,
            count: 1,
            policy,
            reset,
        }
    }

    /// The registers from `first` up to and including `last`, zero after reset.
    pub const fn range(first: u32, last: u32, policy: Policy) -> Self {
        Self {
            first,
            count: (last - first) / 4 + 1,
            policy,
            reset: 0,
        }
    }
}

/// A unit of the device with registers of its own.
pub trait Block: Send + Sync {
    /// The registers that belong to the block on this platform.
    fn spans(&self, platform: &Platform) -> Vec<Span>;

    /// Value of a [`Policy::Handled`] register. `offset` is a multiple of 4.
    fn read(&self, gpu: &Gpu, offset: u32) -> u32 {
        gpu.regs.get(offset)
    }

    /// Write to a [`Policy::Handled`] register. `offset` is a multiple of 4.
    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        gpu.regs.set(offset, value);
    }

    /// Starts what the block runs by itself, such as a thread; once, when the device is complete.
    ///
    /// # Errors
    /// When the host lacks what it takes.
    fn start(&self, _gpu: &Arc<Gpu>) -> io::Result<()> {
        Ok(())
    }

    /// Forgets everything, as at power-on. Register values have been set to their reset values.
    fn reset(&self, _gpu: &Gpu) {}
}
