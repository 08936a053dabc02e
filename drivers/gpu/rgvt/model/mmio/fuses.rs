// SPDX-License-Identifier: GPL-2.0

//! What is on the chip and how fast it counts: as on the host, and read-only.

use super::{platforms::Platforms, span::Span};

/// i915: intel_gt_regs.h, read by intel_sseu.c and intel_gt_clock_utils.c.
pub const TABLE: &[Span] = &[
    // RPM_CONFIG0: the crystal's frequency; RPM_CONFIG1
    Span::fused(0x0d00).bytes(8).on(Platforms::GEN9),
    // RCP_CONFIG
    Span::fused(0x0d08).on(Platforms::GEN9),
    // GEN9_SLICE_PGCTL_ACK, GEN9_SS01_EU_PGCTL_ACK and GEN9_SS23_EU_PGCTL_ACK of three slices: what
    // is awake
    Span::fused(0x804c).to(0x8054).on(Platforms::GEN9),
    Span::fused(0x805c).to(0x8070).on(Platforms::GEN9),
    // GEN8_RC6_CTX_INFO: not zero, or a guest takes the context of RC6 for lost
    Span::constant(0x8504, 1),
    // GEN10_MIRROR_FUSE3, HSW_PAVP_FUSE1, GEN8_FUSE2
    Span::fused(0x9118).to(0x9120),
    // GEN8_EU_DISABLE0 to GEN8_EU_DISABLE2, also GEN9_EU_DISABLE of three slices
    Span::fused(0x9134).to(0x913c),
    // CTC_MODE: what the engines' timestamps count. Without it a guest takes another frequency
    Span::fused(0xa26c).on(Platforms::GEN9),
    // GEN9_PWRGT_DOMAIN_STATUS: media and render are awake
    Span::constant(0xa2a0, 0b11).on(Platforms::GEN9),
    // HSW_EDRAM_CAP
    Span::fused(0x12_0010),
    // GEN8_GT_SLICE_INFO
    Span::fused(0x13_8064),
];
