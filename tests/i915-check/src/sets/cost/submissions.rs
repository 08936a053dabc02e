// SPDX-License-Identifier: GPL-2.0
//! Submissions: one at a time, and many behind each other.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::{SETTLE, number, repeat, say};
use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome};
use crate::device::{Buffer, Context, Submission};
use crate::engine::Engine;
use crate::window::around;

/// Submissions for each round.
const STEPS: u32 = 100;
/// Batches in flight in a queue, each in a context of its own in turn.
const DEPTH: usize = 8;
/// Contexts that take turns in a queue: of one context alone, i915 makes one submission of many.
const CONTEXTS: usize = 2;
/// No-operations of a batch in a queue: some milliseconds of the emulated GPU.
const LENGTH: usize = 40_000;
/// How long nothing is asked for.
const QUIET: Duration = Duration::from_millis(500);

pub fn checks() -> Vec<Check> {
    let mut checks = Check::each_engine("submit", submit);
    checks.extend(Check::each_engine("queue", queue));
    checks.push(Check::new("quiet", quiet));
    checks
}

/// From execbuffer to the end of the wait, nothing else in flight.
fn submit(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let batch = device.batch_buffer(Batch::new().end())?;
    let one = || Submission::new(&context, engine).run(&batch, bench.limit);
    let what = format!("submit/{engine}");
    match engine {
        Engine::Rcs => repeat::<{ number::SUBMIT }>(bench, &what, STEPS, one),
        Engine::Bcs => repeat::<{ number::SUBMIT + 1 }>(bench, &what, STEPS, one),
        Engine::Vcs0 => repeat::<{ number::SUBMIT + 2 }>(bench, &what, STEPS, one),
        Engine::Vecs => repeat::<{ number::SUBMIT + 3 }>(bench, &what, STEPS, one),
    }
}

/// So many in flight that the engine need never wait for the next one.
fn queue(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let device = bench.open()?;
    let contexts: Vec<Context> = (0..CONTEXTS)
        .map(|_| device.context())
        .collect::<Result<_>>()?;
    let mut batch = Batch::new();
    for _ in 0..LENGTH {
        batch.noop();
    }
    batch.end();
    let batches: Vec<Buffer> = (0..DEPTH)
        .map(|_| device.batch_buffer(&batch))
        .collect::<Result<_>>()?;
    let steps = bench.rounds * STEPS;
    let flow = |steps: u32| -> Result<()> {
        let turns = batches.iter().zip(contexts.iter().cycle()).cycle();
        for (batch, context) in turns.take(steps as usize) {
            // Its last use must be over before it is used again.
            batch.wait(bench.limit)?;
            Submission::new(context, engine).submit(batch)?;
        }
        batches.iter().try_for_each(|batch| batch.wait(bench.limit))
    };
    flow(DEPTH as u32)?;
    thread::sleep(SETTLE);
    flow(DEPTH as u32)?;
    let all = || flow(steps);
    let (done, time) = match engine {
        Engine::Rcs => around::<{ number::QUEUE }, _>(all),
        Engine::Bcs => around::<{ number::QUEUE + 1 }, _>(all),
        Engine::Vcs0 => around::<{ number::QUEUE + 2 }, _>(all),
        Engine::Vecs => around::<{ number::QUEUE + 3 }, _>(all),
    };
    done?;
    let what = format!("queue/{engine}");
    say(bench, what, number::QUEUE + engine as u8, steps, time);
    Ok(Outcome::Pass)
}

/// What goes on without anybody asking for it.
fn quiet(bench: &Bench) -> Result<Outcome> {
    thread::sleep(SETTLE);
    let (_, time) = around::<{ number::QUIET }, _>(|| thread::sleep(QUIET));
    say(bench, "quiet", number::QUIET, 1, time);
    Ok(Outcome::Pass)
}
