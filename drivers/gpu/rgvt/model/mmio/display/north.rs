// SPDX-License-Identifier: GPL-2.0

//! What the north display has beside the units of its own: straps, defaults, and plain memory.

use super::{south::HOTPLUG_NORTH, special, Register};
use crate::model::mmio::{
    platforms::Platforms,
    span::{Policy, Span},
};

/// SKL_FUSE_STATUS: downloaded, and distributed to power gates 0, 1 and 2.
const FUSES: u32 = 1 << 31 | 0b111 << 25;
/// CPU_VGACNTRL: VGA_DISP_DISABLE. Firmware has left no VGA plane on.
const VGA_OFF: u32 = 1 << 31;
/// SKL_DFSM: SKL_DFSM_DISPLAY_PM_DISABLE and SKL_DFSM_DISPLAY_HDCP_DISABLE. No pipe is off, and no
/// clock.
const DFSM: u32 = 1 << 27 | 1 << 25;
/// IVB_TIMESTAMP_CTR.
const TIMESTAMP: u32 = 0x4_4070;
/// ILK_DPFC_STATUS and ILK_DPFC_STATUS2: nothing is compressed, nor being compressed.
const COMPRESSED: (u32, u32) = (0x4_3210, 0x4_3214);

/// 0x40000 to 0x6ffff, less what has a table of its own, and the registers of interrupts.
pub(super) const TABLE: &[Span] = &[
    Span::plain(0x4_0000).to(0x4_0ffc),
    Span::plain(0x4_1000).starts(VGA_OFF),
    Span::plain(0x4_1004).to(0x4_1ffc),
    Span::constant(0x4_2000, FUSES).on(Platforms::GEN9),
    Span::plain(0x4_2000).on(Platforms::GEN8),
    Span::plain(0x4_2004).to(0x4_2010),
    // FUSE_STRAP
    Span::constant(0x4_2014, 0),
    Span::plain(0x4_2018).to(0x4_22fc),
    // FPGA_DBG: no access was unclaimed
    Span::constant(0x4_2300, 0),
    Span::plain(0x4_2304).to(0x4_320c),
    Span::constant(COMPRESSED.0, 0).to(COMPRESSED.1),
    Span::plain(0x4_3218).to(0x4_402c),
    special(HOTPLUG_NORTH, Register::Hotplug),
    Span::plain(0x4_4034).to(0x4_403c),
    // GEN7_ERR_INT
    Span::plain(0x4_4040).with(Policy::ClearByOne),
    Span::plain(0x4_4044).to(0x4_406c),
    special(TIMESTAMP, Register::Timestamp).read_only(u32::MAX),
    Span::plain(0x4_4074).to(0x4_41fc),
    Span::plain(0x4_4204).to(0x4_42fc),
    Span::plain(0x4_4340).to(0x4_43fc),
    Span::plain(0x4_4430).to(0x4_443c),
    Span::plain(0x4_4450).to(0x4_445c),
    Span::plain(0x4_4470).to(0x4_44dc),
    Span::plain(0x4_44f0).to(0x4_4ffc),
    // Backlight, colour conversion; palettes are between.
    Span::plain(0x4_7000).to(0x4_9ffc),
    Span::plain(0x4_c000).to(0x5_0ffc),
    Span::constant(0x5_1000, DFSM).on(Platforms::GEN9),
    Span::plain(0x5_1004).to(0x5_1ffc),
    // Transcoders; ports are between.
    Span::plain(0x6_0000).to(0x6_3ffc),
    Span::plain(0x6_6000).to(0x6_bffc),
    Span::plain(0x6_d000).to(0x6_fffc),
];

/// The memory of the display's microcontroller. Nothing runs in it.
pub(super) const MICROCONTROLLER: &[Span] = &[Span::plain(0x8_0000).to(0x8_fffc)];

/// D_COMP_BDW.
pub(super) const COMPENSATION: &[Span] = &[Span::plain(0x13_8144).on(Platforms::GEN8)];
