// SPDX-License-Identifier: GPL-2.0
//! Interrupts that the device raises, as its registers and its configuration space say.
//!
//! The source is the virtual monitor: its hotplug is up from the beginning, so that it fires when it is
//! unmasked.

use anyhow::{Result, ensure};

use super::config::{self, capability};
use super::irq::{order, set_eventfd};
use crate::bench::{Bench, Check, Outcome, same};
use crate::client::Client;
use crate::device::{Device, IrqSet};
use crate::eventfd::EventFd;
use crate::regs::{IER, IIR, IMR, ISR, MASTER_ENABLE, MASTER_IRQ, PCH_IRQ};
use crate::uapi::{
    INTX, MSI, VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_UNMASK, VFIO_IRQ_SET_DATA_EVENTFD,
};

pub const CHECKS: &[Check] = &[
    Check::new("interrupt/hierarchy", hierarchy),
    Check::new("interrupt/message", message),
    Check::new("interrupt/message-needs-master", needs_master),
    Check::new("interrupt/intx", intx),
    Check::new("interrupt/intx-unmask-by-eventfd", unmask_by_eventfd),
    Check::new("interrupt/intx-disabled", intx_disabled),
    Check::new("interrupt/from-intx-to-message", switch),
    Check::new("interrupt/reset-lowers", reset),
];

const COMMAND: u32 = 0x04;
const BUS_MASTER: u32 = 1 << 2;
const INTX_DISABLE: u32 = 1 << 10;
const STATUS_INTX: u32 = 1 << 19;
/// GEN8_DE_PCH_IRQ in the master register.
const MASTER_PCH: u32 = 1 << 23;

/// Lets the monitor's hotplug through to the master register; says its bits.
fn unmask(device: &Device) -> Result<u32> {
    let bits = device.reg(PCH_IRQ + ISR)?;
    ensure!(bits != 0, "no monitor is plugged in");
    device.set_reg(PCH_IRQ + IER, bits)?;
    device.set_reg(PCH_IRQ + IMR, !bits)?;
    Ok(bits)
}

/// Has the monitor's hotplug fire anew.
fn fire(device: &Device, bits: u32) -> Result<()> {
    device.set_reg(PCH_IRQ + IIR, bits)?;
    device.set_reg(PCH_IRQ + IMR, u32::MAX)?;
    device.set_reg(PCH_IRQ + IMR, !bits)?;
    Ok(())
}

fn enable_msi(client: &Client) -> Result<()> {
    let at = capability(&client.device, config::MSI)?;
    let at = at.ok_or_else(|| anyhow::anyhow!("no MSI"))?;
    let head = client.device.config(at)?;
    client.device.set_config(at, head | 1 << 16)?;
    client.device.set_config(COMMAND, BUS_MASTER)?;
    Ok(())
}

fn hierarchy(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    same("master at first", device.reg(MASTER_IRQ)?, 0)?;
    same("mask at first", device.reg(PCH_IRQ + IMR)?, u32::MAX)?;
    let bits = unmask(device)?;
    same("identity", device.reg(PCH_IRQ + IIR)?, bits)?;
    same("master", device.reg(MASTER_IRQ)?, MASTER_PCH)?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    same(
        "master, enabled",
        device.reg(MASTER_IRQ)?,
        MASTER_ENABLE | MASTER_PCH,
    )?;
    device.set_reg(PCH_IRQ + IER, 0)?;
    same(
        "master, not let through",
        device.reg(MASTER_IRQ)?,
        MASTER_ENABLE,
    )?;
    device.set_reg(PCH_IRQ + IER, bits)?;
    device.set_reg(PCH_IRQ + IIR, bits)?;
    same("identity, cleared", device.reg(PCH_IRQ + IIR)?, 0)?;
    same("status", device.reg(PCH_IRQ + ISR)?, bits)?;
    same("master, cleared", device.reg(MASTER_IRQ)?, MASTER_ENABLE)?;
    device.set_reg(PCH_IRQ + ISR, 0)?;
    same("status cannot be written", device.reg(PCH_IRQ + ISR)?, bits)?;
    Ok(Outcome::Pass)
}

