// SPDX-License-Identifier: GPL-2.0

//! Registers of the GT that tune it: masked ones, those with a value at power-on, translation
//! look-aside buffer invalidation.

use super::{PerDevice, Preset};
use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// The unit.
pub struct Misc;

/// Registers with a write mask in their upper half, outside the blocks of the rings
/// (i915: `gt/intel_workarounds.c`, wa_masked_*; `gt/intel_ggtt_fencing.c`).
const MASKED: &[u32] = &[
    0x4030, // ARB_MODE
    0x4a08, // GAMTARBMODE
    0x5588, // GEN9_WM_CHICKEN3
    0x7000, // CACHE_MODE_0_GEN7
    0x7004, // CACHE_MODE_1
    0x7008, // GEN7_GT_MODE
    0x7010, // GEN7_COMMON_SLICE_CHICKEN1
    0x7014, // COMMON_SLICE_CHICKEN2
    0x7018, // HIZ_CHICKEN
    0x7300, // HDC_CHICKEN0
    0x7304, // GEN8_HDC_CHICKEN1
    0x731c, // GEN9_SLICE_COMMON_ECO_CHICKEN1
    0x83a4, // VF_GUARDBAND
    0xe100, // GEN8_HALF_SLICE_CHICKEN1
    0xe180, // HALF_SLICE_CHICKEN2
    0xe184, // GEN8_HALF_SLICE_CHICKEN3
    0xe188, // GEN9_HALF_SLICE_CHICKEN5
    0xe18c, // GEN10_SAMPLER_MODE
    0xe194, // GEN9_HALF_SLICE_CHICKEN7
    0xe48c, // GEN9_ROW_CHICKEN4
    0xe49c, // GEN9_ROW_CHICKEN3
    0xe4f0, // GEN8_ROW_CHICKEN
    0xe4f4, // GEN8_ROW_CHICKEN2
];

/// Writing 1 invalidates; the bit clears when that is done, which here is at once, because the
/// emulator keeps no translations (i915: `gt/intel_tlb.c`).
const TLB_INVALIDATE: &[u32] = &[
    0x4260, // GEN8_RTCR
    0x4264, // GEN8_M1TCR
    0x4268, // GEN8_M2TCR
    0x426c, // GEN8_BTCR
    0x4270, // GEN8_VTCR
];

/// Registers that tell that a unit has no work (i915: intel_engine_get_instdone).
const IDLE: &[u32] = &[
    0x40b0, // DONE_REG
    0x7100, // GEN7_SC_INSTDONE
    0xe160, // GEN8_SAMPLER_INSTDONE
    0xe164, // GEN8_ROW_INSTDONE
];

/// Registers that lose what was written to them when the whole GT is reset. Their values at
/// power-on are such that the driver's workarounds change something, as on hardware.
const LOST: &[Preset] = &[
    (0x4090, PerDevice::all(0)),                    // GAM_ECOCHK
    (0x4ab0, PerDevice::all(0)),                    // GEN9_GAMT_ECO_REG_RW_IA
    (0x4ab8, PerDevice::all(0)),                    // GAMT_CHKN_BIT_REG
    (0x4ddc, PerDevice::all(0)),                    // MMCD_MISC_CTRL
    (0x940c, PerDevice::all(0)),                    // GEN7_UCGCTL4
    (0xb004, PerDevice::all(0)),                    // GEN8_GARBCNTL
    (0xb008, PerDevice::by_generation(0, 1)),       // GEN9_SCRATCH_LNCF1
    (0xb118, PerDevice::by_generation(0, 1 << 22)), // GEN8_L3SQCREG4
    (0xb11c, PerDevice::by_generation(0, 1 << 8)),  // GEN9_SCRATCH1
];

/// Memory object control state, lost like [`LOST`], zero after that: first and last register of
/// GEN9_GFX_MOCS, GEN9_MFX0_MOCS, GEN9_MFX1_MOCS, GEN9_VEBOX_MOCS, GEN9_BLT_MOCS and
/// GEN9_LNCFCMOCS.
const MOCS: &[(u32, u32)] = &[
    (0xc800, 0xc8fc),
    (0xc900, 0xc9fc),
    (0xca00, 0xcafc),
    (0xcb00, 0xcbfc),
    (0xcc00, 0xccfc),
    (0xb020, 0xb09c),
];

/// The effect of a reset of the whole GT. Masked registers keep their values: hardware takes them
/// from the image of the next context, and the emulator's images hold only some of them.
pub fn lose(gpu: &Gpu) {
    for (offset, value) in LOST {
        gpu.regs.set(*offset, value.on(gpu.platform));
    }
    for (first, last) in MOCS {
        for offset in (*first..=*last).step_by(4) {
            gpu.regs.set(offset, 0);
        }
    }
}

impl Block for Misc {
    fn spans(&self, platform: &Platform) -> Vec<Span> {
        let masked = MASKED.iter().map(|&at| Span::one(at, Policy::Masked, 0));
        let tlb = TLB_INVALIDATE
            .iter()
            .map(|&at| Span::one(at, Policy::SelfClear(!0), 0));
        let idle = IDLE.iter().map(|&at| Span::one(at, Policy::Plain, !0));
        let lost = LOST
            .iter()
            .map(|(at, v)| Span::one(*at, Policy::Plain, v.on(platform)));
        let mocs = MOCS
            .iter()
            .map(|&(first, last)| Span::range(first, last, Policy::Plain));
        masked
            .chain(tlb)
            .chain(idle)
            .chain(lost)
            .chain(mocs)
            .collect()
    }
}
