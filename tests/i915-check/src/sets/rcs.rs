// SPDX-License-Identifier: GPL-2.0
//! Arithmetic of the command streamer, PIPE_CONTROL, timestamps.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::basic::NO_GPRS;
use crate::alu::Alu;
use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome, expect};
use crate::device::Submission;
use crate::engine::Engine;
use crate::rig::Rig;

/// Pause between the two timestamps that are compared with the CPU's clock.
const PAUSE: Duration = Duration::from_millis(50);

pub fn checks() -> Vec<Check> {
    let mut checks = Check::each_engine("math", math);
    checks.push(Check::new("pipe-control", pipe_control));
    checks.push(Check::new("second-context", second_context));
    checks.extend(Check::each_engine("timestamp", timestamp));
    checks
}

/// One ALU operation on registers 0 and 1 into register 2, and what it should give.
type Operation = (&'static str, [Alu; 4], fn(u64, u64) -> u64);

/// All ones if `flag`, as the ALU's flags are stored.
fn ones(flag: bool) -> u64 {
    if flag { u64::MAX } else { 0 }
}

const OPERATIONS: [Operation; 11] = {
    use Alu::*;
    [
        ("add", [LoadA(0), LoadB(1), Add, Store(2)], |a, b| {
            a.wrapping_add(b)
        }),
        ("sub", [LoadA(0), LoadB(1), Sub, Store(2)], |a, b| {
            a.wrapping_sub(b)
        }),
        ("and", [LoadA(0), LoadB(1), And, Store(2)], |a, b| a & b),
        ("or", [LoadA(0), LoadB(1), Or, Store(2)], |a, b| a | b),
        ("xor", [LoadA(0), LoadB(1), Xor, Store(2)], |a, b| a ^ b),
        (
            "and of inverse",
            [LoadA(0), LoadInvB(1), And, Store(2)],
            |a, b| a & !b,
        ),
        (
            "inverse of or",
            [LoadA(0), LoadB(1), Or, StoreInv(2)],
            |a, b| !(a | b),
        ),
        ("negative", [ZeroA, LoadB(1), Sub, Store(2)], |_, b| {
            b.wrapping_neg()
        }),
        ("decrement", [LoadA(0), OnesB, Add, Store(2)], |a, _| {
            a.wrapping_sub(1)
        }),
        (
            "less than",
            [LoadA(0), LoadB(1), Sub, StoreCarry(2)],
            |a, b| ones(a < b),
        ),
        ("equal", [LoadA(0), LoadB(1), Sub, StoreZero(2)], |a, b| {
            ones(a == b)
        }),
    ]
};

fn math(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    if !rig.has_gprs() {
        return Outcome::skip(NO_GPRS);
    }
    let mut rng = bench.rng();
    for _ in 0..bench.rounds {
        let (x, y) = (rng.next64(), rng.next64());
        let operands = [(x, y), (y, x), (x, x), (x, 0), (u64::MAX, 1), (0, 0)];
        let mut batch = Batch::new();
        let mut place = (0..).step_by(2);
        for (a, b) in operands {
            batch
                .load_imm64(engine.gpr(0), a)
                .load_imm64(engine.gpr(1), b);
            for ((_, program, _), index) in OPERATIONS.iter().zip(&mut place) {
                batch
                    .math(program)
                    .store_reg64(engine.gpr(2), rig.at(index));
            }
        }
        rig.run(&mut batch)?;
        let mut place = (0..).step_by(2);
        for (a, b) in operands {
            for ((name, _, model), index) in OPERATIONS.iter().zip(&mut place) {
                let what = format!("{name} of {a:#x} and {b:#x}");
                expect(what, rig.target.read64(index), model(a, b))?;
            }
        }
    }
    Ok(Outcome::Pass)
}

fn pipe_control(bench: &Bench) -> Result<Outcome> {
    let rig = Rig::new(bench, Engine::Rcs)?;
    let value = bench.rng().next64();
    let mut batch = Batch::new();
    batch.pipe_control_store(rig.at(0), value);
    batch
        .pipe_control_timestamp(rig.at(2))
        .pipe_control_timestamp(rig.at(4));
    rig.run(&mut batch)?;
    expect("stored qword", rig.target.read64(0), value)?;
    let (first, second) = (rig.target.read64(2), rig.target.read64(4));
    ensure!(
        first != 0 && first <= second,
        "timestamps {first:#x}, then {second:#x}"
    );
    Ok(Outcome::Pass)
}

/// Two contexts at the same addresses: each writes its own memory.
fn second_context(bench: &Bench) -> Result<Outcome> {
    let rig = Rig::new(bench, Engine::Rcs)?;
    let other = rig.device.context()?;
    let twin = rig.device.buffer_at(8192, rig.target.address())?;
    let batch = |value| {
        rig.device
            .batch_buffer(Batch::new().store_dword(rig.at(0), value).end())
    };
    let (mine, its) = (batch(1)?, batch(2)?);
    rig.submission().submit(&mine)?;
    Submission::new(&other, Engine::Rcs)
        .writes(&twin)
        .run(&its, bench.limit)?;
    mine.wait(bench.limit)?;
    expect("store of the first context", rig.target.read(0).into(), 1)?;
    expect("store of the second context", twin.read(0).into(), 2)?;
    Ok(Outcome::Pass)
}

/// The timestamp runs at the rate that the driver says.
fn timestamp(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    let hz = rig.device.timestamp_hz()?;
    let mut take = Batch::new();
    take.store_reg64(engine.timestamp(), rig.at(0));
    let take = rig.device.batch_buffer(take.end())?;
    let stamp = || -> Result<u64> {
        rig.submission().run(&take, bench.limit)?;
        Ok(rig.target.read64(0))
    };
    let outer = Instant::now();
    let first = stamp()?;
    let inner = Instant::now();
    std::thread::sleep(PAUSE);
    let at_least = inner.elapsed().as_secs_f64();
    let second = stamp()?;
    let at_most = outer.elapsed().as_secs_f64();
    ensure!(first < second, "timestamps {first:#x}, then {second:#x}");
    let seconds = (second - first) as f64 / hz;
    bench.note(format_args!(
        "{engine}: {hz} Hz, {seconds:.4} s in {at_least:.4} to {at_most:.4} s"
    ));
    // Two percent for a frequency that the driver rounds.
    ensure!(
        (at_least * 0.98..=at_most * 1.02).contains(&seconds),
        "{seconds:.4} s by the GPU in {at_least:.4} to {at_most:.4} s by the CPU"
    );
    Ok(Outcome::Pass)
}
