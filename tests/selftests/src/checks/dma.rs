// SPDX-License-Identifier: GPL-2.0
//! Memory that is taken away while the device uses it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::bench::{Bench, Check, Outcome, same};
use crate::context::{Context, ENGINES, MARK};
use crate::leaks::{more_pinned, pinned};
use crate::memory::{BASE, Memory, PAGE, SIZE};
use crate::regs::{PRESENT, Share, entry, flush, set_entry};
use crate::uapi::VFIO_DMA_MAP_FLAG_READ;

pub const CHECKS: &[Check] = &[
    Check::new("dma/unmap", unmap),
    Check::new("dma/unmap-all", unmap_all),
    Check::new("dma/map-anew", map_anew),
    Check::new("dma/same-entry-again", same_entry),
    Check::new("dma/comes-back", comes_back),
    Check::new("dma/parts", parts),
    Check::new("dma/pins-given-back", pins),
    Check::new("dma/read-only-memory", read_only),
    Check::new("dma/unmap-while-mapping", race),
    Check::new("dma/unmap-while-running", running),
];

/// Pages that are no longer the device's are not reached any more.
fn unmap(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let share = Share::of(device)?;
    for index in 0..16 {
        set_entry(device, share.page(index), Memory::page(index) | PRESENT)?;
        set_entry(
            device,
            share.hidden.0 + index * PAGE,
            Memory::page(index) | PRESENT,
        )?;
    }
    flush(device)?;
    device.set_aperture(share.page(0), 1)?;
    same("mapped", client.memory.read(0), 1)?;
    same("unmapped bytes", client.container.unmap(BASE, SIZE)?, SIZE)?;
    device.set_aperture(share.page(0), 2)?;
    same("memory", client.memory.read(0), 1)?;
    let kept = entry(device, share.page(0))?;
    same("the guest's entry", kept, Memory::page(0) | PRESENT)?;
    set_entry(device, share.page(3), Memory::page(5) | PRESENT)?;
    device.set_aperture(share.page(3), 3)?;
    same(
        "memory of an entry that came later",
        client.memory.read(5 * PAGE),
        0,
    )?;
    Ok(Outcome::Pass)
}

fn unmap_all(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let share = Share::of(&client.device)?;
    set_entry(&client.device, share.page(0), Memory::page(0) | PRESENT)?;
    same("unmapped bytes", client.container.unmap_all()?, SIZE)?;
    same("the second time", client.container.unmap_all()?, 0)?;
    Ok(Outcome::Pass)
}

/// An entry that is written again maps what is there now.
fn map_anew(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let address = Share::of(device)?.page(0);
    let other = Memory::new()?;
    let value = Memory::page(0) | PRESENT;
    for (memory, number) in [(&client.memory, 1), (&other, 2), (&client.memory, 3)] {
        client.container.unmap(BASE, SIZE)?;
        client.container.map(BASE, SIZE, memory.address())?;
        set_entry(device, address, 0)?;
        set_entry(device, address, value)?;
        flush(device)?;
        device.set_aperture(address, number)?;
        same("memory", memory.read(0), number)?;
    }
    same("the other's memory", other.read(0), 2)?;
    // It must outlive the mapping.
    client.container.unmap(BASE, SIZE)?;
    Ok(Outcome::Pass)
}

/// An entry that mapped nothing for want of memory does when it is written again, with the same value.
fn same_entry(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let address = Share::of(device)?.page(0);
    let value = Memory::page(0) | PRESENT;
    set_entry(device, address, value)?;
    client.container.unmap(BASE, SIZE)?;
    client.container.map(BASE, SIZE, client.memory.address())?;
    set_entry(device, address, value)?;
    flush(device)?;
    device.set_aperture(address, 1)?;
    same("memory that was away", client.memory.read(0), 1)?;

    let far = 0x2_0000_0000_u64;
    let other = Memory::new()?;
    set_entry(device, address, far | PRESENT)?;
    client.container.map(far, SIZE, other.address())?;
    set_entry(device, address, far | PRESENT)?;
    flush(device)?;
    device.set_aperture(address, 2)?;
    same("memory that was not there yet", other.read(0), 2)?;
    // It must outlive the mapping.
    client.container.unmap(far, SIZE)?;
    Ok(Outcome::Pass)
}

