// SPDX-License-Identifier: GPL-2.0
//! Measurements, printed as diagnostics; they fail only if the GPU does.

use std::time::Instant;

use anyhow::Result;

use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome};
use crate::device::Submission;
use crate::engine::Engine;

/// Round trips that are measured for each round.
const TRIPS: u32 = 200;
/// Submissions in flight when throughput is measured.
const DEPTH: usize = 16;

pub fn checks() -> Vec<Check> {
    let mut checks = Check::each_engine("round-trip", round_trip);
    checks.extend(Check::each_engine("throughput", throughput));
    checks
}

/// From execbuffer to the end of the wait, nothing else in flight.
fn round_trip(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let batch = device.batch_buffer(Batch::new().end())?;
    let mut times = Vec::new();
    for _ in 0..bench.rounds * TRIPS {
        let start = Instant::now();
        Submission::new(&context, engine).run(&batch, bench.limit)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    bench.note(format_args!(
        "latency {engine} us: min {:.0} p50 {:.0} p90 {:.0} p99 {:.0} max {:.0} of {} submissions",
        at(0),
        at(50),
        at(90),
        at(99),
        at(100),
        times.len()
    ));
    Ok(Outcome::Pass)
}

/// Submissions a second with several in flight.
fn throughput(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let batches: Vec<_> = (0..DEPTH)
        .map(|_| device.batch_buffer(Batch::new().end()))
        .collect::<Result<_>>()?;
    let total = (bench.rounds * TRIPS) as usize;
    let start = Instant::now();
    for batch in batches.iter().cycle().take(total) {
        // Its last use must be over before it is used again.
        batch.wait(bench.limit)?;
        Submission::new(&context, engine).submit(batch)?;
    }
    for batch in &batches {
        batch.wait(bench.limit)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    bench.note(format_args!(
        "throughput {engine}: {:.0} submissions a second, {DEPTH} in flight, {total} submissions",
        total as f64 / seconds
    ));
    Ok(Outcome::Pass)
}
