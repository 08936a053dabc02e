// SPDX-License-Identifier: GPL-2.0

//! Pictures of a guest's screen, against a painter that goes pixel by pixel.

use kernel::error::code::EFAULT;
use proptest::prelude::*;
use unit::hw::addr::GuestGma;
use unit::model::screen::{paint, Alpha, Format, Plane, Scene, Surface, Tiling, PIXEL, PLANES};
use unit::model::seam::Canvas;

const PAGE: usize = 4096;
const FORMATS: [Format; 5] = [
    Format::Xrgb8888,
    Format::Xbgr8888,
    Format::Xrgb2101010,
    Format::Xbgr2101010,
    Format::Rgb565,
];
const TILINGS: [Tiling; 3] = [Tiling::Linear, Tiling::X, Tiling::Y];
const ALPHAS: [Alpha; 3] = [Alpha::Opaque, Alpha::Premultiplied, Alpha::Coverage];

/// A canvas that fails where it is used beyond its end.
struct Picture(Vec<u8>);

impl Canvas for Picture {
    fn read(&self, offset: u32, into: &mut [u8]) {
        into.copy_from_slice(&self.0[offset as usize..][..into.len()]);
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) {
        self.0[offset as usize..][..bytes.len()].copy_from_slice(bytes);
    }
}

