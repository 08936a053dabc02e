// SPDX-License-Identifier: GPL-2.0
//! What VFIO tells of the device and its regions.

use anyhow::{Context, Result, ensure};
use libc::{EFAULT, EINVAL, ENOTTY};

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::device::{Device, Region};
use crate::regs::Share;
use crate::uapi::{
    BAR0, BAR2, CONFIG, DEVICE_GET_INFO, EDID, OPREGION, PICTURE, VFIO_DEVICE_FLAGS_PCI,
    VFIO_DEVICE_FLAGS_RESET, VFIO_PCI_NUM_IRQS, VFIO_REGION_INFO_FLAG_CAPS,
    VFIO_REGION_INFO_FLAG_MMAP, VFIO_REGION_INFO_FLAG_READ, VFIO_REGION_INFO_FLAG_WRITE,
    VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION, VFIO_REGION_TYPE_PCI_VENDOR_TYPE, vfio_region_info,
};

const READ_WRITE: u32 = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;

pub const CHECKS: &[Check] = &[
    Check::new("info/device", device),
    Check::new("info/device-refused", device_refused),
    Check::new("info/bar0", bar0),
    Check::new("info/bar2", bar2),
    Check::new("info/config", config),
    Check::new("info/opregion", opregion),
    Check::new("info/picture", picture),
    Check::new("info/absent-regions", absent),
    Check::new("info/offsets", offsets),
    Check::new("info/region-refused", region_refused),
    Check::new("info/little-room", little_room),
];

fn device(bench: &Bench) -> Result<Outcome> {
    let info = bench.client()?.device.info(Device::INFO)?;
    let flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
    same("flags", info.flags, flags)?;
    same("interrupts", info.num_irqs, VFIO_PCI_NUM_IRQS)?;
    same("regions", info.num_regions, EDID + 1)?;
    Ok(Outcome::Pass)
}

fn device_refused(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    refused(
        "too little room",
        client.device.info(Device::INFO - 1),
        &[EINVAL],
    )?;
    let nowhere = client.device.raw_ioctl(DEVICE_GET_INFO, 8);
    refused("a bad address", nowhere, &[EFAULT])?;
    let unknown = client.device.raw_ioctl(DEVICE_GET_INFO + 90, 0);
    refused("an unknown ioctl", unknown, &[ENOTTY])?;
    Ok(Outcome::Pass)
}

fn bar0(bench: &Bench) -> Result<Outcome> {
    let region = bench.client()?.device.region(BAR0)?;
    same("size", region.size, 16 << 20)?;
    same("flags", region.flags, READ_WRITE)?;
    Ok(Outcome::Pass)
}

/// The aperture that the host's GPU has, in bytes: its BAR 2.
fn host_aperture(bench: &Bench) -> Result<u64> {
    let resources = bench.parent.attribute("resource")?;
    let line = resources.lines().nth(2).context("no BAR 2")?;
    let mut ends = line
        .split_whitespace()
        .map(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16));
    let start = ends.next().context("no start")??;
    let end = ends.next().context("no end")??;
    Ok(end - start + 1)
}

fn bar2(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let region = client.device.region(BAR2)?;
    let flags = READ_WRITE | VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
    same("size", region.size, host_aperture(bench)?)?;
    same("flags", region.flags, flags)?;
    let share = Share::of(&client.device)?;
    same("what can be mapped", region.areas, vec![share.aperture])?;
    Ok(Outcome::Pass)
}

fn config(bench: &Bench) -> Result<Outcome> {
    let region = bench.client()?.device.region(CONFIG)?;
    same("size", region.size, 256)?;
    same("flags", region.flags, READ_WRITE)?;
    Ok(Outcome::Pass)
}

fn opregion(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let region = client.device.region(OPREGION)?;
    let vendor = VFIO_REGION_TYPE_PCI_VENDOR_TYPE | 0x8086;
    let kind = (vendor, VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION);
    same("type", region.kind, Some(kind))?;
    same("size", region.size, 8 << 10)?;
    let mut bytes = vec![0; 8 << 10];
    same(
        "bytes",
        client.device.read_at(region.offset, &mut bytes)?,
        8 << 10,
    )?;
    ensure!(bytes.starts_with(b"IntelGraphicsMem"), "no signature");
    same("size in it, KiB", bytes[16], 8)?;
    ensure!(bytes[0x400..].starts_with(b"$VBT"), "no video BIOS's table");
    let written = client.device.write_at(region.offset, &[0]);
    refused("a write", written, &[EINVAL])?;
    Ok(Outcome::Pass)
}

/// Nobody has programmed a plane, so that there is nothing in it.
fn picture(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let region = client.device.region(PICTURE)?;
    ensure!(region.size >= 640 * 480 * 4, "no room for a picture");
    let mut bytes = [1; 64];
    same(
        "bytes",
        client.device.read_at(region.offset, &mut bytes)?,
        64,
    )?;
    same("a picture of nothing", bytes, [0; 64])?;
    let end = region.offset + region.size;
    refused(
        "a read of what is behind it",
        client.device.read_at(end, &mut [0; 4]),
        &[EINVAL],
    )?;
    let written = client.device.write_at(region.offset, &[0]);
    refused("a write", written, &[EINVAL])?;
    Ok(Outcome::Pass)
}

fn absent(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for index in [1, 3, 4, 5, 6, 8] {
        let region = client.device.region(index)?;
        same(&format!("size of {index}"), region.size, 0)?;
        same(&format!("flags of {index}"), region.flags, 0)?;
        let read = client.device.read_at(Device::start(index), &mut [0; 4]);
        refused("a read", read, &[EINVAL])?;
        let write = client.device.write_at(Device::start(index), &[0; 4]);
        refused("a write", write, &[EINVAL])?;
    }
    Ok(Outcome::Pass)
}

fn offsets(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for index in 0..=EDID {
        let Region { offset, .. } = client.device.region(index)?;
        same(&format!("start of {index}"), offset, Device::start(index))?;
    }
    Ok(Outcome::Pass)
}

fn region_refused(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for index in [EDID + 1, 255, u32::MAX] {
        let info = client
            .device
            .raw_region(index, size_of::<vfio_region_info>() as u32);
        refused("a region that is not there", info, &[EINVAL])?;
    }
    let read = client.device.read_at(Device::start(EDID + 1), &mut [0; 4]);
    refused("a read behind all regions", read, &[EINVAL])?;
    let little = size_of::<vfio_region_info>() as u32 - 1;
    refused(
        "too little room",
        client.device.raw_region(BAR0, little),
        &[EINVAL],
    )?;
    Ok(Outcome::Pass)
}

fn little_room(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let room = size_of::<vfio_region_info>() as u32;
    let info = client.device.raw_region(BAR2, room)?;
    ensure!(info.argsz > room, "does not say how much room it needs");
    same("offset of capabilities", info.cap_offset, 0)?;
    let info = client.device.raw_region(BAR2, info.argsz)?;
    ensure!(
        info.cap_offset >= room,
        "no capabilities with that much room"
    );
    Ok(Outcome::Pass)
}
