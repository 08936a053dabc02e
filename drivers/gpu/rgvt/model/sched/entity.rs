// SPDX-License-Identifier: GPL-2.0

//! A virtual GPU in the queue of an engine.

use super::{bucket::Bucket, Policy, CREDIT, ENDING};
use crate::model::partition::VgpuId;
use core::cmp::Ordering;
use core::num::NonZeroU16;

/// A share of an engine's time, relative to others'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(NonZeroU16);

impl Weight {
    /// A weight; `None` for 0.
    pub fn new(weight: u16) -> Option<Self> {
        NonZeroU16::new(weight).map(Self)
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

/// What a piece of work counts at least, in nanoseconds: handing it over takes the host's time.
pub(super) const LEAST: u64 = 10_000;

/// Log2 of the units of virtual time in a nanosecond of weight 1, so that little is lost by dividing.
const UNIT_SHIFT: u32 = 10;

/// A piece of work that the GPU has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    /// Counts the pieces: the GPU got the one with the lowest number first.
    pub(super) number: u64,
    /// Nanoseconds that were charged for it.
    pub(super) charged: u64,
    /// The engine is known to have begun with it.
    pub(super) begun: bool,
    /// It is to make way for those that are not.
    pub(super) aside: bool,
    /// It comes first again, and the engine is not known to have come back to it.
    pub(super) back: bool,
    /// It will be ended if it has not made way then.
    pub(super) deadline: Option<u64>,
    /// It was said that it is to be ended.
    pub(super) ended: bool,
    /// Since when it is being ended, until the engine is free of it.
    pub(super) ends: Option<u64>,
}

impl Flight {
    /// Whether the engine is known to execute it, if it is to.
    pub(super) const fn executes(&self) -> bool {
        self.begun && !self.back
    }
}

/// Why one goes before another. The order of declaration is that of going first, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// It has had all that its cap allows, but what it has begun goes on.
    Over,
    Normal(i8),
    /// It has not had what is reserved for it.
    Reserved,
}

/// Who goes first: who is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) class: Class,
    pub(super) lead: i64,
}

impl PartialOrd for Claim {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Claim {
    fn cmp(&self, other: &Self) -> Ordering {
        let lead = other.lead.cmp(&self.lead);
        self.class.cmp(&other.class).then(lead)
    }
}

fn cap(policy: &Policy, now: u64) -> Option<Bucket> {
    (policy.cap_percent < 100).then(|| Bucket::new(policy.cap_percent, now))
}

fn reservation(policy: &Policy, now: u64) -> Option<Bucket> {
    (policy.reservation_percent > 0).then(|| Bucket::new(policy.reservation_percent, now))
}

/// A virtual time is kept as its lead over the lowest of those that have work. Hence who has none loses
/// its lead as the others go on. It falls behind them no further than by [`CREDIT`], which is all that it can
/// gain by waiting.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    pub(super) id: VgpuId,
    policy: Policy,
    /// Virtual time, as a lead.
    pub(super) lead: i64,
    /// Nanoseconds that its last piece of work took.
    last: u64,
    /// Nanoseconds that it takes to end a piece of its work, as far as is known.
    pub(super) ending: u64,
    /// What it may have at most; `None` if all.
    cap: Option<Bucket>,
    /// What it has before others; `None` if nothing.
    reservation: Option<Bucket>,
    /// A piece of its work can be handed to the GPU at once.
    pub(super) ready: bool,
    /// It has work that is not ready yet.
    pub(super) more: bool,
    /// Its last piece is over, and until then the next is waited for.
    pub(super) awaited: Option<u64>,
    pub(super) flight: Option<Flight>,
}

impl Entity {
    pub(super) fn new(id: VgpuId, policy: Policy, now: u64) -> Self {
        Self {
            id,
            policy,
            lead: 0,
            last: 0,
            ending: ENDING,
            cap: cap(&policy, now),
            reservation: reservation(&policy, now),
            ready: false,
            more: false,
            awaited: None,
            flight: None,
        }
    }

    /// How long its piece may take to make way before it is to be ended, in nanoseconds.
    pub(super) fn time_to_make_way(&self) -> u64 {
        let timeout = self.policy.preempt_timeout();
        timeout.saturating_sub(self.ending.min(timeout / 2))
    }

    /// How long its turn is, in nanoseconds.
    pub(super) fn slice(&self) -> u64 {
        self.policy.timeslice()
    }

    /// Whoever is served in another way begins anew, where the others are.
    pub(super) fn set_policy(&mut self, policy: Policy, now: u64) {
        if policy.cap_percent != self.policy.cap_percent {
            self.cap = cap(&policy, now);
        }
        if policy.reservation_percent != self.policy.reservation_percent {
            self.reservation = reservation(&policy, now);
        }
        let share = |policy: &Policy| {
            (
                policy.weight,
                policy.cap_percent,
                policy.reservation_percent,
                policy.priority,
            )
        };
        if share(&policy) != share(&self.policy) {
            self.lead = 0;
        }
        self.policy = policy;
    }

