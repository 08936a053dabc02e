// SPDX-License-Identifier: GPL-2.0

//! Resets that the driver asks for: the whole GT or single engines.
//!
//! i915: `gt/intel_reset.c`, gen6_hw_domain_reset.

use super::misc;
use crate::engine::EngineId;
use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// GEN6_GDRST: a bit for each reset domain, set by the driver, cleared when the domain is reset.
const GDRST: u32 = 0x941c;
/// GEN6_GRDOM_FULL.
const FULL: u32 = 1 << 0;
/// GEN9_GRDOM_GUC.
const GUC: u32 = 1 << 5;
/// GUC_STATUS.
const GUC_STATUS: u32 = 0xc000;
/// GS_MIA_IN_RESET: the microcontroller is held in reset until firmware is loaded.
const MIA_IN_RESET: u32 = 1 << 0;

/// The unit.
pub struct Reset;

/// The engines that a write to GDRST resets.
fn engines(value: u32) -> impl Iterator<Item = EngineId> {
    EngineId::ALL
        .into_iter()
        .filter(move |engine| value & (FULL | engine.reset_bit()) != 0)
}

impl Block for Reset {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        vec![
            Span::one(GDRST, Policy::Handled, 0),
            Span::one(GUC_STATUS, Policy::Plain, MIA_IN_RESET),
        ]
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        // Seen as pending by whoever reads while the engines stop.
        gpu.regs.set(offset, value);
        for engine in engines(value) {
            gpu.engines.reset(gpu, engine);
        }
        if value & (FULL | GUC) != 0 {
            gpu.regs.set(GUC_STATUS, MIA_IN_RESET);
        }
        if value & FULL != 0 {
            misc::lose(gpu);
        }
        gpu.regs.set(offset, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_select_engines() {
        let of = |value| engines(value).collect::<Vec<_>>();
        assert_eq!(of(FULL), EngineId::ALL);
        assert_eq!(of(1 << 1), [EngineId::Rcs]);
        assert_eq!(of(1 << 2 | 1 << 4), [EngineId::Vcs0, EngineId::Vecs]);
        assert_eq!(of(1 << 3), [EngineId::Bcs]);
        assert_eq!(of(GUC | 1 << 7), []);
    }
}
