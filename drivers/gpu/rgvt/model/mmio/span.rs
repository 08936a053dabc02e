// SPDX-License-Identifier: GPL-2.0

//! How registers are declared: as runs of them that behave alike.

use super::{behaviour::Behaviour, platforms::Platforms};
use crate::hw::addr::MmioOffset;

/// What else of a virtual GPU answers for registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The PVINFO page.
    PvInfo,
    /// The interrupt registers.
    Interrupts,
    /// The submission port of an engine.
    Port,
}

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Memory.
    Plain,
    /// Bits 31:16 of a write say which of bits 15:0 it is about; they read as zero
    /// (i915: `REG_MASKED_FIELD`).
    Masked,
    /// Writing 1 to a bit clears it.
    ClearByOne,
    /// Reads as on the host's GPU; cannot be written.
    Host,
    /// More than that.
    Special(Behaviour),
    /// Another unit answers for it.
    Of(Unit),
}

/// What a register holds after a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    /// This.
    Value(u32),
    /// What the host's GPU has: fuses, straps, what its firmware has set up.
    Host,
}

/// What commands in a guest's ring and batches may do with a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commands {
    /// Nothing. As on hardware for a batch without privilege, a write is lost and a read reads zero.
    Ignore,
    /// Read it.
    Read,
    /// Read and write it. It belongs to the context.
    Write,
    /// Read it, and write these bits of it. It is masked, and does not belong to the context, but whoever
    /// has the engine sets the bits.
    Bits(u16),
    /// A command that writes it is an attack or a mistake, and fails the submission.
    Refuse,
}

/// A declaration of registers, each 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Byte offset of the first register, a multiple of 4.
    pub first: u32,
    /// Length in bytes, a multiple of 4.
    pub bytes: u32,
    /// Where the registers exist.
    pub platforms: Platforms,
    /// What an access does.
    pub policy: Policy,
    /// Bits that a write does not change.
    pub read_only: u32,
    /// What they hold after a reset.
    pub initial: Initial,
    /// What commands may do.
    pub commands: Commands,
}

impl Span {
    /// One register that is memory, zero after a reset, on all platforms.
    pub const fn plain(first: u32) -> Self {
        Self {
            first,
            bytes: 4,
            platforms: Platforms::ALL,
            policy: Policy::Plain,
            read_only: 0,
            initial: Initial::Value(0),
            commands: Commands::Ignore,
        }
    }

    /// One whose upper half is a mask for the lower one.
    pub const fn masked(first: u32) -> Self {
        Self {
            policy: Policy::Masked,
            ..Self::plain(first)
        }
    }

    /// One that always reads this.
    pub const fn constant(first: u32, value: u32) -> Self {
        Self {
            read_only: u32::MAX,
            initial: Initial::Value(value),
            ..Self::plain(first)
        }
    }

    /// One that always reads as the host's did when the virtual GPU was made.
    pub const fn fused(first: u32) -> Self {
        Self {
            read_only: u32::MAX,
            initial: Initial::Host,
            ..Self::plain(first)
        }
    }

    /// One that reads as the host's does now.
    pub const fn host(first: u32) -> Self {
        Self {
            policy: Policy::Host,
            ..Self::plain(first)
        }
    }

    /// One with a behaviour of its own.
    pub const fn special(first: u32, behaviour: Behaviour) -> Self {
        Self {
            policy: Policy::Special(behaviour),
            ..Self::plain(first)
        }
    }

    /// One that another unit answers for.
    pub const fn of(first: u32, unit: Unit) -> Self {
        Self {
            policy: Policy::Of(unit),
            ..Self::plain(first)
        }
    }

    /// One that behaves as `policy` says.
    pub const fn with(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// As many registers as `bytes` hold.
    pub const fn bytes(self, bytes: u32) -> Self {
        Self { bytes, ..self }
    }

    /// Up to and including the register at `last`.
    pub const fn to(self, last: u32) -> Self {
        self.bytes(last.wrapping_sub(self.first).wrapping_add(4))
    }

    /// On these platforms only.
    pub const fn on(self, platforms: Platforms) -> Self {
        Self { platforms, ..self }
    }

    /// Writes do not change these bits.
    pub const fn read_only(self, read_only: u32) -> Self {
        Self { read_only, ..self }
    }

    /// This after a reset.
    pub const fn starts(self, value: u32) -> Self {
        Self {
            initial: Initial::Value(value),
            ..self
        }
    }

    /// What the host's GPU has after a reset.
    pub const fn starts_as_host(self) -> Self {
        Self {
            initial: Initial::Host,
            ..self
        }
    }

    /// Commands may do this.
    pub const fn commands(self, commands: Commands) -> Self {
        Self { commands, ..self }
    }

    /// The byte after the last register.
    pub const fn end(&self) -> u32 {
        self.first.wrapping_add(self.bytes)
    }

    /// The offset of each register.
    pub fn offsets(&self) -> impl Iterator<Item = MmioOffset> {
        (self.first..self.end()).step_by(4).map(MmioOffset::new)
    }

    /// Whether the register at `offset` is one of these.
    pub const fn contains(&self, offset: u32) -> bool {
        self.first <= offset && offset < self.end()
    }
}
