// SPDX-License-Identifier: GPL-2.0
//! Long work on an engine without a pause, for measurements of several users at once.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome};
use crate::device::{Buffer, Submission};
use crate::engine::Engine;

/// Batches in flight.
const DEPTH: usize = 3;
/// No-operations of a batch: some ten milliseconds of the emulated GPU, much more than a submission costs.
const LENGTH: usize = 400_000;
/// Batches of a stream that ends by itself, for each round.
const BATCHES: usize = 40;
/// How long a stream lasts that ends by time, for each round.
const LASTING: Duration = Duration::from_secs(6);

pub fn checks() -> Vec<Check> {
    let mut checks = Check::each_engine("count", |bench, engine| {
        let batches = bench.rounds as usize * BATCHES;
        stream(bench, engine, "count", |done, _| done < batches)
    });
    checks.extend(Check::each_engine("time", |bench, engine| {
        let limit = bench.rounds * LASTING;
        stream(bench, engine, "time", |_, time| time < limit)
    }));
    checks
}

/// Submits for as long as `goes_on` says so, given how much was submitted and how long that took.
fn stream(
    bench: &Bench,
    engine: Engine,
    what: &str,
    goes_on: impl Fn(usize, Duration) -> bool,
) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let mut batch = Batch::new();
    for _ in 0..LENGTH {
        batch.noop();
    }
    batch.end();
    let batches: Vec<Buffer> = (0..DEPTH)
        .map(|_| device.batch_buffer(&batch))
        .collect::<Result<_>>()?;
    let start = Instant::now();
    let mut done = 0;
    for batch in batches.iter().cycle() {
        if !goes_on(done, start.elapsed()) {
            break;
        }
        batch.wait(bench.limit)?;
        Submission::new(&context, engine).submit(batch)?;
        done += 1;
    }
    batches
        .iter()
        .try_for_each(|batch| batch.wait(bench.limit))?;
    bench.note(format_args!(
        "stream {what}/{engine} batches={done} us={}",
        start.elapsed().as_micros()
    ));
    Ok(Outcome::Pass)
}
