// SPDX-License-Identifier: GPL-2.0
//! Fence registers, which make tiled memory look linear in a stretch of the aperture. Source of their
//! format: i915's gt/intel_ggtt_fencing.c.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::bench::{Bench, Check, Outcome, same};
use crate::client::Client;
use crate::memory::{Memory, PAGE};
use crate::regs::{FENCE, PRESENT, Share, flush, pvinfo, set_entry};

pub const CHECKS: &[Check] = &[
    Check::new("fence/tiles", tiles),
    Check::new("fence/number", number),
    Check::new("fence/foreign-range", foreign),
    Check::new("fence/reset", reset),
    Check::new("fence/host-reset", host_reset),
];

/// Pages that are fenced: rows of 1 KiB, in two columns of tiles.
pub(super) const PAGES: u64 = 16;

/// In the linear view, the beginning of the second row.
const LINEAR: u64 = 1024;

/// Where that is in memory: the second row of the first tile, whose rows have 512 bytes.
pub(super) const TILED: u64 = 512;

/// Maps the pages, in order.
pub(super) fn map(client: &Client) -> Result<Share> {
    let share = Share::of(&client.device)?;
    for index in 0..PAGES {
        set_entry(
            &client.device,
            share.page(index),
            Memory::page(index) | PRESENT,
        )?;
    }
    flush(&client.device)?;
    Ok(share)
}

/// Fences so many pages, as X tiles in rows of 1 KiB.
pub(super) fn fence(client: &Client, number: u32, start: u64, pages: u64) -> Result<()> {
    let end = start + (pages - 1) * PAGE;
    let pitch = 1024 / 128 - 1;
    let at = FENCE + 8 * number;
    client.device.set_reg(at, 0)?;
    client.device.set_reg(at + 4, end as u32 | pitch)?;
    client.device.set_reg(at, start as u32 | 1)?;
    Ok(())
}

/// Writes to the second row; says where in memory that went.
pub(super) fn probe(client: &Client, share: Share) -> Result<u64> {
    client.memory.write(LINEAR, 0);
    client.memory.write(TILED, 0);
    client.device.set_aperture(share.page(0) + LINEAR, 0x7113)?;
    Ok(
        match (client.memory.read(LINEAR), client.memory.read(TILED)) {
            (0x7113, 0) => LINEAR,
            (0, 0x7113) => TILED,
            _ => anyhow::bail!("the write is lost"),
        },
    )
}

fn tiles(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let share = map(&client)?;
    same("without a fence", probe(&client, share)?, LINEAR)?;
    let last = client.device.reg(pvinfo::FENCES)? - 1;
    for number in [0, last] {
        fence(&client, number, share.page(0), PAGES)?;
        same("with a fence", probe(&client, share)?, TILED)?;
        client.device.set_reg(FENCE + 8 * number, 0)?;
        same("without it again", probe(&client, share)?, LINEAR)?;
    }
    Ok(Outcome::Pass)
}

/// A fence that the guest does not have does nothing.
fn number(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let share = map(&client)?;
    for number in client.device.reg(pvinfo::FENCES)?..32 {
        fence(&client, number, share.page(0), PAGES)?;
    }
    same("place", probe(&client, share)?, LINEAR)?;
    Ok(Outcome::Pass)
}

/// A fence cannot reach what is another's.
fn foreign(bench: &Bench) -> Result<Outcome> {
    let (client, other) = (bench.client()?, bench.client()?);
    let theirs = map(&other)?;
    fence(&client, 0, theirs.page(0), PAGES)?;
    same("all theirs", probe(&other, theirs)?, LINEAR)?;
    fence(&client, 0, 0, (theirs.page(0) + theirs.aperture.1) / PAGE)?;
    same("all from the host's on", probe(&other, theirs)?, LINEAR)?;
    fence(&client, 0, 0, 0xf_ffff)?;
    same("the whole GGTT", probe(&other, theirs)?, LINEAR)?;
    let own = Share::of(&client.device)?;
    let (first, last) = if own.aperture.0 < theirs.aperture.0 {
        (own.page(0), theirs.page(PAGES))
    } else {
        (theirs.page(0), own.page(PAGES))
    };
    fence(&client, 0, first, (last - first) / PAGE)?;
    same("from one to the other", probe(&other, theirs)?, LINEAR)?;
    Ok(Outcome::Pass)
}

fn reset(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let share = map(&client)?;
    fence(&client, 0, share.page(0), PAGES)?;
    same("with a fence", probe(&client, share)?, TILED)?;
    client.device.reset()?;
    map(&client)?;
    same("after a reset", probe(&client, share)?, LINEAR)?;
    Ok(Outcome::Pass)
}

/// The host's GPU in debugfs.
const DEBUG: &str = "/sys/kernel/debug/dri/0000:00:02.0";

/// i915 writes all fence registers anew after it has reset the whole GPU.
fn host_reset(bench: &Bench) -> Result<Outcome> {
    let (how, what) = (
        Path::new(DEBUG).join("i915_params/reset"),
        Path::new(DEBUG).join("i915_wedged"),
    );
    if !how.exists() || !what.exists() {
        return Outcome::skip("i915 has no files in debugfs here");
    }
    let client = bench.client()?;
    let share = map(&client)?;
    fence(&client, 0, share.page(0), PAGES)?;
    same("before", probe(&client, share)?, TILED)?;
    let usual = fs::read_to_string(&how)?;
    // Not engine by engine.
    fs::write(&how, "1").context("i915.reset")?;
    let reset = fs::write(&what, "1").context("a reset of the GPU");
    fs::write(&how, usual.trim())?;
    reset?;
    same("afterwards", probe(&client, share)?, TILED)?;
    Ok(Outcome::Pass)
}
