// SPDX-License-Identifier: GPL-2.0

//! Commands that move data.

use proptest::prelude::*;

use super::*;
use crate::cs::math;

#[test]
fn stores() {
    let f = Fixture::new(EngineId::Vecs);
    f.run(&[
        STORE,
        lo(DATA),
        0,
        0x1111, // one dword
        STORE + 2,
        lo(DATA) + 8,
        0,
        1,
        2,
        3, // three dwords
        STORE | 1 << 21 | 3,
        lo(DATA) + 0x20,
        0,
        4,
        5, // a qword
        STORE | 1 << 21 | 3,
        lo(DATA) + 0x2c,
        0,
        6,
        7, // a qword that is not aligned
        STORE | GLOBAL,
        lo(DATA) + 0x40,
        0xffff,
        8, // the GGTT has no upper half
        0x21 << 23 | 1,
        0x100,
        9, // to the status page
        0x21 << 23 | 1 << 21 | 2,
        0x100,
        10,
        11, // to the context's
    ]);
    let words: Vec<u32> = (0..0x44).step_by(4).map(|i| f.read(DATA + i)).collect();
    assert_eq!(
        words,
        [0x1111, 0, 1, 2, 3, 0, 0, 0, 4, 5, 0, 6, 7, 0, 0, 0, 8]
    );
    assert_eq!(f.read(STATUS_PAGE + 0x100), 9);
    assert_eq!([f.read(LRCA + 0x100), f.read(LRCA + 0x104)], [10, 11]);
}

#[test]
fn registers() {
    let f = Fixture::new(EngineId::Vcs0);
    let gpr = |i: u32| EngineId::Vcs0.base() + 0x600 + 4 * i;
    f.write(DATA, &[0x5555]);
    f.run(&[
        LRI + 2,
        gpr(0),
        1,
        gpr(1),
        2, // two
        0x29 << 23 | 2,
        gpr(2),
        lo(DATA),
        0, // from memory
        0x2a << 23 | 1,
        gpr(2),
        gpr(3), // from another
        LRI | 0b0110 << 8,
        gpr(3),
        0x8888_8888, // bytes 1 and 2 stay
        SRM,
        gpr(3),
        lo(DATA) + 4,
        0,
        0x2e << 23 | 3,
        lo(DATA) + 8,
        0,
        lo(DATA) + 4,
        0,                   // copy
        1 << 22 | 0x12_3456, // MI_NOOP with an identification
    ]);
    let gprs: Vec<u32> = (0..4).map(|i| f.reg(0x600 + 4 * i)).collect();
    assert_eq!(gprs, [1, 2, 0x5555, 0x8800_5588]);
    assert_eq!([f.read(DATA + 4), f.read(DATA + 8)], [0x8800_5588; 2]);
    assert_eq!(f.reg(0x94), 0x12_3456);
}

#[test]
fn the_ggtt_is_updated() {
    let f = Fixture::new(EngineId::Bcs);
    f.run(&[0x23 << 23 | 4, 0x50_0000, 0x7001, 0, 0x8001, 1]);
    assert_eq!(f.gpu.ggtt.entry(0x500), 0x7001);
    assert_eq!(f.gpu.ggtt.entry(0x501), 0x1_0000_8001);
}

#[test]
fn post_sync_operations() {
    let f = Fixture::new(EngineId::Rcs);
    f.set_reg(0x2d8, 77);
    let pipe_control = |flags: u32, at: u64| [0x7a00_0004, flags, lo(at), 0, 0xabcd, 0x1234];
    let mut words = Vec::new();
    words.extend(pipe_control(1 << 14, DATA));
    words.extend(pipe_control(1 << 14 | 1 << 24, DATA + 8));
    words.extend(pipe_control(2 << 14, DATA + 16));
    words.extend(pipe_control(3 << 14, DATA + 24));
    words.extend(pipe_control(1 << 14 | 1 << 21, 0xd0));
    words.extend(pipe_control(1 << 14 | 1 << 21 | 1 << 24, 0xd0));
    words.extend(pipe_control(1 << 14 | 1 << 23, 0x2600));
    words.extend([0x26 << 23 | 2 | 1 << 14, lo(DATA) + 0x20, 0, 5]);
    words.extend([0x26 << 23 | 3 | 1 << 14, (lo(DATA) + 0x28) | 4, 0, 6, 7]);
    words.extend([0x26 << 23 | 2 | 1 << 14 | 1 << 21, 0xd8, 0, 8]);
    words.extend([0x26 << 23 | 2 | 3 << 14, lo(DATA) + 0x30, 0, 0]);
    words.extend([0x7a00_0004, 1 << 20, lo(DATA) + 0x38, 0, 1, 1]);
    f.run(&words);
    let words: Vec<u32> = (0..6).map(|i| f.read(DATA + 4 * i)).collect();
    assert_eq!(words, [0xabcd, 0x1234, 0xabcd, 0x1234, 77, 0]);
    assert_eq!(
        [f.read(LRCA + 0xd0), f.read(STATUS_PAGE + 0xd0)],
        [0xabcd; 2]
    );
    assert_eq!(f.reg(0x600), 0xabcd);
    assert_eq!([0x20, 0x28, 0x2c].map(|i| f.read(DATA + i)), [5, 6, 7]);
    assert_eq!(f.read(LRCA + 0xd8), 8);
    assert_ne!(f.read(DATA + 24), 0);
    assert_ne!(f.read(DATA + 0x30), 0);
    assert_eq!(f.read(DATA + 0x38), 0);
}

