// SPDX-License-Identifier: GPL-2.0

//! The blitter against a naive one that works pixel by pixel.

use proptest::prelude::*;

use super::*;
use crate::tiling::{self, Tiling};

/// Two surfaces of 512 bytes (a tile's width at least) by 64 rows.
const TARGET: u64 = 0x10_0000;
const SOURCE: u64 = 0x20_0000;
const PITCH: u32 = 512;
const ROWS: u32 = 64;
const BYTES: usize = (PITCH * ROWS) as usize;

/// A blit as the reference sees it.
#[derive(Clone, Debug)]
struct Blit {
    fast: bool,
    pixel: u32,
    target: Tiling,
    source: Option<Tiling>,
    /// Left, top, width, height of the target; left and top of the source; in pixels.
    area: [u32; 4],
    from: [u32; 2],
    clip: Option<[u32; 4]>,
    rop: u8,
    mask: u32,
    colour: u32,
}

/// A tiling for pixels of so many bytes. A tile of Ys is larger than the surfaces.
type Layout = fn(u32) -> Tiling;
const LAYOUTS: [Layout; 4] = [|_| Tiling::Linear, |_| Tiling::X, |_| Tiling::Y, Tiling::yf];

/// The same for the older commands, which have no Yf.
fn legacy(tiling: Tiling) -> Tiling {
    match tiling {
        Tiling::Standard(_) => Tiling::Y,
        other => other,
    }
}

fn blits() -> impl Strategy<Value = Blit> {
    let shape = (
        any::<bool>(),
        0u32..5,
        prop::sample::select(&LAYOUTS),
        prop::option::of(prop::sample::select(&LAYOUTS)),
    );
    // Everything stays inside the surfaces: 32 pixels of 16 bytes are a row.
    let places = ([0u32..16, 0..32, 1..17, 1..33], [0u32..16, 0..32]);
    let clip = prop::option::of([0u32..16, 0..32, 8..32, 16..64]);
    let how = (
        prop_oneof![Just(0xccu8), Just(0xf0), any::<u8>()],
        0u32..4,
        any::<u32>(),
    );
    (shape, places, clip, how).prop_map(|(shape, (area, from), clip, (rop, mask, colour))| {
        let (fast, depth, target, source) = shape;
        let fast = fast && source.is_some();
        let pixel = 1 << if fast { depth } else { depth % 3 };
        let clip = clip.filter(|_| !fast);
        let tiling = |layout: Layout| {
            if fast {
                layout(pixel)
            } else {
                legacy(layout(pixel))
            }
        };
        let (target, source) = (tiling(target), source.map(tiling));
        Blit {
            fast,
            pixel,
            target,
            source,
            area,
            from,
            clip,
            rop,
            mask,
            colour,
        }
    })
}

fn corner(x: u32, y: u32) -> u32 {
    y << 16 | x
}

fn pitch_field(tiling: Tiling) -> u32 {
    if tiling == Tiling::Linear {
        PITCH
    } else {
        PITCH / 4
    }
}

impl Blit {
    fn words(&self) -> Vec<u32> {
        let [x, y, width, height] = self.area;
        let (first, last) = (corner(x, y), corner(x + width, y + height));
        let source = self.source.unwrap_or_default();
        let mut words = Vec::new();
        if let Some([left, top, right, bottom]) = self.clip {
            words.extend([
                2 << 29 | 3 << 22 | 1,
                corner(left, top),
                corner(right, bottom),
            ]);
        }
        let from = [
            corner(self.from[0], self.from[1]),
            pitch_field(source),
            lo(SOURCE),
            0,
        ];
        if self.fast {
            let code = |tiling| match tiling {
                Tiling::Linear => 0,
                Tiling::X => 1,
                Tiling::Y | Tiling::Standard(_) => 2,
            };
            let yf = |tiling, bit: u32| u32::from(matches!(tiling, Tiling::Standard(_))) << bit;
            let depth = [0, 1, 3, 4, 5][self.pixel.trailing_zeros() as usize];
            let header = 2 << 29 | 0x42 << 22 | code(source) << 20 | code(self.target) << 13 | 8;
            let mode =
                yf(source, 31) | yf(self.target, 30) | depth << 24 | pitch_field(self.target);
            words.extend([header, mode, first, last, lo(TARGET), 0]);
            words.extend(from);
            return words;
        }
        // The switch is a masked register; Y-tiling is for both surfaces by itself.
        let y = |tiling, bit| if tiling == Tiling::Y { bit } else { 0 };
        words.splice(
            0..0,
            [LRI, 0x2_2200, 3 << 16 | y(source, 1) | y(self.target, 2)],
        );
        let tiled = |tiling, bit: u32| -> u32 {
            if tiling == Tiling::Linear {
                0
            } else {
                1 << bit
            }
        };
        let depth = [0, 1, 3][self.pixel.trailing_zeros() as usize];
        let clipped = u32::from(self.clip.is_some()) << 30;
        let mode = clipped | depth << 24 | u32::from(self.rop) << 16 | pitch_field(self.target);
        let flags = self.mask << 20 | tiled(self.target, 11);
        if self.source.is_some() {
            let header = 2 << 29 | 0x53 << 22 | flags | tiled(source, 15) | 8;
            words.extend([header, mode, first, last, lo(TARGET), 0]);
            words.extend(from);
        } else {
            let header = 2 << 29 | 0x50 << 22 | flags | 5;
            words.extend([header, mode, first, last, lo(TARGET), 0, self.colour]);
        }
        words
    }

