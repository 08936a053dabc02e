// SPDX-License-Identifier: GPL-2.0
//! Resets of the function.

use anyhow::Result;

use crate::bench::{Bench, Check, Outcome, same};
use crate::client::Client;
use crate::context::{Context, ENGINES, MARK};
use crate::eventfd::EventFd;
use crate::memory::{Memory, PAGE};
use crate::regs::{FENCE, INSTPM, PRESENT, SCRATCH, Share, Snapshot, flush, pvinfo, set_entry};
use crate::uapi::{INTX, MSI, VFIO_IRQ_SET_ACTION_TRIGGER};

pub const CHECKS: &[Check] = &[
    Check::new("reset/as-after-power-on", power_on),
    Check::new("reset/unmaps", unmaps),
    Check::new("reset/keeps-eventfds", eventfds),
    Check::new("reset/often", often),
];

/// Changes all that a guest can change.
pub fn disturb(client: &Client) -> Result<()> {
    let device = &client.device;
    let share = Share::of(device)?;
    for index in 0..64 {
        set_entry(device, share.page(index), Memory::page(index) | PRESENT)?;
        set_entry(
            device,
            share.hidden.0 + index * PAGE,
            Memory::page(index) | PRESENT,
        )?;
    }
    for at in (0..256).step_by(4) {
        device.set_config(at, u32::MAX)?;
    }
    for at in [
        SCRATCH,
        SCRATCH + 4,
        0x2038,
        0x2080,
        0x2_2080,
        0x4_4304,
        0xc_4004,
    ] {
        device.set_reg(at, 0x0123_4000)?;
    }
    device.set_reg(INSTPM, 0x2000_2000)?;
    device.set_reg(FENCE + 4, 0x0800_1003)?;
    device.set_reg(FENCE, 0x0800_0001)?;
    device.set_reg(pvinfo::DISPLAY_READY, 1)?;
    device.set_reg(pvinfo::PDP, 0x1234_5000)?;
    for (&engine, place) in ENGINES.iter().zip(4..) {
        let context = Context::new(client, engine, place)?;
        context.store(client, MARK);
        context.submit(client)?;
    }
    Ok(())
}

fn power_on(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let fresh = Snapshot::of(&client.device)?;
    disturb(&client)?;
    client.device.reset()?;
    Snapshot::of(&client.device)?.is(&fresh)?;
    Ok(Outcome::Pass)
}

fn unmaps(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let address = Share::of(&client.device)?.page(0);
    client.memory.write(0, 0x900d);
    set_entry(&client.device, address, Memory::page(0) | PRESENT)?;
    flush(&client.device)?;
    same("before", client.device.aperture(address)?, 0x900d)?;
    client.device.reset()?;
    client.device.set_aperture(address, 0xbad)?;
    same("memory", client.memory.read(0), 0x900d)?;
    Ok(Outcome::Pass)
}

/// What user space has set up is not the guest's to lose.
fn eventfds(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for index in [INTX, MSI] {
        let event = EventFd::new()?;
        super::irq::set_eventfd(&client.device, index, Some(&event))?;
        client.device.reset()?;
        super::irq::order(&client.device, index, VFIO_IRQ_SET_ACTION_TRIGGER)?;
        event.arrives("after the reset")?;
    }
    Ok(Outcome::Pass)
}

fn often(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let fresh = Snapshot::of(&client.device)?;
    for _ in 0..20 {
        disturb(&client)?;
        client.device.reset()?;
        client.device.reset()?;
    }
    Snapshot::of(&client.device)?.is(&fresh)?;
    Ok(Outcome::Pass)
}
