// SPDX-License-Identifier: GPL-2.0
//! The encodings of `batch.rs` and of its extensions, word by word.

use super::*;
use crate::atomic::{Atomic, Predicate};
use crate::blit::{Depth, Rect, Target};
use crate::tiling::Tiling;

const A: u64 = 0x0001_2345_6789_abc0;

/// One encoding: what, how it is built, and its words.
type Case = (&'static str, fn(&mut Batch) -> &mut Batch, &'static [u32]);

#[test]
fn memory_interface() {
    let cases: &[Case] = &[
        ("noop", |b| b.noop(), &[0]),
        ("unknown", |b| b.unknown_command(), &[0x1f80_0000, 0]),
        ("arb check", |b| b.arb_check(), &[0x0280_0000]),
        ("end is padded", |b| b.end(), &[0x0500_0000, 0]),
        ("end is not padded", |b| b.noop().end(), &[0, 0x0500_0000]),
        (
            "store dword",
            |b| b.store_dword(A, 7),
            &[0x1000_0002, 0x6789_abc0, 0x12345, 7],
        ),
        (
            "store qword",
            |b| b.store_qword(A, 0x1_0000_0002),
            &[0x1020_0003, 0x6789_abc0, 0x12345, 2, 1],
        ),
        (
            "load imm",
            |b| b.load_imm(0x2600, 9),
            &[0x1100_0001, 0x2600, 9],
        ),
        (
            "load imm64",
            |b| b.load_imm64(0x2600, 0x1_0000_0002),
            &[0x1100_0003, 0x2600, 2, 0x2604, 1],
        ),
        (
            "load mem",
            |b| b.load_mem(0x2600, A),
            &[0x1480_0002, 0x2600, 0x6789_abc0, 0x12345],
        ),
        (
            "load reg",
            |b| b.load_reg(0x2600, 0x2608),
            &[0x1500_0001, 0x2600, 0x2608],
        ),
        (
            "store reg",
            |b| b.store_reg(0x2600, A),
            &[0x1200_0002, 0x2600, 0x6789_abc0, 0x12345],
        ),
        (
            "store reg predicated",
            |b| b.store_reg_predicated(0x2600, A),
            &[0x1220_0002, 0x2600, 0x6789_abc0, 0x12345],
        ),
        (
            "math",
            |b| b.math(&[Alu::Add, Alu::Sub]),
            &[0x0d00_0001, 0x1000_0000, 0x1010_0000],
        ),
        (
            "semaphore",
            |b| b.semaphore_wait(A, Compare::Equal, 1),
            &[0x0e00_c002, 1, 0x6789_abc0, 0x12345],
        ),
        ("jump", |b| b.jump(A), &[0x1880_0101, 0x6789_abc0, 0x12345]),
        (
            "jump predicated",
            |b| b.jump_predicated(A),
            &[0x1880_8101, 0x6789_abc0, 0x12345],
        ),
        ("call", |b| b.call(A), &[0x18c0_0101, 0x6789_abc0, 0x12345]),
        (
            "pipe control",
            |b| b.pipe_control_store(A, 3),
            &[0x7a00_0004, 0x0010_4000, 0x6789_abc0, 0x12345, 3, 0],
        ),
        (
            "pipe control timestamp",
            |b| b.pipe_control_timestamp(A),
            &[0x7a00_0004, 0x0010_c000, 0x6789_abc0, 0x12345, 0, 0],
        ),
        ("flush", |b| b.flush_dw(), &[0x1300_0002, 0, 0, 0]),
        (
            "flush and store",
            |b| b.flush_dw_store(A, 5),
            &[0x1300_4003, 0x6789_abc0, 0x12345, 5, 0],
        ),
        (
            "flush and timestamp",
            |b| b.flush_dw_timestamp(A),
            &[0x1300_c003, 0x6789_abc0, 0x12345, 0, 0],
        ),
    ];
    check(cases);
}

#[test]
fn atomics_and_predicates() {
    let cases: &[Case] = &[
        (
            "atomic add",
            |b| b.atomic(Atomic::Add, A, 3, 0),
            &[0x1786_0709, 0x6789_abc0, 0x12345, 3, 0, 0, 0, 0, 0, 0, 0],
        ),
        (
            "atomic compare and write, 64 bits",
            |b| b.atomic64(Atomic::CompareWrite, A, 0x3_0000_0001, 0x4_0000_0002),
            &[0x178e_2e09, 0x6789_abc0, 0x12345, 1, 2, 3, 4, 0, 0, 0, 0],
        ),
        (
            "copy",
            |b| b.copy_mem(0x1000, A),
            &[0x1700_0003, 0x1000, 0, 0x6789_abc0, 0x12345],
        ),
        (
            "conditional end",
            |b| b.end_unless_greater(A, 8),
            &[0x1b20_0002, 8, 0x6789_abc0, 0x12345],
        ),
        (
            "predicate",
            |b| b.predicate(Predicate::SourcesEqual),
            &[0x0600_0082],
        ),
        (
            "predicate always",
            |b| b.predicate(Predicate::Always),
            &[0x0600_0080],
        ),
    ];
    check(cases);
}

fn target(tiling: Tiling) -> Target {
    Target {
        address: A,
        pitch: 512,
        tiling,
        depth: Depth::Bits32,
    }
}

#[test]
fn blits() {
    let cases: &[Case] = &[
        (
            "colour",
            |b| {
                let rect = Rect {
                    x: 1,
                    y: 2,
                    width: 16,
                    height: 8,
                };
                b.color_blit(&target(Tiling::Linear), rect, 0xdead_beef)
            },
            &[
                0x5430_0005,
                0x03f0_0200,
                0x0002_0001,
                0x000a_0011,
                0x6789_abc0,
                0x12345,
                0xdead_beef,
            ],
        ),
        (
            "copy, linear to X",
            |b| {
                let rect = Rect {
                    x: 1,
                    y: 2,
                    width: 16,
                    height: 8,
                };
                b.copy_blit(&target(Tiling::X), rect, &target(Tiling::Linear), (3, 4))
            },
            &[
                0x54f0_0808,
                0x03cc_0080,
                0x0002_0001,
                0x000a_0011,
                0x6789_abc0,
                0x12345,
                0x0004_0003,
                512,
                0x6789_abc0,
                0x12345,
            ],
        ),
        (
            "fast copy, Y to X",
            |b| {
                let rect = Rect {
                    x: 0,
                    y: 0,
                    width: 16,
                    height: 8,
                };
                b.fast_copy_blit(&target(Tiling::X), rect, &target(Tiling::Y), (0, 0))
            },
            &[
                0x50a0_2008,
                0x0300_0080,
                0,
                0x0008_0010,
                0x6789_abc0,
                0x12345,
                0,
                128,
                0x6789_abc0,
                0x12345,
            ],
        ),
    ];
    check(cases);
}

fn check(cases: &[Case]) {
    for (name, build, words) in cases {
        let mut batch = Batch::new();
        build(&mut batch);
        assert_eq!(batch.words(), *words, "{name}");
    }
}
