// SPDX-License-Identifier: GPL-2.0
//! The configuration space. Offsets and bits are those of linux/pci_regs.h.

use anyhow::{Result, ensure};
use libc::EINVAL;

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::device::Device;
use crate::uapi::{BAR2, CONFIG};

pub const CHECKS: &[Check] = &[
    Check::new("config/identity", identity),
    Check::new("config/sizes-agree", sizes),
    Check::new("config/any-length", any_length),
    Check::new("config/end", end),
    Check::new("config/bar-sizes", bar_sizes),
    Check::new("config/bar-by-bytes", bar_bytes),
    Check::new("config/absent-bars", absent_bars),
    Check::new("config/command", command),
    Check::new("config/read-only", read_only),
    Check::new("config/capabilities", capabilities),
    Check::new("config/msi", msi),
    Check::new("config/power", power),
];

const COMMAND: u32 = 0x04;
const BAR_0: u32 = 0x10;
const BAR_2: u32 = 0x18;

fn identity(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let host = |name: &str| -> Result<u32> {
        let text = bench.parent.attribute(name)?;
        Ok(u32::from_str_radix(text.trim_start_matches("0x"), 16)?)
    };
    same(
        "IDs",
        device.config(0)?,
        host("device")? << 16 | host("vendor")?,
    )?;
    same("class", device.config(8)? >> 8, 0x03_0000)?;
    same("revision", device.config(8)? & 0xff, host("revision")?)?;
    let subsystem = host("subsystem_device")? << 16 | host("subsystem_vendor")?;
    same("subsystem", device.config(0x2c)?, subsystem)?;
    same("header type", device.read_sized(CONFIG, 0x0e, 1)? & 0x7f, 0)?;
    same("pin", device.read_sized(CONFIG, 0x3d, 1)?, 1)?;
    Ok(Outcome::Pass)
}

fn sizes(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for at in (0..256).step_by(4) {
        let dword = u64::from(client.device.config(at)?);
        for (size, mask) in [(1, 0xff), (2, 0xffff)] {
            for within in (0..4).step_by(size) {
                let part = client
                    .device
                    .read_sized(CONFIG, u64::from(at) + within, size)?;
                let what = format!("{size} bytes at {at:#x} + {within}");
                same(&what, part, dword >> (8 * within) & mask)?;
            }
        }
    }
    Ok(Outcome::Pass)
}

fn any_length(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let mut all = [0; 256];
    let start = Device::start(CONFIG);
    same(
        "length of all",
        client.device.read_at(start, &mut all)?,
        256,
    )?;
    for at in 0..32 {
        for length in 1..12 {
            let mut part = [0; 12];
            let count = client
                .device
                .read_at(start + at as u64, &mut part[..length])?;
            let what = format!("{length} bytes at {at:#x}");
            same(&what, count, length)?;
            same(&what, &part[..length], &all[at..at + length])?;
        }
    }
    Ok(Outcome::Pass)
}

fn end(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let start = Device::start(CONFIG);
    let mut bytes = [0; 8];
    same(
        "across the end",
        client.device.read_at(start + 252, &mut bytes)?,
        4,
    )?;
    let after = client.device.read_at(start + 256, &mut bytes);
    refused("a read after the end", after, &[EINVAL])?;
    let after = client.device.write_at(start + 256, &bytes);
    refused("a write after the end", after, &[EINVAL])?;
    let far = client.device.read_at(start + (1 << 39), &mut bytes);
    refused("a read far after the end", far, &[EINVAL])?;
    Ok(Outcome::Pass)
}

/// Writes all ones to a BAR of 64 bits; says what it reads then.
fn probe(device: &Device, bar: u32) -> Result<u64> {
    device.set_config(bar, u32::MAX)?;
    device.set_config(bar + 4, u32::MAX)?;
    Ok(u64::from(device.config(bar)?) | u64::from(device.config(bar + 4)?) << 32)
}

fn bar_sizes(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let aperture = device.region(BAR2)?.size;
    same(
        "BAR 0",
        probe(device, BAR_0)?,
        (16u64 << 20).wrapping_neg() | 0x4,
    )?;
    same(
        "BAR 2",
        probe(device, BAR_2)?,
        aperture.wrapping_neg() | 0xc,
    )?;
    // An address sticks, above the bits that say the size.
    device.set_config(BAR_0, 0xa1ff_ffff)?;
    same("an address", device.config(BAR_0)?, 0xa100_0004)?;
    Ok(Outcome::Pass)
}

