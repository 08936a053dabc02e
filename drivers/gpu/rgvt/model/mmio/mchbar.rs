// SPDX-License-Identifier: GPL-2.0

//! The mirror of the memory controller's registers (MCHBAR). What a guest's driver looks at is as on the
//! host, the rest of it reads zero.
//!
//! Source: mchbar_regs.h, read by intel_dram.c, intel_rps.c and i9xx_wm.c.

use super::{platforms::Platforms, span::Span};

/// The mirror, 0x140000 to 0x147fff.
pub const TABLE: &[Span] = &[
    Span::constant(0x14_0000, 0).to(0x14_0ffc),
    // BXT_D_CR_DRP0_DUNIT8 to BXT_D_CR_DRP0_DUNIT11 lie in these
    Span::fused(0x14_1000).to(0x14_1ffc).on(Platforms::BROXTON),
    Span::constant(0x14_1000, 0)
        .to(0x14_1ffc)
        .on(Platforms::CORE),
    Span::constant(0x14_2000, 0).to(0x14_4ffc),
    // SKL_MAD_INTER_CHANNEL, MAD_DIMM_C0 and MAD_DIMM_C1, SKL_MAD_DIMM_CH0 and SKL_MAD_DIMM_CH1
    Span::fused(0x14_5000).to(0x14_5010),
    Span::constant(0x14_5014, 0).to(0x14_5944),
    // GEN6_GT_PERF_STATUS
    Span::fused(0x14_5948),
    Span::constant(0x14_594c, 0).to(0x14_5990),
    // GEN6_RP_STATE_LIMITS, GEN6_RP_STATE_CAP
    Span::fused(0x14_5994).to(0x14_5998),
    Span::constant(0x14_599c, 0).to(0x14_5d0c),
    // MCH_SSKPD
    Span::fused(0x14_5d10).to(0x14_5d14),
    Span::constant(0x14_5d18, 0).to(0x14_5e00),
    // SKL_MC_BIOS_DATA_0_0_0_MCHBAR_PCU: the memory's frequency
    Span::fused(0x14_5e04),
    Span::constant(0x14_5e08, 0).to(0x14_6ffc),
    // BXT_P_CR_MC_BIOS_REQ_0_0_0
    Span::constant(0x14_7000, 0).to(0x14_7110),
    Span::fused(0x14_7114),
    Span::constant(0x14_7118, 0).to(0x14_7ffc),
    // No mirror any more; Broxton has the PHYs of its display here
    Span::constant(0x14_8000, 0)
        .to(0x17_fffc)
        .on(Platforms::CORE),
];
