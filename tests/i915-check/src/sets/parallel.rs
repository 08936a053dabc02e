// SPDX-License-Identifier: GPL-2.0
//! All engines busy at the same time.

use anyhow::Result;

use crate::batch::{Batch, Compare};
use crate::bench::{Bench, Check, Outcome, expect};
use crate::device::Submission;
use crate::engine::Engine;
use crate::uapi::PAGE;

/// Stores of each engine after the gate has opened.
const STORES: usize = 512;
/// Dword of the gate; the engines' arrival dwords follow.
const GATE: usize = 0;

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("meet", |bench| meet(bench, false)),
        Check::new("meet-own-contexts", |bench| meet(bench, true)),
        Check::new("pipeline", pipeline),
    ]
}

/// Every engine says that it came and waits; only when all are there may they go on.
fn meet(bench: &Bench, own_contexts: bool) -> Result<Outcome> {
    let device = bench.open()?;
    for round in 1..=bench.rounds {
        let shared = device.buffer(PAGE)?;
        let mut running = Vec::new();
        for (n, engine) in Engine::ALL.into_iter().enumerate() {
            let context = if own_contexts {
                device.context()?
            } else {
                device.default_context()
            };
            let results = device.buffer(STORES * 4)?;
            let mut batch = Batch::new();
            batch.store_dword(shared.address_of(16 * (n + 1)), round);
            batch.semaphore_wait(shared.address_of(GATE), Compare::Equal, round);
            for index in 0..STORES {
                batch.store_dword(
                    results.address_of(index),
                    (round << 16) | (n * STORES + index) as u32,
                );
            }
            let batch = device.batch_buffer(batch.end())?;
            Submission::new(&context, engine)
                .shares(&shared)
                .writes(&results)
                .submit(&batch)?;
            running.push((context, results, batch));
        }
        for n in 0..Engine::ALL.len() {
            bench.wait_for(&shared, 16 * (n + 1), round)?;
        }
        shared.write(GATE, round);
        for (n, (_, results, batch)) in running.iter().enumerate() {
            batch.wait(bench.limit)?;
            for index in 0..STORES {
                let wanted = (round << 16) | (n * STORES + index) as u32;
                let engine = Engine::ALL[n];
                let what = format!("dword {index} of {engine}");
                expect(what, results.read(index).into(), wanted.into())?;
            }
        }
    }
    Ok(Outcome::Pass)
}

/// A value goes from engine to engine, each waiting for the one before it, all submitted at once.
fn pipeline(bench: &Bench) -> Result<Outcome> {
    const LAPS: usize = 16;
    let device = bench.open()?;
    for _ in 0..bench.rounds {
        let shared = device.buffer(PAGE)?;
        let mut batches = Vec::new();
        for (n, engine) in Engine::ALL.into_iter().enumerate() {
            let context = device.context()?;
            let mut batch = Batch::new();
            for lap in 0..LAPS {
                let turn = (lap * Engine::ALL.len() + n) as u32;
                batch.semaphore_wait(shared.address(), Compare::Equal, turn);
                batch.store_dword(shared.address_of(64 + turn as usize), turn + 1);
                batch.store_dword(shared.address(), turn + 1);
            }
            let batch = device.batch_buffer(batch.end())?;
            Submission::new(&context, engine)
                .shares(&shared)
                .submit(&batch)?;
            batches.push((context, batch));
        }
        for (_, batch) in &batches {
            batch.wait(bench.limit)?;
        }
        for turn in 0..LAPS * Engine::ALL.len() {
            let seen = shared.read(64 + turn);
            expect(format_args!("turn {turn}"), seen.into(), turn as u64 + 1)?;
        }
    }
    Ok(Outcome::Pass)
}
