// SPDX-License-Identifier: GPL-2.0
//! How the cost of a submission grows: with the length of its batch, with the memory that it may use, and with the
//! number of virtual GPUs.

use anyhow::Result;

use super::{number, repeat};
use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome};
use crate::device::Submission;
use crate::engine::Engine;

/// Submissions for each round, of batches and with memory.
const STEPS: u32 = 20;
/// The same beside other virtual GPUs; as many as of the submissions it is compared with.
const CROWD_STEPS: u32 = 100;
/// No-operations of a short batch, and of a long one.
const SHORT: usize = 4_000;
const LONG: usize = 40_000;
/// Where the memory is in the context's address space.
const PLACE: u64 = 1 << 33;
const MIB: usize = 1 << 20;

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("batch-4000/rcs", |bench| {
            batch::<{ number::BATCH }>(bench, "batch-4000/rcs", Engine::Rcs, SHORT, STEPS)
        }),
        Check::new("batch-40000/rcs", |bench| {
            batch::<{ number::BATCH + 1 }>(bench, "batch-40000/rcs", Engine::Rcs, LONG, STEPS)
        }),
        Check::new("batch-4000/bcs", |bench| {
            batch::<{ number::BATCH + 2 }>(bench, "batch-4000/bcs", Engine::Bcs, SHORT, STEPS)
        }),
        Check::new("batch-40000/bcs", |bench| {
            batch::<{ number::BATCH + 3 }>(bench, "batch-40000/bcs", Engine::Bcs, LONG, STEPS)
        }),
        Check::new("mapped-1/rcs", mapped::<{ number::MAPPED }, 1>),
        Check::new("mapped-16/rcs", mapped::<{ number::MAPPED + 1 }, 16>),
        Check::new("mapped-64/rcs", mapped::<{ number::MAPPED + 2 }, 64>),
    ]
}

/// Of submissions while others have virtual GPUs open, which they do not use.
pub fn crowd() -> Vec<Check> {
    vec![Check::new("rcs", |bench| {
        batch::<{ number::CROWD }>(bench, "crowd/rcs", Engine::Rcs, 0, CROWD_STEPS)
    })]
}

/// The batch has so many no-operations.
fn batch<const WINDOW: u8>(
    bench: &Bench,
    what: &str,
    engine: Engine,
    noops: usize,
    steps: u32,
) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let mut batch = Batch::new();
    for _ in 0..noops {
        batch.noop();
    }
    let batch = device.batch_buffer(batch.end())?;
    repeat::<WINDOW>(bench, what, steps, || {
        Submission::new(&context, engine).run(&batch, bench.limit)
    })
}

/// So much memory is mapped in the context's address space, the same in each submission.
fn mapped<const WINDOW: u8, const SIZE: usize>(bench: &Bench) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let batch = device.batch_buffer(Batch::new().end())?;
    let memory = device.buffer_at(SIZE * MIB, PLACE)?;
    let what = format!("mapped-{SIZE}/rcs");
    repeat::<WINDOW>(bench, &what, STEPS, || {
        let submission = Submission::new(&context, Engine::Rcs).reads(&memory);
        submission.run(&batch, bench.limit)
    })
}
