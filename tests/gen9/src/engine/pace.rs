// SPDX-License-Identifier: GPL-2.0

//! Makes work take the time that the GPU's clock says, by sleeping off what the host did faster.

use std::time::{Duration, Instant};

use crate::clock::Clock;

/// Cycles between two looks at the host's clock, and the shortest sleep worth taking.
const GRAIN_CYCLES: u64 = 20_000;
const GRAIN: Duration = Duration::from_micros(100);

/// Time account of an engine. What is too little to sleep for stays in it from one context to the
/// next, or short work would be free.
pub struct Pace {
    /// The host's time up to here has been counted.
    since: Instant,
    /// Cycles that have not been.
    cycles: u64,
    /// How far the account was ahead of the host's clock then.
    owed: Duration,
}

impl Pace {
    /// An account that owes nothing.
    pub fn new() -> Self {
        Self {
            since: Instant::now(),
            cycles: 0,
            owed: Duration::ZERO,
        }
    }

    /// Starts to count the host's time, as a context starts to run. Before that the engine did no
    /// work, so none of its debt is paid by it.
    pub fn resume(&mut self) {
        self.since = Instant::now();
    }

    /// Charges `cycles`. How long to sleep, when the account is far enough ahead of the host's clock.
    pub fn charge(&mut self, clock: &Clock, cycles: u32) -> Option<Duration> {
        self.cycles = self.cycles.saturating_add(cycles.into());
        if self.cycles < GRAIN_CYCLES {
            return None;
        }
        self.settle(clock)
    }

    /// How long to sleep for all that is owed, when that is worth it. A context is to ask before it
    /// leaves the engine.
    pub fn settle(&mut self, clock: &Clock) -> Option<Duration> {
        self.balance(clock, Instant::now());
        (self.owed >= GRAIN).then_some(self.owed)
    }

    /// Counts all that was charged, and the host's time up to `now`. Was the host slower than the
    /// GPU, that time is gone and earns no credit.
    fn balance(&mut self, clock: &Clock, now: Instant) {
        let charged = clock.work(std::mem::take(&mut self.cycles));
        let due = self.owed.saturating_add(charged);
        self.owed = due.saturating_sub(now.saturating_duration_since(self.since));
        self.since = now;
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
