// SPDX-License-Identifier: GPL-2.0
//! Types and devices in sysfs, as mdevctl and libvirt see them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use libc::{EEXIST, EINVAL, ENOSPC};

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::mdev::{Type, fresh_uuid};

pub const CHECKS: &[Check] = &[
    Check::new("sysfs/type-names", names),
    Check::new("sysfs/type-attributes", attributes),
    Check::new("sysfs/device", device),
    Check::new("sysfs/available-instances", available),
    Check::new("sysfs/fill-up", fill),
    Check::new("sysfs/fill-up-mixed", mixed),
    Check::new("sysfs/bad-uuids", bad_uuids),
    Check::new("sysfs/same-uuid", same_uuid),
    Check::new("sysfs/remove-refused", remove_refused),
];

fn names(bench: &Bench) -> Result<Outcome> {
    let types = bench.parent.types()?;
    ensure!(types.len() >= 2, "{} types", types.len());
    for kind in &types {
        let name = kind.name();
        let rest = name.strip_prefix("i915-GVTg_V").context("another name")?;
        let (generation, size) = rest.split_once('_').context("a name without a size")?;
        ensure!(
            matches!(generation, "4" | "5"),
            "{name}: neither Gen8 nor Gen9"
        );
        ensure!(!size.is_empty(), "{name}: no size");
    }
    for size in ["_4", "_8"] {
        ensure!(
            types.iter().any(|t| t.name().ends_with(size)),
            "no type *{size}"
        );
    }
    Ok(Outcome::Pass)
}

/// The number in a line such as "fence: 4", behind its name and before its unit.
fn number(description: &str, name: &str, unit: &str) -> Result<u32> {
    let line = description.lines().find_map(|line| line.strip_prefix(name));
    let value = line.with_context(|| format!("no {name}"))?;
    Ok(value.trim().trim_end_matches(unit).parse()?)
}

fn attributes(bench: &Bench) -> Result<Outcome> {
    for kind in bench.parent.types()? {
        let name = kind.name();
        same(&name, kind.attribute("device_api")?.as_str(), "vfio-pci")?;
        let pretty = kind.attribute("name")?;
        ensure!(name.ends_with(&pretty), "{name} is called {pretty}");
        let text = kind.attribute("description")?;
        same(&name, text.lines().count(), 5)?;
        ensure!(
            number(&text, "low_gm_size:", "MB")? > 0,
            "{name}: no aperture"
        );
        ensure!(
            number(&text, "high_gm_size:", "MB")? > 0,
            "{name}: no hidden space"
        );
        ensure!(
            (1..=32).contains(&number(&text, "fence:", "")?),
            "{name}: fences"
        );
        ensure!(
            (1..=16).contains(&number(&text, "weight:", "")?),
            "{name}: weight"
        );
        let resolution = text
            .lines()
            .find_map(|line| line.strip_prefix("resolution:"));
        let resolution = resolution.context("no resolution")?.trim().split_once('x');
        ensure!(resolution.is_some(), "{name}: resolution");
        ensure!(kind.available()? > 0, "{name}: none is available");
    }
    Ok(Outcome::Pass)
}

fn device(bench: &Bench) -> Result<Outcome> {
    let mdev = bench.vgpu()?;
    let path = mdev.path();
    let target = |name: &str| -> Result<String> {
        let link = fs::read_link(path.join(name)).with_context(|| name.to_string())?;
        let name = link.file_name().unwrap_or_default();
        Ok(name.to_string_lossy().into_owned())
    };
    same("driver", target("driver")?.as_str(), "intel_vgpu_mdev")?;
    ensure!(
        target("mdev_type")?.starts_with("i915-GVTg_V"),
        "another type"
    );
    ensure!((1..=15).contains(&mdev.id()?), "ID {}", mdev.id()?);
    let group = target("iommu_group")?;
    ensure!(
        Path::new("/dev/vfio").join(group).exists(),
        "no group in /dev/vfio"
    );
    mdev.remove()?;
    ensure!(!path.exists(), "is still there");
    Ok(Outcome::Pass)
}