fn message(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let event = EventFd::new()?;
    enable_msi(&client)?;
    set_eventfd(device, MSI, Some(&event))?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    event.is_silent("nothing fired")?;
    let bits = unmask(device)?;
    event.arrives("the first")?;
    event.is_silent("it is still up")?;
    // A driver clears the enable bit while it looks, and sets it again.
    device.set_reg(MASTER_IRQ, 0)?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    event.arrives("enabled anew")?;
    fire(device, bits)?;
    event.arrives("fired anew")?;
    device.set_reg(PCH_IRQ + IIR, bits)?;
    event.is_silent("cleared")?;
    Ok(Outcome::Pass)
}

fn needs_master(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let event = EventFd::new()?;
    enable_msi(&client)?;
    device.set_config(COMMAND, 0)?;
    set_eventfd(device, MSI, Some(&event))?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    unmask(device)?;
    event.is_silent("it must not master the bus")?;
    device.set_config(COMMAND, BUS_MASTER)?;
    event.arrives("it may")?;
    Ok(Outcome::Pass)
}

/// A level: signalled once, masks itself, and is signalled again when it is unmasked while it is up.
fn intx(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let event = EventFd::new()?;
    set_eventfd(device, INTX, Some(&event))?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    same("status at first", device.config(COMMAND)? & STATUS_INTX, 0)?;
    let bits = unmask(device)?;
    event.arrives("up")?;
    same("status", device.config(COMMAND)? & STATUS_INTX, STATUS_INTX)?;
    fire(device, bits)?;
    event.is_silent("masked by itself")?;
    order(device, INTX, VFIO_IRQ_SET_ACTION_UNMASK)?;
    event.arrives("unmasked, still up")?;
    device.set_reg(PCH_IRQ + IIR, bits)?;
    same("status, cleared", device.config(COMMAND)? & STATUS_INTX, 0)?;
    order(device, INTX, VFIO_IRQ_SET_ACTION_UNMASK)?;
    event.is_silent("unmasked, down")?;
    order(device, INTX, VFIO_IRQ_SET_ACTION_MASK)?;
    fire(device, bits)?;
    event.is_silent("masked")?;
    order(device, INTX, VFIO_IRQ_SET_ACTION_UNMASK)?;
    event.arrives("unmasked at last")?;
    Ok(Outcome::Pass)
}

fn unmask_by_eventfd(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let (event, resample) = (EventFd::new()?, EventFd::new()?);
    set_eventfd(device, INTX, Some(&event))?;
    device.set_irqs(IrqSet {
        flags: VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK,
        index: INTX,
        count: 1,
        data: &resample.number().to_ne_bytes(),
        ..IrqSet::default()
    })?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    let bits = unmask(device)?;
    event.arrives("up")?;
    for _ in 0..10 {
        resample.signal()?;
        event.arrives("unmasked, still up")?;
    }
    device.set_reg(PCH_IRQ + IIR, bits)?;
    resample.signal()?;
    event.is_silent("unmasked, down")?;
    Ok(Outcome::Pass)
}

fn intx_disabled(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let event = EventFd::new()?;
    device.set_config(COMMAND, INTX_DISABLE)?;
    set_eventfd(device, INTX, Some(&event))?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    unmask(device)?;
    event.is_silent("disabled")?;
    same("status", device.config(COMMAND)? & STATUS_INTX, STATUS_INTX)?;
    device.set_config(COMMAND, 0)?;
    event.arrives("enabled")?;
    Ok(Outcome::Pass)
}

/// What is pending when MSI is switched on comes as a message.
fn switch(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let (pin, message) = (EventFd::new()?, EventFd::new()?);
    set_eventfd(device, INTX, Some(&pin))?;
    set_eventfd(device, MSI, Some(&message))?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    let bits = unmask(device)?;
    pin.arrives("by the pin")?;
    enable_msi(&client)?;
    message.arrives("by message")?;
    order(device, INTX, VFIO_IRQ_SET_ACTION_UNMASK)?;
    pin.is_silent("the pin")?;
    fire(device, bits)?;
    message.arrives("anew")?;
    pin.is_silent("the pin, still")?;
    Ok(Outcome::Pass)
}

fn reset(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let event = EventFd::new()?;
    set_eventfd(device, INTX, Some(&event))?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    unmask(device)?;
    event.arrives("up")?;
    device.reset()?;
    same("status", device.config(COMMAND)? & STATUS_INTX, 0)?;
    order(device, INTX, VFIO_IRQ_SET_ACTION_UNMASK)?;
    event.is_silent("after the reset")?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    unmask(device)?;
    event.arrives("up again")?;
    Ok(Outcome::Pass)
}