fn bar_bytes(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    for byte in 0..8 {
        device.write_sized(CONFIG, u64::from(BAR_0) + byte, 1, 0xff)?;
    }
    same("lower half", device.config(BAR_0)?, 0xff00_0004)?;
    same("upper half", device.config(BAR_0 + 4)?, u32::MAX)?;
    device.write_sized(CONFIG, u64::from(BAR_0) + 2, 2, 0x1234)?;
    same("after 2 bytes", device.config(BAR_0)?, 0x1200_0004)?;
    // Unaligned, so it is made of accesses of 1, 2 and 1 bytes.
    device.write_sized(CONFIG, u64::from(BAR_0) + 1, 4, 0xaa55_aa55)?;
    same(
        "after 4 unaligned bytes",
        device.config(BAR_0)?,
        0x5500_0004,
    )?;
    same("and behind", device.config(BAR_0 + 4)?, 0xffff_ffaa)?;
    Ok(Outcome::Pass)
}

fn absent_bars(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for at in [0x20, 0x24, 0x30] {
        client.device.set_config(at, u32::MAX)?;
        same(&format!("{at:#x}"), client.device.config(at)?, 0)?;
    }
    Ok(Outcome::Pass)
}

fn command(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let status = device.config(COMMAND)? & 0xffff_0000;
    same("a list of capabilities", status & 1 << 20, 1 << 20)?;
    // I/O, memory, bus master, INTx disable.
    for value in [0, 0x1, 0x2, 0x4, 0x400, 0x407] {
        device.set_config(COMMAND, value)?;
        same("command", device.config(COMMAND)?, status | value)?;
    }
    device.set_config(COMMAND, u32::MAX)?;
    same("of all bits", device.config(COMMAND)?, status | 0x407)?;
    Ok(Outcome::Pass)
}

/// Dwords that nothing changes: identity, class, absent BARs, subsystem, and heads of capabilities
/// apart from the control of MSI.
fn read_only(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    for at in [
        0x00, 0x08, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x50, 0xd0,
    ] {
        let before = device.config(at)?;
        for value in [u32::MAX, 0, 0x5555_5555] {
            device.set_config(at, value)?;
            same(&format!("{at:#x}"), device.config(at)?, before)?;
        }
        for byte in 0..4 {
            device.write_sized(CONFIG, u64::from(at) + byte, 1, 0xa5)?;
            same(&format!("{at:#x} by bytes"), device.config(at)?, before)?;
        }
    }
    Ok(Outcome::Pass)
}

/// Whether the GPU is a Broadwell, by its device ID (include/drm/intel/pciids.h).
pub fn is_broadwell(device: &Device) -> Result<bool> {
    Ok(device.config(0x00)? >> 24 == 0x16)
}

/// Where the capability of this number is.
pub fn capability(device: &Device, wanted: u32) -> Result<Option<u32>> {
    let mut at = device.config(0x34)? & 0xff;
    for _ in 0..48 {
        if at == 0 {
            return Ok(None);
        }
        ensure!(at >= 0x40 && at % 4 == 0, "a capability at {at:#x}");
        let head = device.config(at)?;
        if head & 0xff == wanted {
            return Ok(Some(at));
        }
        at = head >> 8 & 0xff;
    }
    anyhow::bail!("the list of capabilities has no end");
}

/// The numbers of capabilities.
pub const PM: u32 = 0x01;
pub const MSI: u32 = 0x05;

fn capabilities(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for (name, number) in [("MSI", MSI), ("power management", PM)] {
        ensure!(capability(&client.device, number)?.is_some(), "no {name}");
    }
    // One that is not there, so that the whole list is walked.
    same("MSI-X", capability(&client.device, 0x11)?, None)?;
    Ok(Outcome::Pass)
}

fn msi(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let Some(at) = capability(device, MSI)? else {
        return Outcome::skip("no MSI");
    };
    let head = device.config(at)?;
    same("control at first", head >> 16, 0)?;
    device.set_config(at, u32::MAX)?;
    same("enabled", device.config(at)?, head | 1 << 16)?;
    device.set_config(at, 0)?;
    same("disabled", device.config(at)?, head)?;
    device.write_sized(CONFIG, u64::from(at) + 2, 2, 1)?;
    same("enabled by 2 bytes", device.config(at)?, head | 1 << 16)?;
    device.set_config(at + 4, u32::MAX)?;
    same("address", device.config(at + 4)?, 0xffff_fffc)?;
    device.write_sized(CONFIG, u64::from(at) + 8, 2, 0xffff)?;
    same("data", device.config(at + 8)? & 0xffff, 0xffff)?;
    Ok(Outcome::Pass)
}

fn power(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let Some(at) = capability(device, PM)? else {
        return Outcome::skip("no power management");
    };
    let control = at + 4;
    same("at first", device.config(control)? & 3, 0)?;
    device.set_config(control, 3)?;
    same("D3hot", device.config(control)? & 3, 3)?;
    device.set_config(control, 0)?;
    same("D0", device.config(control)? & 3, 0)?;
    // D1 and D2 are not offered.
    same("D1 and D2", device.config(at)? >> 16 & 0x600, 0)?;
    device.set_config(control, 1)?;
    same("D1 is not entered", device.config(control)? & 3, 0)?;
    Ok(Outcome::Pass)
}
