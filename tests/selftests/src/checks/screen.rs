// SPDX-License-Identifier: GPL-2.0
//! The guest's monitor: pictures of it, and another one in its place.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use libc::{EINVAL, MAP_SHARED, PROT_READ};

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::client::Client;
use crate::device::Device;
use crate::mapping::{How, SHARED};
use crate::memory::{Memory, PAGE};
use crate::regs::{PRESENT, Share, set_entry};
use crate::scanout::{self, Surface};
use crate::uapi::{
    DRM_PLANE_TYPE_PRIMARY, EDID, PICTURE, VFIO_GFX_PLANE_TYPE_DMABUF, VFIO_GFX_PLANE_TYPE_PROBE,
    VFIO_GFX_PLANE_TYPE_REGION, VFIO_REGION_SUBTYPE_GFX_EDID, VFIO_REGION_TYPE_GFX,
};

pub const CHECKS: &[Check] = &[
    Check::new("screen/forms", forms),
    Check::new("screen/off", off),
    Check::new("screen/picture", picture),
    Check::new("screen/too-large", too_large),
    Check::new("screen/map", map),
    Check::new("screen/timer", timer),
    Check::new("monitor/members", members),
    Check::new("monitor/another", another),
    Check::new("monitor/nonsense", nonsense),
];

/// Bytes that the query takes.
const QUERY: u32 = 60;
/// Columns and rows of the pictures here: they end in the third page.
const SIZE: (u32, u32) = (320, 8);
/// Places in the answer: format, width, height, stride, size, region.
const ANSWER: [usize; 6] = [3, 6, 7, 8, 9, 14];
/// Members of the EDID region.
const EDID_SIZE: u64 = 8;
const LINK_STATE: u64 = 20;
const BLOCK: u64 = 128;

/// What is told of a picture now.
fn query(client: &Client) -> Result<[u32; 6]> {
    let words = client
        .device
        .plane(DRM_PLANE_TYPE_PRIMARY, VFIO_GFX_PLANE_TYPE_REGION, QUERY)?;
    Ok(ANSWER.map(|at| words[at]))
}

/// Turns pipe A on, with a picture of so many columns and rows from `address` on.
fn show(client: &Client, size: (u32, u32), address: u64) -> Result<()> {
    scanout::show(&client.device, &Surface::linear(size, address))
}

fn forms(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let ask = |flags| client.device.plane(DRM_PLANE_TYPE_PRIMARY, flags, QUERY);
    ask(VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_REGION)?;
    for flags in [
        0,
        VFIO_GFX_PLANE_TYPE_PROBE,
        VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_DMABUF,
        VFIO_GFX_PLANE_TYPE_DMABUF,
        VFIO_GFX_PLANE_TYPE_DMABUF | VFIO_GFX_PLANE_TYPE_REGION,
        VFIO_GFX_PLANE_TYPE_REGION | 1 << 3,
    ] {
        refused(&format!("flags {flags:#x}"), ask(flags), &[EINVAL])?;
    }
    let region = |plane, argsz| {
        client
            .device
            .plane(plane, VFIO_GFX_PLANE_TYPE_REGION, argsz)
    };
    let little = region(DRM_PLANE_TYPE_PRIMARY, QUERY - 1);
    refused("too little room", little, &[EINVAL])?;
    refused("no plane", region(3, QUERY), &[EINVAL])?;
    refused("a dma-buf", client.device.dma_buf(1), &[EINVAL])?;
    Ok(Outcome::Pass)
}

fn off(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    same("no pipe", query(&client)?, [0; 6])?;
    show(&client, SIZE, Share::of(&client.device)?.page(0))?;
    ensure!(query(&client)?[0] != 0, "nothing is shown");
    scanout::off(&client.device)?;
    same("a pipe that is off", query(&client)?, [0; 6])?;
    show(&client, SIZE, Share::of(&client.device)?.page(0))?;
    client.device.reset()?;
    same("after a reset", query(&client)?, [0; 6])?;
    Ok(Outcome::Pass)
}

