// SPDX-License-Identifier: GPL-2.0
//! Commands that compute on memory, copy it, or decide by it.

use anyhow::Result;

use crate::atomic::{Atomic, Predicate};
use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome, expect};
use crate::engine::{Engine, reg};
use crate::rig::Rig;

pub fn checks() -> Vec<Check> {
    let mut checks = Check::each_engine("atomic", atomic);
    checks.extend(Check::each_engine("copy-mem-mem", copy_mem));
    checks.extend(Check::each_engine("conditional-end", conditional_end));
    checks.push(Check::new("predicate/store", predicated_store));
    checks.push(Check::new("predicate/jump", predicated_jump));
    checks
}

/// An operation and what it makes of memory `m` with operands `a` and `b`, in 64 bits; in 32 bits
/// the numbers come sign-extended and only the low half counts.
type Operation = (Atomic, fn(u64, u64, u64) -> u64);

const OPERATIONS: [Operation; 14] = [
    (Atomic::And, |m, a, _| m & a),
    (Atomic::Or, |m, a, _| m | a),
    (Atomic::Xor, |m, a, _| m ^ a),
    (Atomic::Move, |_, a, _| a),
    (Atomic::Increment, |m, _, _| m.wrapping_add(1)),
    (Atomic::Decrement, |m, _, _| m.wrapping_sub(1)),
    (Atomic::Add, |m, a, _| m.wrapping_add(a)),
    (Atomic::Sub, |m, a, _| m.wrapping_sub(a)),
    (Atomic::ReverseSub, |m, a, _| a.wrapping_sub(m)),
    (Atomic::MaxSigned, |m, a, _| (m as i64).max(a as i64) as u64),
    (Atomic::MinSigned, |m, a, _| (m as i64).min(a as i64) as u64),
    (Atomic::MaxUnsigned, |m, a, _| m.max(a)),
    (Atomic::MinUnsigned, |m, a, _| m.min(a)),
    (Atomic::CompareWrite, |m, a, b| if m == a { b } else { m }),
];

/// Sign-extends 32 bits, which keeps both orders of 32-bit numbers.
fn extend(value: u32) -> u64 {
    i64::from(value as i32) as u64
}

fn atomic(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    let mut rng = bench.rng();
    for _ in 0..bench.rounds {
        let (x, y, z) = (rng.next64(), rng.next64(), rng.next64());
        // Equal values so that the comparison holds once, and both signs.
        let cases = [
            (x, y, z),
            (x, x, z),
            (x | (1 << 63) | (1 << 31), y & !((1 << 63) | (1 << 31)), z),
        ];
        let mut wanted = Vec::new();
        let mut batch = Batch::new();
        for (operation, model) in OPERATIONS {
            for (m, a, b) in cases {
                let index = wanted.len() * 4;
                rig.target.write64(index, m);
                rig.target.write64(index + 2, m);
                let (m32, a32, b32) = (m as u32, a as u32, b as u32);
                batch.atomic64(operation, rig.at(index), a, b);
                batch.atomic(operation, rig.at(index + 2), a32, b32);
                let narrow = model(extend(m32), extend(a32), extend(b32)) & 0xffff_ffff;
                wanted.push((operation, model(m, a, b), m & !0xffff_ffff | narrow));
            }
        }
        rig.run(&mut batch)?;
        for (n, (operation, wide, narrow)) in wanted.into_iter().enumerate() {
            expect(
                format_args!("{operation:?} of 64 bits"),
                rig.target.read64(4 * n),
                wide,
            )?;
            expect(
                format_args!("{operation:?} of 32 bits"),
                rig.target.read64(4 * n + 2),
                narrow,
            )?;
        }
    }
    Ok(Outcome::Pass)
}

