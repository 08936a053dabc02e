// SPDX-License-Identifier: GPL-2.0

//! Memory object control state: how an access is cached, by an index in commands and in surface
//! states (intel_mocs.c). Gen8 has none.

use super::{
    platforms::Platforms,
    span::{Commands, Span},
};

/// The tables. The render engine's two are part of its context, so its commands may write them.
pub const TABLE: &[Span] = &[
    // GEN9_LNCFCMOCS: 2 of the 64 entries in each register
    Span::plain(0xb020)
        .to(0xb09c)
        .on(Platforms::GEN9)
        .commands(Commands::Write),
    // GEN9_GFX_MOCS
    Span::plain(0xc800)
        .to(0xc8fc)
        .on(Platforms::GEN9)
        .commands(Commands::Write),
    // GEN9_MFX0_MOCS, GEN9_MFX1_MOCS, GEN9_VEBOX_MOCS, GEN9_BLT_MOCS
    Span::plain(0xc900).to(0xccfc).on(Platforms::GEN9),
    // Tables of engines that only later generations have
    Span::plain(0xcd00).to(0xcff4).on(Platforms::GEN9),
];
