// SPDX-License-Identifier: GPL-2.0

//! The registers that are to be exchanged when an engine passes from one owner to another, be that a
//! guest or the host.
//!
//! What is part of the context image comes and goes with the context, but for a context that is
//! restored without its state for the first time: that one needs the values of its guest loaded by a
//! command. Source: what intel_workarounds.c and intel_mocs.c write outside of contexts, and
//! gvt/mmio_context.c.

use super::{
    engines,
    nonpriv::{SLOTS, SLOT_BYTES},
};
use crate::hw::{
    addr::MmioOffset,
    engine::Engine,
    platform::{Generation, Platform},
};

/// Registers that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switched {
    /// The first.
    pub first: MmioOffset,
    /// How many.
    pub count: u32,
    /// A write needs the mask in its upper half.
    pub masked: bool,
    /// They are part of the context image.
    pub in_context: bool,
}

const fn plain(first: u32) -> Switched {
    Switched {
        first: MmioOffset::new(first),
        count: 1,
        masked: false,
        in_context: false,
    }
}

const fn masked(first: u32) -> Switched {
    Switched {
        masked: true,
        ..plain(first)
    }
}

impl Switched {
    const fn count(self, count: u32) -> Self {
        Self { count, ..self }
    }

    const fn in_context(self) -> Self {
        Self {
            in_context: true,
            ..self
        }
    }

    /// The offset of each register.
    pub fn offsets(self) -> impl Iterator<Item = MmioOffset> {
        (0..self.count).filter_map(move |n| self.first.checked_add(n.checked_mul(4)?))
    }
}

/// RING_FORCE_TO_NONPRIV of an engine.
const fn slots(engine: Engine) -> Switched {
    plain(engines::at(engine, SLOTS).get()).count(SLOT_BYTES / 4)
}

/// Of the render engine, on Gen8.
const RENDER_GEN8: &[Switched] = &[
    // RING_INSTPM
    masked(0x20c0).in_context(),
    // GEN9_CTX_PREEMPT_REG
    plain(0x2248),
    slots(Engine::Rcs),
    // CACHE_MODE_0_GEN7, CACHE_MODE_1, GEN7_GT_MODE
    masked(0x7000).count(3).in_context(),
    // GEN7_COMMON_SLICE_CHICKEN1
    masked(0x7010).in_context(),
    // HDC_CHICKEN0
    masked(0x7300).in_context(),
    // VF_PREEMPTION
    masked(0x83a4).in_context(),
    // GEN8_L3SQCREG4
    plain(0xb118),
];

/// Of the render engine, on Gen9.
const RENDER_GEN9: &[Switched] = &[
    // GEN7_FF_THREAD_MODE
    plain(0x20a0),
    // RING_INSTPM
    masked(0x20c0).in_context(),
    // GEN9_CSFE_CHICKEN1_RCS
    masked(0x20d4),
    masked(0x20d8).in_context(),
    // FF_SLICE_CS_CHICKEN2
    masked(0x20e4),
    // GEN9_CS_DEBUG_MODE1
    masked(0x20ec),
    // GEN9_CTX_PREEMPT_REG
    plain(0x2248),
    slots(Engine::Rcs),
    // GEN8_CS_CHICKEN1
    masked(0x2580).in_context(),
    // CACHE_MODE_0_GEN7, CACHE_MODE_1, GEN7_GT_MODE
    masked(0x7000).count(3).in_context(),
    // GEN7_COMMON_SLICE_CHICKEN1, COMMON_SLICE_CHICKEN2
    masked(0x7010).count(2).in_context(),
    // HDC_CHICKEN0, GEN8_HDC_CHICKEN1
    masked(0x7300).count(2).in_context(),
    // VF_PREEMPTION
    masked(0x83a4).in_context(),
    // GEN9_LNCFCMOCS
    plain(0xb020).count(32).in_context(),
    // GEN8_L3SQCREG4
    plain(0xb118),
    // GEN9_GFX_MOCS
    plain(0xc800).count(64).in_context(),
    // GEN8_HALF_SLICE_CHICKEN1
    masked(0xe100).in_context(),
    // HALF_SLICE_CHICKEN2, GEN8_HALF_SLICE_CHICKEN3, GEN9_HALF_SLICE_CHICKEN5
    masked(0xe180).count(3).in_context(),
    // GEN9_HALF_SLICE_CHICKEN7
    masked(0xe194).in_context(),
    // GEN8_ROW_CHICKEN
    masked(0xe4f0).in_context(),
];

/// Of the other engines, on Gen8: RING_EXCC, RING_INSTPM, and what batches may write.
const COPY_GEN8: &[Switched] = &[masked(0x2_2028), masked(0x2_20c0), slots(Engine::Bcs)];
const VIDEO0_GEN8: &[Switched] = &[masked(0x1_20c0), slots(Engine::Vcs0)];
const VIDEO1_GEN8: &[Switched] = &[masked(0x1_c028), masked(0x1_c0c0), slots(Engine::Vcs1)];
const ENHANCEMENT_GEN8: &[Switched] = &[masked(0x1_a028), masked(0x1_a0c0), slots(Engine::Vecs)];

/// Of the other engines, on Gen9: also GEN9_BLT_MOCS, GEN9_MFX0_MOCS, GEN9_MFX1_MOCS and
/// GEN9_VEBOX_MOCS.
const COPY_GEN9: &[Switched] = &[
    plain(0xcc00).count(64),
    masked(0x2_2028),
    masked(0x2_20c0),
    slots(Engine::Bcs),
];
const VIDEO0_GEN9: &[Switched] = &[
    plain(0xc900).count(64),
    masked(0x1_20c0),
    slots(Engine::Vcs0),
];
const VIDEO1_GEN9: &[Switched] = &[
    plain(0xca00).count(64),
    masked(0x1_c028),
    masked(0x1_c0c0),
    slots(Engine::Vcs1),
];
const ENHANCEMENT_GEN9: &[Switched] = &[
    plain(0xcb00).count(64),
    masked(0x1_a028),
    masked(0x1_a0c0),
    slots(Engine::Vecs),
];

/// The registers to exchange when `engine` gets another owner.
pub const fn switched(platform: Platform, engine: Engine) -> &'static [Switched] {
    match (platform.generation(), engine) {
        (Generation::Gen8, Engine::Rcs) => RENDER_GEN8,
        (Generation::Gen8, Engine::Bcs) => COPY_GEN8,
        (Generation::Gen8, Engine::Vcs0) => VIDEO0_GEN8,
        (Generation::Gen8, Engine::Vcs1) => VIDEO1_GEN8,
        (Generation::Gen8, Engine::Vecs) => ENHANCEMENT_GEN8,
        (Generation::Gen9, Engine::Rcs) => RENDER_GEN9,
        (Generation::Gen9, Engine::Bcs) => COPY_GEN9,
        (Generation::Gen9, Engine::Vcs0) => VIDEO0_GEN9,
        (Generation::Gen9, Engine::Vcs1) => VIDEO1_GEN9,
        (Generation::Gen9, Engine::Vecs) => ENHANCEMENT_GEN9,
    }
}
