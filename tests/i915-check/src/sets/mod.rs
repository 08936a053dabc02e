// SPDX-License-Identifier: GPL-2.0
//! The sets of checks, one a file.

mod atomics;
mod basic;
mod blt;
mod contexts;
mod cost;
mod gtt;
mod hang;
mod large;
mod latency;
mod monitor;
mod parallel;
mod rcs;
mod screen;
mod semaphore;
mod stream;
mod wide;

use std::fmt;

use clap::ValueEnum;

use crate::bench::Check;

/// A set of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Set {
    /// Every engine: nops, stores, registers, user pages, chained batches.
    Basic,
    /// Arithmetic, PIPE_CONTROL and timestamps.
    Rcs,
    /// Blits between linear and tiled surfaces.
    Blt,
    /// Semaphores between engines and on one engine.
    Semaphore,
    /// Endless batches and what comes after the reset.
    Hang,
    /// The aperture, fences and detiling.
    Gtt,
    /// All engines at the same time.
    Parallel,
    /// Contexts keep their registers across switches and preemption.
    Contexts,
    /// Atomics, copies, conditional ends, predicates.
    Atomics,
    /// High addresses and large pages.
    Large,
    /// What the display shows, in pictures that are taken of it from outside.
    Screen,
    /// Another monitor, which is plugged in from outside.
    Monitor,
    /// A picture that takes much of the aperture.
    Wide,
    /// Round-trip times and submissions a second, as diagnostics.
    Latency,
    /// What single steps cost, each in a window in which the lab counts.
    Cost,
    /// What a submission costs while others have virtual GPUs open.
    Crowd,
    /// Long work on one engine, by count or by time.
    Stream,
}

impl Set {
    /// What runs when nothing is named: all but the measurements, and what takes the display.
    pub const DEFAULT: [Self; 10] = [
        Self::Basic,
        Self::Rcs,
        Self::Blt,
        Self::Semaphore,
        Self::Gtt,
        Self::Parallel,
        Self::Contexts,
        Self::Atomics,
        Self::Large,
        Self::Hang,
    ];

    /// The checks of the set, in order.
    pub fn checks(self) -> Vec<Check> {
        match self {
            Self::Basic => basic::checks(),
            Self::Rcs => rcs::checks(),
            Self::Blt => blt::checks(),
            Self::Semaphore => semaphore::checks(),
            Self::Hang => hang::checks(),
            Self::Gtt => gtt::checks(),
            Self::Parallel => parallel::checks(),
            Self::Contexts => contexts::checks(),
            Self::Atomics => atomics::checks(),
            Self::Large => large::checks(),
            Self::Screen => screen::checks(),
            Self::Monitor => monitor::checks(),
            Self::Wide => wide::checks(),
            Self::Latency => latency::checks(),
            Self::Cost => cost::checks(),
            Self::Crowd => cost::crowd(),
            Self::Stream => stream::checks(),
        }
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}
