// SPDX-License-Identifier: GPL-2.0

//! Commands that start and end batches.
//!
//! The streamer remembers one address to return to for each of two levels (PRM, volume 2a,
//! MI_BATCH_BUFFER_START), so on one level a batch hands over to another and does not come back.

use super::{
    auditor::{Auditor, Next},
    guest::{PerProcess, RegisterPolicy},
    memory::DWORD,
    stream::{Batch, Start, Why},
    Level, Place, Space, MOST_STARTS,
};
use crate::hw::command::field::start;
use kernel::alloc::flags::GFP_KERNEL;

impl<R: RegisterPolicy> Auditor<'_, R> {
    pub(super) fn batch_end(&self) -> Result<Next, Why> {
        if self.place.ends() {
            Ok(Next::End)
        } else {
            Err(Why::Level)
        }
    }

    pub(super) fn conditional_end(&self, words: &[u32]) -> Result<(), Why> {
        match self.place {
            Place::Batch { .. } => self.compared(words),
            _ => Err(Why::Level),
        }
    }

    pub(super) fn batch_start(&mut self, at: usize, words: &mut [u32]) -> Result<Next, Why> {
        let [header, low, high] = words else {
            return Err(Why::Length);
        };
        let (level, next) = follow(self.place, *header)?;
        if !self.privileged() {
            // The copy will be in the GGTT; what it starts is not to gain by that.
            *header |= start::PER_PROCESS;
        }
        let batch = if *header & start::PER_PROCESS == 0 {
            if *header & !start::KNOWN != 0 {
                return Err(Why::Operand);
            }
            Batch {
                space: Space::Global,
                address: self.global(*low, *high, DWORD)?.get(),
                level,
            }
        } else if self.guest.per_process == PerProcess::Trust {
            return Ok(next);
        } else {
            if *header & start::ADD_OFFSET != 0 {
                return Err(Why::Operand);
            }
            // The resource streamer would read what the context has at the copy's address.
            *header &= start::KNOWN | start::PER_PROCESS;
            Batch {
                space: Space::PerProcess,
                address: u64::from(*high & 0xffff) << 32 | u64::from(*low & !3),
                level,
            }
        };
        if self.starts.len() >= MOST_STARTS {
            return Err(Why::TooMany);
        }
        self.starts
            .push(Start { at, batch }, GFP_KERNEL)
            .map_err(|_| Why::Memory)?;
        Ok(next)
    }
}

/// The level that a start at `place` leads to, and whether it comes back. With a predicate it may not be
/// taken at all.
pub(super) fn follow(place: Place, header: u32) -> Result<(Level, Next), Why> {
    let second = header & start::SECOND_LEVEL != 0;
    let over = if header & start::PREDICATED != 0 {
        Next::Command
    } else {
        Next::End
    };
    let Place::Batch { level, .. } = place else {
        return if place == Place::Ring && !second {
            Ok((Level::First, Next::Command))
        } else {
            Err(Why::Level)
        };
    };
    match (level, second) {
        (Level::First, false) => Ok((Level::First, over)),
        (Level::First, true) => Ok((Level::Second, Next::Command)),
        (Level::Second, true) => Ok((Level::Second, over)),
        (Level::Second, false) => Err(Why::Level),
    }
}
