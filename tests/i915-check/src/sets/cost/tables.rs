// SPDX-License-Identifier: GPL-2.0
//! Entries of a context's page tables that come and go.

use anyhow::Result;

use super::{number, say};
use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome};
use crate::device::{Buffer, Submission};
use crate::engine::Engine;
use crate::uapi::PAGE;
use crate::window::around;

/// Submissions for each round.
const STEPS: u32 = 20;
/// Buffers of one page each that a submission uses. All their entries are in one page table, since so
/// the places of 2 MiB are.
const BUFFERS: u64 = 32;
const PLACE: u64 = 1 << 33;

pub fn checks() -> Vec<Check> {
    vec![Check::new("tables", tables)]
}

/// Submissions that use the same buffers each time, then submissions that each use new ones at the same
/// places: one entry is written for each buffer that comes and one for each that goes.
fn tables(bench: &Bench) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let batch = device.batch_buffer(Batch::new().end())?;
    // Keeps the page table from being given back in between.
    let anchor = device.buffer_at(PAGE, PLACE)?;
    let make = || -> Result<Vec<Buffer>> {
        (1..=BUFFERS)
            .map(|index| device.buffer_at(PAGE, PLACE + index * PAGE as u64))
            .collect()
    };
    let run = |buffers: &[Buffer]| {
        let submission = Submission::new(&context, Engine::Rcs).reads(&anchor);
        let submission = buffers.iter().fold(submission, Submission::reads);
        submission.run(&batch, bench.limit)
    };
    let steps = bench.rounds * STEPS;
    let same = make()?;
    run(&same)?;
    let (done, time) = around::<{ number::TABLES_SAME }, _>(|| -> Result<()> {
        for _ in 0..steps {
            run(&same)?;
        }
        Ok(())
    });
    done?;
    say(bench, "tables-same", number::TABLES_SAME, steps, time);
    drop(same);
    let (done, time) = around::<{ number::TABLES }, _>(|| -> Result<()> {
        for _ in 0..steps {
            run(&make()?)?;
        }
        Ok(())
    });
    done?;
    let what = format!("tables entries={}", 2 * BUFFERS);
    say(bench, what, number::TABLES, steps, time);
    Ok(Outcome::Pass)
}
