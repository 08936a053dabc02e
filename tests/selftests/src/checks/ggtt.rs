// SPDX-License-Identifier: GPL-2.0
//! Entries of the global translation table, and what they map.

use anyhow::{Result, ensure};
use libc::EINVAL;

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::client::Client;
use crate::device::Device;
use crate::mapping::{Mapping, SHARED};
use crate::memory::{Memory, PAGE};
use crate::regs::{GGTT, GGTT_SIZE, PRESENT, Share, entry, entry_of, flush, set_entry};
use crate::uapi::{BAR0, BAR2};

pub const CHECKS: &[Check] = &[
    Check::new("ggtt/empty", empty),
    Check::new("ggtt/whole", whole),
    Check::new("ggtt/low-half-first", low_first),
    Check::new("ggtt/high-half-first", high_first),
    Check::new("ggtt/foreign", foreign),
    Check::new("ggtt/unaligned", unaligned),
    Check::new("ggtt/all-own", all_own),
    Check::new("ggtt/maps", maps),
    Check::new("ggtt/maps-elsewhere", maps_elsewhere),
    Check::new("ggtt/unmaps", unmaps),
    Check::new("ggtt/one-page-twice", twice),
    Check::new("ggtt/half-maps-nothing", half),
    Check::new("ggtt/no-memory", no_memory),
];

fn empty(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let share = Share::of(&client.device)?;
    for (start, size) in [share.aperture, share.hidden] {
        for address in (start..start + size).step_by(1 << 20) {
            same("entry", entry(&client.device, address)?, 0)?;
        }
    }
    Ok(Outcome::Pass)
}

fn whole(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let share = Share::of(&client.device)?;
    for address in [
        share.aperture.0,
        share.aperture.0 + share.aperture.1 - PAGE,
        share.hidden.0,
        share.hidden.0 + share.hidden.1 - PAGE,
    ] {
        for value in [Memory::page(0) | PRESENT, Memory::page(1), 0] {
            set_entry(&client.device, address, value)?;
            same("entry", entry(&client.device, address)?, value)?;
        }
    }
    Ok(Outcome::Pass)
}

/// Writes an entry by halves in an order, and sees that it maps.
fn by_halves(bench: &Bench, order: [u64; 2]) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let address = Share::of(device)?.aperture.0;
    let value = Memory::page(2) | PRESENT;
    client.memory.write(2 * PAGE, 0x600d_f00d);
    for half in order {
        device.write_sized(BAR0, entry_of(address) + 4 * half, 4, value >> (32 * half))?;
    }
    same("entry", entry(device, address)?, value)?;
    for half in 0..2 {
        let read = device.read_sized(BAR0, entry_of(address) + 4 * half, 4)?;
        same("half", read, value >> (32 * half) & 0xffff_ffff)?;
    }
    flush(device)?;
    same("what it maps", device.aperture(address)?, 0x600d_f00d)?;
    Ok(Outcome::Pass)
}

fn low_first(bench: &Bench) -> Result<Outcome> {
    by_halves(bench, [0, 1])
}

fn high_first(bench: &Bench) -> Result<Outcome> {
    by_halves(bench, [1, 0])
}

/// Entries of nobody's, the host's, or another's read as zero, whatever is written.
fn foreign(bench: &Bench) -> Result<Outcome> {
    let other = bench.client()?;
    let theirs = Share::of(&other.device)?;
    set_entry(&other.device, theirs.page(0), Memory::page(5) | PRESENT)?;

    let client = bench.client()?;
    let share = Share::of(&client.device)?;
    for address in [
        0,
        PAGE,
        share.aperture.0 - PAGE,
        share.aperture.0 + share.aperture.1,
        share.hidden.0 - PAGE,
        theirs.page(0),
        theirs.hidden.0,
        GGTT_SIZE / 8 * PAGE - PAGE,
    ] {
        set_entry(&client.device, address, Memory::page(0) | PRESENT)?;
        same(&format!("{address:#x}"), entry(&client.device, address)?, 0)?;
        client.device.write_sized(BAR0, entry_of(address), 4, 1)?;
        same(
            &format!("half of {address:#x}"),
            entry(&client.device, address)?,
            0,
        )?;
    }
    let kept = entry(&other.device, theirs.page(0))?;
    same("the other's entry", kept, Memory::page(5) | PRESENT)?;
    Ok(Outcome::Pass)
}

/// 1 and 2 bytes are refused; what is not aligned is made of aligned halves, or refused.
fn unaligned(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let at = entry_of(Share::of(device)?.aperture.0);
    for (at, size) in [(at, 1), (at, 2), (at + 1, 4), (at + 2, 8), (at + 3, 1)] {
        let what = format!("{size} bytes at {}", at & 7);
        refused(&what, device.read_sized(BAR0, at, size), &[EINVAL])?;
        refused(&what, device.write_sized(BAR0, at, size, 0), &[EINVAL])?;
    }
    device.write_sized(BAR0, at, 8, 0x1111_1111_2222_2220)?;
    device.write_sized(BAR0, at + 8, 8, 0x3333_3333_4444_4440)?;
    let across = device.read_sized(BAR0, at + 4, 8)?;
    same("across two entries", across, 0x4444_4440_1111_1111)?;
    device.write_sized(BAR0, at + 4, 8, 0x6666_6660_5555_5555)?;
    same(
        "the first",
        device.read_sized(BAR0, at, 8)?,
        0x5555_5555_2222_2220,
    )?;
    same(
        "the second",
        device.read_sized(BAR0, at + 8, 8)?,
        0x3333_3333_6666_6660,
    )?;
    // 4 bytes are written, 2 are left over: those are not.
    let count = device.write_at(Device::start(BAR0) + at, &[0; 6])?;
    same("of 6 bytes", count, 4)?;
    same(
        "the lower half",
        device.read_sized(BAR0, at, 8)?,
        0x5555_5555_0000_0000,
    )?;
    Ok(Outcome::Pass)
}

