// SPDX-License-Identifier: GPL-2.0
//! What every engine must do.

use anyhow::Result;

use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome, expect};
use crate::device::{Buffer, Submission};
use crate::engine::Engine;
use crate::rig::Rig;
use crate::uapi::PAGE;

/// Submissions of the nop checks for each round.
const NOPS: u32 = 20;
/// Submissions in flight of the queue check for each round.
const QUEUED: u32 = 64;
/// Dwords that the store checks write, 32 bits at a time, and again 64 bits at a time.
const STORES: usize = 256;

/// Why GPR checks are skipped on Gen8's other engines.
pub const NO_GPRS: &str = "only the render engine of Gen8 has registers that a context keeps";

/// Why preemption checks are skipped: the capability is that of all engines together.
pub const NO_PREEMPTION: &str = "the driver does not preempt on every engine (Gen8, virtual GPUs)";

pub fn checks() -> Vec<Check> {
    [
        Check::each_engine("nop", nop),
        Check::each_engine("queue", queue),
        Check::each_engine("store", store),
        Check::each_engine("user-pages", user_pages),
        Check::each_engine("flush", flush),
        Check::each_engine("registers", registers),
        Check::each_engine("chain", chain),
        Check::each_engine("call", call),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn nop(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let batch = device.batch_buffer(Batch::new().end())?;
    for _ in 0..bench.rounds * NOPS {
        Submission::new(&context, engine).run(&batch, bench.limit)?;
    }
    Ok(Outcome::Pass)
}

/// Many submissions without a wait in between, which must end in their order.
fn queue(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    let last = bench.rounds * QUEUED;
    let mut batches = Vec::new();
    for value in 1..=last {
        let batch = rig
            .device
            .batch_buffer(Batch::new().store_dword(rig.at(0), value).end())?;
        Submission::new(&rig.context, engine)
            .shares(&rig.target)
            .submit(&batch)?;
        batches.push(batch);
    }
    for batch in &batches {
        batch.wait(bench.limit)?;
    }
    expect("last store", rig.target.read(0).into(), last.into())?;
    Ok(Outcome::Pass)
}

/// Writes a pattern to `target` with 32-bit and 64-bit stores and compares.
fn store_to(bench: &Bench, rig: &Rig, target: &Buffer) -> Result<Outcome> {
    let mut rng = bench.rng();
    let narrow: Vec<u32> = (0..STORES).map(|_| rng.next32()).collect();
    let wide: Vec<u64> = (0..STORES / 2).map(|_| rng.next64()).collect();
    let mut batch = Batch::new();
    for (index, &value) in narrow.iter().enumerate() {
        batch.store_dword(target.address_of(index), value);
    }
    for (index, &value) in wide.iter().enumerate() {
        batch.store_qword(target.address_of(STORES + 2 * index), value);
    }
    let batch = rig.device.batch_buffer(batch.end())?;
    Submission::new(&rig.context, rig.engine)
        .writes(target)
        .run(&batch, bench.limit)?;
    for (index, &value) in narrow.iter().enumerate() {
        expect(
            format_args!("dword {index}"),
            target.read(index).into(),
            value.into(),
        )?;
    }
    for (index, &value) in wide.iter().enumerate() {
        let index = STORES + 2 * index;
        expect(
            format_args!("qword at dword {index}"),
            target.read64(index),
            value,
        )?;
    }
    Ok(Outcome::Pass)
}

fn store(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    store_to(bench, &rig, &rig.target)
}

/// The same into memory of this process that was never a GEM object before.
fn user_pages(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    store_to(bench, &rig, &rig.device.user_buffer(4 * PAGE)?)
}

/// The post-sync store of MI_FLUSH_DW.
fn flush(bench: &Bench, engine: Engine) -> Result<Outcome> {
    if engine == Engine::Rcs {
        return Outcome::skip("MI_FLUSH_DW is not a command of the render engine");
    }
    let rig = Rig::new(bench, engine)?;
    let value = bench.rng().next64();
    rig.run(
        Batch::new()
            .flush_dw_store(rig.at(0), value)
            .flush_dw_timestamp(rig.at(2)),
    )?;
    expect("stored qword", rig.target.read64(0), value)?;
    anyhow::ensure!(rig.target.read64(2) != 0, "no timestamp was stored");
    Ok(Outcome::Pass)
}

/// Registers: from the command, from memory, from each other, back to memory.
fn registers(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    if !rig.has_gprs() {
        return Outcome::skip(NO_GPRS);
    }
    let mut rng = bench.rng();
    let from_memory = rng.next32();
    rig.target.write(0, from_memory);
    let values: Vec<u64> = (0..16).map(|_| rng.next64()).collect();
    let mut batch = Batch::new();
    for (n, &value) in (0..).zip(&values) {
        batch.load_imm64(engine.gpr(n), value);
    }
    for n in 0..16 {
        batch.store_reg64(engine.gpr(n), rig.at(16 + 2 * usize::from(n)));
    }
    batch
        .load_mem(engine.gpr(0), rig.at(0))
        .load_reg(engine.gpr(0), engine.gpr(3));
    batch.store_reg(engine.gpr(3), rig.at(1));
    rig.run(&mut batch)?;
    for (n, &value) in values.iter().enumerate() {
        expect(
            format_args!("register {n}"),
            rig.target.read64(16 + 2 * n),
            value,
        )?;
    }
    expect(
        "register loaded from memory and copied",
        rig.target.read(1).into(),
        from_memory.into(),
    )?;
    Ok(Outcome::Pass)
}

/// A batch that goes on in another one.
fn chain(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    if engine.is_parsed(rig.device.generation()) {
        return Outcome::skip("the kernel's parser refuses a jump out of the batch");
    }
    let second = rig
        .device
        .batch_buffer(Batch::new().store_dword(rig.at(1), 2).end())?;
    let mut first = Batch::new();
    first
        .store_dword(rig.at(0), 1)
        .jump(second.address())
        .store_dword(rig.at(2), 3);
    let first = rig.device.batch_buffer(first.end())?;
    rig.submission().reads(&second).run(&first, bench.limit)?;
    expect("store before the jump", rig.target.read(0).into(), 1)?;
    expect("store after the jump", rig.target.read(1).into(), 2)?;
    expect("store that was jumped over", rig.target.read(2).into(), 0)?;
    Ok(Outcome::Pass)
}

/// A second-level batch, twice, which comes back.
fn call(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    if engine.is_parsed(rig.device.generation()) {
        return Outcome::skip("the kernel's parser refuses second-level batches");
    }
    let inner = rig
        .device
        .batch_buffer(Batch::new().store_dword(rig.at(0), 1).end())?;
    let mut outer = Batch::new();
    outer
        .call(inner.address())
        .store_dword(rig.at(1), 2)
        .store_dword(rig.at(0), 9);
    outer.call(inner.address()).store_dword(rig.at(2), 3);
    let outer = rig.device.batch_buffer(outer.end())?;
    rig.submission().reads(&inner).run(&outer, bench.limit)?;
    for (index, value) in [1, 2, 3].into_iter().enumerate() {
        expect(
            format_args!("dword {index}"),
            rig.target.read(index).into(),
            value,
        )?;
    }
    Ok(Outcome::Pass)
}
