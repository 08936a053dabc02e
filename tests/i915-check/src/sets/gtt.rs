// SPDX-License-Identifier: GPL-2.0
//! The aperture: linear, and detiled by fences.

use anyhow::{Result, ensure};
use harness::Rng;

use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome, expect};
use crate::blit::{Depth, Rect, Target};
use crate::device::{Buffer, Submission};
use crate::engine::Engine;
use crate::tiling::Tiling;
use crate::uapi::{Domain, FenceTiling, Param};

/// Bytes a row.
const PITCH: usize = 1024;
/// Rows.
const ROWS: usize = 64;
/// Places that are looked at: each costs a trap where the aperture is emulated.
const SAMPLES: usize = 256;
/// Tiled objects beyond the fences there are, so that fences are taken from each other.
const BEYOND_FENCES: usize = 4;

pub fn checks() -> Vec<Check> {
    let mut checks = vec![Check::new("linear", |bench| {
        round_trip(bench, Tiling::Linear)
    })];
    for tiling in [Tiling::X, Tiling::Y] {
        let name = tiling.name();
        checks.push(Check::new(format!("fence/{name}"), move |bench| {
            round_trip(bench, tiling)
        }));
        checks.push(Check::new(format!("blit/{name}"), move |bench| {
            blit(bench, tiling)
        }));
    }
    checks.push(Check::new("more-than-fences", more_than_fences));
    checks
}

fn fence(buffer: &Buffer, tiling: Tiling) -> Result<()> {
    let stride = PITCH as u32;
    match tiling {
        Tiling::Linear => Ok(()),
        Tiling::X => buffer.set_tiling(FenceTiling::X, stride),
        Tiling::Y => buffer.set_tiling(FenceTiling::Y, stride),
    }
}

/// A dword's byte column and row.
fn any_place(rng: &mut Rng) -> (usize, usize) {
    (
        4 * rng.below(PITCH as u64 / 4) as usize,
        rng.below(ROWS as u64) as usize,
    )
}

/// What the CPU writes one way, it reads the other way.
fn round_trip(bench: &Bench, tiling: Tiling) -> Result<Outcome> {
    let device = bench.open()?;
    let mut rng = bench.rng();
    for _ in 0..bench.rounds {
        let buffer = device.buffer(PITCH * ROWS)?;
        fence(&buffer, tiling)?;
        let key = rng.next32();
        buffer.fill(|index| key ^ index as u32);
        let aperture = buffer.map_aperture()?;
        buffer.set_domain(Domain::Gtt)?;
        let mut written = Vec::new();
        for _ in 0..SAMPLES {
            let (x, y) = any_place(&mut rng);
            let raw = tiling.offset(PITCH, x, y) / 4;
            let seen = aperture.read((y * PITCH + x) / 4);
            let wanted = key ^ raw as u32;
            expect(
                format_args!("aperture at byte {x} of row {y}"),
                seen.into(),
                wanted.into(),
            )?;
        }
        for _ in 0..SAMPLES {
            let (x, y) = any_place(&mut rng);
            let value = rng.next32();
            aperture.write((y * PITCH + x) / 4, value);
            written.retain(|&(index, _)| index != tiling.offset(PITCH, x, y) / 4);
            written.push((tiling.offset(PITCH, x, y) / 4, value));
        }
        buffer.set_domain(Domain::Cpu)?;
        for (index, value) in written {
            expect(
                format_args!("memory at dword {index}"),
                buffer.read(index).into(),
                value.into(),
            )?;
        }
    }
    Ok(Outcome::Pass)
}

/// What the blitter draws tiled, the fence shows linear.
fn blit(bench: &Bench, tiling: Tiling) -> Result<Outcome> {
    let device = bench.open()?;
    let buffer = device.buffer(PITCH * ROWS)?;
    fence(&buffer, tiling)?;
    let pitch = PITCH as u16;
    let target = Target {
        address: buffer.address(),
        pitch,
        tiling,
        depth: Depth::Bits32,
    };
    let rect = Rect {
        x: 37,
        y: 5,
        width: 150,
        height: 40,
    };
    let color = bench.rng().next32() | 1;
    let mut batch = Batch::new();
    batch
        .blit_tiling(tiling, Tiling::Linear)
        .color_blit(&target, rect, color);
    batch.blit_tiling(Tiling::Linear, Tiling::Linear);
    let batch = device.batch_buffer(batch.end())?;
    let context = device.default_context();
    Submission::new(&context, Engine::Bcs)
        .writes(&buffer)
        .run(&batch, bench.limit)?;
    let aperture = buffer.map_aperture()?;
    buffer.set_domain(Domain::Gtt)?;
    let columns = usize::from(rect.x)..usize::from(rect.x + rect.width);
    let rows = usize::from(rect.y)..usize::from(rect.y + rect.height);
    let mut rng = bench.rng();
    for _ in 0..SAMPLES {
        let (x, y) = any_place(&mut rng);
        let wanted = if columns.contains(&(x / 4)) && rows.contains(&y) {
            color
        } else {
            0
        };
        let seen = aperture.read((y * PITCH + x) / 4);
        expect(
            format_args!("aperture at byte {x} of row {y}"),
            seen.into(),
            wanted.into(),
        )?;
    }
    Ok(Outcome::Pass)
}

/// Tiled objects in turn, more than fence registers.
fn more_than_fences(bench: &Bench) -> Result<Outcome> {
    let device = bench.open()?;
    let fences = usize::try_from(device.param(Param::FencesAvailable)?).unwrap_or(0);
    ensure!((1..=64).contains(&fences), "{fences} fences");
    let mut objects = Vec::new();
    for n in 0..fences + BEYOND_FENCES {
        let tiling = if n % 2 == 0 { Tiling::X } else { Tiling::Y };
        let buffer = device.buffer(PITCH * ROWS)?;
        fence(&buffer, tiling)?;
        objects.push((tiling, buffer.map_aperture()?, buffer));
    }
    for pass in 0..2 * bench.rounds {
        let value = |n: usize| (pass << 16) | n as u32;
        let place = |n: usize| (4 * (n * 7 % (PITCH / 4)), (n * 5 + pass as usize) % ROWS);
        for (n, (_, aperture, buffer)) in objects.iter().enumerate() {
            let (x, y) = place(n);
            buffer.set_domain(Domain::Gtt)?;
            aperture.write((y * PITCH + x) / 4, value(n));
        }
        for (n, (tiling, _, buffer)) in objects.iter().enumerate() {
            let (x, y) = place(n);
            buffer.set_domain(Domain::Cpu)?;
            let seen = buffer.read(tiling.offset(PITCH, x, y) / 4);
            expect(
                format_args!("object {n} of {fences} fences"),
                seen.into(),
                value(n).into(),
            )?;
        }
    }
    Ok(Outcome::Pass)
}
