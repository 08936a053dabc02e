// SPDX-License-Identifier: GPL-2.0
//! What single steps cost: each repeats one step in a window of its own, and prints a line for the table of
//! benchmarks (tests/bench). They fail only if the GPU does.

mod registers;
mod submissions;
mod tables;

use std::fmt::Display;
use std::time::Duration;

use crate::bench::{Bench, Check};

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
}

pub fn checks() -> Vec<Check> {
    let mut checks = registers::checks();
    checks.extend(submissions::checks());
    checks.extend(tables::checks());
    checks
}

/// Prints what a window was about: so many steps in so much time.
fn say(bench: &Bench, what: impl Display, window: u8, steps: u32, time: Duration) {
    bench.note(format_args!(
        "cost {what} window={window} steps={steps} us={}",
        time.as_micros()
    ));
}
