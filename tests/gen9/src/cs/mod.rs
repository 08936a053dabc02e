// SPDX-License-Identifier: GPL-2.0

//! The command streamer: executes the commands of a ring and its batches.
//!
//! [`Streamer::step`] fetches one command ([`fetch`]), looks it up ([`decode`]) and runs it: `MI_*`
//! commands in [`mi`] and its neighbours, the blitter's in [`blit`]. 3D and media commands are
//! known by their length alone; nothing is rendered. All memory is reached through [`memory`], all
//! registers through [`registers`], which also says what a non-privileged batch may touch.

mod atomic;
mod blit;
mod decode;
mod fetch;
mod flow;
mod live;
mod math;
mod memory;
mod mi;
mod post_sync;
mod predicate;
mod registers;
mod spin;
mod stream;
mod table;
mod table_render;
#[cfg(test)]
mod tests;

pub use blit::Setup;
pub use stream::Streamer;

use crate::addr::Gma;

/// A ring of commands in the GGTT. All values are in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    /// GGTT address of the first byte.
    pub start: u32,
    /// Offset of the next command.
    pub head: u32,
    /// Offset of the first byte that holds no command.
    pub tail: u32,
    /// Length of the ring.
    pub size: u32,
}

/// A place in a batch of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The next command.
    pub at: Gma,
    /// Whether it may use the GGTT and every register.
    pub privileged: bool,
}

/// What a command streamer must keep to go on with a context later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The context's ring.
    pub ring: Ring,
    /// The batch that runs, if one does.
    pub batch: Option<Batch>,
    /// Where the batch returns to when it is one of the second level.
    pub outer: Option<Batch>,
    /// Preemption is allowed (`MI_ARB_ON_OFF`).
    pub arbitrate: bool,
    /// Condition of `MI_SET_PREDICATE` under which commands are skipped; 0 is never.
    pub predicate: u8,
    /// What the blitter's setup commands left behind.
    pub setup: Setup,
}

impl State {
    /// A context that begins at its ring's head.
    pub fn new(ring: Ring) -> Self {
        Self {
            ring,
            batch: None,
            outer: None,
            arbitrate: true,
            predicate: 0,
            setup: Setup::default(),
        }
    }
}

/// What became of one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It ran, or a part of it did.
    Ran {
        /// GPU time that it took.
        cycles: u32,
        /// The context may be preempted before the next command.
        arbitration: bool,
    },
    /// It ran, and closed a circle of commands that do nothing but wait for a change of themselves.
    Spun {
        /// How often in a row it did; at least 1.
        rounds: u32,
        /// The context could have been preempted on the way.
        arbitration: bool,
    },
    /// Its condition does not hold, or the rest of it is not in the ring yet; it is tried again
    /// with the next step.
    Waiting,
    /// The ring is empty.
    Idle,
    /// The streamer stopped for good: it met something that is no command, or could not fetch.
    Hung,
}

/// GT interrupts of an engine (i915: `GT_*_INTERRUPT`), before the shift to its register.
mod irq {
    /// `MI_USER_INTERRUPT`.
    pub const USER: u32 = 1 << 0;
    /// The streamer met an error; RING_EIR tells which.
    pub const ERROR: u32 = 1 << 3;
    /// A flush or PIPE_CONTROL that was to notify is over.
    pub const FLUSH: u32 = 1 << 4;
    /// `MI_SEMAPHORE_WAIT` found its condition false.
    pub const WAIT_SEMAPHORE: u32 = 1 << 11;
}
