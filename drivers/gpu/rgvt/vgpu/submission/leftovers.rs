// SPDX-License-Identifier: GPL-2.0

//! What a piece of work might leave behind in the engine.
//!
//! Commands of a guest write some registers of the render engine that are no part of a context
//! (`mmio::leftovers`), where i915 lets every user do so (selftest_workarounds.c: `pardon_reg`). At the end of each
//! piece the registers get their values back, so that what a guest left there is met by nobody who comes after it,
//! and at the beginning, as a piece that is ended in its middle has no end. Who overtakes it there meets it still, as it
//! would another user's.

use kernel::prelude::*;

use crate::{
    host::HostGpu,
    hw::engine::Engine,
    model::{
        mmio::leftovers::{
            leftovers,
            Back, //
        },
        seam::HostMmio, //
    },
};

/// MI_LOAD_REGISTER_IMM of one register (PRM SKL, volume 2a).
const LOAD: u32 = 0x22 << 23 | 1;

/// MI_NOOP.
const NOOP: u32 = 0;

/// The commands that put them back.
pub(in super::super) struct Leftovers(KVec<u32>);

impl Leftovers {
    /// As the registers are now, while no guest is there.
    pub(in super::super) fn of(host: &HostGpu) -> Result<Self> {
        let mut commands = KVec::new();
        for &(register, back) in leftovers(host.platform().generation()) {
            let value = match back {
                Back::Host => host.read(register),
                Back::Zero => 0,
            };
            for word in [LOAD, register.get(), value, NOOP] {
                commands.push(word, GFP_KERNEL)?;
            }
        }
        Ok(Self(commands))
    }

    /// What is to follow the commands of a guest, and to go before them: who was there before may have been ended in
    /// its middle.
    pub(in super::super) fn commands(&self, engine: Engine) -> &[u32] {
        match engine {
            Engine::Rcs => &self.0,
            _ => &[],
        }
    }
}
