// SPDX-License-Identifier: GPL-2.0
//! Accesses to registers, in every size and alignment.

use anyhow::{Result, ensure};
use libc::{EFAULT, EINVAL};

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::device::Device;
use crate::regs::{FUSE2, INSTPM, SCRATCH, pvinfo};
use crate::uapi::BAR0;

pub const CHECKS: &[Check] = &[
    Check::new("bar0/sizes-agree", sizes),
    Check::new("bar0/unaligned", unaligned),
    Check::new("bar0/write-sizes", write_sizes),
    Check::new("bar0/masked", masked),
    Check::new("bar0/all-answer", all),
    Check::new("bar0/end", end),
    Check::new("bar0/bad-address", bad_address),
    Check::new("bar0/nothing", nothing),
];

/// Registers that hold still.
const STILL: [u32; 4] = [pvinfo::MAGIC, pvinfo::VERSION, FUSE2 & !7, SCRATCH];

fn sizes(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    client.device.set_reg(SCRATCH, 0x8765_4321)?;
    client.device.set_reg(SCRATCH + 4, 0x0fed_cba9)?;
    for at in STILL.map(u64::from) {
        let whole = client.device.read_sized(BAR0, at, 8)?;
        for (size, mask) in [(1, 0xff), (2, 0xffff), (4, 0xffff_ffff)] {
            for within in (0..8).step_by(size) {
                let part = client.device.read_sized(BAR0, at + within, size)?;
                let what = format!("{size} bytes at {at:#x} + {within}");
                same(&what, part, whole >> (8 * within) & mask)?;
            }
        }
    }
    Ok(Outcome::Pass)
}

/// What is not aligned is made of accesses that are.
fn unaligned(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let start = Device::start(BAR0) + u64::from(pvinfo::PAGE);
    let mut all = [0; 32];
    same("bytes", client.device.read_at(start, &mut all)?, 32)?;
    for at in 0..16 {
        for length in 1..16 {
            let mut part = [0; 16];
            let count = client
                .device
                .read_at(start + at as u64, &mut part[..length])?;
            let what = format!("{length} bytes at {at}");
            same(&what, count, length)?;
            same(&what, &part[..length], &all[at..at + length])?;
        }
    }
    Ok(Outcome::Pass)
}

fn write_sizes(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let at = u64::from(SCRATCH);
    let mut wanted = 0x8877_6655_4433_2211_u64;
    device.write_sized(BAR0, at, 8, wanted)?;
    same("8 bytes", device.read_sized(BAR0, at, 8)?, wanted)?;
    for (size, mask, value) in [
        (1, 0xff, 0xa5),
        (2, 0xffff, 0xb6c7),
        (4, 0xffff_ffff, 0xd8e9_fa0b),
    ] {
        for within in (0..8).step_by(size) {
            let shift = 8 * within;
            wanted = wanted & !(mask << shift) | value << shift;
            device.write_sized(BAR0, at + within, size, value)?;
            let what = format!("after {size} bytes at {within}");
            same(&what, device.read_sized(BAR0, at, 8)?, wanted)?;
        }
    }
    device.write_sized(BAR0, at + 1, 6, 0x1020_3040_5060)?;
    wanted = wanted & 0xff00_0000_0000_00ff | 0x1020_3040_5060 << 8;
    same(
        "after 6 bytes at 1",
        device.read_sized(BAR0, at, 8)?,
        wanted,
    )?;
    Ok(Outcome::Pass)
}

/// The upper half of what is written says which bits of the lower are meant.
fn masked(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let before = device.reg(INSTPM)?;
    let bit = 1 << 13;
    device.set_reg(INSTPM, bit << 16 | bit)?;
    same("set", device.reg(INSTPM)?, before & 0xffff | bit)?;
    device.set_reg(INSTPM, 0)?;
    same("not meant", device.reg(INSTPM)?, before & 0xffff | bit)?;
    // Only the lower half: the mask is zero.
    device.write_sized(BAR0, u64::from(INSTPM), 2, 0)?;
    same("half", device.reg(INSTPM)?, before & 0xffff | bit)?;
    device.set_reg(INSTPM, bit << 16)?;
    same("cleared", device.reg(INSTPM)?, before & 0xffff & !bit)?;
    Ok(Outcome::Pass)
}

/// Every register below the GGTT can be read.
fn all(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let mut page = [0; 4096];
    for at in (0..2 << 20).step_by(page.len()) {
        let count = client.device.read_at(Device::start(BAR0) + at, &mut page)?;
        ensure!(count == page.len(), "{count} bytes at {at:#x}");
    }
    Ok(Outcome::Pass)
}

fn end(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let end = Device::start(BAR0) + (16 << 20);
    let mut bytes = [0; 16];
    same(
        "across the end",
        client.device.read_at(end - 8, &mut bytes)?,
        8,
    )?;
    same(
        "a write across it",
        client.device.write_at(end - 8, &bytes)?,
        8,
    )?;
    let after = client.device.read_at(end, &mut bytes);
    refused("a read after the end", after, &[EINVAL])?;
    let after = client.device.write_at(end, &bytes);
    refused("a write after the end", after, &[EINVAL])?;
    Ok(Outcome::Pass)
}

fn bad_address(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for region in [BAR0, crate::uapi::BAR2, crate::uapi::CONFIG] {
        let at = Device::start(region);
        refused(
            "a read to nowhere",
            client.device.read_to_nowhere(at),
            &[EFAULT],
        )?;
        refused(
            "a write from nowhere",
            client.device.write_from_nowhere(at),
            &[EFAULT],
        )?;
    }
    Ok(Outcome::Pass)
}

fn nothing(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let at = Device::start(BAR0);
    same("a read of nothing", client.device.read_at(at, &mut [])?, 0)?;
    same("a write of nothing", client.device.write_at(at, &[])?, 0)?;
    Ok(Outcome::Pass)
}