fn counts(types: &[Type]) -> Result<Vec<u32>> {
    types.iter().map(Type::available).collect()
}

fn available(bench: &Bench) -> Result<Outcome> {
    let types = bench.parent.types()?;
    let before = counts(&types)?;
    for (kind, &count) in types.iter().zip(&before) {
        let mdev = kind.create().with_context(|| kind.name())?;
        let now = counts(&types)?;
        same(&kind.name(), kind.available()?, count - 1)?;
        ensure!(
            now.iter().zip(&before).all(|(now, before)| now <= before),
            "more than before"
        );
        mdev.remove()?;
        same("after removal", counts(&types)?, before.clone())?;
    }
    Ok(Outcome::Pass)
}

fn fill(bench: &Bench) -> Result<Outcome> {
    for kind in bench.parent.types()? {
        let count = kind.available()?;
        let mdevs = (0..count)
            .map(|_| Ok(kind.create()?))
            .collect::<Result<Vec<_>>>()
            .with_context(|| kind.name())?;
        let ids: BTreeSet<u32> = mdevs.iter().map(|mdev| mdev.id()).collect::<Result<_>>()?;
        same("different IDs", ids.len(), mdevs.len())?;
        same("available", kind.available()?, 0)?;
        refused("one too many", kind.create(), &[ENOSPC])?;
        refused("and again", kind.create(), &[ENOSPC])?;
        drop(mdevs);
        same("available again", kind.available()?, count)?;
    }
    Ok(Outcome::Pass)
}

/// Types share what there is; what is said to be available is.
fn mixed(bench: &Bench) -> Result<Outcome> {
    let types = bench.parent.types()?;
    let before = counts(&types)?;
    let mut mdevs = Vec::new();
    for round in 0..20 {
        let kind = &types[round % types.len()];
        match kind.available()? {
            0 => refused(&kind.name(), kind.create(), &[ENOSPC])?,
            _ => mdevs.push(kind.create().with_context(|| kind.name())?),
        }
        if round % 7 == 6 && !mdevs.is_empty() {
            mdevs.remove(0).remove()?;
        }
    }
    drop(mdevs);
    same("afterwards", counts(&types)?, before)?;
    Ok(Outcome::Pass)
}

fn bad_uuids(bench: &Bench) -> Result<Outcome> {
    let types = bench.parent.types()?;
    let before = counts(&types)?;
    for uuid in [
        "x",
        "11111111-2222-3333-4444",
        "11111111-2222-3333-4444-55555555555",
        "11111111x2222-3333-4444-555555555555",
        "gggggggg-2222-3333-4444-555555555555",
        "{1111111-2222-3333-4444-55555555555}",
    ] {
        refused(uuid, types[0].create_as(uuid), &[EINVAL])?;
    }
    same("available", counts(&types)?, before)?;
    Ok(Outcome::Pass)
}

fn same_uuid(bench: &Bench) -> Result<Outcome> {
    let types = bench.parent.types()?;
    let uuid = fresh_uuid();
    let small = types.iter().find(|kind| kind.name().ends_with("_8"));
    let small = small.context("no type *_8")?;
    let mdev = small.create_as(&uuid)?;
    refused("the same name", small.create_as(&uuid), &[EEXIST])?;
    ensure!(mdev.exists(), "the first is gone");
    mdev.remove()?;
    small
        .create_as(&uuid)
        .context("the name is free again")?
        .remove()?;
    Ok(Outcome::Pass)
}

fn remove_refused(bench: &Bench) -> Result<Outcome> {
    let mdev = bench.vgpu()?;
    refused("nonsense", fs::write(mdev.remover(), "x"), &[EINVAL])?;
    // A zero is no order.
    fs::write(mdev.remover(), "0")?;
    ensure!(mdev.exists(), "was removed");
    Ok(Outcome::Pass)
}
