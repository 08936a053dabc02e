// SPDX-License-Identifier: GPL-2.0

//! What a piece of work might leave behind in the engine.
//!
//! i915 lets every user write two registers of Gen9's render engine that are no part of a context
//! (selftest_workarounds.c: `pardon_reg`), and so do we. At the end of each piece they get the host's values
//! back, so that what a guest left there is met by nobody who comes after it. Who overtakes it in its middle
//! meets it still, as on the host.

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

/// GEN9_CTX_PREEMPT_REG and GEN8_L3SQCREG4 (intel_gt_regs.h).
const REGISTERS: [u32; 2] = [0x2248, 0xb118];

/// MI_LOAD_REGISTER_IMM of one register (PRM SKL, volume 2a).
const LOAD: u32 = 0x22 << 23 | 1;

/// MI_NOOP.
const NOOP: u32 = 0;

/// The commands that put the host's values back.
pub(in super::super) struct Leftovers(KVec<u32>);

impl Leftovers {
    /// As the registers are now, while no guest is there.
    pub(in super::super) fn of(host: &HostGpu) -> Result<Self> {
        let mut commands = KVec::new();
        if host.platform().generation() == Generation::Gen9 {
            for register in REGISTERS {
                let value = host.read(MmioOffset::new(register));
                for word in [LOAD, register, value, NOOP] {
                    commands.push(word, GFP_KERNEL)?;
                }
            }
        }
        Ok(Self(commands))
    }

    /// What is to follow the commands of a guest.
    pub(super) fn commands(&self, engine: Engine) -> &[u32] {
        match engine {
            Engine::Rcs => &self.0,
            _ => &[],
        }
    }
}
