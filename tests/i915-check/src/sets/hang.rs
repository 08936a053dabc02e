// SPDX-License-Identifier: GPL-2.0
//! Endless batches: the engine is reset, the context is blamed, the others go on.

use anyhow::{Result, ensure};

use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome, expect};
use crate::device::{Buffer, Context, Device, Submission};
use crate::engine::Engine;
use crate::rig::Rig;

pub fn checks() -> Vec<Check> {
    let mut checks = Check::each_engine("alone", alone);
    checks.extend(Check::each_engine("innocent", innocent));
    checks.extend(Check::each_engine("illegal", illegal));
    checks.push(Check::new("new-client", new_client));
    checks
}

/// A batch that jumps to its start for ever, with no point where it may be preempted.
fn endless(device: &Device) -> Result<Buffer> {
    let buffer = device.buffer(4096)?;
    buffer.upload(Batch::new().noop().jump(buffer.address()).end());
    Ok(buffer)
}

fn must_be_guilty(context: &Context) -> Result<()> {
    let stats = context.reset_stats()?;
    ensure!(stats.active == 1, "the hanging context has {stats:?}");
    Ok(())
}

/// A submission that does its work.
fn must_work(rig: &Rig, context: &Context, engine: Engine, bench: &Bench) -> Result<()> {
    rig.target.write(0, 0);
    let batch = rig
        .device
        .batch_buffer(Batch::new().store_dword(rig.at(0), 7).end())?;
    Submission::new(context, engine)
        .writes(&rig.target)
        .run(&batch, bench.limit)?;
    expect(
        format_args!("store on {engine}"),
        rig.target.read(0).into(),
        7,
    )
}

/// Only the hang is there: the driver's heartbeat must find it, while other engines work.
fn alone(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    let guilty = rig.device.context()?;
    let hang = endless(&rig.device)?;
    Submission::new(&guilty, engine).submit(&hang)?;
    for other in Engine::ALL.into_iter().filter(|&other| other != engine) {
        must_work(&rig, &rig.context, other, bench)?;
    }
    hang.wait(bench.limit)?;
    must_be_guilty(&guilty)?;
    must_work(&rig, &rig.context, engine, bench)?;
    // One hang is forgiven.
    must_work(&rig, &guilty, engine, bench)?;
    Ok(Outcome::Pass)
}

/// Another context wants the engine: its work is done, and it is not blamed.
fn innocent(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    let hang = endless(&rig.device)?;
    must_spare_others(bench, &rig, &hang)
}

/// A command that no engine knows stops the engine as an endless batch does.
fn illegal(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    let stop = rig
        .device
        .batch_buffer(Batch::new().unknown_command().end())?;
    must_spare_others(bench, &rig, &stop)
}

/// Submits a batch that hangs, then work of another context on the same engine.
fn must_spare_others(bench: &Bench, rig: &Rig, hang: &Buffer) -> Result<Outcome> {
    let (guilty, victim) = (rig.device.context()?, rig.device.context()?);
    Submission::new(&guilty, rig.engine).submit(hang)?;
    must_work(rig, &victim, rig.engine, bench)?;
    hang.wait(bench.limit)?;
    must_be_guilty(&guilty)?;
    let stats = victim.reset_stats()?;
    ensure!(stats.active == 0, "the innocent context has {stats:?}");
    Ok(Outcome::Pass)
}

/// After all that, a client that comes new finds every engine working.
fn new_client(bench: &Bench) -> Result<Outcome> {
    for engine in Engine::ALL {
        let rig = Rig::new(bench, engine)?;
        must_work(&rig, &rig.context, engine, bench)?;
    }
    Ok(Outcome::Pass)
}
