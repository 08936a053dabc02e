// SPDX-License-Identifier: GPL-2.0

//! Registers of the GT around the engines: memory access, caches, clocks.
//!
//! They work for all engines and all guests at once, so the host's stay as they are: a guest's keep
//! what it writes, for it to read back, and commands cannot write them. What has a workaround
//! (intel_workarounds.c) the host has applied, too. Source: intel_gt_regs.h.

use super::{
    behaviour::Behaviour,
    platforms::Platforms,
    span::{Commands::Write, Span},
};
use crate::hw::engine::Engine;

/// The registers.
pub const TABLE: &[Span] = &[
    // Those without a comment have no name in i915, but guests access them (intel_gvt_mmio_table.c)
    Span::plain(0x003c),
    Span::plain(0x0860),
    // MCFG_MCR_SELECTOR to GAM_MCR_SELECTOR: which slice answers reads
    Span::plain(0x0fd0).to(0x0fe0),
    Span::plain(0x4024),
    // ARB_MODE
    Span::masked(0x4030),
    Span::plain(0x4068),
    // GEN8_GAMW_ECO_DEV_RW_IA, also RENDER_HWS_PGA_GEN7
    Span::plain(0x4080).on(Platforms::GEN8),
    Span::special(0x4080, Behaviour::PageSizes).on(Platforms::GEN9),
    // GAM_ECOCHK, GEN8_RING_FAULT_REG
    Span::plain(0x4090).to(0x4094),
    // ERROR_GEN6
    Span::plain(0x40a0),
    // DONE_REG: idle
    Span::constant(0x40b0, u32::MAX),
    // GEN8_PRIVATE_PAT_LO, GEN8_PRIVATE_PAT_HI
    Span::plain(0x40e0).bytes(8).starts_as_host(),
    // BSD_HWS_PGA_GEN7
    Span::plain(0x4180),
    // RING_FAULT_REG of the engines before Gen8
    Span::plain(0x4194),
    Span::plain(0x41d0),
    // GEN8_RTCR, GEN8_M1TCR, GEN8_M2TCR, GEN8_BTCR, GEN8_VTCR
    Span::special(0x4260, Behaviour::InvalidateTlb(Engine::Rcs)),
    Span::special(0x4264, Behaviour::InvalidateTlb(Engine::Vcs0)),
    Span::special(0x4268, Behaviour::InvalidateTlb(Engine::Vcs1)),
    Span::special(0x426c, Behaviour::InvalidateTlb(Engine::Bcs)),
    Span::special(0x4270, Behaviour::InvalidateTlb(Engine::Vecs)),
    // GEN8_GTCR: the same for the microcontroller
    Span::constant(0x4274, 0),
    // BLT_HWS_PGA_GEN7
    Span::plain(0x4280),
    Span::plain(0x4294),
    // VEBOX_HWS_PGA_GEN7
    Span::plain(0x4380),
    Span::plain(0x4494),
    // GAMTARBMODE
    Span::masked(0x4a08),
    // GEN9_GAMT_ECO_REG_RW_IA, GAMT_CHKN_BIT_REG
    Span::plain(0x4ab0).on(Platforms::GEN9),
    Span::plain(0x4ab8).on(Platforms::GEN9),
    // GEN8_FAULT_TLB_DATA0, GEN8_FAULT_TLB_DATA1
    Span::plain(0x4b10).bytes(8),
    // GEN8_L3_LRA_1_GPGPU
    Span::plain(0x4dd4),
    // MMCD_MISC_CTRL
    Span::plain(0x4ddc).on(Platforms::GEN9),
    // MSG_IDLE_CS, MSG_IDLE_VCS0, MSG_IDLE_VCS1, MSG_IDLE_BCS, MSG_IDLE_VECS0: idle
    Span::constant(0x8000, 0).to(0x8010),
    // HSW_IDICR, GEN6_MBCUNIT_SNPCR: what the last level cache takes
    Span::plain(0x9008).to(0x900c).starts_as_host(),
    // VLV_G3DCTL, VLV_GSCKGCTL, and without a name
    Span::plain(0x9024).to(0x902c),
    // GEN7_SQ_CHICKEN_MBCUNIT_CONFIG
    Span::plain(0x9030),
    // FBC_LLC_READ_CTRL
    Span::plain(0x9044),
    // GEN6_MBCTL: all but GEN6_MBCTL_ENABLE_BOOT_FETCH
    Span::plain(0x907c).read_only(!(1 << 4)),
    // PERF_CNT_1, PERF_CNT_2: they count for all guests, so they tell nothing
    Span::constant(0x91b8, 0).to(0x91c4),
    // GEN6_UCGCTL1 to GEN6_RCGCTL2
    Span::plain(0x9400).to(0x9414),
    // GEN6_RSTCTL, GEN7_MISCCPCTL
    Span::plain(0x9420).to(0x9424),
    // GEN8_UCGCTL6, UNSLICE_UNIT_LEVEL_CLKGATE
    Span::plain(0x9430).to(0x9434),
    // MICRO_BP0_0 to MICRO_BP_FIRED_ARMED, GDT_CHICKEN_BITS
    Span::plain(0x9800).to(0x9840),
    // GEN7_SARCHKMD, GEN8_GARBCNTL, GEN9_SCRATCH_LNCF1
    Span::plain(0xb000).to(0xb008).starts_as_host(),
    // GEN7_L3SQCREG1, GEN7_L3CNTLREG1
    Span::plain(0xb010).to(0xb01c),
    // GEN7_L3CNTLREG2 and those after it, which are MOCS on Gen9
    Span::plain(0xb020).to(0xb09c).on(Platforms::GEN8),
    // GEN7_L3LOG of the first slice
    Span::plain(0xb0a0).to(0xb0ec),
    // GEN8_L3SQCREG1 to what is before GEN8_L3SQCREG4
    Span::plain(0xb100).to(0xb114).starts_as_host(),
    // GEN8_L3SQCREG4, which is no part of the context. i915 lets users write it where they have to
    // (WaDisableLSQCROPERFforOCL); what a guest leaves there lasts until the host's commands behind the piece of
    // work. Elsewhere a batch at each restore changes it and changes it back (gen8_emit_flush_coherentl3_wa), for
    // what the host's has done then
    Span::plain(0xb118)
        .on(Platforms::SKYLAKE_KABYLAKE)
        .starts_as_host()
        .commands(Write),
    Span::plain(0xb118)
        .on(Platforms::SKYLAKE_KABYLAKE.others())
        .starts_as_host(),
    // GEN9_SCRATCH1, also BDW_SCRATCH1
    Span::plain(0xb11c).starts_as_host(),
    Span::plain(0xb1c0),
    Span::plain(0xb1f0),
    // GUC_WOPCM_SIZE, SOFT_SCRATCH and others of the microcontroller, which is not there
    Span::plain(0xc050),
    Span::plain(0xc064),
    Span::plain(0xc180).to(0xc1bc),
    Span::plain(0xc300).to(0xc314),
    Span::plain(0xc340),
    Span::plain(0xc3e4),
    // GUCPMTIMESTAMP
    Span::host(0xc3e8),
    // GUC_SEND_INTERRUPT, GUC_BCS_RCS_IER to GUC_PM_P24C_IER
    Span::plain(0xc4c8),
    Span::plain(0xc550).to(0xc55c),
    // HUC_STATUS, HUC_STATUS2: no firmware
    Span::constant(0xd000, 0),
    Span::constant(0xd3b0, 0),
    // RSTDBYCTL
    Span::plain(0x1_11b8),
    Span::plain(0x1_2198),
    // GAC_ECO_BITS
    Span::plain(0x1_4090),
    // BCS_SWCTRL: tiling of the copy engine's operands
    Span::masked(0x2_2200).commands(Write),
    // GAB_CTL
    Span::plain(0x2_4000),
    Span::plain(0x3_20f0).on(Platforms::GEN9),
    // TILECTL
    Span::plain(0x10_1000),
    // GFX_FLSH_CNTL_GEN6
    Span::special(0x10_1008, Behaviour::FlushGgtt),
    // GEN6_DSMBASE, GEN6_GSMBASE, GEN6_STOLEN_RESERVED: nothing is stolen
    Span::constant(0x10_80c0, 0).bytes(8),
    Span::constant(0x10_8100, 0).bytes(8),
    Span::constant(0x10_82c0, 0),
    Span::plain(0x11_0000),
];

/// Whether GEN8_GAMW_ECO_DEV_RW_IA lets page tables have pages of 64 KiB
/// (GAMW_ECO_ENABLE_64K_IPS_FIELD).
pub(super) const fn has_pages_64k(value: u32) -> bool {
    value & 0xf == 0xf
}
