// SPDX-License-Identifier: GPL-2.0
//! A context's registers are its own, through switches and preemption.

use anyhow::Result;
use harness::Rng;

use super::basic::{NO_GPRS, NO_PREEMPTION};
use crate::alu::Alu;
use crate::batch::{Batch, Compare};
use crate::bench::{Bench, Check, Outcome, expect};
use crate::device::{Buffer, Context, Submission};
use crate::engine::Engine;
use crate::rig::Rig;
use crate::uapi::PAGE;

/// Contexts that take turns.
const CONTEXTS: usize = 8;
/// Turns of each for every round.
const TURNS: u32 = 4;
/// Batches of one context before the next one's turn.
const ROW: u32 = 12;
/// General-purpose registers.
const GPRS: u8 = 16;

pub fn checks() -> Vec<Check> {
    let mut checks = Check::each_engine("new", new_is_zero);
    checks.extend(Check::each_engine("interleaved", interleaved));
    checks.extend(Check::each_engine("in-a-row", in_a_row));
    checks.extend(Check::each_engine("preempted", preempted));
    checks.extend(Check::each_engine("arb-check", arb_check));
    checks
}

fn load_all(batch: &mut Batch, engine: Engine, values: &[u64]) {
    for (n, &value) in (0..GPRS).zip(values) {
        batch.load_imm64(engine.gpr(n), value);
    }
}

fn store_all(batch: &mut Batch, engine: Engine, target: &Buffer) {
    for n in 0..GPRS {
        batch.store_reg64(engine.gpr(n), target.address_of(2 * usize::from(n)));
    }
}

fn compare(who: &str, target: &Buffer, values: &[u64]) -> Result<()> {
    for (n, &value) in values.iter().enumerate() {
        expect(
            format_args!("register {n} of {who}"),
            target.read64(2 * n),
            value,
        )?;
    }
    Ok(())
}

fn random(rng: &mut Rng) -> Vec<u64> {
    (0..GPRS).map(|_| rng.next64()).collect()
}

/// Nothing of another context shows in a new one.
fn new_is_zero(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    if !rig.has_gprs() {
        return Outcome::skip(NO_GPRS);
    }
    let mut batch = Batch::new();
    load_all(&mut batch, engine, &random(&mut bench.rng()));
    rig.run(&mut batch)?;
    let fresh = rig.device.context()?;
    let mut batch = Batch::new();
    store_all(&mut batch, engine, &rig.target);
    rig.target.fill(|_| !0);
    let batch = rig.device.batch_buffer(batch.end())?;
    Submission::new(&fresh, engine)
        .writes(&rig.target)
        .run(&batch, bench.limit)?;
    compare("a new context", &rig.target, &[0; GPRS as usize])?;
    Ok(Outcome::Pass)
}

/// One of the contexts that take turns.
struct Player {
    context: Context,
    target: Buffer,
    values: Vec<u64>,
    /// Adds 1 to every register.
    step: Buffer,
}

/// Contexts add to their registers in turn; nobody's sum suffers.
fn interleaved(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    if !rig.has_gprs() {
        return Outcome::skip(NO_GPRS);
    }
    let mut rng = bench.rng();
    let mut players = Vec::new();
    for _ in 0..CONTEXTS {
        let player = Player {
            context: rig.device.context()?,
            target: rig.device.buffer(PAGE)?,
            values: random(&mut rng),
            step: rig.device.batch_buffer(&increment())?,
        };
        let mut batch = Batch::new();
        load_all(&mut batch, engine, &player.values);
        let batch = rig.device.batch_buffer(batch.end())?;
        Submission::new(&player.context, engine).submit(&batch)?;
        players.push(player);
    }
    let turns = TURNS * bench.rounds;
    for _ in 0..turns {
        for player in &players {
            Submission::new(&player.context, engine).submit(&player.step)?;
        }
    }
    for (n, player) in players.iter().enumerate() {
        let mut batch = Batch::new();
        store_all(&mut batch, engine, &player.target);
        let batch = rig.device.batch_buffer(batch.end())?;
        Submission::new(&player.context, engine)
            .writes(&player.target)
            .run(&batch, bench.limit)?;
        let wanted: Vec<u64> = player
            .values
            .iter()
            .map(|value| value.wrapping_add(turns.into()))
            .collect();
        compare(&format!("context {n}"), &player.target, &wanted)?;
    }
    Ok(Outcome::Pass)
}

