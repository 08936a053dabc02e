// SPDX-License-Identifier: GPL-2.0
//! MI_SEMAPHORE_WAIT, released by the CPU, by another engine, by another context of the same one.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::basic::NO_PREEMPTION;
use crate::batch::{Batch, Compare};
use crate::bench::{Bench, Check, Outcome, expect};
use crate::device::Submission;
use crate::engine::Engine;
use crate::rig::Rig;

/// Dwords of the target.
const GATE: usize = 0;
const ARRIVED: usize = 16;
const PASSED: usize = 32;

pub fn checks() -> Vec<Check> {
    let mut checks = Check::each_engine("cpu", released_by_cpu);
    checks.extend(Check::each_engine("compare", compare));
    for waiter in Engine::ALL {
        for signaller in Engine::ALL.into_iter().filter(|&engine| engine != waiter) {
            checks.push(Check::new(
                format!("{waiter}-after-{signaller}"),
                move |bench| released_by(bench, waiter, signaller),
            ));
        }
    }
    checks.extend(Check::each_engine("same-engine", same_engine));
    checks
}

/// Says that it came, waits for the gate, says that it passed.
fn waiting(rig: &Rig, compare: Compare, value: u32) -> Batch {
    let mut batch = Batch::new();
    batch.store_dword(rig.at(ARRIVED), 1);
    batch
        .semaphore_wait(rig.at(GATE), compare, value)
        .store_dword(rig.at(PASSED), 1);
    batch.end();
    batch
}

/// A waiter that is known to run must not have passed.
fn must_wait(bench: &Bench, rig: &Rig) -> Result<()> {
    bench.wait_for(&rig.target, ARRIVED, 1)?;
    std::thread::sleep(Duration::from_millis(5));
    ensure!(rig.target.read(PASSED) == 0, "the semaphore did not wait");
    Ok(())
}

fn released_by_cpu(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    let batch = rig.device.batch_buffer(&waiting(&rig, Compare::Equal, 5))?;
    Submission::new(&rig.context, engine)
        .shares(&rig.target)
        .submit(&batch)?;
    must_wait(bench, &rig)?;
    rig.target.write(GATE, 5);
    batch.wait(bench.limit)?;
    expect("store after the wait", rig.target.read(PASSED).into(), 1)?;
    Ok(Outcome::Pass)
}

/// Every comparison, where it holds at once and where it holds only after a change.
fn compare(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let cases = [
        (Compare::Greater, 10, 11),
        (Compare::GreaterEqual, 9, 10),
        (Compare::Less, 10, 9),
        (Compare::LessEqual, 11, 10),
        (Compare::Equal, 9, 10),
        (Compare::NotEqual, 10, 11),
    ];
    for (compare, blocks, passes) in cases {
        let rig = Rig::new(bench, engine)?;
        rig.target.write(GATE, blocks);
        let batch = rig.device.batch_buffer(&waiting(&rig, compare, 10))?;
        let submit = || {
            Submission::new(&rig.context, engine)
                .shares(&rig.target)
                .submit(&batch)
        };
        submit()?;
        must_wait(bench, &rig)?;
        rig.target.write(GATE, passes);
        batch.wait(bench.limit)?;
        rig.target.write(PASSED, 0);
        submit()?;
        batch.wait(bench.limit)?;
        expect(
            format_args!("{compare:?} that holds"),
            rig.target.read(PASSED).into(),
            1,
        )?;
    }
    Ok(Outcome::Pass)
}

fn released_by(bench: &Bench, waiter: Engine, signaller: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, waiter)?;
    let other = rig.device.context()?;
    let wait = rig.device.batch_buffer(&waiting(&rig, Compare::Equal, 1))?;
    let signal = rig
        .device
        .batch_buffer(Batch::new().store_dword(rig.at(GATE), 1).end())?;
    for _ in 0..bench.rounds {
        for index in [GATE, ARRIVED, PASSED] {
            rig.target.write(index, 0);
        }
        Submission::new(&rig.context, waiter)
            .shares(&rig.target)
            .submit(&wait)?;
        must_wait(bench, &rig)?;
        Submission::new(&other, signaller)
            .shares(&rig.target)
            .submit(&signal)?;
        wait.wait(bench.limit)?;
        expect("store after the wait", rig.target.read(PASSED).into(), 1)?;
        signal.wait(bench.limit)?;
    }
    Ok(Outcome::Pass)
}

/// The waiter occupies the engine that its signaller needs: it must be preempted.
fn same_engine(bench: &Bench, engine: Engine) -> Result<Outcome> {
    if !bench.open()?.has_preemption() {
        return Outcome::skip(NO_PREEMPTION);
    }
    released_by(bench, engine, engine)
}