/// What is taken away and given back, as when user space divides it anew, is where it was.
fn comes_back(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let share = Share::of(device)?;
    for index in 0..100 {
        set_entry(device, share.page(index), Memory::page(index) | PRESENT)?;
    }
    flush(device)?;
    client.container.unmap(BASE, SIZE)?;
    // All of them are tried, and then one of them.
    flush(device)?;
    flush(device)?;
    let half = SIZE / 2;
    for at in [0, half] {
        let memory = client.memory.address() + at;
        client.container.map(BASE + at, half, memory)?;
    }
    flush(device)?;
    for (index, value) in (0..100).zip(1..) {
        device.set_aperture(share.page(index), value)?;
        same("memory", client.memory.read(index * PAGE), value)?;
    }
    client.container.unmap(BASE, half)?;
    device.set_aperture(share.page(0), 1000)?;
    same("memory that is away again", client.memory.read(0), 1)?;
    Ok(Outcome::Pass)
}

/// Of two mappings one goes; the other stays.
fn parts(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let share = Share::of(device)?;
    let far = 0x1_2345_6000_u64;
    let other = Memory::new()?;
    client.container.map(far, SIZE, other.address())?;
    set_entry(device, share.page(0), Memory::page(0) | PRESENT)?;
    set_entry(device, share.page(1), far | PRESENT)?;
    flush(device)?;
    device.set_aperture(share.page(1), 7)?;
    same("far memory", other.read(0), 7)?;
    client.container.unmap(BASE, SIZE)?;
    device.set_aperture(share.page(1), 8)?;
    same("far memory, still", other.read(0), 8)?;
    client.container.unmap(far, SIZE)?;
    device.set_aperture(share.page(1), 9)?;
    same("far memory, no longer", other.read(0), 8)?;
    Ok(Outcome::Pass)
}

/// Pages are pinned as long as an entry names them, and no longer.
fn pins(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let share = Share::of(device)?;
    let before = pinned()?;
    for index in 0..100 {
        set_entry(device, share.page(index), Memory::page(index) | PRESENT)?;
        set_entry(
            device,
            share.page(200 + index),
            Memory::page(index) | PRESENT,
        )?;
    }
    more_pinned(before, 100).context("pinned")?;
    for index in 0..50 {
        set_entry(device, share.page(index), 0)?;
        set_entry(device, share.page(200 + index), 0)?;
    }
    flush(device)?;
    more_pinned(before, 50).context("pinned by half")?;
    device.reset()?;
    more_pinned(before, 0).context("pinned after a reset")?;
    set_entry(device, share.page(0), Memory::page(0) | PRESENT)?;
    client.container.unmap(BASE, SIZE)?;
    more_pinned(before, 0).context("pinned after it is unmapped")?;
    Ok(Outcome::Pass)
}

/// What the device may only read it does not get, for the GPU cannot be kept from writing.
fn read_only(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let address = Share::of(device)?.page(0);
    client.container.unmap(BASE, SIZE)?;
    let memory = client.memory.address();
    client
        .container
        .map_with(BASE, SIZE, memory, VFIO_DMA_MAP_FLAG_READ)?;
    set_entry(device, address, Memory::page(0) | PRESENT)?;
    flush(device)?;
    device.set_aperture(address, 1)?;
    same("memory", client.memory.read(0), 0)?;
    Ok(Outcome::Pass)
}

/// Entries are written by one thread while another takes the memory away.
fn race(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let share = Share::of(device)?;
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| -> Result<()> {
        let writer = scope.spawn(|| -> Result<()> {
            while !done.load(Ordering::Relaxed) {
                for index in 0..16 {
                    set_entry(device, share.page(index), Memory::page(index) | PRESENT)?;
                }
                for index in 0..16 {
                    set_entry(device, share.page(index), 0)?;
                }
            }
            Ok(())
        });
        let result = (0..100).try_for_each(|_| {
            client.container.unmap(BASE, SIZE)?;
            client.container.map(BASE, SIZE, client.memory.address())
        });
        done.store(true, Ordering::Relaxed);
        result?;
        writer
            .join()
            .map_err(|_| anyhow::anyhow!("the writer has panicked"))?
    })?;
    Ok(Outcome::Pass)
}

/// What an engine uses is taken away when the engine is done with it.
fn running(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for _ in 0..20 {
        let context = Context::new(&client, ENGINES[0], 0)?;
        context.store(&client, MARK);
        context.submit(&client)?;
        client.container.unmap(BASE, SIZE)?;
        client.container.map(BASE, SIZE, client.memory.address())?;
        client.device.reset()?;
    }
    // After so many in a row, pages may be refused for a while.
    std::thread::sleep(Duration::from_secs(6));
    let context = Context::new(&client, ENGINES[0], 0)?;
    context.store(&client, MARK);
    context.submit(&client)?;
    context.wait_for(&client, MARK)?;
    Ok(Outcome::Pass)
}
