// SPDX-License-Identifier: GPL-2.0

//! Makes work take the time that the GPU's clock says, by sleeping off what the host did faster.

use std::time::{Duration, Instant};

use super::Engine;
use crate::clock::Clock;

/// Cycles between two looks at the host's clock, and the shortest sleep worth taking.
const GRAIN_CYCLES: u64 = 20_000;
const GRAIN: Duration = Duration::from_micros(100);

/// Time account of one context on an engine.
pub struct Pace {
    start: Instant,
    cycles: u64,
    checked: u64,
}

impl Pace {
    /// An account that starts now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            cycles: 0,
            checked: 0,
        }
    }

    /// Charges `cycles` and sleeps when the account is ahead of the host's clock.
    pub fn charge(&mut self, clock: &Clock, engine: &Engine, cycles: u32) {
        self.cycles += u64::from(cycles);
        if self.cycles - self.checked >= GRAIN_CYCLES {
            self.settle(clock, engine);
        }
    }

    /// Sleeps off what is owed; at the end of a context even a little.
    pub fn settle(&mut self, clock: &Clock, engine: &Engine) {
        self.checked = self.cycles;
        let due = clock.work(self.cycles);
        let spent = self.start.elapsed();
        match due.checked_sub(spent) {
            Some(ahead) if ahead >= GRAIN => engine.nap(ahead),
            Some(_) => {}
            // The host was slower than the GPU: that time is gone and earns no credit.
            None => *self = Self::new(),
        }
    }
}
