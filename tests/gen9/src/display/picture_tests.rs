// SPDX-License-Identifier: GPL-2.0

//! Pictures of a small pipe, by its registers, from surfaces in real memory.

use std::sync::Arc;

use super::*;
use crate::addr::Dma;
use crate::display::Monitor;
use crate::gpu::Options;
use crate::platform::Device;
use crate::shared::Shared;

/// Bytes of memory, mapped one to one in the GGTT.
const MEMORY: u64 = 1 << 20;
const PRIMARY: u32 = FIRST + PLANES;
const SPRITE: u32 = PRIMARY + NEXT_PLANE;
const RED: u32 = 0xffff_0000;
const BLACK: u32 = 0xff00_0000;

/// A Skylake whose pipe A shows `width` by `height` pixels.
fn gpu(width: u32, height: u32) -> Arc<Gpu> {
    let gpu = Gpu::new(&Options {
        platform: Device::Skl.platform(),
        monitor: Monitor::None,
        clock_mhz: 0,
    })
    .unwrap();
    let memory = Shared::new(c"ram", MEMORY as usize).unwrap();
    let file = memory.file().try_clone().unwrap();
    gpu.ram.map(Dma(0), MEMORY, true, file, 0).unwrap();
    for page in 0..MEMORY / 4096 {
        gpu.ggtt.set_entry(page, page * 4096 | 1);
    }
    gpu.regs.set(SOURCE, (width - 1) << 16 | (height - 1));
    gpu
}

fn store(gpu: &Gpu, at: u64, pixel: u32) {
    gpu.ram.store(Dma(at), pixel).unwrap();
}

/// Programs a plane of 32-bit pixels.
fn show(
    gpu: &Gpu,
    plane: u32,
    control: u32,
    pitch: u32,
    at: (u32, u32),
    size: (u32, u32),
    live: u32,
) {
    for (offset, value) in [
        (0, ENABLE | 4 << 24 | control),
        (PITCH, pitch),
        (POSITION, at.1 << 16 | at.0),
        (SIZE, (size.1 - 1) << 16 | (size.0 - 1)),
        (LIVE, live),
    ] {
        gpu.regs.set(plane + offset, value);
    }
}

/// What pipe A shows in a frame for which all has been latched.
fn picture(gpu: &Gpu) -> Vec<Vec<u32>> {
    let mut picture = Picture::default();
    picture.latch_pipe(gpu, 0);
    for plane in 0..LAYERS {
        picture.latch_plane(gpu, 0, plane);
    }
    let mut rows = Vec::new();
    picture.rows(gpu, &Palettes::default(), 0, |row| rows.push(row.to_vec()));
    rows
}

#[test]
fn planes_lie_over_black_in_their_order() {
    let gpu = gpu(4, 2);
    assert_eq!(picture(&gpu), [[BLACK; 4]; 2]);
    store(&gpu, 0x1000, 0x11);
    store(&gpu, 0x1004, 0x22);
    store(&gpu, 0x1040, 0x33);
    show(&gpu, PRIMARY, 0, 1, (1, 0), (2, 2), 0x1000);
    let row = [BLACK, BLACK | 0x11, BLACK | 0x22, BLACK];
    assert_eq!(picture(&gpu)[0], row);
    assert_eq!(picture(&gpu)[1][1], BLACK | 0x33);
    store(&gpu, 0x2000, RED);
    show(&gpu, SPRITE, 0, 1, (2, 0), (1, 1), 0x2000);
    assert_eq!(picture(&gpu)[0][2], RED);
}

#[test]
fn a_tiled_surface_shows_the_same_as_a_linear_one() {
    let (width, height) = (200, 40);
    let gpu = gpu(width, height);
    let pixel = |x: u32, y: u32| x << 8 | y;
    let pictures = [
        (Tiling::Linear, 0, 64, 1024),
        (Tiling::X, 1, 512, 1024),
        (Tiling::Y, 4, 128, 1024),
        (Tiling::yf(4), 5, 128, 1024),
    ]
    .map(|(tiling, field, unit, pitch)| {
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            store(
                &gpu,
                0x1_0000 + crate::tiling::offset(tiling, pitch, x * 4, y),
                pixel(x, y),
            );
        }
        show(
            &gpu,
            PRIMARY,
            field << 10,
            pitch / unit,
            (0, 0),
            (width, height),
            0x1_0000,
        );
        picture(&gpu)
    });
    assert_eq!(pictures[0][39][199], BLACK | pixel(199, 39));
    assert_eq!(pictures[1], pictures[0]);
    assert_eq!(pictures[2], pictures[0]);
    assert_eq!(pictures[3], pictures[0]);
}