    /// Lets time pass.
    pub(super) fn fill(&mut self, now: u64) {
        for bucket in self.buckets() {
            bucket.fill(now);
        }
        self.awaited = self.awaited.filter(|&until| now < until);
    }

    /// Whether its share counts now: it has work, and may have it done.
    pub(super) fn active(&self) -> bool {
        let wants = self.ready || self.awaited.is_some();
        self.flight.is_some() || wants && self.may_start()
    }

    fn buckets(&mut self) -> impl Iterator<Item = &mut Bucket> {
        Iterator::chain(self.cap.iter_mut(), self.reservation.iter_mut())
    }

    /// Its cap, if it has had all that this allows.
    fn over(&self) -> Option<&Bucket> {
        self.cap.as_ref().filter(|cap| !cap.any())
    }

    /// Whether a piece of its work may be begun.
    pub(super) fn may_start(&self) -> bool {
        !self.policy.stop && self.over().is_none()
    }

    /// In how many nanoseconds its cap lets it go on, if nothing else keeps it.
    pub(super) fn wait(&self) -> Option<u64> {
        let held = self.ready && !self.policy.stop;
        self.over().filter(|_| held).map(Bucket::wait)
    }

    fn class(&self) -> Class {
        if self.over().is_some() {
            Class::Over
        } else if self.reservation.as_ref().is_some_and(Bucket::any) {
            Class::Reserved
        } else {
            Class::Normal(self.policy.priority)
        }
    }

    pub(super) fn claim(&self) -> Claim {
        Claim {
            class: self.class(),
            lead: self.lead,
        }
    }

    /// Its claim when the piece that is with the GPU is over, if that is like the last one.
    pub(super) fn claim_after(&self) -> Claim {
        let charged = self.flight.map_or(0, |flight| flight.charged);
        let rest = self.units(self.last.saturating_sub(charged));
        Claim {
            lead: self.lead.saturating_add(rest),
            ..self.claim()
        }
    }

    /// The virtual time of so many nanoseconds.
    fn units(&self, nanos: u64) -> i64 {
        let units = nanos.saturating_mul(1 << UNIT_SHIFT);
        let weight = u64::from(self.policy.weight);
        let units = units.checked_div(weight).unwrap_or(units);
        i64::try_from(units).unwrap_or(i64::MAX)
    }

    /// The lowest of those that have work is at `floor`, which becomes 0.
    pub(super) fn settle(&mut self, floor: i64) {
        let lowest = self.units(CREDIT).saturating_neg();
        self.lead = self.lead.saturating_sub(floor).max(lowest);
    }

    /// Its work had the engine for so long.
    pub(super) fn charge(&mut self, nanos: u64) {
        self.lead = self.lead.saturating_add(self.units(nanos));
        if let Some(cap) = &mut self.cap {
            cap.take(nanos);
        }
        if let Some(reservation) = &mut self.reservation {
            reservation.take_lightly(nanos);
        }
        if let Some(flight) = &mut self.flight {
            flight.charged = flight.charged.saturating_add(nanos);
        }
    }

    /// The engine is free of its piece. If that was to be ended, the longest time that it took counts from now on, and
    /// is forgotten slowly. A quarter more does, since no two take the same.
    pub(super) fn gone(&mut self, now: u64) {
        if let Some(since) = self.flight.as_mut().and_then(|flight| flight.ends.take()) {
            let forgotten = self.ending.saturating_sub(self.ending >> 3);
            let took = now.saturating_sub(since);
            self.ending = took.saturating_add(took >> 2).max(forgotten);
        }
    }

    /// Time was charged that another had.
    pub(super) fn refund(&mut self, nanos: u64) {
        let charged = self.flight.map_or(0, |flight| flight.charged);
        let nanos = nanos.min(charged);
        self.lead = self.lead.saturating_sub(self.units(nanos));
        for bucket in self.buckets() {
            bucket.put_back(nanos);
        }
        if let Some(flight) = &mut self.flight {
            flight.charged = charged.saturating_sub(nanos);
        }
    }

    /// The piece of work that the GPU had is over; it took `used`, or what was charged if nobody knows.
    /// Returns that.
    pub(super) fn land(&mut self, used: Option<u64>) -> u64 {
        let Some(flight) = self.flight else {
            return 0;
        };
        let used = used.unwrap_or(flight.charged);
        let count = used.max(LEAST);
        if let Some(missing) = count.checked_sub(flight.charged) {
            self.charge(missing);
        } else {
            self.refund(flight.charged.saturating_sub(count));
        }
        self.last = count;
        self.flight = None;
        used
    }
}
