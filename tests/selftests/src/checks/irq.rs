// SPDX-License-Identifier: GPL-2.0
//! Interrupts as user space sets them up.

use anyhow::Result;
use libc::{EBADF, EINVAL, ENOTTY};

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::device::{Device, IrqSet};
use crate::eventfd::EventFd;
use crate::uapi::{
    ERR, INTX, MSI, MSIX, REQ, VFIO_IRQ_INFO_AUTOMASKED, VFIO_IRQ_INFO_EVENTFD,
    VFIO_IRQ_INFO_MASKABLE, VFIO_IRQ_INFO_NORESIZE, VFIO_IRQ_SET_ACTION_MASK,
    VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_ACTION_UNMASK, VFIO_IRQ_SET_DATA_BOOL,
    VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_NONE,
};

pub const CHECKS: &[Check] = &[
    Check::new("irq/info", info),
    Check::new("irq/info-refused", info_refused),
    Check::new("irq/trigger-intx", |bench| trigger(bench, INTX)),
    Check::new("irq/trigger-msi", |bench| trigger(bench, MSI)),
    Check::new("irq/trigger-request", |bench| trigger(bench, REQ)),
    Check::new("irq/replace", replace),
    Check::new("irq/mask-intx", mask),
    Check::new("irq/mask-msi-refused", mask_msi),
    Check::new("irq/bad-orders", bad),
    Check::new("irq/bad-descriptors", bad_descriptors),
    Check::new("irq/before-set-up", before),
];

/// Sets an interrupt's eventfd, or none.
pub fn set_eventfd(device: &Device, index: u32, fd: Option<&EventFd>) -> std::io::Result<()> {
    let number = fd.map_or(-1, EventFd::number);
    device.set_irqs(IrqSet {
        flags: VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
        index,
        count: 1,
        data: &number.to_ne_bytes(),
        ..IrqSet::default()
    })
}

/// Gives an order about an interrupt without data.
pub fn order(device: &Device, index: u32, action: u32) -> std::io::Result<()> {
    device.set_irqs(IrqSet {
        flags: VFIO_IRQ_SET_DATA_NONE | action,
        index,
        count: 1,
        ..IrqSet::default()
    })
}

/// Likewise, if `yes`.
fn order_if(device: &Device, index: u32, action: u32, yes: bool) -> std::io::Result<()> {
    device.set_irqs(IrqSet {
        flags: VFIO_IRQ_SET_DATA_BOOL | action,
        index,
        count: 1,
        data: &[yes.into()],
        ..IrqSet::default()
    })
}

/// Switches a kind of interrupt off.
pub fn switch_off(device: &Device, index: u32) -> std::io::Result<()> {
    device.set_irqs(IrqSet {
        flags: VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
        index,
        ..IrqSet::default()
    })
}

fn info(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let intx = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
    let message = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
    for (index, flags) in [(INTX, intx), (MSI, message), (REQ, message)] {
        let info = client.device.irq(index, Device::INFO)?;
        same(&format!("count of {index}"), info.count, 1)?;
        same(&format!("flags of {index}"), info.flags, flags)?;
    }
    Ok(Outcome::Pass)
}

fn info_refused(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for index in [MSIX, ERR, REQ + 1, u32::MAX] {
        let info = client.device.irq(index, Device::INFO);
        refused(&format!("interrupt {index}"), info, &[EINVAL])?;
    }
    refused(
        "too little room",
        client.device.irq(MSI, Device::INFO - 1),
        &[EINVAL],
    )?;
    Ok(Outcome::Pass)
}

/// User space can try out the way of an interrupt.
fn trigger(bench: &Bench, index: u32) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let event = EventFd::new()?;
    set_eventfd(device, index, Some(&event))?;
    event.is_silent("set up")?;
    order(device, index, VFIO_IRQ_SET_ACTION_TRIGGER)?;
    event.arrives("a trigger")?;
    order_if(device, index, VFIO_IRQ_SET_ACTION_TRIGGER, true)?;
    event.arrives("a trigger that is meant")?;
    order_if(device, index, VFIO_IRQ_SET_ACTION_TRIGGER, false)?;
    event.is_silent("a trigger that is not meant")?;

    set_eventfd(device, index, None)?;
    order(device, index, VFIO_IRQ_SET_ACTION_TRIGGER)?;
    event.is_silent("without an eventfd")?;
    set_eventfd(device, index, Some(&event))?;
    order(device, index, VFIO_IRQ_SET_ACTION_TRIGGER)?;
    event.arrives("with it again")?;
    switch_off(device, index)?;
    order(device, index, VFIO_IRQ_SET_ACTION_TRIGGER)?;
    event.is_silent("switched off")?;
    switch_off(device, index)?;
    Ok(Outcome::Pass)
}