#[test]
fn atomics() {
    let f = Fixture::new(EngineId::Rcs);
    f.write(DATA, &[10, 0, 0xffff_ffff, 0, 1, 2, 3, 4]);
    let atomic = |operation: u32, flags: u32| 0x2f << 23 | operation << 8 | flags;
    f.run(&[
        atomic(0x05, 1),
        lo(DATA),
        0, // increment
        atomic(0x25, 1 | 1 << 19 | 1 << 16),
        lo(DATA) + 8,
        0, // qword, with return
        // 128-bit compare and write of {1, 2, 3, 4} by {5, 6, 7, 8}
        atomic(0x4e, 9 | 2 << 19 | 1 << 18),
        lo(DATA) + 16,
        0,
        1,
        5,
        2,
        6,
        3,
        7,
        4,
        8,
    ]);
    let words: Vec<u32> = (0..8).map(|i| f.read(DATA + 4 * i)).collect();
    assert_eq!(words, [11, 0, 0, 1, 5, 6, 7, 8]);
    assert_eq!(f.reg(0x600 + 4 * 8), 0xffff_ffff);
    // Operands from the general-purpose registers.
    f.set_reg(0x600, 4);
    f.run(&[atomic(0x07, 1), lo(DATA), 0]);
    assert_eq!(f.read(DATA), 15);
}

#[test]
fn a_performance_report_is_whole() {
    let f = Fixture::new(EngineId::Rcs);
    f.write(DATA, &[0xdead; 65]);
    f.run(&[0x28 << 23 | 2, lo(DATA), 0, 0xc0ffee]);
    assert_eq!(f.read(DATA), 0xc0ffee);
    assert_eq!([f.read(DATA + 63 * 4), f.read(DATA + 64 * 4)], [0, 0xdead]);
}

#[test]
fn bad_addresses_are_reported_and_survived() {
    let f = Fixture::new(EngineId::Bcs);
    f.write(READ_ONLY, &[7]);
    f.run(&[
        STORE,
        0,
        0x1234,
        1, // no table there
        STORE,
        lo(HOLE),
        0,
        1, // nothing on the bus either
        STORE | GLOBAL,
        lo(HOLE),
        0,
        1, // no GGTT entry
        STORE,
        lo(READ_ONLY),
        0,
        8,
        0x29 << 23 | 2,
        0x2_2600,
        0,
        0x1234, // reads as zero
    ]);
    assert_eq!(f.read(READ_ONLY), 7);
    assert_eq!(f.reg(0x600), 0);
    assert_eq!(f.notes("write to a read-only page dropped"), 1);
}

/// A naive reference for programs over four registers.
fn reference(gprs: &mut [u64; 16], program: &[(u32, u8, u8, u8)]) -> Vec<u32> {
    let mut words = Vec::new();
    for &(operation, a, b, to) in program {
        let (a, b, to) = (a % 4, b % 4, to % 4);
        let (x, y) = (gprs[usize::from(a)], gprs[usize::from(b)]);
        gprs[usize::from(to)] = match operation {
            0x100 => x.wrapping_add(y),
            0x101 => x.wrapping_sub(y),
            0x102 => x & y,
            0x103 => x | y,
            _ => x ^ y,
        };
        words.extend([
            0x080 << 20 | 0x20 << 10 | u32::from(a),
            0x080 << 20 | 0x21 << 10 | u32::from(b),
            operation << 20,
            0x180 << 20 | u32::from(to) << 10 | 0x31,
        ]);
    }
    words
}

#[test]
fn math_like_a_reference() {
    let f = Fixture::new(EngineId::Bcs);
    let operations = prop::collection::vec((0x100u32..0x105, any::<[u8; 3]>()), 1..16);
    let strategy = (any::<[u64; 4]>(), operations);
    proptest!(|((start, operations) in strategy)| {
        let mut expected = [0; math::GPRS];
        expected[..4].copy_from_slice(&start);
        let program: Vec<_> =
            operations.iter().map(|&(op, [a, b, to])| (op, a, b, to)).collect();
        let words = reference(&mut expected, &program);
        for (i, value) in start.iter().enumerate() {
            f.gpu.regs.set64(0x2_2600 + 8 * i as u32, *value);
        }
        let mut batch = vec![0x1a << 23 | (words.len() as u32 - 1)];
        batch.extend(words);
        f.run_batch(false, &batch);
        for (i, value) in expected.iter().enumerate().take(4) {
            prop_assert_eq!(f.gpu.regs.get64(0x2_2600 + 8 * i as u32), *value);
        }
    });
}

#[test]
fn a_post_sync_write_ignores_bit_2_of_its_address() {
    let f = Fixture::new(EngineId::Rcs);
    let write = [0x7a00_0004, 1 << 14, lo(DATA) | 4, 0, 7, 8];
    f.run_batch(false, &write);
    assert_eq!([0, 4].map(|i| f.read(DATA + i)), [7, 8]);
}
