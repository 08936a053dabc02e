// SPDX-License-Identifier: GPL-2.0

//! The supported platforms.

use super::{addr::Bytes, engine::Engine};

/// A platform, as i915 tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Platform {
    /// Gen8.
    Broadwell,
    /// Gen9.
    Skylake,
    /// Gen9, low power (Apollo Lake).
    Broxton,
    /// Gen9.5.
    KabyLake,
    /// Gen9.5.
    CoffeeLake,
    /// Gen9.5.
    CometLake,
}

/// The generation of the graphics core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// Broadwell.
    Gen8,
    /// Skylake and its successors up to Comet Lake.
    Gen9,
}

impl Platform {
    /// The platform's generation.
    pub const fn generation(self) -> Generation {
        match self {
            Platform::Broadwell => Generation::Gen8,
            _ => Generation::Gen9,
        }
    }

    /// The number after `V` in the names of vGPU types, which mdevctl and libvirt configurations
    /// hold: GVTg_V4_* on Gen8, GVTg_V5_* on Gen9.
    pub const fn type_version(self) -> u8 {
        match self.generation() {
            Generation::Gen8 => 4,
            Generation::Gen9 => 5,
        }
    }

    /// Size of a context image with the page of hardware status that it begins with
    /// (intel_engine_cs.c: `GEN8_LR_CONTEXT_*_SIZE`, `GEN9_LR_CONTEXT_RENDER_SIZE`).
    pub const fn context_size(self, engine: Engine) -> Bytes {
        Bytes::new(match (self.generation(), engine) {
            (Generation::Gen8, Engine::Rcs) => 20 << 12,
            (Generation::Gen9, Engine::Rcs) => 22 << 12,
            _ => 2 << 12,
        })
    }
}
