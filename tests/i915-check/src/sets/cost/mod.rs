// SPDX-License-Identifier: GPL-2.0
//! What single steps cost: each repeats one step in a window of its own, and prints a line for the table of
//! benchmarks (tests/bench). They fail only if the GPU does.

mod registers;
mod scale;
mod submissions;
mod tables;

use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::bench::{Bench, Check, Outcome};
use crate::window::around;

pub use scale::crowd;

/// The windows' numbers. One for each engine begins at `SUBMIT` and at `QUEUE`.
mod number {
    pub const READ: u8 = 1;
    pub const READ_LIVE: u8 = 2;
    pub const WRITE: u8 = 3;
    pub const GGTT_MAP: u8 = 4;
    pub const GGTT_UNMAP: u8 = 5;
    pub const TABLES_SAME: u8 = 6;
    pub const TABLES: u8 = 7;
    pub const QUIET: u8 = 8;
    pub const SUBMIT: u8 = 16;
    pub const QUEUE: u8 = 24;
    pub const BATCH: u8 = 32;
    pub const MAPPED: u8 = 36;
    pub const CROWD: u8 = 40;
}

pub fn checks() -> Vec<Check> {
    let mut checks = registers::checks();
    checks.extend(submissions::checks());
    checks.extend(tables::checks());
    checks.extend(scale::checks());
    checks
}

/// How long what was asked for before may take to be put away.
const SETTLE: Duration = Duration::from_secs(2);

/// Repeats a step in a window, so often for each round, after one that makes what all others use, and one that has what
/// earlier checks used put away.
fn repeat<const WINDOW: u8>(
    bench: &Bench,
    what: &str,
    steps: u32,
    one: impl Fn() -> Result<()>,
) -> Result<Outcome> {
    let steps = bench.rounds * steps;
    one()?;
    thread::sleep(SETTLE);
    one()?;
    let mut times = Vec::new();
    let all = || -> Result<()> {
        for _ in 0..steps {
            let start = Instant::now();
            one()?;
            times.push(start.elapsed());
        }
        Ok(())
    };
    let (done, time) = around::<WINDOW, _>(all);
    done?;
    times.sort();
    let median = times.get(times.len() / 2).map_or(0, Duration::as_micros);
    say(
        bench,
        format_args!("{what} median_us={median}"),
        WINDOW,
        steps,
        time,
    );
    Ok(Outcome::Pass)
}

/// Prints what a window was about: so many steps in so much time.
fn say(bench: &Bench, what: impl Display, window: u8, steps: u32, time: Duration) {
    bench.note(format_args!(
        "cost {what} window={window} steps={steps} us={}",
        time.as_micros()
    ));
}
