// SPDX-License-Identifier: GPL-2.0

//! Registers of the video engines' pipelines: what they count and report, for commands to store.
//!
//! Source: Skylake PRM, volume 2c (MFD_*, MFC_*, HCP_*), and the media driver, which stores them
//! after each frame. Batches without privilege may write those of the MFX, and no context holds them (IGT
//! gem_ctx_isolation: MFC_VDBOX1, MFC_VDBOX2, NOCTX): as on the host, who reads them before a frame of its own
//! sees what another's frame was.

use super::{
    platforms::Platforms,
    span::{Commands::Write, Span},
};

/// The registers.
pub const TABLE: &[Span] = &[
    // MFX of the first video engine: MFD_ERROR_STATUS and the pictures' parameters, MFC_*
    Span::plain(0x1_2800).to(0x1_28fc).commands(Write),
    // MFX of the second one
    Span::plain(0x1_c800).to(0x1_c8fc).commands(Write),
    // HCP: bits and blocks of the frame that was coded
    Span::plain(0x1_e800)
        .to(0x1_e9fc)
        .on(Platforms::GEN9)
        .commands(Write),
];
