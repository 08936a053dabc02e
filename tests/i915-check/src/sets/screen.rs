// SPDX-License-Identifier: GPL-2.0
//! What the display shows: drawn by the blitter, looked at from outside, compared pixel by pixel.

use anyhow::{Result, ensure};

use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome};
use crate::blit::{Depth, Rect, Target};
use crate::console::Console;
use crate::device::{Buffer, Device, Submission};
use crate::engine::{Engine, Generation};
use crate::kms::{Format, Framebuffer, Screen};
use crate::photo::Photo;
use crate::tiling::Tiling;
use harness::Rng;

/// Rectangles of a picture.
const RECTANGLES: usize = 24;
/// The mode in which most pictures are shown.
const SMALL: (u16, u16) = (640, 480);
/// Columns and rows of the cursor.
const CURSOR: usize = 64;

/// How a picture is shown.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    format: Format,
    depth: Depth,
    /// Red, green and blue of a pixel.
    color: fn(u32) -> [u8; 3],
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "xrgb8888",
        format: Format(*b"XR24"),
        depth: Depth::Bits32,
        color: |pixel| [2, 1, 0].map(|byte| pixel.to_le_bytes()[byte]),
    },
    Kind {
        name: "xbgr8888",
        format: Format(*b"XB24"),
        depth: Depth::Bits32,
        color: |pixel| [0, 1, 2].map(|byte| pixel.to_le_bytes()[byte]),
    },
    Kind {
        name: "rgb565",
        format: Format(*b"RG16"),
        depth: Depth::Bits16,
        color: |pixel| {
            // The highest bits again below the lowest, so that white is white.
            let wide =
                |value: u32, bits: u32| (value << (8 - bits) | value >> (2 * bits - 8)) as u8;
            [
                wide(pixel >> 11 & 0x1f, 5),
                wide(pixel >> 5 & 0x3f, 6),
                wide(pixel & 0x1f, 5),
            ]
        },
    },
    Kind {
        name: "xrgb2101010",
        format: Format(*b"XR30"),
        depth: Depth::Bits32,
        color: |pixel| [22, 12, 2].map(|shift| (pixel >> shift) as u8),
    },
    Kind {
        name: "xbgr2101010",
        format: Format(*b"XB30"),
        depth: Depth::Bits32,
        color: |pixel| [2, 12, 22].map(|shift| (pixel >> shift) as u8),
    },
];

/// How each of them is laid out: a picture takes seconds, so not in all ways. The driver's unit tests have those.
const SHOWN: [&[Tiling]; KINDS.len()] = [
    &Tiling::ALL,
    &[Tiling::X],
    &[Tiling::Linear, Tiling::Y],
    &[Tiling::Linear],
    &[Tiling::X],
];

pub fn checks() -> Vec<Check> {
    let mut checks = vec![Check::new("console", console)];
    for (kind, tilings) in KINDS.into_iter().zip(SHOWN) {
        for &tiling in tilings {
            let name = format!("picture/{}/{}", kind.name, tiling.name());
            checks.push(Check::new(name, move |bench| {
                picture(bench, kind, tiling, Some(SMALL))
            }));
        }
    }
    let best = |bench: &Bench| picture(bench, KINDS[0], Tiling::X, None);
    checks.push(Check::new("picture/best-mode", best));
    checks.push(Check::new("cursor", cursor));
    checks
}

fn no_camera() -> Result<Outcome> {
    Outcome::skip("nobody outside takes pictures")
}

/// A picture of random rectangles, and its pixels.
struct Drawing {
    buffer: Buffer,
    pixels: Vec<u32>,
    size: (u16, u16),
    pitch: u16,
}

impl Drawing {
    fn new(
        bench: &Bench,
        device: &Device,
        size: (u16, u16),
        depth: Depth,
        tiling: Tiling,
    ) -> Result<Self> {
        let (width, height) = (usize::from(size.0), usize::from(size.1));
        // Whole tiles of either kind.
        let pitch = (width * depth.bytes()).next_multiple_of(512);
        let buffer = device.buffer(pitch * height.next_multiple_of(32))?;
        let mut drawing = Self {
            buffer,
            pixels: vec![0; width * height],
            size,
            pitch: u16::try_from(pitch)?,
        };
        let mut rng = bench.rng();
        let mut batch = Batch::new();
        batch.blit_tiling(tiling, Tiling::Linear);
        let all = Rect {
            x: 0,
            y: 0,
            width: size.0,
            height: size.1,
        };
        drawing.fill(&mut batch, &mut rng, all, depth, tiling);
        for _ in 0..RECTANGLES {
            let (x, y) = (rng.below16(size.0), rng.below16(size.1));
            let rect = Rect {
                x,
                y,
                width: 1 + rng.below16(size.0 - x),
                height: 1 + rng.below16(size.1 - y),
            };
            drawing.fill(&mut batch, &mut rng, rect, depth, tiling);
        }
        batch.blit_tiling(Tiling::Linear, Tiling::Linear);
        let batch = device.batch_buffer(batch.end())?;
        Submission::new(&device.default_context(), Engine::Bcs)
            .writes(&drawing.buffer)
            .run(&batch, bench.limit)?;
        Ok(drawing)
    }

