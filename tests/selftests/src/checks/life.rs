// SPDX-License-Identifier: GPL-2.0
//! Opening, closing and removing, in every order.

use std::convert::Infallible;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use libc::{EAGAIN, EBUSY, EINVAL, ENODEV};

use super::irq::set_eventfd;
use super::reset::disturb;
use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::client::{Client, Container, Group};
use crate::eventfd::EventFd;
use crate::leaks::{more_pinned, pinned};
use crate::mapping::SHARED;
use crate::mdev::Mdev;
use crate::module;
use crate::regs::{SCRATCH, Share, Snapshot};
use crate::uapi::{BAR2, INTX, MSI, REQ};

pub const CHECKS: &[Check] = &[
    Check::new("life/group-twice", group_twice),
    Check::new("life/device-twice", device_twice),
    Check::new("life/no-iommu", no_iommu),
    Check::new("life/wrong-name", wrong_name),
    Check::new("life/reopen-is-clean", reopen),
    Check::new("life/killed-in-use", killed),
    Check::new("life/remove-asks", remove_asks),
    Check::new("life/remove-waits", remove_waits),
    Check::new("life/module-stays-while-open", module_stays),
];

fn group_twice(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    refused(
        "the group, again",
        Group::open(client.mdev.uuid())?,
        &[EBUSY],
    )?;
    Ok(Outcome::Pass)
}

/// VFIO gives out as many descriptors of a device as one likes; they are all the same.
fn device_twice(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let second = client.group.device(client.mdev.uuid())?;
    client.device.set_reg(SCRATCH, 0x1234)?;
    same("by the second", second.reg(SCRATCH)?, 0x1234)?;
    drop(second);
    same("by the first, later", client.device.reg(SCRATCH)?, 0x1234)?;
    Ok(Outcome::Pass)
}

fn no_iommu(bench: &Bench) -> Result<Outcome> {
    let mdev = bench.vgpu()?;
    let group = Group::open(mdev.uuid())??;
    refused("without a container", group.device(mdev.uuid()), &[EINVAL])?;
    let container = Container::new()?;
    group.join(&container)?;
    refused("without an IOMMU", group.device(mdev.uuid()), &[EINVAL])?;
    Ok(Outcome::Pass)
}

fn wrong_name(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for name in ["", "0000:00:02.0", "11111111-1111-1111-1111-111111111111"] {
        refused(name, client.group.device(name), &[ENODEV])?;
    }
    Ok(Outcome::Pass)
}

/// All that a user can set up, beside what a guest can.
fn set_up(client: &Client) -> Result<Vec<EventFd>> {
    let mut events = Vec::new();
    for index in [INTX, MSI, REQ] {
        let event = EventFd::new()?;
        set_eventfd(&client.device, index, Some(&event))?;
        events.push(event);
    }
    disturb(client)?;
    Ok(events)
}

fn reopen(bench: &Bench) -> Result<Outcome> {
    let before = pinned()?;
    let mut client = bench.client()?;
    let fresh = Snapshot::of(&client.device)?;
    for _ in 0..10 {
        set_up(&client)?;
        client = client.reopen()?;
        more_pinned(before, 0).context("pinned")?;
        Snapshot::of(&client.device)?.is(&fresh)?;
    }
    Ok(Outcome::Pass)
}

/// The other side of `killed`: uses a virtual GPU until the end.
pub fn hold(bench: &Bench, uuid: &str) -> Result<Infallible> {
    let client = Client::new(Mdev::known(uuid), bench.kvm)?;
    let _events = set_up(&client)?;
    let (start, size) = Share::of(&client.device)?.aperture;
    let begin = crate::device::Device::start(BAR2) + start;
    let _view = client.device.map(begin, size, SHARED)?;
    println!("held");
    loop {
        disturb(&client)?;
    }
}

/// A child that holds a virtual GPU.
fn holder(bench: &Bench, mdev: &Mdev) -> Result<Child> {
    let mut command = Command::new("/proc/self/exe");
    if !bench.kvm {
        command.arg("--no-kvm");
    }
    let command = command.args(["hold", mdev.uuid()]).stdout(Stdio::piped());
    let mut child = command.spawn().context("starting a holder")?;
    let output = child.stdout.as_mut().context("a child without output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    same("what the holder says", line.as_str(), "held\n")?;
    Ok(child)
}

fn killed(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let fresh = Snapshot::of(&client.device)?;
    let mut mdev = client.close();
    let before = pinned()?;
    for round in 0..5 {
        let mut child = holder(bench, &mdev)?;
        std::thread::sleep(Duration::from_millis(30 * round));
        child.kill()?;
        child.wait()?;
        let client = Client::new(mdev, bench.kvm)?;
        more_pinned(before, 0).context("pinned")?;
        Snapshot::of(&client.device)?.is(&fresh)?;
        mdev = client.close();
    }
    Ok(Outcome::Pass)
}

/// Removes a virtual GPU that is open; `meanwhile` happens while that waits, then it is closed.
fn remove(client: Client, meanwhile: impl FnOnce(&Client) -> Result<()>) -> Result<()> {
    let remover = client.mdev.remover();
    let thread = std::thread::spawn(move || fs::write(remover, "1"));
    let result = meanwhile(&client);
    let waits = !thread.is_finished();
    let mdev = client.close();
    let removed = thread
        .join()
        .map_err(|_| anyhow::anyhow!("the remover has panicked"))?;
    result?;
    ensure!(waits, "did not wait until the device was closed");
    removed.context("removing it")?;
    ensure!(!mdev.exists(), "is still there");
    mdev.forget();
    Ok(())
}

fn remove_asks(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let event = EventFd::new()?;
    set_eventfd(&client.device, REQ, Some(&event))?;
    disturb(&client)?;
    remove(client, |_| event.arrives("the request to close it"))?;
    Ok(Outcome::Pass)
}

/// A user who does not listen can go on until he closes it.
fn remove_waits(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    disturb(&client)?;
    remove(client, |client| {
        std::thread::sleep(Duration::from_millis(500));
        disturb(client)?;
        client.device.reset()?;
        Ok(())
    })?;
    Ok(Outcome::Pass)
}

fn module_stays(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    refused("unloading", module::unload(&bench.module), &[EAGAIN, EBUSY])?;
    client.device.set_reg(SCRATCH, 0x4321)?;
    same("a register afterwards", client.device.reg(SCRATCH)?, 0x4321)?;
    Ok(Outcome::Pass)
}
