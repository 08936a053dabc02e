// SPDX-License-Identifier: GPL-2.0
//! High addresses, and objects that the kernel may map with large pages.

use anyhow::{Result, ensure};

use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome, expect};
use crate::blit::{Depth, Rect, Target};
use crate::device::{Buffer, Device, Submission};
use crate::engine::Engine;
use crate::tiling::Tiling;
use crate::uapi::PAGE;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
/// An address space of more than 32 bits has four levels of page tables.
const SPACE_32: u64 = 1 << 32;

pub fn checks() -> Vec<Check> {
    let mut checks = Check::each_engine("top", top);
    checks.extend(Check::each_engine("spread", spread));
    for (name, size, alignment) in [
        ("2m", 4 * MIB, 2 * MIB),
        ("2m-unaligned", 4 * MIB, 64 * KIB),
        ("64k", 320 * KIB, 64 * KIB),
        ("64k-and-4k", 68 * KIB, 64 * KIB),
        ("4k", 256 * KIB, PAGE),
    ] {
        checks.push(Check::new(format!("pages/{name}"), move |bench| {
            pages(bench, size, alignment)
        }));
    }
    checks
}

/// The highest pages of the address space.
fn top(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let space = device.context()?.address_space()?;
    bench.note(format_args!("address space of {space:#x} bytes"));
    // Nothing may begin in the last page of all: a guard for prefetching.
    let target = device.buffer_at(PAGE, space - 2 * PAGE as u64)?;
    let batch = device.buffer_at(PAGE, space - 16 * PAGE as u64)?;
    store_each(bench, &device, engine, &context, &[target], Some(batch))
}

/// Every address bit on its own, so that every level of the page tables has its turn.
fn spread(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let space = device.context()?.address_space()?;
    if space <= SPACE_32 {
        return Outcome::skip("the address space has 32 bits");
    }
    let targets: Vec<Buffer> = (13..space.ilog2())
        // The batch's own place.
        .filter(|&bit| bit != 32)
        .map(|bit| device.buffer_at(PAGE, (1 << bit) | if bit > 20 { 5 << 12 } else { 0 }))
        .collect::<Result<_>>()?;
    store_each(bench, &device, engine, &context, &targets, None)
}

/// Stores a different value at the first and at the last dword of each buffer.
fn store_each(
    bench: &Bench,
    device: &Device,
    engine: Engine,
    context: &crate::device::Context,
    targets: &[Buffer],
    place: Option<Buffer>,
) -> Result<Outcome> {
    let value = |n: usize, last: bool| 0x5eed_0000 + 2 * n as u32 + u32::from(last);
    let mut batch = Batch::new();
    for (n, target) in targets.iter().enumerate() {
        batch.store_dword(target.address(), value(n, false));
        batch.store_dword(target.address_of(target.words() - 1), value(n, true));
    }
    batch.end();
    let buffer = match place {
        Some(buffer) => buffer,
        None => device.buffer(4 * batch.words().len())?,
    };
    buffer.upload(&batch);
    let submission = Submission::new(context, engine);
    targets
        .iter()
        .fold(submission, Submission::writes)
        .run(&buffer, bench.limit)?;
    for (n, target) in targets.iter().enumerate() {
        let what = |end| format!("{end} dword of the buffer at {:#x}", target.address());
        expect(what("first"), target.read(0).into(), value(n, false).into())?;
        let last = target.read(target.words() - 1);
        expect(what("last"), last.into(), value(n, true).into())?;
    }
    Ok(Outcome::Pass)
}

/// Fills an object by blits and marks every page of it, so that a page that is mapped to the wrong
/// place shows; the kernel decides about the size of the entries by the memory that it finds.
fn pages(bench: &Bench, size: usize, alignment: usize) -> Result<Outcome> {
    const PITCH: usize = 4096;
    let device = bench.open()?;
    let context = device.default_context();
    // An odd multiple of the alignment, far from what the device places itself.
    let target = device.buffer_at(size, (1 << 40) + alignment as u64)?;
    let rows = u16::try_from(size / PITCH)?;
    let color = bench.rng().next32();
    let surface = Target {
        address: target.address(),
        pitch: PITCH as u16,
        tiling: Tiling::Linear,
        depth: Depth::Bits32,
    };
    let rect = Rect {
        x: 0,
        y: 0,
        width: (PITCH / 4) as u16,
        height: rows,
    };
    let batch = device.batch_buffer(Batch::new().color_blit(&surface, rect, color).end())?;
    Submission::new(&context, Engine::Bcs)
        .writes(&target)
        .run(&batch, bench.limit)?;
    let mut marks = Batch::new();
    for page in 0..size / PAGE {
        marks.store_dword(target.address_of(page * PAGE / 4 + page % 64), page as u32);
    }
    let marks = device.batch_buffer(marks.end())?;
    Submission::new(&context, Engine::Rcs)
        .writes(&target)
        .run(&marks, bench.limit)?;
    for page in 0..size / PAGE {
        let start = page * PAGE / 4;
        for index in start..start + PAGE / 4 {
            let wanted = if index == start + page % 64 {
                page as u32
            } else {
                color
            };
            let seen = target.read(index);
            ensure!(
                seen == wanted,
                "dword {index}: found {seen:#x}, wanted {wanted:#x}"
            );
        }
    }
    Ok(Outcome::Pass)
}
