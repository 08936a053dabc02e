// SPDX-License-Identifier: GPL-2.0

//! What a step of the submission port wants done.

use super::status::Report;
use crate::hw::execlist::Descriptor;

/// Names a piece of work. Within one engine of a virtual GPU no two pieces share a ticket, across
/// resets too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

impl Ticket {
    pub(super) const FIRST: Self = Self(0);

    /// The number, for traces.
    pub const fn get(self) -> u64 {
        self.0
    }

    pub(super) const fn next(self) -> Self {
        // 64 bits of submissions outlive the machine.
        Self(self.0.wrapping_add(1))
    }
}

/// A piece of work: what is in the context's ring from where the last piece of it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Its name.
    pub ticket: Ticket,
    /// The context, as the guest described it.
    pub descriptor: Descriptor,
}

/// Why a submission is refused. It has no effect then: the guest waits for it until it finds that its
/// engine hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The first descriptor is not valid.
    Invalid,
    /// A context without an address space of its own, which would run in the GGTT.
    Global,
    /// Both elements are the same context; hardware leaves open what happens.
    Twice,
    /// A submission waits already; hardware leaves open what happens.
    Full,
}

/// What became of a write to the port's registers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// There is nothing to do for others: no submission is there as a whole.
    Noted,
    /// It was the last part of a submission.
    Submitted(Effects),
    /// The same of one that is refused.
    Refused(Refused),
}

/// What is to be done, field by field in the order of declaration. If there are reports, a context
/// switch interrupt follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Effects {
    /// Work to drop; at most the two pieces of the first context and one of the second.
    pub cancel: Few<Ticket, 3>,
    /// Work to append to the engine's queue of this virtual GPU; a submission has two contexts.
    pub queue: Few<Work, 2>,
    /// Entries of the status buffer: at most a context's end and a new submission's beginning.
    pub reports: Few<Report, 2>,
}

/// Up to `N` values, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Few<T, const N: usize>([Option<T>; N]);

impl<T: Copy, const N: usize> Few<T, N> {
    /// Appends a value. `N` is chosen so that there is room; a value too many is dropped.
    pub(super) fn push(&mut self, value: T) {
        if let Some(place) = self.0.iter_mut().find(|place| place.is_none()) {
            *place = Some(value);
        }
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().copied().flatten()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl<T: Copy, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self([None; N])
    }
}
