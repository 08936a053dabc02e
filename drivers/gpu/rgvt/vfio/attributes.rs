// SPDX-License-Identifier: GPL-2.0

//! What sysfs shows of a virtual GPU, and lets an operator set.
//!
//! Documentation/ABI/testing/sysfs-bus-mdev-rgvt is the promise that is kept here.

use core::fmt::Write;

use kernel::{
    prelude::*,
    str::{
        parse_int::ParseInt,
        BStr, //
    },
};

use super::device::VgpuDevice;
use crate::rust::{
    mdev::{
        Attribute,
        Group, //
    },
    vfio::Registration,
};

type Device = Registration<VgpuDevice>;

/// All of them.
pub(super) const GROUPS: &[Group<Device>] = &[
    // kvmgt's.
    Group {
        name: c"intel_vgpu",
        attributes: &[Attribute::read_only(c"vgpu_id", |device, f| {
            writeln!(f, "{}", device.operations().vgpu().id().get())
        })],
    },
    Group {
        name: c"rgvt",
        attributes: RGVT,
    },
];

const RGVT: &[Attribute<Device>] = &[
    Attribute::writable(
        c"pin_quota_mib",
        |device, f| writeln!(f, "{}", device.operations().vgpu().account().quota_mib()),
        |device, text| {
            device
                .operations()
                .vgpu()
                .account()
                .set_quota_mib(number(text)?);
            Ok(())
        },
    ),
    Attribute::read_only(c"pinned_pages", |device, f| {
        writeln!(f, "{}", device.operations().vgpu().account().pages())
    }),
    Attribute::read_only(c"user", |device, f| match &*device.operations().user() {
        Some(user) => f.write_fmt(fmt!("{user}\n")),
        None => writeln!(f),
    }),
];

/// The number that a text is. EINVAL if it is none, or one that is not within the limits of the type.
fn number<T: ParseInt>(text: &BStr) -> Result<T> {
    T::from_str(text)
}
