// SPDX-License-Identifier: GPL-2.0

//! Colours of a pipe that is programmed as i915 does it.

use std::sync::Arc;

use super::*;
use crate::display::Monitor;
use crate::gpu::Options;
use crate::platform::Device;
use crate::regs::Block;

const INDEX: u32 = 0x4_a400;
const DATA: u32 = 0x4_a404;
const BOTH: u32 = 0;
const GAMMA_ALONE: u32 = NO_MATRIX << 24;
const MATRIX_ALONE: u32 = NO_GAMMA << 24;
const NEITHER: u32 = (NO_GAMMA | NO_MATRIX) << 24;

fn gpu() -> Arc<Gpu> {
    Gpu::new(&Options {
        platform: Device::Skl.platform(),
        monitor: Monitor::None,
        clock_mhz: 0,
    })
    .unwrap()
}

/// Fills a half of pipe A's precise palette, or all of it, with what `curve` makes of 0 to 1.
fn load(gpu: &Gpu, palettes: &Palettes, first: u32, count: u32, curve: fn(f64) -> f64) {
    palettes.write(gpu, INDEX, 1 << 15 | first);
    for index in 0..count {
        let value = curve(f64::from(index) / f64::from(count - 1));
        palettes.write(gpu, DATA, 0x10_0401 * (value * 1023.).round() as u32);
    }
    for component in 0..3 {
        gpu.regs.set(0x4_a420 + 4 * component, 1 << 16);
    }
}

/// Programs the matrix of pipe A: rows for red, green and blue.
fn program(gpu: &Gpu, rows: [[u32; 3]; 3]) {
    for (at, [first, second, third]) in (0x4_9010..).step_by(8).zip(rows) {
        gpu.regs.set(at, first << 16 | second);
        gpu.regs.set(at + 4, third << 16);
    }
}

/// What pipe A shows for `colors` with `tag`.
fn shown<const N: usize>(gpu: &Gpu, palettes: &Palettes, tag: u32, colors: [u32; N]) -> [u32; N] {
    let settings = Settings::read(gpu, 0);
    let mut row = colors.map(|color| tag | color);
    Correction::new(gpu, palettes, 0, &settings, [tag].into_iter()).apply(&mut row);
    row.map(|pixel| pixel & 0xff_ffff)
}

fn invert(value: f64) -> f64 {
    1. - value
}

fn full(value: f64) -> f64 {
    value.min(f64::EPSILON) / f64::EPSILON
}

#[test]
fn a_straight_table_changes_nothing() {
    let (gpu, palettes) = (gpu(), Palettes::default());
    for value in 0..256 {
        gpu.regs.set(0x4_a000 + 4 * value, value * 0x1_0101);
    }
    program(&gpu, [[0x7800, 0, 0], [0, 0x7800, 0], [0, 0, 0x7800]]);
    for (mode, halves) in [(0, 1), (1, 1), (3, 2), (2, 1)] {
        gpu.regs.set(GAMMA_MODE, mode);
        for half in 0..halves {
            load(&gpu, &palettes, 512 * half, 1024 / halves, |value| value);
        }
        for (tag, order) in [BOTH, GAMMA_ALONE, MATRIX_ALONE, NEITHER]
            .into_iter()
            .flat_map(|tag| [(tag, 0), (tag, MATRIX_FIRST)])
        {
            gpu.regs.set(MATRIX_MODE, order);
            let colors: [u32; 256] = array::from_fn(|value| value as u32 * 0x1_0101);
            assert_eq!(
                shown(&gpu, &palettes, tag, colors),
                colors,
                "mode {mode}, tag {tag:x}, order {order}"
            );
        }
    }
}

#[test]
fn the_legacy_palette_has_eight_bits() {
    let (gpu, palettes) = (gpu(), Palettes::default());
    gpu.regs.set(0x4_a000, 0x01_0203);
    gpu.regs.set(0x4_a000 + 4 * 0x80, 0xff_a050);
    gpu.regs.set(0x4_a000 + 4 * 0xff, 0x12_3456);
    let colors = [0x00_0000, 0x80_8080, 0xff_00ff, 0x00_8000];
    let expected = [0x01_0203, 0xff_a050, 0x12_0256, 0x01_a003];
    assert_eq!(shown(&gpu, &palettes, GAMMA_ALONE, colors), expected);
    assert_eq!(shown(&gpu, &palettes, NEITHER, colors), colors);
}

#[test]
fn tables_and_the_matrix_have_an_order() {
    // Green becomes red; nothing else is left.
    let rows = [[0, 0x7800, 0], [0; 3], [0; 3]];
    let color = 0x10_c020;
    for (mode, order, expected) in [
        (1, 0, 0x3f_0000),
        (1, MATRIX_FIRST, 0x3f_ffff),
        // The first half inverts, the second makes everything full but nothing.
        (3, 0, 0xff_0000),
        (3, MATRIX_FIRST, 0xff_0000),
    ] {
        let (gpu, palettes) = (gpu(), Palettes::default());
        program(&gpu, rows);
        gpu.regs.set(GAMMA_MODE, mode);
        gpu.regs.set(MATRIX_MODE, order);
        if mode == 3 {
            load(&gpu, &palettes, 0, 512, invert);
            load(&gpu, &palettes, 512, 512, full);
        } else {
            load(&gpu, &palettes, 0, 1024, invert);
        }
        assert_eq!(
            shown(&gpu, &palettes, BOTH, [color]),
            [expected],
            "mode {mode}, order {order}"
        );
    }
}

#[test]
fn the_matrix_ends_at_nothing_and_at_full() {
    for (rows, after, expected) in [
        (
            [[0xf800, 0, 0], [0, 0x6800, 0], [0, 0, 0x1800]],
            [0; 3],
            0x00_ff3f,
        ),
        (
            [[0x7800, 0x7800, 0x7800], [0, 0x0800, 0], [0; 3]],
            [0; 3],
            0xff_6000,
        ),
        // What is lower than eight bits is cut off: 127.5 and 191.25.
        ([[0, 0, 0x0800], [0, 0, 0x0c00], [0; 3]], [0; 3], 0x7f_bf00),
        // BT.709 of full range into YCbCr of limited range.
        (
            [
                [0x1e08, 0x9cc0, 0xb528],
                [0x2ba8, 0x09d8, 0x37e8],
                [0xbce8, 0x9ad8, 0x1e08],
            ],
            [0x800, 0x100, 0x800],
            0x7d_b99b,
        ),
    ] {
        let (gpu, palettes) = (gpu(), Palettes::default());
        program(&gpu, rows);
        for (at, value) in (0x4_9040..).step_by(4).zip(after) {
            gpu.regs.set(at, value);
        }
        assert_eq!(
            shown(&gpu, &palettes, MATRIX_ALONE, [0xc0_c0ff]),
            [expected],
            "{rows:x?}"
        );
    }
}