/// All entries of the share can be written at once and read back, as drivers do when they begin.
fn all_own(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let share = Share::of(&client.device)?;
    let value = Memory::page(3) | PRESENT;
    for (start, size) in [share.aperture, share.hidden] {
        let bytes: Vec<u8> = value.to_le_bytes().repeat((size / PAGE) as usize);
        let begin = Device::start(BAR0) + entry_of(start);
        let mut done = 0;
        while done < bytes.len() {
            done += client
                .device
                .write_at(begin + done as u64, &bytes[done..])?;
        }
        let mut read = vec![0; 4096];
        let last = begin + (bytes.len() - read.len()) as u64;
        same("length", client.device.read_at(last, &mut read)?, 4096)?;
        ensure!(read == bytes[..4096], "entries are not as written");
    }
    let mut host = [0xff; 4096];
    let count = client
        .device
        .read_at(Device::start(BAR0) + GGTT, &mut host)?;
    ensure!(
        host[..count].iter().all(|&byte| byte == 0),
        "the host's show"
    );
    Ok(Outcome::Pass)
}

/// The share of the aperture, mapped.
fn aperture(client: &Client) -> Result<Mapping> {
    let (start, size) = Share::of(&client.device)?.aperture;
    Ok(client
        .device
        .map(Device::start(BAR2) + start, size, SHARED)?)
}

/// What is in memory shows in the aperture, by a mapping and by calls, and the other way around.
fn maps(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let share = Share::of(device)?;
    let view = aperture(&client)?;
    for index in 0..8 {
        // Backwards, so that nothing fits by chance.
        let page = 7 - index;
        client
            .memory
            .write(page * PAGE + 0x10, 0xa000_0000 | page as u32);
        set_entry(device, share.page(index), Memory::page(page) | PRESENT)?;
    }
    flush(device)?;
    for index in 0..8 {
        let (page, word) = (7 - index, (index * PAGE + 0x14) as usize / 4);
        let mark = 0xa000_0000 | page as u32;
        same("by the mapping", view.read(word - 1), mark)?;
        same(
            "by a call",
            device.aperture(share.page(index) + 0x10)?,
            mark,
        )?;
        view.write(word, !mark);
        // A read pushes the write out.
        view.read(word);
        same(
            "written by the mapping",
            client.memory.read(page * PAGE + 0x14),
            !mark,
        )?;
        device.set_aperture(share.page(index) + 0x18, mark ^ 0xff)?;
        same(
            "written by a call",
            client.memory.read(page * PAGE + 0x18),
            mark ^ 0xff,
        )?;
    }
    Ok(Outcome::Pass)
}

fn maps_elsewhere(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let address = Share::of(device)?.page(0);
    for page in (0..32).chain((0..32).rev()) {
        client.memory.write(page * PAGE, 0xb000 + page as u32);
        set_entry(device, address, Memory::page(page) | PRESENT)?;
        flush(device)?;
        same(
            "what it maps",
            device.aperture(address)?,
            0xb000 + page as u32,
        )?;
    }
    Ok(Outcome::Pass)
}

fn unmaps(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let address = Share::of(device)?.page(1);
    client.memory.write(0, 0x5ec7_e700);
    for gone in [0, Memory::page(0)] {
        set_entry(device, address, Memory::page(0) | PRESENT)?;
        flush(device)?;
        same("what it maps", device.aperture(address)?, 0x5ec7_e700)?;
        set_entry(device, address, gone)?;
        flush(device)?;
        device.set_aperture(address, 0xbad)?;
        same("the page", client.memory.read(0), 0x5ec7_e700)?;
    }
    Ok(Outcome::Pass)
}

fn twice(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let share = Share::of(device)?;
    let addresses = [share.page(0), share.page(9), share.hidden.0];
    for address in addresses {
        set_entry(device, address, Memory::page(4) | PRESENT)?;
    }
    flush(device)?;
    device.set_aperture(share.page(0), 1)?;
    same("by the other", device.aperture(share.page(9))?, 1)?;
    set_entry(device, share.page(0), 0)?;
    set_entry(device, share.hidden.0, 0)?;
    flush(device)?;
    device.set_aperture(share.page(9), 2)?;
    same("the page", client.memory.read(4 * PAGE), 2)?;
    Ok(Outcome::Pass)
}

/// An entry of which one half was written maps nothing until it is flushed.
fn half(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let address = Share::of(device)?.page(0);
    client.memory.write(0, 0x0ddba11);
    let value = Memory::page(0) | PRESENT;
    device.write_sized(BAR0, entry_of(address), 4, value & 0xffff_ffff)?;
    ensure!(device.aperture(address)? != 0x0ddba11, "half an entry maps");
    flush(device)?;
    same("after a flush", device.aperture(address)?, 0x0ddba11)?;
    Ok(Outcome::Pass)
}

/// An entry for what is no memory is kept, and maps nothing of anybody's.
fn no_memory(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let address = Share::of(device)?.page(0);
    for frame in [0xdead_b000_u64, 0x7f_ffff_f000, 0xffff_ffff_f000, 0] {
        set_entry(device, address, frame | PRESENT)?;
        same("entry", entry(device, address)?, frame | PRESENT)?;
        flush(device)?;
        device.set_aperture(address, 0x1234)?;
    }
    set_entry(device, address, Memory::page(0) | PRESENT)?;
    flush(device)?;
    device.set_aperture(address, 0x5678)?;
    same("memory afterwards", client.memory.read(0), 0x5678)?;
    Ok(Outcome::Pass)
}
