// SPDX-License-Identifier: GPL-2.0
//! BAR 2, of which only the share is there.

use anyhow::{Result, ensure};
use libc::{EINVAL, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE};

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::device::Device;
use crate::mapping::{How, SHARED};
use crate::memory::{Memory, PAGE};
use crate::regs::{PRESENT, Share, flush, set_entry};
use crate::uapi::{BAR0, BAR2, CONFIG, OPREGION};

pub const CHECKS: &[Check] = &[
    Check::new("aperture/map-share", map_share),
    Check::new("aperture/map-outside", map_outside),
    Check::new("aperture/map-other-regions", map_others),
    Check::new("aperture/map-private", map_private),
    Check::new("aperture/map-read-only", map_read_only),
    Check::new("aperture/calls-outside", calls_outside),
    Check::new("aperture/across-its-ends", across),
    Check::new("aperture/sizes-agree", sizes),
    Check::new("aperture/outlives-descriptor", outlives),
    Check::new("aperture/nothing-left", nothing_left),
];

fn map_share(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let (start, size) = Share::of(&client.device)?.aperture;
    let begin = Device::start(BAR2) + start;
    for (offset, length) in [
        (0, size),
        (0, PAGE),
        (size - PAGE, PAGE),
        (size / 2, size / 2),
    ] {
        client.device.map(begin + offset, length, SHARED)?;
    }
    Ok(Outcome::Pass)
}

fn map_outside(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let (start, size) = Share::of(&client.device)?.aperture;
    let bar = client.device.region(BAR2)?.size;
    for (offset, length) in [
        (0, PAGE),
        (0, bar),
        (start - PAGE, PAGE),
        (start - PAGE, 2 * PAGE),
        (start - PAGE, size + 2 * PAGE),
        (start, size + PAGE),
        (start + size - PAGE, 2 * PAGE),
        (start + size, PAGE),
        (bar, PAGE),
        (1 << 39, PAGE),
        (start, 1 << 40),
    ] {
        let what = format!("{length:#x} at {offset:#x}");
        let mapping = client
            .device
            .map(Device::start(BAR2) + offset, length, SHARED);
        refused(&what, mapping, &[EINVAL])?;
    }
    Ok(Outcome::Pass)
}

fn map_others(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for region in [BAR0, 1, 3, CONFIG, OPREGION, 10, 200] {
        let mapping = client.device.map(Device::start(region), PAGE, SHARED);
        refused(&format!("region {region}"), mapping, &[EINVAL])?;
    }
    Ok(Outcome::Pass)
}

fn map_private(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let (start, _) = Share::of(&client.device)?.aperture;
    let how = How {
        protection: PROT_READ | PROT_WRITE,
        flags: MAP_PRIVATE,
    };
    let mapping = client.device.map(Device::start(BAR2) + start, PAGE, how);
    refused("a private mapping", mapping, &[EINVAL])?;
    Ok(Outcome::Pass)
}

fn map_read_only(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let share = Share::of(&client.device)?;
    client.memory.write(0, 0xface);
    set_entry(&client.device, share.page(0), Memory::page(0) | PRESENT)?;
    flush(&client.device)?;
    let how = How {
        protection: PROT_READ,
        flags: MAP_SHARED,
    };
    let begin = Device::start(BAR2) + share.page(0);
    same(
        "what is read",
        client.device.map(begin, PAGE, how)?.read(0),
        0xface,
    )?;
    Ok(Outcome::Pass)
}

/// Nobody answers outside of the share, as on a bus.
fn calls_outside(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let (start, size) = Share::of(&client.device)?.aperture;
    let bar = client.device.region(BAR2)?.size;
    for at in [0, 4, start - 4, start + size, bar - 4] {
        if (start..start + size).contains(&at) {
            continue;
        }
        client.device.set_aperture(at, 0x1234)?;
        same(&format!("{at:#x}"), client.device.aperture(at)?, u32::MAX)?;
    }
    let begin = Device::start(BAR2);
    let after = client.device.read_at(begin + bar, &mut [0; 4]);
    refused("after the BAR's end", after, &[EINVAL])?;
    let mut bytes = [0; 16];
    same(
        "across it",
        client.device.read_at(begin + bar - 8, &mut bytes)?,
        8,
    )?;
    Ok(Outcome::Pass)
}

