// SPDX-License-Identifier: GPL-2.0

//! Registers of the render engine that commands may write though no context holds them, and what they get
//! before and after each piece of work (vgpu/submission/leftovers.rs).

use crate::hw::{addr::MmioOffset, platform::Generation};

/// What a register gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// What it had when no guest was there.
    Host,
    /// Nothing is set in it.
    Zero,
}

/// GEN9_CTX_PREEMPT_REG (intel_gt_regs.h).
const CTX_PREEMPT: (MmioOffset, Back) = (MmioOffset::new(0x2248), Back::Host);

/// MI_PREDICATE_RESULT_2, which batches without privilege may write (IGT gem_ctx_isolation: NOCTX).
const PREDICATE_RESULT_2: (MmioOffset, Back) = (MmioOffset::new(0x23bc), Back::Zero);

/// GEN8_L3SQCREG4, which commands may write on some of Gen9.
const L3SQCREG4: (MmioOffset, Back) = (MmioOffset::new(0xb118), Back::Host);

/// The registers.
pub const fn leftovers(generation: Generation) -> &'static [(MmioOffset, Back)] {
    match generation {
        Generation::Gen8 => &[PREDICATE_RESULT_2],
        Generation::Gen9 => &[CTX_PREEMPT, PREDICATE_RESULT_2, L3SQCREG4],
    }
}
