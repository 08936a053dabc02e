// SPDX-License-Identifier: GPL-2.0

//! Sets of platforms.

use crate::hw::platform::Platform;

/// A set of platforms, for what exists on some of them only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platforms(u8);

impl Platforms {
    /// All that are supported.
    pub const ALL: Self = Self(0x3f);
    /// Gen8.
    pub const GEN8: Self = Self::of(Platform::Broadwell);
    /// Gen9, with Gen9.5.
    pub const GEN9: Self = Self(Self::ALL.0 & !Self::GEN8.0);
    /// Broxton alone, whose display and memory controller are those of a system on a chip.
    pub const BROXTON: Self = Self::of(Platform::Broxton);
    /// All but Broxton.
    pub const CORE: Self = Self(Self::ALL.0 & !Self::BROXTON.0);
    /// Gen9 but Broxton.
    pub const GEN9_CORE: Self = Self(Self::GEN9.0 & !Self::BROXTON.0);
    /// Skylake and Kaby Lake, without what came after the latter.
    pub const SKYLAKE_KABYLAKE: Self =
        Self(Self::of(Platform::Skylake).0 | Self::of(Platform::KabyLake).0);
    /// The set of one.
    pub const fn of(platform: Platform) -> Self {
        Self(match platform {
            Platform::Broadwell => 1 << 0,
            Platform::Skylake => 1 << 1,
            Platform::Broxton => 1 << 2,
            Platform::KabyLake => 1 << 3,
            Platform::CoffeeLake => 1 << 4,
            Platform::CometLake => 1 << 5,
        })
    }

    /// Those that are not in the set.
    pub const fn others(self) -> Self {
        Self(Self::ALL.0 & !self.0)
    }

    /// Whether `platform` is in the set.
    pub const fn contains(self, platform: Platform) -> bool {
        self.meet(Self::of(platform))
    }

    /// Whether some platform is in both sets.
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