fn picture(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let share = Share::of(&client.device)?;
    for at in (0..3 * PAGE).step_by(4) {
        client
            .memory
            .write(at, 0x0100_0193_u32.wrapping_mul(at as u32 + 1) & 0xff_ffff);
    }
    // The page in the middle is missing.
    for index in [0, 2] {
        set_entry(
            &client.device,
            share.page(index),
            Memory::page(index) | PRESENT,
        )?;
    }
    show(&client, SIZE, share.page(0))?;
    let (width, height) = SIZE;
    let bytes = width * height * 4;
    let format = u32::from_le_bytes(*b"XR24");
    let wanted = [format, width, height, width * 4, bytes, PICTURE];
    same("what is told", query(&client)?, wanted)?;
    let mut read = vec![0; bytes as usize];
    let mut done = 0;
    while done < read.len() {
        let at = Device::start(PICTURE) + done as u64;
        match client.device.read_at(at, &mut read[done..])? {
            0 => break,
            count => done += count,
        }
    }
    for (at, pixel) in (0..).step_by(4).zip(read.chunks(4)) {
        let wanted = match at / PAGE {
            1 => 0,
            _ => client.memory.read(at),
        };
        let found = u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0]);
        same(&format!("pixel at {at:#x}"), found, wanted)?;
    }
    Ok(Outcome::Pass)
}

fn too_large(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let room = client.device.region(PICTURE)?.size;
    show(&client, (8192, 8192), Share::of(&client.device)?.page(0))?;
    ensure!(room < 8192 * 8192 * 4, "there is room for all");
    same("more than there is room for", query(&client)?, [0; 6])?;
    Ok(Outcome::Pass)
}

fn map(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let size = client.device.region(PICTURE)?.size;
    let start = Device::start(PICTURE);
    let read_only = How {
        protection: PROT_READ,
        flags: MAP_SHARED,
    };
    let written = client.device.map(start, PAGE, SHARED);
    refused("a mapping to write", written, &[EINVAL])?;
    let long = client.device.map(start, size + PAGE, read_only);
    refused("a mapping beyond the end", long, &[EINVAL])?;
    let share = Share::of(&client.device)?;
    set_entry(&client.device, share.page(0), Memory::page(0) | PRESENT)?;
    let mapping = client.device.map(start, size, read_only)?;
    show(&client, SIZE, share.page(0))?;
    for color in [0x12_3456, 0x65_4321] {
        client.memory.write(8, color);
        query(&client)?;
        same("a pixel", mapping.read(2) & 0xff_ffff, color)?;
    }
    Ok(Outcome::Pass)
}

/// GEN8_DE_PIPE_IMR and IER of pipe A, and their bit for vertical blanks.
const PIPE_IMR: u32 = 0x4_4404;
const PIPE_IER: u32 = 0x4_440c;
const VBLANK: u32 = 1;

/// The module's timers that the kernel has to wake up for.
fn timers() -> Result<usize> {
    let list = fs::read_to_string("/proc/timer_list").context("reading /proc/timer_list")?;
    Ok(list.lines().filter(|line| line.contains("[rgvt]")).count())
}