fn replace(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for index in [INTX, MSI, REQ] {
        let (first, second) = (EventFd::new()?, EventFd::new()?);
        set_eventfd(&client.device, index, Some(&first))?;
        set_eventfd(&client.device, index, Some(&second))?;
        order(&client.device, index, VFIO_IRQ_SET_ACTION_TRIGGER)?;
        second.arrives("the second eventfd")?;
        first.is_silent("the first eventfd")?;
    }
    Ok(Outcome::Pass)
}

/// What is not asserted can be masked and unmasked, to no effect.
fn mask(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let event = EventFd::new()?;
    set_eventfd(device, INTX, Some(&event))?;
    for action in [VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_UNMASK] {
        order(device, INTX, action)?;
        order_if(device, INTX, action, true)?;
        order_if(device, INTX, action, false)?;
    }
    let unmask = EventFd::new()?;
    for number in [unmask.number(), -1] {
        device.set_irqs(IrqSet {
            flags: VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK,
            index: INTX,
            count: 1,
            data: &number.to_ne_bytes(),
            ..IrqSet::default()
        })?;
        unmask.signal()?;
    }
    event.is_silent("nothing asserted")?;
    Ok(Outcome::Pass)
}

fn mask_msi(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for index in [MSI, REQ] {
        for action in [VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_UNMASK] {
            let result = order(&client.device, index, action);
            refused(&format!("{action} of {index}"), result, &[EINVAL, ENOTTY])?;
        }
    }
    Ok(Outcome::Pass)
}

fn bad(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let event = EventFd::new()?;
    let number = event.number().to_ne_bytes();
    let good = IrqSet {
        flags: VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
        index: MSI,
        count: 1,
        data: &number,
        ..IrqSet::default()
    };
    let none = IrqSet {
        flags: VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
        data: &[],
        ..good
    };
    let both = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_DATA_BOOL;
    let actions = VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_ACTION_TRIGGER;
    for (what, set) in [
        ("the first is behind all", IrqSet { start: 1, ..good }),
        (
            "two of one",
            IrqSet {
                count: 2,
                data: &[0; 8],
                ..good
            },
        ),
        ("two of one, without data", IrqSet { count: 2, ..none }),
        (
            "very many",
            IrqSet {
                count: u32::MAX,
                ..none
            },
        ),
        (
            "a sum that wraps",
            IrqSet {
                start: 1,
                count: u32::MAX,
                ..none
            },
        ),
        (
            "MSI-X",
            IrqSet {
                index: MSIX,
                ..good
            },
        ),
        ("errors", IrqSet { index: ERR, ..good }),
        (
            "an index behind all",
            IrqSet {
                index: REQ + 1,
                ..good
            },
        ),
        (
            "no kind of data",
            IrqSet {
                flags: VFIO_IRQ_SET_ACTION_TRIGGER,
                ..good
            },
        ),
        (
            "no action",
            IrqSet {
                flags: VFIO_IRQ_SET_DATA_NONE,
                ..none
            },
        ),
        (
            "two kinds of data",
            IrqSet {
                flags: both | VFIO_IRQ_SET_ACTION_TRIGGER,
                ..good
            },
        ),
        (
            "two actions",
            IrqSet {
                flags: VFIO_IRQ_SET_DATA_NONE | actions,
                ..none
            },
        ),
        (
            "an unknown flag",
            IrqSet {
                flags: none.flags | 1 << 6,
                ..none
            },
        ),
        (
            "no eventfd",
            IrqSet {
                count: 0,
                data: &[],
                ..good
            },
        ),
        (
            "too short for its data",
            IrqSet {
                argsz: Some(22),
                ..good
            },
        ),
        (
            "too short for all",
            IrqSet {
                argsz: Some(19),
                ..none
            },
        ),
        (
            "of no length",
            IrqSet {
                argsz: Some(0),
                ..none
            },
        ),
    ] {
        refused(what, client.device.set_irqs(set), &[EINVAL])?;
    }
    client.device.set_irqs(good)?;
    order(&client.device, MSI, VFIO_IRQ_SET_ACTION_TRIGGER)?;
    event.arrives("a good order afterwards")?;
    Ok(Outcome::Pass)
}

fn bad_descriptors(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let file = std::fs::File::open("/dev/null")?;
    use std::os::fd::AsRawFd;
    for index in [INTX, MSI, REQ] {
        for (number, error) in [(file.as_raw_fd(), EINVAL), (1 << 20, EBADF)] {
            let result = client.device.set_irqs(IrqSet {
                flags: VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                index,
                count: 1,
                data: &number.to_ne_bytes(),
                ..IrqSet::default()
            });
            refused(
                &format!("descriptor {number} for {index}"),
                result,
                &[error],
            )?;
        }
    }
    Ok(Outcome::Pass)
}

/// Before anything is set up, there is nothing to do.
fn before(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for index in [INTX, MSI, REQ] {
        order(&client.device, index, VFIO_IRQ_SET_ACTION_TRIGGER)?;
        switch_off(&client.device, index)?;
    }
    Ok(Outcome::Pass)
}
