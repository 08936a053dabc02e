// SPDX-License-Identifier: GPL-2.0

//! The PHYs of Broxton: PHY 0 drives ports B and C from its two channels, PHY 1 port A
//! (i915: bxt_dpio_phy_regs.h).

use super::{at, special, Register};
use crate::{
    hw::addr::MmioOffset,
    model::mmio::{cells::Cells, platforms::Platforms, span::Span},
};

/// First register of PHY 0 and PHY 1, which is BXT_PORT_CL1CM_DW0.
const BASE: [u32; 2] = [0x6_c000, 0x16_2000];
/// BXT_P_CR_GT_DISP_PWRON: a bit a PHY.
const POWER: u32 = 0x13_8090;
/// PHY_POWER_GOOD.
const POWER_GOOD: u32 = 1 << 16;
/// BXT_PORT_REF_DW3: GRC_DONE, the calibration of the resistor.
const GRC_DONE: u32 = 1 << 22;

/// BXT_PHY_CTL of ports A to C, and the BXT_PHY_CTL_FAMILY that holds the port's PHY in reset.
const LANES: [(u32, u32); 3] = [
    (0x6_4c00, FAMILY[1]),
    (0x6_4c10, FAMILY[0]),
    (0x6_4c20, FAMILY[0]),
];
/// BXT_PHY_CTL_FAMILY of PHY 0 and PHY 1.
const FAMILY: [u32; 2] = [0x6_4c90, 0x6_4c80];
/// COMMON_RESET_DIS.
const RUNS: u32 = 1 << 31;
/// BXT_PHY_LANE_ENABLED, and BXT_PHY_LANE_POWERDOWN_ACK with BXT_PHY_CMNLANE_POWERDOWN_ACK.
const LANES_ON: u32 = 1 << 8;
const LANES_OFF: u32 = 1 << 9 | 1 << 10;

/// Where a channel's PLL has its BXT_PORT_PLL_EBB_0 and BXT_PORT_PLL(0), and its
/// BXT_PORT_PLL_ENABLE: ports A to C.
const PLL: [(u32, u32, u32); 3] = [
    (0x16_2034, 0x16_2100, 0x4_6074),
    (0x6_c034, 0x6_c100, 0x4_6078),
    (0x6_c340, 0x6_c380, 0x4_607c),
];
/// PORT_PLL_ENABLE.
const ENABLE: u32 = 1 << 31;
/// PORT_PLL_M2_FRAC_ENABLE.
const FRACTION: u32 = 1 << 16;
/// Reference of the PLLs in kHz, their fixed divider M1, and clocks for a symbol.
const REFERENCE: u64 = 100_000;
const M1: u64 = 2;
const SYMBOL: u64 = 5;

/// The PHYs.
pub(super) const TABLES: [&[Span]; 2] = [&table(BASE[0]), &table(BASE[1])];

/// State of their lanes, and their resets.
pub(super) const CONTROL: &[Span] = &[
    special(LANES[0].0, Register::PhyLanes).on(Platforms::BROXTON),
    special(LANES[1].0, Register::PhyLanes).on(Platforms::BROXTON),
    special(LANES[2].0, Register::PhyLanes).on(Platforms::BROXTON),
    Span::plain(FAMILY[1]).to(FAMILY[0]).on(Platforms::BROXTON),
];

/// Their power.
pub(super) const POWER_CONTROL: &[Span] = &[Span::plain(POWER).on(Platforms::BROXTON)];

const fn table(base: u32) -> [Span; 5] {
    [
        special(base, Register::PhyPower).on(Platforms::BROXTON),
        Span::plain(base.wrapping_add(0x004))
            .to(base.wrapping_add(0x188))
            .on(Platforms::BROXTON),
        Span::constant(base.wrapping_add(0x18c), GRC_DONE).on(Platforms::BROXTON),
        Span::plain(base.wrapping_add(0x190))
            .to(base.wrapping_add(0xbfc))
            .on(Platforms::BROXTON),
        special(base.wrapping_add(0xc00), Register::PhyGroup)
            .to(base.wrapping_add(0xffc))
            .on(Platforms::BROXTON),
    ]
}

/// Whether the PHY that begins at `base` has power.
pub(super) fn power(cells: &Cells, base: MmioOffset) -> u32 {
    let bits = cells.get(at(POWER));
    let phys = BASE.iter().zip([1, 2]);
    let on = phys
        .filter(|&(&known, _)| at(known) == base)
        .any(|(_, bit)| bits & bit != 0);
    if on {
        cells.get(base) | POWER_GOOD
    } else {
        0
    }
}

/// What BXT_PHY_CTL at `port` reads.
pub(super) fn lanes(cells: &Cells, port: MmioOffset) -> u32 {
    let runs = LANES
        .iter()
        .filter(|(control, _)| at(*control) == port)
        .any(|(_, family)| cells.get(at(*family)) & RUNS != 0);
    let state = if runs { LANES_ON } else { LANES_OFF };
    cells.get(port) & !(LANES_ON | LANES_OFF) | state
}

/// Takes a write to the group of a channel's lanes, at `group`, to each of them.
pub(super) fn group(cells: &mut Cells, group: MmioOffset, value: u32) {
    cells.set(group, value);
    let Some(base) = BASE.into_iter().rfind(|&base| {
        group
            .checked_sub(at(base))
            .is_some_and(|within| within < 0x1000)
    }) else {
        return;
    };
    let within = group.get().wrapping_sub(base);
    let channel = if within & 0x200 == 0 { 0x400 } else { 0x800 };
    // Registers of two lanes (PCS) come before those of one (TX).
    let (lanes, bits): (&[u32], u32) = if within & 0x100 == 0 {
        (&[0x000, 0x200], 0xff)
    } else {
        (&[0x100, 0x180, 0x300, 0x380], 0x7f)
    };
    for lane in lanes {
        let inside = channel | lane | within & bits;
        cells.set(at(base.wrapping_add(inside)), value);
    }
}

/// Symbol clock of the link at `port` in kHz, if its PLL runs (i915: `bxt_ddi_pll_get_freq`).
pub(super) fn link(cells: &Cells, port: u32) -> Option<u64> {
    let (dividers, first, control) = *PLL.get(usize::try_from(port).ok()?)?;
    if cells.get(at(control)) & ENABLE == 0 {
        return None;
    }
    let pll = |index: u32| cells.get(at(first.wrapping_add(index << 2)));
    let whole = u64::from(pll(0) & 0xff) << 22;
    let fraction = if pll(3) & FRACTION == 0 {
        0
    } else {
        u64::from(pll(2) & 0x3f_ffff)
    };
    let post = cells.get(at(dividers));
    let (p1, p2) = (u64::from(post >> 13 & 7), u64::from(post >> 8 & 0x1f));
    let n = u64::from(pll(1) >> 8 & 0xf);
    let divisor = (n << 22).saturating_mul(p1).saturating_mul(p2);
    REFERENCE
        .saturating_mul(M1)
        .saturating_mul(whole | fraction)
        .checked_div(divisor.saturating_mul(SYMBOL))
}