    /// Does it on the bytes of both surfaces.
    fn reference(&self, target: &mut [u8], source: &[u8]) {
        let [x0, y0, width, height] = self.area;
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            let outside = self.clip.is_some_and(|[left, top, right, bottom]| {
                x0 + x < left || x0 + x >= right || y0 + y < top || y0 + y >= bottom
            });
            if outside {
                continue;
            }
            for byte in 0..self.pixel {
                let at = (x0 + x) * self.pixel + byte;
                let at = tiling::offset(self.target, PITCH, at, y0 + y) as usize;
                let s = self.source.map_or(0, |tiling| {
                    let from = (self.from[0] + x) * self.pixel + byte;
                    source[tiling::offset(tiling, PITCH, from, self.from[1] + y) as usize]
                });
                let p = if self.source.is_none() {
                    (self.colour >> (8 * byte)) as u8
                } else {
                    0
                };
                let masked =
                    !self.fast && self.pixel == 4 && self.mask & if byte == 3 { 2 } else { 1 } == 0;
                if masked {
                    continue;
                }
                let rop = if self.fast { 0xcc } else { self.rop };
                let d = target[at];
                target[at] = (0..8).fold(0, |all, bit| {
                    let index = (p >> bit & 1) << 2 | (s >> bit & 1) << 1 | d >> bit & 1;
                    all | (rop >> index & 1) << bit
                });
            }
        }
    }
}

fn noise(seed: u32) -> Vec<u8> {
    let mut x = seed | 1;
    std::iter::repeat_with(|| {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        x as u8
    })
    .take(BYTES)
    .collect()
}

#[test]
fn like_a_naive_blitter() {
    let f = Fixture::new(EngineId::Bcs);
    proptest!(|(blit in blits(), seed: u32)| {
        let (mut target, source) = (noise(seed), noise(!seed));
        f.gpu.ram.write(Dma(TARGET), &target).unwrap();
        f.gpu.ram.write(Dma(SOURCE), &source).unwrap();
        f.run_batch(false, &blit.words());
        blit.reference(&mut target, &source);
        let mut found = vec![0; BYTES];
        f.gpu.ram.read(Dma(TARGET), &mut found).unwrap();
        prop_assert!(found == target);
    });
}

#[test]
fn upside_down() {
    let f = Fixture::new(EngineId::Bcs);
    f.write(SOURCE, &[1, 2, 3]);
    // Three rows of one pixel, the target's with a negative pitch.
    let mode = 3 << 24 | 0xcc << 16 | (-64i16 as u16 as u32);
    f.run_batch(
        false,
        &[
            2 << 29 | 0x53 << 22 | 3 << 20 | 8,
            mode,
            0,
            corner(1, 3),
            lo(TARGET) + 128,
            0,
            0,
            4,
            lo(SOURCE),
            0,
        ],
    );
    assert_eq!([128, 64, 0].map(|i| f.read(TARGET + i)), [1, 2, 3]);
}

#[test]
fn an_overlapping_copy_keeps_its_source() {
    let f = Fixture::new(EngineId::Bcs);
    for (from, to) in [(0, 1), (1, 0)] {
        f.write(TARGET, &[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
        let words = [
            2 << 29 | 0x53 << 22 | 3 << 20 | 8,
            3 << 24 | 0xcc << 16 | 8,
            corner(0, to),
            corner(2, to + 5),
            lo(TARGET),
            0,
            corner(0, from),
            8,
            lo(TARGET),
            0,
        ];
        f.run_batch(false, &words);
        let rows: Vec<u32> = (0..5)
            .map(|i| f.read(TARGET + 8 * (u64::from(to) + i)))
            .collect();
        let expected: Vec<u32> = (from..from + 5).collect();
        assert_eq!(rows, expected);
    }
}

#[test]
fn a_large_blit_takes_several_steps() {
    let f = Fixture::new(EngineId::Bcs);
    let mut streamer = f.ring(&[
        2 << 29 | 0x50 << 22 | 3 << 20 | 5,
        3 << 24 | 0xf0 << 16 | 4096,
        0,
        corner(1024, 256),
        lo(TARGET),
        0,
        0x1234_5678,
    ]);
    let steps = finish(&mut streamer);
    assert_eq!(steps.len(), 4);
    assert!(steps[..3].iter().all(|step| matches!(
        step,
        Step::Ran {
            cycles: 16_384,
            arbitration: false
        }
    )));
    assert_eq!(f.read(TARGET + (1 << 20) - 4), 0x1234_5678);
    assert_eq!(f.read(TARGET + (1 << 20)), 0);
}

#[test]
fn one_pixel() {
    let f = Fixture::new(EngineId::Bcs);
    f.run(&[
        2 << 29 | 1 << 22 | 3 << 20 | 8, // XY_SETUP_BLT
        3 << 24 | 0xf0 << 16 | 64,
        0,
        corner(16, 16),
        lo(TARGET),
        0,
        0,
        0xabcd,
        0,
        0,
        2 << 29 | 0x24 << 22,
        corner(2, 1), // XY_PIXEL_BLT
    ]);
    assert_eq!(f.read(TARGET + 64 + 8), 0xabcd);
}
