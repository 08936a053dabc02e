// SPDX-License-Identifier: GPL-2.0

//! The platforms, and the registers that the guests of each have.

use std::cell::OnceCell;

use kernel::alloc::{flags::GFP_KERNEL, KBox};
use kernel::sync::Arc;
use unit::hw::platform::Platform;
use unit::model::mmio::{display::Display, table::Map};

pub const PLATFORMS: [Platform; 6] = [
    Platform::Broadwell,
    Platform::Skylake,
    Platform::Broxton,
    Platform::KabyLake,
    Platform::CoffeeLake,
    Platform::CometLake,
];

thread_local! {
    /// Made once: it takes a while without optimisation.
    static MAPS: [OnceCell<Arc<Map>>; PLATFORMS.len()] = Default::default();
}

/// The registers of a platform, as all of its guests have them.
pub fn map(platform: Platform) -> Arc<Map> {
    let index = PLATFORMS.iter().position(|other| *other == platform);
    let make = || Arc::new(Map::new(platform).unwrap(), GFP_KERNEL).unwrap();
    MAPS.with(|maps| maps[index.unwrap()].get_or_init(make).clone())
}

pub fn boxed(display: Display) -> KBox<Display> {
    KBox::new(display, GFP_KERNEL).unwrap()
}