fn copy_mem(bench: &Bench, engine: Engine) -> Result<Outcome> {
    const COPIES: usize = 64;
    let rig = Rig::new(bench, engine)?;
    let mut rng = bench.rng();
    rig.target.fill(|_| 0);
    let values: Vec<u32> = (0..COPIES).map(|_| rng.next32()).collect();
    let mut batch = Batch::new();
    for (index, &value) in values.iter().enumerate() {
        rig.target.write(index, value);
        batch.copy_mem(rig.at(2 * COPIES - index), rig.at(index));
    }
    rig.run(&mut batch)?;
    for (index, &value) in values.iter().enumerate() {
        let seen = rig.target.read(2 * COPIES - index);
        expect(
            format_args!("copy of dword {index}"),
            seen.into(),
            value.into(),
        )?;
    }
    Ok(Outcome::Pass)
}

/// The batch goes on only while memory is greater than the command's value.
fn conditional_end(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let rig = Rig::new(bench, engine)?;
    for (memory, value, goes_on) in [(6, 5, 1), (5, 5, 0), (4, 5, 0), (u32::MAX, 0, 1)] {
        rig.target.write(0, memory);
        rig.target.write(1, 0);
        rig.target.write(2, 0);
        let mut batch = Batch::new();
        batch
            .store_dword(rig.at(1), 1)
            .end_unless_greater(rig.at(0), value);
        batch.store_dword(rig.at(2), 1);
        rig.run(&mut batch)?;
        let what = |side: &str| format!("store {side} the end if {memory:#x} is not above {value}");
        expect(what("before"), rig.target.read(1).into(), 1)?;
        expect(what("after"), rig.target.read(2).into(), goes_on)?;
    }
    Ok(Outcome::Pass)
}

/// Operands of MI_PREDICATE and whether they are equal, in all 64 bits.
const PREDICATES: [(u64, u64, bool); 4] = [
    (7, 7, true),
    (7, 8, false),
    (1 << 32, 0, false),
    (u64::MAX, u64::MAX, true),
];

fn compare_sources(batch: &mut Batch, a: u64, b: u64) {
    batch
        .load_imm64(reg::MI_PREDICATE_SRC0, a)
        .load_imm64(reg::MI_PREDICATE_SRC1, b);
    batch.predicate(Predicate::SourcesEqual);
}

fn predicated_store(bench: &Bench) -> Result<Outcome> {
    let rig = Rig::new(bench, Engine::Rcs)?;
    let mut batch = Batch::new();
    batch.load_imm(Engine::Rcs.gpr(0), 1);
    for (n, (a, b, _)) in PREDICATES.into_iter().enumerate() {
        compare_sources(&mut batch, a, b);
        batch.store_reg_predicated(Engine::Rcs.gpr(0), rig.at(n));
    }
    batch.predicate(Predicate::Always);
    batch.store_reg_predicated(Engine::Rcs.gpr(0), rig.at(PREDICATES.len()));
    rig.run(&mut batch)?;
    for (n, (a, b, equal)) in PREDICATES.into_iter().enumerate() {
        expect(
            format_args!("store if {a:#x} == {b:#x}"),
            rig.target.read(n).into(),
            equal.into(),
        )?;
    }
    expect("store always", rig.target.read(PREDICATES.len()).into(), 1)?;
    Ok(Outcome::Pass)
}

fn predicated_jump(bench: &Bench) -> Result<Outcome> {
    let rig = Rig::new(bench, Engine::Rcs)?;
    let there = rig
        .device
        .batch_buffer(Batch::new().store_dword(rig.at(0), 2).end())?;
    for (a, b, equal) in PREDICATES {
        rig.target.write(0, 0);
        let mut batch = Batch::new();
        compare_sources(&mut batch, a, b);
        batch
            .load_reg(reg::MI_PREDICATE_RESULT, reg::MI_PREDICATE_RESULT_1)
            .jump_predicated(there.address())
            .store_dword(rig.at(0), 1);
        let batch = rig.device.batch_buffer(batch.end())?;
        rig.submission().reads(&there).run(&batch, bench.limit)?;
        let wanted = if equal { 2 } else { 1 };
        expect(
            format_args!("jump if {a:#x} == {b:#x}"),
            rig.target.read(0).into(),
            wanted,
        )?;
    }
    Ok(Outcome::Pass)
}
