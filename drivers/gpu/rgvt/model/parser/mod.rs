// SPDX-License-Identifier: GPL-2.0

//! The audit of a guest's commands, before the GPU runs them.
//!
//! What is audited is a private copy of them: of a stretch of a ring, of a batch, of one of the batches
//! that run when a context is restored. The audit changes in place what must be different on a shared
//! GPU, says what is left for the caller to do, and refuses what cannot be allowed. Only what passed is
//! of a type that can be submitted:
//!
//! [`Unaudited`] → [`audit`] → [`Audited`] → [`Audited::redirect`] for each batch → [`Ready`]
//!
//! A batch in the GGTT runs with privilege, so it has to be copied and audited like the ring that starts
//! it, and the start made to point to the copy. A batch in the context's own address space runs where it
//! is: hardware keeps it from the GGTT and from most registers. If that is not enough
//! ([`PerProcess::needed`]) it is copied like the others; the audit then takes from it what hardware would,
//! so that the copy may run with privilege.
//!
//! The work is linear in the length of the copy, whatever is in it: each dword is looked at once, and how
//! many batches may be started is bounded. How many copies are made in all is for the caller to bound.

mod auditor;
mod batch;
mod growing;
mod guest;
mod memory;
mod post_sync;
mod registers;
mod stream;
mod walk;

pub use growing::Growing;
pub use guest::{Guest, PerProcess, RegisterPolicy, Verdict};
pub use stream::{Audited, Batch, Events, Findings, Mark, Marks, Ready, Rejected, Unaudited, Why};

use core::ops::DerefMut;
use walk::Walk;

/// The address space that a batch is in, which decides what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// The GGTT: privileged.
    Global,
    /// The context's own: not privileged.
    PerProcess,
}

/// Which of the two levels a batch runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Started from a ring. It may hand over to another, or call one of the second level.
    First,
    /// Called from a batch. It may hand over to another.
    Second,
}

/// Where commands are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A stretch of a ring, from head to tail.
    Ring,
    /// The batch that runs while a context is restored: whole cache lines, without an end.
    IndirectContext,
    /// The batch that runs after each restore of a context.
    PerContext,
    /// A batch.
    Batch {
        /// Its level.
        level: Level,
        /// Where the guest has it.
        space: Space,
    },
}

impl Place {
    /// Whether commands there say themselves where they end.
    fn ends(self) -> bool {
        matches!(self, Self::PerContext | Self::Batch { .. })
    }
}

/// The most batches that one stream may start, and the most flips that it may ask for.
pub const MOST_STARTS: usize = 256;

/// The most values by which it can be seen how far a ring is. One of i915's has room for some 80 requests, each
/// of which writes when it begins and when it ends.
pub const MOST_MARKS: usize = 256;

/// Audits a copy of commands.
///
/// A batch may be shorter than its copy; what follows its end is overwritten, so that a batch that runs
/// on past it, since a start that should have left it was not taken, ends there. The copy is to have at
/// least one dword for that.
pub fn audit<W: DerefMut<Target = [u32]>, R: RegisterPolicy>(
    stream: Unaudited<W>,
    place: Place,
    guest: &Guest<'_, R>,
) -> Result<Audited<W>, Rejected> {
    let Unaudited { mut words, guests } = stream;
    let mut walk = Walk::new(place, guest);
    let theirs = words.get_mut(..guests).unwrap_or_default();
    walk.go_on(theirs)?;
    walk.finish(&mut words, guests)?;
    Ok(walk.audited(words))
}
