// SPDX-License-Identifier: GPL-2.0
//! What an operator sees and sets of a virtual GPU in sysfs: the folder rgvt/ of its device.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use libc::{EACCES, EINVAL};

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::client::Client;
use crate::leaks::{more_pinned, pinned};
use crate::mdev::Mdev;
use crate::memory::Memory;
use crate::regs::{PRESENT, Share, flush, set_entry};

pub const CHECKS: &[Check] = &[
    Check::new("attributes/read-only", read_only),
    Check::new("attributes/pin-quota", pin_quota),
    Check::new("attributes/pin-quota-holds", pin_quota_holds),
    Check::new("attributes/pin-quota-stays", pin_quota_stays),
    Check::new("attributes/user", user),
];

const PIN_QUOTA: &str = "rgvt/pin_quota_mib";
const PINNED: &str = "rgvt/pinned_pages";
const USER: &str = "rgvt/user";

/// Pages of 4 KiB in a MiB.
const PAGES_IN_MIB: u64 = 256;

fn read_only(bench: &Bench) -> Result<Outcome> {
    let mdev = bench.vgpu()?;
    for name in [PINNED, USER, "intel_vgpu/vgpu_id"] {
        let before = mdev.attribute(name)?;
        refused(name, mdev.set_attribute(name, "1"), &[EACCES])?;
        same(name, mdev.attribute(name)?, before)?;
    }
    Ok(Outcome::Pass)
}

/// Writes texts that an attribute has to take, and such as it has to refuse without effect.
fn takes(mdev: &Mdev, name: &str, good: &[(&str, &str)], bad: &[&str]) -> Result<()> {
    let first = mdev.attribute(name)?;
    for &(text, shown) in good {
        let what = format!("{name} = {text:?}");
        mdev.set_attribute(name, text).context(what.clone())?;
        same(&what, mdev.attribute(name)?.as_str(), shown)?;
    }
    let before = mdev.attribute(name)?;
    for text in bad {
        let what = format!("{name} = {text:?}");
        refused(&what, mdev.set_attribute(name, text), &[EINVAL])?;
        same(&what, mdev.attribute(name)?, before.clone())?;
    }
    mdev.set_attribute(name, &first)
        .with_context(|| format!("{name} as it was"))?;
    same(name, mdev.attribute(name)?, first)
}

fn pin_quota(bench: &Bench) -> Result<Outcome> {
    let mdev = bench.vgpu()?;
    ensure!(
        mdev.attribute(PIN_QUOTA)?.parse::<u32>()? > 0,
        "nothing allowed"
    );
    takes(
        &mdev,
        PIN_QUOTA,
        &[
            ("1", "1"),
            ("77\n", "77"),
            ("0x10", "16"),
            ("4294967295", "4294967295"),
            ("0", "0"),
        ],
        &[
            "\n",
            "x",
            "-1",
            "1 2",
            "1MiB",
            "1.5",
            " 1",
            "1\n\n",
            "4294967296",
            "99999999999999999999",
        ],
    )?;
    Ok(Outcome::Pass)
}

/// Maps pages of memory, as many as there are in the range.
fn map(client: &Client, pages: std::ops::Range<u64>) -> Result<()> {
    let share = Share::of(&client.device)?;
    for index in pages {
        set_entry(
            &client.device,
            share.page(index),
            Memory::page(index) | PRESENT,
        )?;
    }
    Ok(flush(&client.device)?)
}

fn pinned_pages(mdev: &Mdev) -> Result<u64> {
    Ok(mdev.attribute(PINNED)?.parse()?)
}

/// No more is pinned than allowed; what was pinned before stays; more is from when it is allowed.
fn pin_quota_holds(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let mdev = &client.mdev;
    let before = pinned()?;
    same("pinned at first", pinned_pages(mdev)?, 0)?;

    mdev.set_attribute(PIN_QUOTA, "1")?;
    map(&client, 0..PAGES_IN_MIB + 10)?;
    same("pinned", pinned_pages(mdev)?, PAGES_IN_MIB)?;
    more_pinned(before, PAGES_IN_MIB as i64).context("pinned, says the kernel")?;

    mdev.set_attribute(PIN_QUOTA, "0")?;
    same(
        "pinned with less allowed",
        pinned_pages(mdev)?,
        PAGES_IN_MIB,
    )?;
    map(&client, PAGES_IN_MIB..PAGES_IN_MIB + 10)?;
    same(
        "pinned when none is allowed",
        pinned_pages(mdev)?,
        PAGES_IN_MIB,
    )?;

    mdev.set_attribute(PIN_QUOTA, "2")?;
    map(&client, PAGES_IN_MIB..PAGES_IN_MIB + 10)?;
    same(
        "pinned with more allowed",
        pinned_pages(mdev)?,
        PAGES_IN_MIB + 10,
    )?;

    client.device.reset()?;
    same("pinned after a reset", pinned_pages(mdev)?, 0)?;
    more_pinned(before, 0).context("after a reset, says the kernel")?;
    Ok(Outcome::Pass)
}

fn pin_quota_stays(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    client.mdev.set_attribute(PIN_QUOTA, "3")?;
    client.device.reset()?;
    same(
        "after a reset",
        client.mdev.attribute(PIN_QUOTA)?.as_str(),
        "3",
    )?;
    let client = client.reopen()?;
    same(
        "for another user",
        client.mdev.attribute(PIN_QUOTA)?.as_str(),
        "3",
    )?;

    let other = bench.vgpu()?;
    ensure!(other.attribute(PIN_QUOTA)? != "3", "another has it, too");
    Ok(Outcome::Pass)
}

/// The user is named while there is one, whatever it calls itself.
fn user(bench: &Bench) -> Result<Outcome> {
    let name = "vfio-check";
    let mdev = bench.vgpu()?;
    same("user at first", mdev.attribute(USER)?.as_str(), "")?;

    let client = Client::new(mdev, bench.kvm)?;
    let pid = std::process::id();
    same(
        "user",
        client.mdev.attribute(USER)?,
        format!("{pid} {name}"),
    )?;

    // The main thread's name is the process's.
    let comm = format!("/proc/self/task/{pid}/comm");
    fs::write(&comm, "a b\t\u{fc}")?;
    let shown = client.mdev.attribute(USER);
    fs::write(&comm, name)?;
    same("user, renamed", shown?, format!("{pid} a b???"))?;

    let mdev = client.close();
    same("user afterwards", mdev.attribute(USER)?.as_str(), "")?;
    Ok(Outcome::Pass)
}
