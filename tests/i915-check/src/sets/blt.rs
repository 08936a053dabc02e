// SPDX-License-Identifier: GPL-2.0
//! Blits, compared pixel by pixel with a model.

use anyhow::{Result, ensure};
use harness::Rng;

use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome};
use crate::blit::{Depth, Rect, Target};
use crate::device::{Buffer, Device, Submission};
use crate::engine::{Engine, Generation};
use crate::tiling::Tiling;

/// Bytes a row: two X tiles, eight Y tiles.
const PITCH: u16 = 1024;
/// Rows: eight X tiles, two Y tiles.
const ROWS: u16 = 64;
/// Blits in one batch.
const BLITS: usize = 8;

pub fn checks() -> Vec<Check> {
    let mut checks = Vec::new();
    for depth in [Depth::Bits8, Depth::Bits16, Depth::Bits32] {
        for tiling in Tiling::ALL {
            let name = format!("color/{}bit/{}", 8 * depth.bytes(), tiling.name());
            checks.push(Check::new(name, move |bench| color(bench, depth, tiling)));
        }
    }
    for (name, kind) in [("copy", Copy::Old), ("fast-copy", Copy::Fast)] {
        for from in Tiling::ALL {
            for to in Tiling::ALL {
                let name = format!("{name}/{}-to-{}", from.name(), to.name());
                checks.push(Check::new(name, move |bench| copy(bench, kind, from, to)));
            }
        }
    }
    checks
}

/// Which copy command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copy {
    /// XY_SRC_COPY_BLT.
    Old,
    /// XY_FAST_COPY_BLT.
    Fast,
}

/// A surface in a buffer, and what it should hold, in bytes without tiling.
struct Surface {
    buffer: Buffer,
    tiling: Tiling,
    depth: Depth,
    model: Vec<u8>,
}

impl Surface {
    /// Random contents.
    fn new(device: &Device, rng: &mut Rng, tiling: Tiling, depth: Depth) -> Result<Self> {
        let (pitch, rows) = (usize::from(PITCH), usize::from(ROWS));
        let buffer = device.buffer(pitch * rows)?;
        let mut model = vec![0; pitch * rows];
        for y in 0..rows {
            for x in (0..pitch).step_by(4) {
                let word = rng.next32();
                buffer.write(tiling.offset(pitch, x, y) / 4, word);
                model[y * pitch + x..][..4].copy_from_slice(&word.to_le_bytes());
            }
        }
        Ok(Self {
            buffer,
            tiling,
            depth,
            model,
        })
    }

    fn target(&self) -> Target {
        let Self {
            buffer,
            tiling,
            depth,
            ..
        } = self;
        Target {
            address: buffer.address(),
            pitch: PITCH,
            tiling: *tiling,
            depth: *depth,
        }
    }

    /// Pixels in a row.
    fn width(&self) -> u16 {
        PITCH / self.depth.bytes() as u16
    }

    /// The model's bytes of one row of a rectangle.
    fn row(&mut self, x: u16, y: u16, width: u16) -> &mut [u8] {
        let bytes = self.depth.bytes();
        let start = usize::from(y) * usize::from(PITCH) + usize::from(x) * bytes;
        &mut self.model[start..][..usize::from(width) * bytes]
    }

    fn compare(&self) -> Result<()> {
        let pitch = usize::from(PITCH);
        for y in 0..usize::from(ROWS) {
            for x in (0..pitch).step_by(4) {
                let found = self
                    .buffer
                    .read(self.tiling.offset(pitch, x, y) / 4)
                    .to_le_bytes();
                let wanted = &self.model[y * pitch + x..][..4];
                ensure!(
                    found == wanted,
                    "byte {x} of row {y}: {found:x?}, wanted {wanted:x?}"
                );
            }
        }
        Ok(())
    }
}

/// A rectangle that is not empty.
fn any_rect(rng: &mut Rng, width: u16, height: u16) -> Rect {
    let (x, y) = (rng.below16(width), rng.below16(height));
    Rect {
        x,
        y,
        width: 1 + rng.below16(width - x),
        height: 1 + rng.below16(height - y),
    }
}

fn color(bench: &Bench, depth: Depth, tiling: Tiling) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let mut rng = bench.rng();
    for _ in 0..bench.rounds {
        let mut surface = Surface::new(&device, &mut rng, tiling, depth)?;
        let mut batch = Batch::new();
        batch.blit_tiling(tiling, Tiling::Linear);
        for _ in 0..BLITS {
            let rect = any_rect(&mut rng, surface.width(), ROWS);
            let color = rng.next32();
            batch.color_blit(&surface.target(), rect, color);
            let pixel = color.to_le_bytes();
            for y in rect.y..rect.y + rect.height {
                let row = surface.row(rect.x, y, rect.width);
                row.chunks_mut(depth.bytes())
                    .for_each(|p| p.copy_from_slice(&pixel[..p.len()]));
            }
        }
        batch.blit_tiling(Tiling::Linear, Tiling::Linear);
        let batch = device.batch_buffer(batch.end())?;
        Submission::new(&context, Engine::Bcs)
            .writes(&surface.buffer)
            .run(&batch, bench.limit)?;
        surface.compare()?;
    }
    Ok(Outcome::Pass)
}

fn copy(bench: &Bench, kind: Copy, from: Tiling, to: Tiling) -> Result<Outcome> {
    let device = bench.open()?;
    if kind == Copy::Fast && device.generation() < Generation::Gen9 {
        return Outcome::skip("Gen8 has no XY_FAST_COPY_BLT");
    }
    let context = device.default_context();
    let mut rng = bench.rng();
    for _ in 0..bench.rounds {
        let mut source = Surface::new(&device, &mut rng, from, Depth::Bits32)?;
        let mut target = Surface::new(&device, &mut rng, to, Depth::Bits32)?;
        let mut batch = Batch::new();
        batch.blit_tiling(to, from);
        for _ in 0..BLITS {
            let rect = any_rect(&mut rng, target.width(), ROWS);
            let origin = (
                rng.below16(source.width() - rect.width + 1),
                rng.below16(ROWS - rect.height + 1),
            );
            match kind {
                Copy::Old => batch.copy_blit(&target.target(), rect, &source.target(), origin),
                Copy::Fast => {
                    batch.fast_copy_blit(&target.target(), rect, &source.target(), origin)
                }
            };
            for dy in 0..rect.height {
                let row = source.row(origin.0, origin.1 + dy, rect.width).to_vec();
                target
                    .row(rect.x, rect.y + dy, rect.width)
                    .copy_from_slice(&row);
            }
        }
        batch.blit_tiling(Tiling::Linear, Tiling::Linear);
        let batch = device.batch_buffer(batch.end())?;
        Submission::new(&context, Engine::Bcs)
            .reads(&source.buffer)
            .writes(&target.buffer)
            .run(&batch, bench.limit)?;
        target.compare()?;
        source.compare()?;
    }
    Ok(Outcome::Pass)
}
