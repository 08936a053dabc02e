// SPDX-License-Identifier: GPL-2.0

//! What a piece of work might leave behind in the engine.
//!
//! Commands of a guest write registers of the render engine that are no part of a context, where i915 lets every
//! user do so (selftest_workarounds.c: `pardon_reg`). At the end of each piece the registers get the host's values
//! back, so that what a guest left there is met by nobody who comes after it, and at the beginning, as a piece that
//! is ended in its middle has no end. Who overtakes it there meets it still, as it would another user's.

use kernel::prelude::*;

use crate::{
    host::HostGpu,
    hw::{
        addr::MmioOffset,
        engine::Engine,
        platform::Generation, //
    },
    model::seam::HostMmio,
};

/// GEN9_CTX_PREEMPT_REG (intel_gt_regs.h).
const CTX_PREEMPT: u32 = 0x2248;

/// GEN8_L3SQCREG4.
const L3SQCREG4: u32 = 0xb118;

/// MI_LOAD_REGISTER_IMM of one register (PRM SKL, volume 2a).
const LOAD: u32 = 0x22 << 23 | 1;

/// MI_NOOP.
const NOOP: u32 = 0;

/// The commands that put the host's values back.
pub(in super::super) struct Leftovers(KVec<u32>);

impl Leftovers {
    /// As the registers are now, while no guest is there.
    pub(in super::super) fn of(host: &HostGpu) -> Result<Self> {
        let registers: &[u32] = match host.platform().generation() {
            Generation::Gen8 => &[],
            Generation::Gen9 => &[CTX_PREEMPT, L3SQCREG4],
        };
        let mut commands = KVec::new();
        for &register in registers {
            let value = host.read(MmioOffset::new(register));
            for word in [LOAD, register, value, NOOP] {
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