/// Fails if there is a timer, now or soon.
fn no_timer(what: &str) -> Result<()> {
    for _ in 0..20 {
        same(&format!("timers {what}"), timers()?, 0)?;
        sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Fails unless there is one. It is not there between one vertical blank and when the next one is known.
fn a_timer(what: &str) -> Result<()> {
    for _ in 0..200 {
        if timers()? > 0 {
            return Ok(());
        }
        sleep(Duration::from_millis(5));
    }
    bail!("no timer {what}");
}

/// The host is woken while the guest waits for vertical blanks, and at no other time.
fn timer(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let address = Share::of(device)?.page(0);
    no_timer("of a new device")?;
    show(&client, SIZE, address)?;
    no_timer("when nobody listens")?;
    device.set_reg(PIPE_IMR, !VBLANK)?;
    device.set_reg(PIPE_IER, VBLANK)?;
    a_timer("when the guest listens")?;
    device.set_reg(PIPE_IMR, !0)?;
    no_timer("when it has ceased to")?;
    device.set_reg(PIPE_IMR, !VBLANK)?;
    a_timer("when it listens again")?;
    scanout::off(device)?;
    no_timer("with the screen off")?;
    show(&client, SIZE, address)?;
    a_timer("with the screen on")?;
    device.reset()?;
    no_timer("after a reset")?;
    Ok(Outcome::Pass)
}

fn member(client: &Client, at: u64) -> Result<u64> {
    Ok(client.device.read_sized(EDID, at, 4)?)
}

fn set_member(client: &Client, at: u64, value: u64) -> std::io::Result<()> {
    client.device.write_sized(EDID, at, 4, value)
}

fn members(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let region = client.device.region(EDID)?;
    let kind = (VFIO_REGION_TYPE_GFX, VFIO_REGION_SUBTYPE_GFX_EDID);
    same("type", region.kind, Some(kind))?;
    for (at, wanted) in [(0, BLOCK), (4, BLOCK), (EDID_SIZE, BLOCK), (LINK_STATE, 1)] {
        same(&format!("member at {at}"), member(&client, at)?, wanted)?;
    }
    ensure!(member(&client, 12)? >= 640 && member(&client, 16)? >= 480);
    for (at, value) in [
        (0, 0),
        (4, 256),
        (12, 1),
        (16, 1),
        (EDID_SIZE, 129),
        (LINK_STATE, 3),
    ] {
        refused(
            &format!("{value} at {at}"),
            set_member(&client, at, value),
            &[EINVAL],
        )?;
    }
    Ok(Outcome::Pass)
}

fn edid(client: &Client) -> Result<Vec<u8>> {
    let mut block = vec![0; BLOCK as usize];
    client
        .device
        .read_at(Device::start(EDID) + BLOCK, &mut block)?;
    Ok(block)
}

/// Has byte `at` of a block be `value`, and the checksum right.
fn change(block: &mut [u8], at: usize, value: u8) {
    block[127] = block[127].wrapping_add(block[at]).wrapping_sub(value);
    block[at] = value;
}

fn another(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    // SDEISR and its bit for port B.
    let plugged = || -> Result<bool> { Ok(client.device.reg(0xc_4000)? & 1 << 21 != 0) };
    ensure!(plugged()?, "no monitor at first");
    let usual = edid(&client)?;
    set_member(&client, LINK_STATE, 2)?;
    ensure!(!plugged()?, "it is still plugged in");
    // Another serial number.
    let mut block = usual.clone();
    change(&mut block, 12, 0x77);
    set_member(&client, EDID_SIZE, BLOCK)?;
    client
        .device
        .write_at(Device::start(EDID) + BLOCK, &block)?;
    set_member(&client, LINK_STATE, 1)?;
    ensure!(plugged()?, "it is not plugged in");
    client.device.reset()?;
    ensure!(plugged()?, "it was lost by a reset");
    same("the EDID after a reset", edid(&client)?, block)?;
    let client = client.reopen()?;
    same("the EDID for the next user", edid(&client)?, usual)?;
    Ok(Outcome::Pass)
}

fn nonsense(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let usual = edid(&client)?;
    set_member(&client, LINK_STATE, 2)?;
    let plug = |block: &[u8]| -> std::io::Result<()> {
        client.device.write_at(Device::start(EDID) + BLOCK, block)?;
        set_member(&client, LINK_STATE, 1)
    };
    let mut block = usual.clone();
    block[20] ^= 1;
    refused("a wrong checksum", plug(&block), &[EINVAL])?;
    for (what, at, value) in [
        ("a wrong header", 3, 0),
        ("more blocks", 126, 1),
        ("a mode of 4095 columns", 58, 0xf0 | usual[58] & 0xf),
        ("a mode of 4095 rows", 61, 0xf0 | usual[61] & 0xf),
    ] {
        let mut block = usual.clone();
        change(&mut block, at, value);
        refused(what, plug(&block), &[EINVAL])?;
    }
    same("the link", member(&client, LINK_STATE)?, 2)?;
    plug(&usual)?;
    Ok(Outcome::Pass)
}
