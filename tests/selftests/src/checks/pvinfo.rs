// SPDX-License-Identifier: GPL-2.0
//! The page that tells a guest of its share.

use anyhow::{Result, ensure};

use crate::bench::{Bench, Check, Outcome, same};
use crate::regs::{GGTT_SIZE, Share, pvinfo};
use crate::uapi::{BAR0, BAR2};

pub const CHECKS: &[Check] = &[
    Check::new("pvinfo/version", version),
    Check::new("pvinfo/id", id),
    Check::new("pvinfo/share", share),
    Check::new("pvinfo/shares-apart", apart),
    Check::new("pvinfo/caps", caps),
    Check::new("pvinfo/read-only", read_only),
    Check::new("pvinfo/notifications", notifications),
];

fn version(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let magic = client.device.read_sized(BAR0, pvinfo::MAGIC.into(), 8)?;
    same("magic", magic.to_le_bytes(), *b"vGTvGTvG")?;
    same("version", client.device.reg(pvinfo::VERSION)?, 1)?;
    Ok(Outcome::Pass)
}

fn id(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    same("ID", client.device.reg(pvinfo::ID)?, client.mdev.id()?)?;
    Ok(Outcome::Pass)
}

fn share(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let bar = client.device.region(BAR2)?.size;
    let Share { aperture, hidden } = Share::of(&client.device)?;
    for (start, size) in [aperture, hidden] {
        ensure!(start % 4096 == 0 && size % 4096 == 0, "not in whole pages");
        ensure!(start > 0 && size > 0, "empty, or the host's");
    }
    ensure!(aperture.0 + aperture.1 <= bar, "leaves the aperture");
    ensure!(hidden.0 >= bar, "begins in the aperture");
    let end = GGTT_SIZE / 8 * 4096;
    ensure!(hidden.0 + hidden.1 <= end, "leaves the GGTT");
    let fences = client.device.reg(pvinfo::FENCES)?;
    ensure!((1..=32).contains(&fences), "{fences} fences");
    Ok(Outcome::Pass)
}

fn apart(bench: &Bench) -> Result<Outcome> {
    let first = bench.client()?;
    let second = bench.client()?;
    let (a, b) = (Share::of(&first.device)?, Share::of(&second.device)?);
    for (a, b) in [(a.aperture, b.aperture), (a.hidden, b.hidden)] {
        ensure!(a.0 + a.1 <= b.0 || b.0 + b.1 <= a.0, "{a:x?} meets {b:x?}");
    }
    let ids = (first.mdev.id()?, second.mdev.id()?);
    ensure!(ids.0 != ids.1, "both have ID {}", ids.0);
    Ok(Outcome::Pass)
}

fn caps(bench: &Bench) -> Result<Outcome> {
    let caps = bench.client()?.device.reg(pvinfo::CAPS)?;
    // VGT_CAPS_FULL_PPGTT, VGT_CAPS_HWSP_EMULATION: i915 in a guest insists on the second.
    same("full PPGTT and status page", caps & 0xc, 0xc)?;
    Ok(Outcome::Pass)
}

fn read_only(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for at in (0..0x60).step_by(4) {
        let at = pvinfo::PAGE + at;
        let before = client.device.reg(at)?;
        client.device.set_reg(at, !before)?;
        same(&format!("{at:#x}"), client.device.reg(at)?, before)?;
    }
    Ok(Outcome::Pass)
}

/// Notifications with nonsense for an argument, and nonsense for a notification, do nothing.
fn notifications(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    for half in 0..8 {
        device.set_reg(pvinfo::PDP + 4 * half, 0xdead_b000 + half)?;
    }
    for half in 0..8 {
        let at = pvinfo::PDP + 4 * half;
        same("a root", device.reg(at)?, 0xdead_b000 + half)?;
    }
    for notification in [0, 1, 2, 3, 4, 5, 6, 7, 8, 99, u32::MAX] {
        device.set_reg(pvinfo::NOTIFY, notification)?;
    }
    for _ in 0..1000 {
        device.set_reg(pvinfo::NOTIFY, 4)?;
    }
    same("magic", device.reg(pvinfo::MAGIC)?, 0x7654_4776)?;
    Ok(Outcome::Pass)
}