#[test]
fn turned_tiles_show_the_picture_turned() {
    // One tile of 32 by 32 pixels; turned clockwise its lower left corner is the upper left one.
    for (tiling, field) in [(Tiling::Y, 4 << 10), (Tiling::yf(4), 5 << 10)] {
        let gpu = gpu(32, 32);
        let at = |x: u32, y: u32| 0x1000 + crate::tiling::offset(tiling, 128, x * 4, y);
        store(&gpu, at(0, 31), RED);
        store(&gpu, at(5, 31), 0x55);
        show(&gpu, PRIMARY, field | 1, 1, (0, 0), (32, 32), 0x1000);
        let turned = picture(&gpu);
        assert_eq!((turned[0][0], turned[5][0]), (RED, BLACK | 0x55));
        show(&gpu, PRIMARY, field | 3, 1, (0, 0), (32, 32), 0x1000);
        let other = picture(&gpu);
        assert_eq!((other[31][31], other[26][31]), (RED, BLACK | 0x55));
    }
}

#[test]
fn alpha_mixes() {
    let gpu = gpu(2, 1);
    store(&gpu, 0x1000, 0xff);
    store(&gpu, 0x1004, 0xff);
    show(&gpu, PRIMARY, 0, 1, (0, 0), (2, 1), 0x1000);
    store(&gpu, 0x2000, 0x8080_0000);
    show(&gpu, SPRITE, 2 << 4, 1, (0, 0), (1, 1), 0x2000);
    assert_eq!(picture(&gpu)[0], [0xff80_007f, BLACK | 0xff]);
    store(&gpu, 0x2000, 0x80ff_0000);
    show(&gpu, SPRITE, 3 << 4, 1, (0, 0), (1, 1), 0x2000);
    assert_eq!(picture(&gpu)[0][0], 0xff80_007f);
    // A transparent plane shows what is below.
    gpu.regs.set(SPRITE + KEY_MASK, PLANE_ALPHA);
    assert_eq!(picture(&gpu)[0][0], BLACK | 0xff);
}

#[test]
fn the_cursor_may_hang_over_the_edge() {
    let gpu = gpu(4, 4);
    store(&gpu, 0x1000 + 62 * 256 + 63 * 4, RED);
    gpu.regs.set(FIRST + CURSOR, 0x27);
    gpu.regs.set(FIRST + CURSOR_LIVE, 0x1000);
    gpu.regs
        .set(FIRST + CURSOR_POSITION, (0x8000 | 62) << 16 | 0x8000 | 61);
    let mut expected = [[BLACK; 4]; 4];
    expected[0][2] = RED;
    assert_eq!(picture(&gpu), expected);
}

#[test]
fn any_registers_are_survived() {
    let gpu = gpu(64, 4);
    for value in [u32::MAX, 0x8500_1001, 0x8e00_1403, 0xc400_0032] {
        for plane in (0..4).map(|index| PRIMARY + NEXT_PLANE * index) {
            for offset in (0..0x30).step_by(4) {
                gpu.regs.set(plane + offset, u32::MAX);
            }
            gpu.regs.set(plane, value);
            gpu.regs.set(plane + POSITION, 0);
        }
        for offset in (CURSOR..CURSOR + 0x30).step_by(4) {
            gpu.regs.set(FIRST + offset, u32::MAX);
        }
        assert_eq!(picture(&gpu).len(), 4);
    }
}

#[test]
fn each_layer_says_whether_its_colours_are_corrected() {
    let gpu = gpu(3, 1);
    // The legacy palette shows everything inverted.
    for value in 0..256 {
        gpu.regs
            .set(0x4_a000 + 4 * value, 0xff_ffff - value * 0x1_0101);
    }
    store(&gpu, 0x1000, 0xff01_0203);
    store(&gpu, 0x2000, 0xff04_0506);
    for (background, primary, cursor, expected) in [
        (0, 0, 0, [0x00_0000, 0x01_0203, 0x04_0506]),
        (0, 0, CURSOR_GAMMA, [0x00_0000, 0x01_0203, 0xfb_faf9]),
        (0, GAMMA, 0, [0x00_0000, 0xfe_fdfc, 0x04_0506]),
        (
            BACKGROUND_GAMMA,
            GAMMA,
            0,
            [0xff_ffff, 0xfe_fdfc, 0x04_0506],
        ),
        (0x3ff0_0003, 0, 0, [0xff_0000, 0x01_0203, 0x04_0506]),
    ] {
        gpu.regs.set(FIRST + BACKGROUND, background);
        show(&gpu, PRIMARY, primary, 1, (1, 0), (2, 1), 0x1000);
        gpu.regs.set(FIRST + CURSOR, 0x27 | cursor);
        gpu.regs.set(FIRST + CURSOR_LIVE, 0x2000);
        gpu.regs.set(FIRST + CURSOR_POSITION, 2);
        let expected = expected.map(|color| BLACK | color);
        assert_eq!(picture(&gpu), [expected]);
    }
}
