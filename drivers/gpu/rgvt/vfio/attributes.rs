// SPDX-License-Identifier: GPL-2.0

//! What sysfs shows of a virtual GPU, and lets an operator set.
//!
//! Documentation/ABI/testing/sysfs-bus-mdev-rgvt is the promise that is kept here.

use core::fmt::Write;

use kernel::{
    fmt,
    prelude::*,
    str::{
        parse_int::ParseInt,
        BStr,
        Formatter, //
    },
};

use super::device::VgpuDevice;
use crate::{
    rust::{
        mdev::{
            Attribute,
            Group, //
        },
        vfio::{
            Form,
            Registration, //
        },
    },
    vgpu::{
        Policy,
        Statistics,
        Vgpu, //
    },
};

type Device = Registration<VgpuDevice>;

/// All of them.
pub(super) const GROUPS: &[Group<Device>] = &[
    // kvmgt's.
    Group {
        name: c"intel_vgpu",
        attributes: &[Attribute::read_only(c"vgpu_id", |device, f| {
            writeln!(f, "{}", vgpu(device).id().get())
        })],
    },
    Group {
        name: c"rgvt",
        attributes: RGVT,
    },
];

/// An attribute that is a number of the policy.
macro_rules! of_policy {
    ($name:literal, $field:ident) => {
        Attribute::writable(
            $name,
            |device, f| writeln!(f, "{}", policy(device).$field),
            |device, text| {
                let value = number(text)?;
                change(device, |policy| policy.$field = value)
            },
        )
    };
}

const RGVT: &[Attribute<Device>] = &[
    of_policy!(c"weight", weight),
    of_policy!(c"cap", cap_percent),
    of_policy!(c"reservation", reservation_percent),
    of_policy!(c"priority", priority),
    of_policy!(c"timeslice_us", timeslice_us),
    of_policy!(c"preempt_timeout_us", preempt_timeout_us),
    Attribute::writable(
        c"stop",
        |device, f| writeln!(f, "{}", u8::from(policy(device).stop)),
        |device, text| {
            let value = match number(text)? {
                0_u8 => false,
                1 => true,
                _ => return Err(EINVAL),
            };
            change(device, |policy| policy.stop = value)
        },
    ),
    Attribute::writable(
        c"pin_quota_mib",
        |device, f| writeln!(f, "{}", vgpu(device).account().quota_mib()),
        |device, text| {
            vgpu(device).account().set_quota_mib(number(text)?);
            Ok(())
        },
    ),
    Attribute::writable(
        c"mode",
        |device, f| match device.operations().monitor().mode() {
            Some((width, height)) => f.write_fmt(fmt!("{width}x{height}\n")),
            None => writeln!(f, "none"),
        },
        |device, text| {
            let (width, height) = size(text)?;
            let monitor = device.operations().monitor();
            monitor.set_mode(vgpu(device), width, height)
        },
    ),
    Attribute::writable(
        c"display",
        |device, f| {
            writeln!(
                f,
                "{}",
                match device.operations().forms().chosen() {
                    Form::Region => "region",
                    Form::DmaBuf => "dmabuf",
                }
            )
        },
        |device, text| {
            let bytes: &[u8] = text;
            let form = match bytes {
                b"region" => Form::Region,
                b"dmabuf" => Form::DmaBuf,
                _ => return Err(EINVAL),
            };
            device.operations().forms().choose(form);
            Ok(())
        },
    ),
    Attribute::read_only(c"pinned_pages", |device, f| {
        writeln!(f, "{}", vgpu(device).account().pages())
    }),
    Attribute::read_only(c"user", |device, f| match &*device.operations().user() {
        Some(user) => f.write_fmt(fmt!("{user}\n")),
        None => writeln!(f),
    }),
    Attribute::read_only(c"statistics", |device, f| statistics(vgpu(device), f)),
];

fn vgpu(device: &Device) -> &Vgpu {
    device.operations().vgpu()
}

fn policy(device: &Device) -> Policy {
    vgpu(device).policy()
}

fn change(device: &Device, change: impl FnOnce(&mut Policy)) -> Result {
    vgpu(device).set_policy(change)
}

/// The number that a text is. EINVAL if it is none, or one that is not within the limits of the type.
fn number<T: ParseInt>(text: &BStr) -> Result<T> {
    T::from_str(text)
}

/// The two numbers that a text has, an "x" between them; likewise.
fn size(text: &BStr) -> Result<(u16, u16)> {
    let bytes: &[u8] = text;
    let at = bytes.iter().position(|&byte| byte == b'x').ok_or(EINVAL)?;
    let (width, height) = bytes.split_at_checked(at).ok_or(EINVAL)?;
    let height = height.get(1..).ok_or(EINVAL)?;

    Ok((
        number(BStr::from_bytes(width))?,
        number(BStr::from_bytes(height))?,
    ))
}

/// A line for each number: of what, its name, and the number.
fn statistics(vgpu: &Vgpu, f: &mut Formatter<'_>) -> fmt::Result {
    for engine in vgpu.engines() {
        let of = engine.name();
        let Statistics {
            busy_ns,
            wait_ns,
            workloads,
            preemptions,
            resets,
            audited_bytes,
            rejected,
        } = vgpu.statistics(engine);

        writeln!(f, "{of} busy_ns {busy_ns}")?;
        writeln!(f, "{of} wait_ns {wait_ns}")?;
        writeln!(f, "{of} workloads {workloads}")?;
        writeln!(f, "{of} preemptions {preemptions}")?;
        writeln!(f, "{of} resets {resets}")?;
        writeln!(f, "{of} audited_bytes {audited_bytes}")?;
        writeln!(f, "{of} rejected {rejected}")?;
    }

    writeln!(f, "vgpu pinned_pages {}", vgpu.account().pages())?;
    writeln!(f, "vgpu table_pages {}", vgpu.account().tables())?;
    for (name, count) in vgpu.exits() {
        writeln!(f, "vgpu {name} {count}")?;
    }
    Ok(())
}
