// SPDX-License-Identifier: GPL-2.0

//! The types of virtual GPU that are offered, by name and size.
//!
//! The names `GVTg_V4_8` and so on, and what they mean, are those of kvmgt: configurations of mdevctl
//! and libvirt hold them. The types after those four are ours.

use super::{
    mmio::display::mode::{Mode, REFRESH},
    partition::Partition,
};
use crate::hw::{addr::Bytes, platform::Platform};
use kernel::fmt;

/// A mode of the virtual monitor of a type, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Pixels in a line.
    pub width: u16,
    /// Lines.
    pub height: u16,
}

/// A type of virtual GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VgpuType {
    /// What follows `GVTg_V4_` or `GVTg_V5_` in its name.
    pub suffix: &'static str,
    /// Size of its part of the aperture; whole pages.
    pub aperture: Bytes,
    /// Size of its part of the hidden space; whole pages.
    pub hidden: Bytes,
    /// How many fence registers it has.
    pub fences: u8,
    /// Its share of an engine's time relative to others', 1 to 16.
    pub weight: u8,
    /// The best mode of its monitor at first.
    pub resolution: Resolution,
    /// The largest that its monitor may have.
    pub largest: Resolution,
}

impl VgpuType {
    /// How much of the GGTT it has.
    pub fn ggtt(&self) -> Bytes {
        Bytes::new(self.aperture.get().saturating_add(self.hidden.get()))
    }

    /// The same, but for the best mode of its monitor at first; all the same if it cannot have that.
    pub fn preferring(self, resolution: Resolution) -> Self {
        let Resolution { width, height } = resolution;
        let fits = width <= self.largest.width && height <= self.largest.height;
        if !fits || Mode::new(width, height, REFRESH).is_none() {
            return self;
        }
        Self { resolution, ..self }
    }
}

const SMALL: Resolution = Resolution {
    width: 1024,
    height: 768,
};
const LARGE: Resolution = Resolution {
    width: 1920,
    height: 1200,
};
const LARGEST: Resolution = Resolution {
    width: 2560,
    height: 1600,
};

/// kvmgt's types: the suffix says how many of them were meant to share a GPU. On an aperture of
/// 256 MiB two of `8` fit, and none of `2` and `1`.
const CLASSIC: [VgpuType; 4] = [
    VgpuType {
        suffix: "8",
        aperture: Bytes::mib(64),
        hidden: Bytes::mib(384),
        fences: 4,
        weight: 2,
        resolution: SMALL,
        largest: SMALL,
    },
    VgpuType {
        suffix: "4",
        aperture: Bytes::mib(128),
        hidden: Bytes::mib(512),
        fences: 4,
        weight: 4,
        resolution: LARGE,
        largest: LARGEST,
    },
    VgpuType {
        suffix: "2",
        aperture: Bytes::mib(256),
        hidden: Bytes::mib(1024),
        fences: 4,
        weight: 8,
        resolution: LARGE,
        largest: LARGEST,
    },
    VgpuType {
        suffix: "1",
        aperture: Bytes::mib(512),
        hidden: Bytes::mib(2048),
        fences: 4,
        weight: 16,
        resolution: LARGE,
        largest: LARGEST,
    },
];

/// Half of `8` in every respect: four fit where two of `8` do, and more than seven on a large
/// aperture, where kvmgt's types run out of fences or hidden space.
const SIXTEENTH: VgpuType = VgpuType {
    suffix: "16",
    aperture: Bytes::mib(32),
    hidden: Bytes::mib(192),
    fences: 2,
    weight: 1,
    resolution: SMALL,
    largest: SMALL,
};

/// How many types there are at most.
pub const MAX_TYPES: usize = 6;

/// The types that a GPU of this partition can hold at least one of, when it is empty: kvmgt's in
/// kvmgt's order, then `16`, then `full`, which is one virtual GPU with everything. `full` is left out
/// where one of the others is that already.
pub fn offered(empty: &Partition) -> [Option<VgpuType>; MAX_TYPES] {
    let full = VgpuType {
        suffix: "full",
        aperture: empty.aperture(),
        hidden: empty.hidden(),
        fences: 4,
        weight: 16,
        resolution: LARGE,
        largest: LARGEST,
    };
    let same_aperture = |kind: &VgpuType| kind.aperture == full.aperture;
    let duplicate = CLASSIC.iter().any(same_aperture);
    let [eighth, quarter, half, one] = CLASSIC;
    [
        Some(eighth),
        Some(quarter),
        Some(half),
        Some(one),
        Some(SIXTEENTH),
        (!duplicate).then_some(full),
    ]
    .map(|kind| kind.filter(|kind| empty.available(kind) > 0))
}

/// A type's name in sysfs, after the driver's name and a dash.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// The platform, for the version in the name.
    pub platform: Platform,
    /// The type.
    pub kind: &'a VgpuType,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "GVTg_V{}_{}",
            self.platform.type_version(),
            self.kind.suffix
        )
    }
}