    fn fill(&mut self, batch: &mut Batch, rng: &mut Rng, rect: Rect, depth: Depth, tiling: Tiling) {
        let color = rng.next32();
        let target = Target {
            address: self.buffer.address(),
            pitch: self.pitch,
            tiling,
            depth,
        };
        batch.color_blit(&target, rect, color);
        for y in rect.y..rect.y + rect.height {
            let start = usize::from(y) * usize::from(self.size.0) + usize::from(rect.x);
            self.pixels[start..][..rect.width.into()].fill(color);
        }
    }

    fn pixel(&self, x: usize, y: usize) -> u32 {
        self.pixels[y * usize::from(self.size.0) + x]
    }

    fn size(&self) -> (usize, usize) {
        (self.size.0.into(), self.size.1.into())
    }
}

/// A drawing is on the screen as it was drawn.
fn picture(bench: &Bench, kind: Kind, tiling: Tiling, mode: Option<(u16, u16)>) -> Result<Outcome> {
    let Some(camera) = &bench.camera else {
        return no_camera();
    };
    let device = Device::open_card()?;
    if device.generation() < Generation::Gen9 && tiling == Tiling::Y {
        return Outcome::skip("Gen8 shows no Y-tiled surfaces");
    }
    let mut screen = Screen::find(&device)?;
    if let Some((width, height)) = mode {
        screen = screen.sized(width, height);
    }
    let size = (screen.width(), screen.height());
    let drawing = Drawing::new(bench, &device, size, kind.depth, tiling)?;
    let pitch = drawing.pitch.into();
    let framebuffer = Framebuffer::new(&device, &drawing.buffer, size, pitch, kind.format, tiling)?;
    screen.show(&framebuffer)?;
    let name = format!("{}-{}", kind.name, tiling.name());
    let photo = Photo::take(camera, &name, bench.limit)?;
    photo.compare(drawing.size(), |x, y| (kind.color)(drawing.pixel(x, y)))?;
    Ok(Outcome::Pass)
}

/// A cursor that is partly transparent lies over the picture, also where it leaves the screen.
fn cursor(bench: &Bench) -> Result<Outcome> {
    let Some(camera) = &bench.camera else {
        return no_camera();
    };
    let device = Device::open_card()?;
    let screen = Screen::find(&device)?.sized(SMALL.0, SMALL.1);
    let size = (screen.width(), screen.height());
    let kind = KINDS[0];
    let drawing = Drawing::new(bench, &device, size, kind.depth, Tiling::X)?;
    let pitch = drawing.pitch.into();
    let framebuffer = Framebuffer::new(
        &device,
        &drawing.buffer,
        size,
        pitch,
        kind.format,
        Tiling::X,
    )?;
    // From nothing on the left to red on the right, its colour multiplied by its alpha.
    let alpha = |x: usize| (x * 255 / (CURSOR - 1)) as u32;
    let image = device.buffer(CURSOR * CURSOR * 4)?;
    for index in 0..CURSOR * CURSOR {
        let alpha = alpha(index % CURSOR);
        image.write(index, alpha << 24 | alpha << 16);
    }
    screen.show(&framebuffer)?;
    for (name, at) in [("inside", (100, 50)), ("outside", (-20, -30))] {
        screen.cursor(&image, CURSOR as u32, at)?;
        let photo = Photo::take(camera, &format!("cursor-{name}"), bench.limit)?;
        let inside = |x: usize, origin: i32| {
            let x = usize::try_from(x as i32 - origin).ok()?;
            (x < CURSOR).then_some(x)
        };
        photo.compare(drawing.size(), |x, y| {
            let below = (kind.color)(drawing.pixel(x, y));
            match inside(x, at.0).zip(inside(y, at.1)) {
                Some((x, _)) => {
                    let alpha = alpha(x);
                    let part = |color: u8| ((u32::from(color) * (255 - alpha) + 127) / 255) as u8;
                    [alpha as u8 + part(below[0]), part(below[1]), part(below[2])]
                }
                None => below,
            }
        })?;
    }
    screen.no_cursor()?;
    Ok(Outcome::Pass)
}

/// Text that is written to the console can be read on the screen.
fn console(bench: &Bench) -> Result<Outcome> {
    let Some(camera) = &bench.camera else {
        return no_camera();
    };
    let mut console = Console::open()?;
    let lines = [
        "The quick brown fox jumps over the lazy dog.",
        "0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    ];
    console.write(&lines.join("\r\n"))?;
    let photo = Photo::take(camera, "console", bench.limit)?;
    let read = console.read(&photo);
    for (line, wanted) in lines.iter().enumerate() {
        let found = read.get(line).map_or("", |found| found.trim_end());
        ensure!(found == *wanted, "line {line} reads {found:?}");
    }
    Ok(Outcome::Pass)
}