/// A call across an end of the share reaches what is the share's of it.
fn across(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let share = Share::of(device)?;
    let last = share.aperture.0 + share.aperture.1 - PAGE;
    set_entry(device, share.page(0), Memory::page(0) | PRESENT)?;
    set_entry(device, last, Memory::page(1) | PRESENT)?;
    flush(device)?;
    let begin = Device::start(BAR2) + share.aperture.0 - 8;
    same("written", device.write_at(begin, &[0x11; 16])?, 16)?;
    same(
        "memory",
        [client.memory.read(0), client.memory.read(4)],
        [0x1111_1111; 2],
    )?;
    let mut bytes = [0; 16];
    same("read", device.read_at(begin, &mut bytes)?, 16)?;
    ensure!(
        bytes[..8] == [0xff; 8] && bytes[8..] == [0x11; 8],
        "{bytes:x?}"
    );
    let begin = Device::start(BAR2) + last + PAGE - 8;
    same(
        "written at the end",
        device.write_at(begin, &[0x22; 16])?,
        16,
    )?;
    same(
        "memory at the end",
        client.memory.read(2 * PAGE - 4),
        0x2222_2222,
    )?;
    let mut bytes = [0; 16];
    same("read at the end", device.read_at(begin, &mut bytes)?, 16)?;
    ensure!(
        bytes[..8] == [0x22; 8] && bytes[8..] == [0xff; 8],
        "{bytes:x?}"
    );
    Ok(Outcome::Pass)
}

fn sizes(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let share = Share::of(device)?;
    set_entry(device, share.page(0), Memory::page(0) | PRESENT)?;
    flush(device)?;
    let pattern: Vec<u32> = (0..1024)
        .map(|word: u32| word.wrapping_mul(0x9e37_79b9))
        .collect();
    client.memory.fill(0, &pattern);
    let bytes: Vec<u8> = pattern.iter().flat_map(|word| word.to_le_bytes()).collect();
    let begin = Device::start(BAR2) + share.page(0);
    for (at, length) in [
        (0, 1),
        (1, 2),
        (3, 4),
        (5, 8),
        (7, 255),
        (1, 256),
        (255, 257),
        (0, 4096),
    ] {
        let mut part = vec![0; length];
        let count = device.read_at(begin + at as u64, &mut part)?;
        let what = format!("{length} bytes at {at}");
        same(&what, count, length)?;
        ensure!(part == bytes[at..at + length], "{what} differ");
    }
    same("written", device.write_at(begin + 9, &[0xee; 5])?, 5)?;
    same(
        "word 2",
        client.memory.read(8),
        pattern[2] & 0xff | 0xeeee_ee00,
    )?;
    same(
        "word 3",
        client.memory.read(12),
        pattern[3] & 0xffff_0000 | 0xeeee,
    )?;
    Ok(Outcome::Pass)
}

/// A mapping keeps the device open until it goes.
fn outlives(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let share = Share::of(&client.device)?;
    set_entry(&client.device, share.page(0), Memory::page(0) | PRESENT)?;
    flush(&client.device)?;
    let begin = Device::start(BAR2) + share.page(0);
    let view = client.device.map(begin, PAGE, SHARED)?;
    drop(client.device);
    view.write(0, 0x1e57);
    view.read(0);
    same("memory", client.memory.read(0), 0x1e57)?;
    drop(view);
    // The last user has gone: the next one finds a device after power-on.
    let device = client.group.device(client.mdev.uuid())?;
    same("entry", crate::regs::entry(&device, share.page(0))?, 0)?;
    Ok(Outcome::Pass)
}

/// What was written where nothing is mapped is not there after a reset, nor for the next user.
fn nothing_left(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let page = Share::of(&client.device)?.page(5);
    client.device.set_aperture(page, 0x5ec2e7)?;
    client.device.reset()?;
    same("after a reset", client.device.aperture(page)?, 0)?;
    client.device.set_aperture(page, 0x5ec2e7)?;
    drop(client.device);
    let device = client.group.device(client.mdev.uuid())?;
    same("the next user's", device.aperture(page)?, 0)?;
    Ok(Outcome::Pass)
}
