// SPDX-License-Identifier: GPL-2.0
//! What an operator sees and sets of a virtual GPU in sysfs: the folder rgvt/ of its device.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use libc::{EACCES, EINVAL};

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::client::Client;
use crate::context::{Context, ENGINES, MARK};
use crate::leaks::{more_pinned, pinned};
use crate::mdev::Mdev;
use crate::memory::{Memory, PAGE};
use crate::regs::{PRESENT, Share, flush, set_entry};

pub const CHECKS: &[Check] = &[
    Check::new("attributes/read-only", read_only),
    Check::new("attributes/pin-quota", pin_quota),
    Check::new("attributes/pin-quota-holds", pin_quota_holds),
    Check::new("attributes/pin-quota-raised", pin_quota_raised),
    Check::new("attributes/pin-quota-room", pin_quota_room),
    Check::new("attributes/pin-quota-stays", pin_quota_stays),
    Check::new("attributes/mode", mode),
    Check::new("attributes/display", display),
    Check::new("attributes/user", user),
    Check::new("attributes/policy", policy),
    Check::new("attributes/policy-agrees", policy_agrees),
    Check::new("attributes/policy-stays", policy_stays),
    Check::new("attributes/stop", stop),
    Check::new("attributes/cap-beside-another", cap_beside_another),
    Check::new("attributes/statistics", statistics),
];

const PIN_QUOTA: &str = "rgvt/pin_quota_mib";
const PINNED: &str = "rgvt/pinned_pages";
const MODE: &str = "rgvt/mode";
const DISPLAY: &str = "rgvt/display";
const USER: &str = "rgvt/user";
const STATISTICS: &str = "rgvt/statistics";

/// Pages of 4 KiB in a MiB.
const PAGES_IN_MIB: u64 = 256;

