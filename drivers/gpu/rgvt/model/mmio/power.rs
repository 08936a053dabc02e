// SPDX-License-Identifier: GPL-2.0

//! Power management of the GT: frequencies (RPS) and sleep (RC6).
//!
//! It is the host's; a guest's registers keep what the guest writes. They answer as an awake GT that
//! runs at the frequency which was asked for last.

use super::{behaviour::Behaviour, cells::Cells, platforms::Platforms, span::Span};
use crate::hw::{
    addr::MmioOffset,
    platform::{Generation, Platform},
};

/// GEN6_RPNSWREQ: the frequency that the driver asks for.
const REQUEST: u32 = 0xa008;
/// GEN6_RPSTAT1: the one that runs.
const STATUS: u32 = 0xa01c;

/// i915: intel_gt_regs.h.
pub const TABLE: &[Span] = &[
    // RC6_LOCATION, RC6_CTX_BASE: where the host keeps the context of RC6
    Span::plain(0x0d40).to(0x0d48),
    // GEN6_GFXPAUSE
    Span::plain(0xa000),
    Span::special(REQUEST, Behaviour::Frequency),
    // GEN6_RC_VIDEO_FREQ, GEN6_RP_DOWN_TIMEOUT, GEN6_RP_INTERRUPT_LIMITS
    Span::plain(0xa00c).to(0xa014),
    Span::constant(STATUS, 0),
    // GEN6_RP_CONTROL
    Span::plain(0xa024),
    // GEN6_RP_UP_THRESHOLD, GEN6_RP_DOWN_THRESHOLD
    Span::plain(0xa02c).to(0xa030),
    // GEN6_RP_CUR_UP_EI to GEN6_RP_PREV_DOWN: no evaluation takes place
    Span::constant(0xa050, 0).to(0xa064),
    // GEN6_RP_UP_EI, GEN6_RP_DOWN_EI, GEN6_RP_IDLE_HYSTERSIS
    Span::plain(0xa068).to(0xa070),
    // GEN6_RPDEUHWTC, GEN6_RPDEUC, GEN6_RPDEUCSW
    Span::plain(0xa080).to(0xa088),
    // GEN6_RC_CONTROL to GEN6_RC6pp_WAKE_RATE_LIMIT
    Span::plain(0xa090).to(0xa0a0),
    // GEN6_RC_EVALUATION_INTERVAL to GEN9_RENDER_PG_IDLE_HYSTERESIS
    Span::plain(0xa0a8).to(0xa0c8),
    // GEN6_PMINTRMSK
    Span::plain(0xa168).starts(u32::MAX),
    // GEN8_MISC_CTRL0, also ECOBUS
    Span::plain(0xa180),
    // VLV_SPAREG2H
    Span::plain(0xa194),
    // GEN9_PG_ENABLE
    Span::plain(0xa210).on(Platforms::GEN9),
    // GEN8_PUSHBUS_CONTROL, GEN8_PUSHBUS_ENABLE, GEN8_PUSHBUS_SHIFT
    Span::plain(0xa248),
    Span::plain(0xa250),
    Span::plain(0xa25c),
    // GTFIFODBG, GTFIFOCTL
    Span::plain(0x12_0000),
    Span::plain(0x12_0008),
    // GEN6_GT_THREAD_STATUS_REG, GEN6_GT_CORE_STATUS: awake
    Span::constant(0x13_805c, 0).to(0x13_8060),
    // GEN6_GT_GFX_RC6_LOCKED
    Span::constant(0x13_8104, 0),
    // GEN6_GT_GFX_RC6: how long the GT slept
    Span::host(0x13_8108),
    // GEN6_GT_GFX_RC6p, GEN6_GT_GFX_RC6pp: it has no deeper sleep
    Span::constant(0x13_810c, 0).to(0x13_8110),
    // GEN8_GT_PM_CONFIG
    Span::plain(0x13_8140),
    // GEN9_RP_STATE_LIMITS
    Span::fused(0x13_8148).on(Platforms::GEN9),
    // GEN9_GT_PM_CONFIG
    Span::plain(0x13_816c).on(Platforms::GEN9),
    // BXT_RP_STATE_CAP
    Span::fused(0x13_8170).on(Platforms::BROXTON),
    // GT0_PERF_LIMIT_REASONS: none
    Span::constant(0x13_81a8, 0),
];

/// A guest's write to the frequency request.
pub(super) fn write_frequency(cells: &mut Cells, platform: Platform, value: u32) {
    cells.set(MmioOffset::new(REQUEST), value);
    // GEN9_CAGF_MASK has the place of GEN9_FREQUENCY; HSW_CAGF_MASK begins at bit 7 and
    // HSW_FREQUENCY at bit 24, with 7 bits each.
    let runs = match platform.generation() {
        Generation::Gen8 => (value >> 24 & 0x7f) << 7,
        Generation::Gen9 => value & 0xff80_0000,
    };
    cells.set(MmioOffset::new(STATUS), runs);
}