/// Two contexts add to their registers, each so often before it is the other's turn that the engine has more of
/// its work when a batch is over; nobody's sum suffers.
fn in_a_row(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    if !rig.has_gprs() {
        return Outcome::skip(NO_GPRS);
    }
    let mut rng = bench.rng();
    let contexts = [rig.device.context()?, rig.device.context()?];
    let targets = [rig.device.buffer(PAGE)?, rig.device.buffer(PAGE)?];
    let values = [random(&mut rng), random(&mut rng)];
    for (context, values) in contexts.iter().zip(&values) {
        let mut batch = Batch::new();
        load_all(&mut batch, engine, values);
        let batch = rig.device.batch_buffer(batch.end())?;
        Submission::new(context, engine).submit(&batch)?;
    }
    let step = rig.device.batch_buffer(&increment())?;
    for _ in 0..bench.rounds {
        for context in &contexts {
            for _ in 0..ROW {
                Submission::new(context, engine).submit(&step)?;
            }
        }
    }
    for (context, target) in contexts.iter().zip(&targets) {
        let mut batch = Batch::new();
        store_all(&mut batch, engine, target);
        let batch = rig.device.batch_buffer(batch.end())?;
        Submission::new(context, engine)
            .writes(target)
            .run(&batch, bench.limit)?;
    }
    let added = u64::from(ROW * bench.rounds);
    for (n, (target, values)) in targets.iter().zip(&values).enumerate() {
        let wanted: Vec<u64> = values.iter().map(|v| v.wrapping_add(added)).collect();
        compare(&format!("context {n}"), target, &wanted)?;
    }
    Ok(Outcome::Pass)
}

/// Adds 1 to every register, through no other one: minus all ones.
fn increment() -> Batch {
    let mut batch = Batch::new();
    for n in 0..GPRS {
        batch.math(&[Alu::LoadA(n), Alu::OnesB, Alu::Sub, Alu::Store(n)]);
    }
    batch.end();
    batch
}

/// A context that waits is preempted by a better one that overwrites all registers.
fn preempted(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    if !rig.has_gprs() {
        return Outcome::skip(NO_GPRS);
    }
    if !rig.device.has_preemption() {
        return Outcome::skip(NO_PREEMPTION);
    }
    let gate = rig.device.buffer(PAGE)?;
    let (meek, bold) = (rig.device.context()?, rig.device.context()?);
    meek.set_priority(-1)?;
    let mut rng = bench.rng();
    for round in 1..=bench.rounds {
        let (mine, others) = (random(&mut rng), random(&mut rng));
        let mut batch = Batch::new();
        load_all(&mut batch, engine, &mine);
        batch.store_dword(gate.address_of(16), round);
        batch.semaphore_wait(gate.address(), Compare::Equal, round);
        store_all(&mut batch, engine, &rig.target);
        let waiter = rig.device.batch_buffer(batch.end())?;
        let mut batch = Batch::new();
        load_all(&mut batch, engine, &others);
        batch.store_dword(gate.address(), round);
        let intruder = rig.device.batch_buffer(batch.end())?;
        Submission::new(&meek, engine)
            .shares(&gate)
            .writes(&rig.target)
            .submit(&waiter)?;
        bench.wait_for(&gate, 16, round)?;
        Submission::new(&bold, engine)
            .shares(&gate)
            .run(&intruder, bench.limit)?;
        waiter.wait(bench.limit)?;
        compare("the preempted context", &rig.target, &mine)?;
    }
    Ok(Outcome::Pass)
}

/// A loop that would never end is preempted at its MI_ARB_CHECK, by the batch that ends it.
fn arb_check(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    if !rig.device.has_preemption() {
        return Outcome::skip(NO_PREEMPTION);
    }
    let other = rig.device.context()?;
    rig.target.write(0, 1);
    let spin = rig.device.buffer(PAGE)?;
    let mut batch = Batch::new();
    batch.arb_check().store_dword(rig.at(16), 1);
    batch.end_unless_greater(rig.at(0), 0).jump(spin.address());
    spin.upload(batch.end());
    let stop = rig
        .device
        .batch_buffer(Batch::new().store_dword(rig.at(0), 0).end())?;
    Submission::new(&rig.context, engine)
        .shares(&rig.target)
        .submit(&spin)?;
    bench.wait_for(&rig.target, 16, 1)?;
    Submission::new(&other, engine)
        .shares(&rig.target)
        .run(&stop, bench.limit)?;
    spin.wait(bench.limit)?;
    expect(
        "batches lost to a reset",
        rig.context.reset_stats()?.active.into(),
        0,
    )?;
    Ok(Outcome::Pass)
}