fn read_only(bench: &Bench) -> Result<Outcome> {
    let mdev = bench.vgpu()?;
    for name in [PINNED, USER, STATISTICS, "intel_vgpu/vgpu_id"] {
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

/// What the quota kept out comes in when there is more of it, without being written again, unless the guest has changed
/// its mind.
fn pin_quota_raised(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let (device, mdev) = (&client.device, &client.mdev);
    let share = Share::of(device)?;

    mdev.set_attribute(PIN_QUOTA, "1")?;
    map(&client, 0..PAGES_IN_MIB + 10)?;
    same("pinned", pinned_pages(mdev)?, PAGES_IN_MIB)?;
    let last = PAGES_IN_MIB + 9;
    set_entry(device, share.page(last - 1), 0)?;
    set_entry(
        device,
        share.page(last - 2),
        Memory::page(last + 5) | PRESENT,
    )?;

    mdev.set_attribute(PIN_QUOTA, "2")?;
    flush(device)?;
    same(
        "pinned with more allowed",
        pinned_pages(mdev)?,
        PAGES_IN_MIB + 9,
    )?;
    for (index, page) in [(last, last), (last - 2, last + 5), (last - 3, last - 3)] {
        let mark = 0xc000 + page as u32;
        client.memory.write(page * PAGE, mark);
        same("what it maps", device.aperture(share.page(index))?, mark)?;
    }
    Ok(Outcome::Pass)
}

/// A page of the global table takes the room of what a context has pinned that does not run.
fn pin_quota_room(bench: &Bench) -> Result<Outcome> {
    const TABLES: u64 = 30;
    const FIRST: u64 = 600;
    const COUNT: u64 = 20;

    let client = bench.client()?;
    let (device, mdev) = (&client.device, &client.mdev);
    let share = Share::of(device)?;
    let context = Context::new(&client, ENGINES[0], 0)?;
    let before = pinned_pages(mdev)?;
    let point = |at: u64, to: u64| {
        let entry = Memory::page(to) | 3;
        client
            .memory
            .fill(at, &[entry as u32, (entry >> 32) as u32]);
    };
    point(Context::root(0) * PAGE, TABLES);
    for table in [TABLES, TABLES + 1] {
        point(table * PAGE, table + 1);
    }
    // All that is allowed but a little.
    let count = PAGES_IN_MIB - before - 5;
    for index in 0..count {
        point((TABLES + 2) * PAGE + 8 * index, 100 + index);
    }
    mdev.set_attribute(PIN_QUOTA, "1")?;
    context.store(&client, MARK);
    context.submit(&client)?;
    context.wait_for(&client, MARK)?;
    same("pinned by both", pinned_pages(mdev)?, before + count)?;
    // The context is let go of when the guest was told.
    std::thread::sleep(Duration::from_millis(100));

    for index in FIRST..FIRST + COUNT {
        set_entry(device, share.page(index), Memory::page(index) | PRESENT)?;
    }
    flush(device)?;
    same("pinned by entries", pinned_pages(mdev)?, before + COUNT)?;
    for index in FIRST..FIRST + COUNT {
        let mark = 0xd000 + index as u32;
        client.memory.write(index * PAGE, mark);
        same("what it maps", device.aperture(share.page(index))?, mark)?;
    }

    // It gets all back when there is room.
    mdev.set_attribute(PIN_QUOTA, "2")?;
    context.store(&client, MARK + 1);
    context.submit(&client)?;
    context.wait_for(&client, MARK + 1)?;
    same(
        "pinned by both",
        pinned_pages(mdev)?,
        before + COUNT + count,
    )?;
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

/// Another monitor is one that the type may have, whose largest mode is 1024x768.
fn mode(bench: &Bench) -> Result<Outcome> {
    let mdev = bench.vgpu()?;
    same("at first", mdev.attribute(MODE)?.as_str(), "1024x768")?;
    takes(
        &mdev,
        MODE,
        &[
            ("640x480", "640x480"),
            ("1024x768\n", "1024x768"),
            ("713x499", "713x499"),
        ],
        &[
            "\n",
            "x",
            "none",
            "640",
            "640x",
            "x480",
            "640 480",
            "640x480x60",
            "0x0",
            "-640x480",
            "639x480",
            "640x479",
            "1025x768",
            "1024x769",
            "4096x4096",
            "65536x65536",
            "4294967936x4294967776",
        ],
    )?;
    Ok(Outcome::Pass)
}

fn display(bench: &Bench) -> Result<Outcome> {
    let mdev = bench.vgpu()?;
    same("at first", mdev.attribute(DISPLAY)?.as_str(), "region")?;
    takes(
        &mdev,
        DISPLAY,
        &[
            ("dmabuf", "dmabuf"),
            ("region\n", "region"),
            ("dmabuf\n", "dmabuf"),
        ],
        &["\n", "x", "Region", "region ", "dma-buf", "none", "1"],
    )?;
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

/// Name, least and largest value of the attributes that are numbers, and one outside at each end.
const NUMBERS: &[(&str, [&str; 2], [&str; 2])] = &[
    ("rgvt/weight", ["1", "10000"], ["0", "10001"]),
    ("rgvt/cap", ["1", "100"], ["0", "101"]),
    ("rgvt/reservation", ["0", "100"], ["-1", "101"]),
    ("rgvt/priority", ["-100", "100"], ["-101", "101"]),
    ("rgvt/timeslice_us", ["500", "1000000"], ["499", "1000001"]),
    (
        "rgvt/preempt_timeout_us",
        ["1000", "60000000"],
        ["999", "60000001"],
    ),
    ("rgvt/stop", ["0", "1"], ["-1", "2"]),
];

fn policy(bench: &Bench) -> Result<Outcome> {
    let mdev = bench.vgpu()?;
    for &(name, [least, most], [below, above]) in NUMBERS {
        takes(
            &mdev,
            name,
            &[(most, most), (least, least)],
            &["\n", "x", "1 2", "1.5", "4294967296", below, above],
        )?;
    }
    Ok(Outcome::Pass)
}

/// What contradicts another value is refused, too.
fn policy_agrees(bench: &Bench) -> Result<Outcome> {
    let mdev = bench.vgpu()?;
    mdev.set_attribute("rgvt/cap", "50")?;
    mdev.set_attribute("rgvt/reservation", "50")?;
    let more = mdev.set_attribute("rgvt/reservation", "51");
    refused("more reserved than allowed", more, &[EINVAL])?;
    let less = mdev.set_attribute("rgvt/cap", "49");
    refused("less allowed than reserved", less, &[EINVAL])?;
    same("cap", mdev.attribute("rgvt/cap")?.as_str(), "50")?;
    same(
        "reservation",
        mdev.attribute("rgvt/reservation")?.as_str(),
        "50",
    )?;
    Ok(Outcome::Pass)
}

fn policy_stays(bench: &Bench) -> Result<Outcome> {
    let mut client = bench.client()?;
    for (name, [value, _], _) in NUMBERS {
        client.mdev.set_attribute(name, value)?;
    }
    for _ in 0..2 {
        client.device.reset()?;
        client = client.reopen()?;
        for (name, [value, _], _) in NUMBERS {
            same(name, client.mdev.attribute(name)?.as_str(), value)?;
        }
    }
    Ok(Outcome::Pass)
}

/// Who is stopped gets nothing, until he is no longer.
fn stop(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let context = Context::new(&client, ENGINES[0], 0)?;
    client.mdev.set_attribute("rgvt/stop", "1")?;
    context.store(&client, MARK);
    context.submit(&client)?;
    ensure!(!context.has_run(&client, MARK), "it ran all the same");
    client.mdev.set_attribute("rgvt/stop", "0")?;
    context.wait_for(&client, MARK)?;
    Ok(Outcome::Pass)
}

/// Who has had all that its cap allows goes on later, also if nothing happens on the engine until then but that another
/// device is closed.
fn cap_beside_another(bench: &Bench) -> Result<Outcome> {
    let (client, other) = (bench.client()?, bench.client()?);
    let context = Context::new(&client, ENGINES[0], 0)?;
    client.mdev.set_attribute("rgvt/cap", "10")?;
    context.wait(&client, MARK);
    context.submit(&client)?;
    std::thread::sleep(Duration::from_millis(50));
    context.release(&client, MARK);
    context.wait_for(&client, MARK)?;

    context.store(&client, MARK + 1);
    context.submit(&client)?;
    ensure!(!context.has_run(&client, MARK + 1), "the cap does not hold");
    other.close();
    context.wait_for(&client, MARK + 1)?;
    Ok(Outcome::Pass)
}

/// The numbers by their name, of what in front.
fn numbers(mdev: &Mdev) -> Result<BTreeMap<String, u64>> {
    let text = mdev.attribute(STATISTICS)?;
    text.lines()
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').context("no value")?;
            same("words before the value", name.split(' ').count(), 2)?;
            Ok((name.to_string(), value.parse()?))
        })
        .collect()
}

/// What is done is counted, and nothing else.
fn statistics(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let first = numbers(&client.mdev)?;
    let context = Context::new(&client, ENGINES[0], 0)?;
    context.store(&client, MARK);
    let before = numbers(&client.mdev)?;
    context.submit(&client)?;
    context.wait_for(&client, MARK)?;
    // It is counted when the guest was told.
    std::thread::sleep(Duration::from_millis(100));
    client.device.config(0)?;
    set_entry(&client.device, Share::of(&client.device)?.page(4000), 0)?;
    let after = numbers(&client.mdev)?;

    let more = |name: &str| -> Result<u64> {
        let number = |of: &BTreeMap<String, u64>| of.get(name).copied().context(name.to_string());
        Ok(number(&after)? - number(&before)?)
    };
    same("rcs0 workloads", more("rcs0 workloads")?, 1)?;
    same("rcs0 rejected", more("rcs0 rejected")?, 0)?;
    same("bcs0 workloads", more("bcs0 workloads")?, 0)?;
    ensure!(more("rcs0 busy_ns")? > 0, "the engine took no time");
    ensure!(more("rcs0 audited_bytes")? > 0, "nothing was looked at");
    same("vgpu config_reads", more("vgpu config_reads")?, 1)?;
    same("vgpu ggtt_writes", more("vgpu ggtt_writes")?, 1)?;
    ensure!(
        more("vgpu register_writes")? >= 4,
        "the submission port was not written"
    );
    ensure!(after["vgpu table_pages"] > 0, "no shadow");
    same(
        "pinned",
        after["vgpu pinned_pages"],
        pinned_pages(&client.mdev)?,
    )?;
    same(
        "names",
        after.keys().collect::<Vec<_>>(),
        first.keys().collect(),
    )?;

    let mdev = client.close();
    let closed = numbers(&mdev)?;
    same("pages of tables, closed", closed["vgpu table_pages"], 0)?;
    same(
        "work, closed",
        closed["rcs0 workloads"],
        after["rcs0 workloads"],
    )?;
    Ok(Outcome::Pass)
}
