// SPDX-License-Identifier: GPL-2.0

//! The queue of an engine.

mod engine;
mod policies;
mod reference;
mod shares;
mod steps;

use unit::hw::addr::Bytes;
use unit::model::partition::{HostShare, Partition, Space, VgpuId};
use unit::model::sched::{Policy, Weight};
use unit::model::types::{Resolution, VgpuType};

const MILLISECOND: u64 = 1_000_000;

const RESOLUTION: Resolution = Resolution {
    width: 640,
    height: 480,
};

/// Virtual GPUs.
fn ids<const N: usize>() -> [VgpuId; N] {
    let space = Space {
        aperture: Bytes::mib(1024),
        total: Bytes::mib(4096),
        fences: 32,
    };
    let kind = VgpuType {
        suffix: "test",
        aperture: Bytes::mib(1),
        hidden: Bytes::mib(1),
        fences: 1,
        weight: 1,
        resolution: RESOLUTION,
        largest: RESOLUTION,
    };
    let mut partition = Partition::new(space, HostShare::DEFAULT).unwrap();
    [(); N].map(|()| partition.take(&kind).unwrap().0)
}

/// A policy that asks for nothing but a weight. Slices are 2 ms long.
fn weight(weight: u16) -> Policy {
    Policy::new(Weight::new(weight).expect("not 0"), 640_000)
}