/// A byte of the guest's memory, which is nowhere the same for long.
fn memory(at: u64) -> u8 {
    (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
}

/// Every eighth page is missing.
fn missing(at: u64) -> bool {
    at / PAGE as u64 % 8 == 5
}

fn painted(scene: &Scene) -> Vec<u8> {
    let mut picture = Picture(vec![0xaa; scene.bytes() as usize]);
    let read = |from: GuestGma, into: &mut [u8]| {
        assert!(from.get() as usize % PAGE + into.len() <= PAGE, "{from:?}");
        if missing(from.get()) {
            return Err(EFAULT);
        }
        for (at, byte) in (from.get()..).zip(into) {
            *byte = memory(at);
        }
        Ok(())
    };
    paint(scene, &mut [0; PAGE], read, &mut picture);
    picture.0
}

/// Where a byte of a surface is, from its start.
fn place(surface: &Surface, x: u64, y: u64) -> u64 {
    let pitch = u64::from(surface.pitch);
    match surface.tiling {
        Tiling::Linear => y * pitch * 64 + x,
        Tiling::X => (y / 8 * pitch + x / 512) * 4096 + y % 8 * 512 + x % 512,
        Tiling::Y => (y / 32 * pitch + x / 128) * 4096 + x % 128 / 16 * 512 + y % 32 * 16 + x % 16,
    }
}

fn bytes_of(format: Format) -> u64 {
    if format == Format::Rgb565 {
        2
    } else {
        4
    }
}

/// Alpha, red, green, blue.
fn channels(format: Format, raw: u32) -> [u32; 4] {
    let bits = |low: u32, count: u32| raw >> low & ((1 << count) - 1);
    let wide = |value: u32, count: u32| value << (8 - count) | value >> (2 * count - 8);
    match format {
        Format::Xrgb8888 => [bits(24, 8), bits(16, 8), bits(8, 8), bits(0, 8)],
        Format::Xbgr8888 => [bits(24, 8), bits(0, 8), bits(8, 8), bits(16, 8)],
        Format::Xrgb2101010 => [255, bits(22, 8), bits(12, 8), bits(2, 8)],
        Format::Xbgr2101010 => [255, bits(2, 8), bits(12, 8), bits(22, 8)],
        Format::Rgb565 => [
            255,
            wide(bits(11, 5), 5),
            wide(bits(5, 6), 6),
            wide(bits(0, 5), 5),
        ],
    }
}

fn pixel(plane: &Plane, x: u64, y: u64) -> [u32; 4] {
    let surface = &plane.surface;
    let size = bytes_of(surface.format);
    let start = surface.base.get() + place(surface, x * size, y);
    let raw = (0..size).rev().fold(0, |raw, index| {
        let at = start + index;
        raw << 8 | u32::from(if missing(at) { 0 } else { memory(at) })
    });
    channels(surface.format, raw)
}

fn over(alpha: Alpha, above: [u32; 4], below: [u32; 4]) -> [u32; 4] {
    let part = |value: u32, of: u32| (value * of + 127) / 255;
    let mut result = above;
    if alpha != Alpha::Opaque {
        for index in 1..4 {
            let own = match alpha {
                Alpha::Coverage => part(above[index], above[0]),
                _ => above[index],
            };
            result[index] = (own + part(below[index], 255 - above[0])).min(255);
        }
    }
    result
}

/// What `scene` of these planes looks like: red, green, blue of each pixel.
fn expected(size: (u32, u32), planes: &[Option<Plane>]) -> Vec<[u32; 3]> {
    let mut picture = Vec::new();
    for y in 0..i64::from(size.1) {
        for x in 0..i64::from(size.0) {
            let mut color = [0; 4];
            for plane in planes.iter().flatten() {
                let (dx, dy) = (x - i64::from(plane.at.0), y - i64::from(plane.at.1));
                if (0..i64::from(plane.size.0)).contains(&dx)
                    && (0..i64::from(plane.size.1)).contains(&dy)
                {
                    let (from_x, from_y) = plane.from;
                    let above = pixel(plane, from_x as u64 + dx as u64, from_y as u64 + dy as u64);
                    color = over(plane.alpha, above, color);
                }
            }
            picture.push([color[1], color[2], color[3]]);
        }
    }
    picture
}

fn colors(picture: &[u8]) -> Vec<[u32; 3]> {
    let pixels = picture.chunks(PIXEL as usize);
    pixels
        .map(|pixel| [pixel[2].into(), pixel[1].into(), pixel[0].into()])
        .collect()
}

fn compare(size: (u32, u32), planes: [Option<Plane>; PLANES]) {
    let scene = Scene::new(size, planes).unwrap();
    let (found, wanted) = (colors(&painted(&scene)), expected(size, &planes));
    for (index, (found, wanted)) in (0..).zip(found.iter().zip(&wanted)) {
        let (x, y) = (index % size.0, index / size.0);
        assert_eq!(found, wanted, "column {x}, row {y} of {planes:#?}");
    }
}

fn whole(tiling: Tiling, format: Format, size: (u32, u32)) -> Plane {
    Plane {
        surface: Surface {
            base: GuestGma::new(0x80_0000),
            pitch: 40,
            tiling,
            format,
        },
        from: (0, 0),
        at: (0, 0),
        size,
        alpha: Alpha::Opaque,
    }
}

#[test]
fn every_layout_and_format() {
    for tiling in TILINGS {
        for format in FORMATS {
            let size = (300, 70);
            compare(
                size,
                [Some(whole(tiling, format, size)), None, None, None, None],
            );
        }
    }
}

#[test]
fn a_screen_without_planes_is_black() {
    let scene = Scene::new((33, 7), [None; PLANES]).unwrap();
    assert!(!scene.shows());
    assert_eq!(painted(&scene), vec![0; 33 * 7 * 4]);
}

#[test]
fn sizes_that_no_display_has() {
    for size in [(0, 1), (1, 0), (8193, 1), (1, 8193), (u32::MAX, u32::MAX)] {
        assert_eq!(Scene::new(size, [None; PLANES]), None);
    }
    assert!(Scene::new((8192, 8192), [None; PLANES]).is_some());
}

#[test]
fn the_largest_colours_stay() {
    let white = |format| match format {
        Format::Rgb565 => 0xffff,
        _ => u32::MAX,
    };
    for format in FORMATS {
        assert_eq!(channels(format, white(format)), [255; 4]);
    }
}

prop_compose! {
    fn any_plane()(
        tiling in prop::sample::select(&TILINGS[..]),
        format in prop::sample::select(&FORMATS[..]),
        alpha in prop::sample::select(&ALPHAS[..]),
        pitch in 0_u32..64,
        page in 0_u64..1 << 20,
        from in (0_u32..300, 0_u32..300),
        at in (-80_i32..80, -80_i32..80),
        size in (1_u32..200, 1_u32..100),
    ) -> Plane {
        Plane {
            surface: Surface { base: GuestGma::new(page << 12), pitch, tiling, format },
            from,
            at,
            size,
            alpha,
        }
    }
}

proptest! {
    #[test]
    fn planes_over_planes(
        size in (1_u32..120, 1_u32..60),
        planes in prop::array::uniform5(prop::option::of(any_plane())),
    ) {
        compare(size, planes);
    }

    // Nothing is known of what a guest writes, but that reading and writing ends, within the picture.
    #[test]
    fn any_numbers(
        size in (1_u32..=64, 1_u32..=64),
        base in any::<u64>(),
        pitch in any::<u32>(),
        from in any::<(u32, u32)>(),
        at in any::<(i32, i32)>(),
        extent in any::<(u32, u32)>(),
        tiling in prop::sample::select(&TILINGS[..]),
        format in prop::sample::select(&FORMATS[..]),
    ) {
        let surface = Surface { base: GuestGma::new(base & !0xfff), pitch, tiling, format };
        let plane = Plane { surface, from, at, size: extent, alpha: Alpha::Premultiplied };
        let scene = Scene::new(size, [Some(plane), None, None, None, None]).unwrap();
        let mut reads = 0_u32;
        let mut picture = Picture(vec![0; scene.bytes() as usize]);
        paint(&scene, &mut [0; PAGE], |_, _| { reads += 1; Ok(()) }, &mut picture);
        prop_assert!(reads <= 2 * 64 * 64, "{reads}");
    }
}
