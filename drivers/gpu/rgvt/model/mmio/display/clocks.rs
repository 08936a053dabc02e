// SPDX-License-Identifier: GPL-2.0

//! PLLs and the clocks of ports. A PLL locks at once.

use super::{at, phy, special, Register};
use crate::{
    hw::{addr::MmioOffset, platform::Platform},
    model::mmio::{cells::Cells, platforms::Platforms, span::Span},
};

/// LCPLL1_CTL and LCPLL2_CTL of Gen9: they show their lock themselves, unlike the WRPLLs.
const LCPLL: [u32; 2] = [0x4_6010, 0x4_6014];
/// What enables DPLL 0 to 3 of Gen9, bit 31 in each: LCPLL1_CTL, LCPLL2_CTL, WRPLL_CTL1, WRPLL_CTL2.
const DPLL: [u32; 4] = [LCPLL[0], LCPLL[1], 0x4_6040, 0x4_6060];
const ENABLE: u32 = 1 << 31;
const LOCK: u32 = 1 << 30;
/// PORT_PLL_POWER_ENABLE and PORT_PLL_POWER_STATE.
const POWER_ENABLE: u32 = 1 << 26;
const POWER_STATE: u32 = 1 << 25;

/// DPLL_CTRL1 of Gen9: 6 bits for each DPLL, of which 3:1 are the link rate.
const DPLL_CTRL1: u32 = 0x6_c058;
/// DPLL_CTRL2 of Gen9: from bit 1 on, 3 bits for each port, of which the upper two are its DPLL.
const DPLL_CTRL2: u32 = 0x6_c05c;
/// DPLL_CTRL2_DDI_CLK_OFF of all five ports.
const CLOCKS_OFF: u32 = 0x1f << 15;
/// DPLL_STATUS of Gen9: DPLL_LOCK, 8 bits for each DPLL.
const DPLL_STATUS: u32 = 0x6_c060;
/// DPLL_CTRL1_LINK_RATE_*: symbol clock of the link in kHz.
const LINK_RATE: [u64; 6] = [540_000, 270_000, 162_000, 324_000, 216_000, 432_000];

/// LCPLL_CTL of Broadwell.
const LCPLL_CTL: u32 = 0x13_0040;
const LCPLL_DISABLE: u32 = 1 << 31;
/// LCPLL_CD_SOURCE_FCLK and LCPLL_CD_SOURCE_FCLK_DONE.
const SOURCE_FCLK: u32 = 1 << 21;
const SOURCE_FCLK_DONE: u32 = 1 << 19;
/// PORT_CLK_SEL of port A of Broadwell, one register a port; bits 31:29 are the source.
const PORT_CLK_SEL: u32 = 0x4_6100;
const PORT_CLK_SEL_NONE: u32 = 7 << 29;
/// PORT_CLK_SEL_LCPLL_2700, _1350 and _810: symbol clock of the link in kHz.
const PORT_RATE: [u64; 3] = [540_000, 270_000, 162_000];

/// BXT_DE_PLL_ENABLE, and BXT_PORT_PLL_ENABLE of ports A to C.
const BROXTON_PLLS: u32 = 0x4_6070;

/// 0x46000 to 0x46fff.
pub(super) const NORTH: &[Span] = &[
    Span::plain(0x4_6000).to(0x4_600c),
    special(LCPLL[0], Register::Pll)
        .bytes(8)
        .on(Platforms::GEN9_CORE),
    Span::plain(0x4_6010).to(0x4_6014).on(Platforms::GEN8),
    Span::plain(0x4_6018).to(0x4_606c),
    special(BROXTON_PLLS, Register::Pll)
        .to(0x4_607c)
        .on(Platforms::BROXTON),
    Span::plain(0x4_6080).to(0x4_60fc),
    Span::plain(PORT_CLK_SEL)
        .to(0x4_6110)
        .starts(PORT_CLK_SEL_NONE)
        .on(Platforms::GEN8),
    Span::plain(0x4_6114).to(0x4_6ffc),
];

/// 0x6c000 to 0x6cfff, where Broxton has a PHY.
pub(super) const DPLLS: &[Span] = &[
    Span::plain(0x6_c000)
        .to(DPLL_CTRL1)
        .on(Platforms::GEN9_CORE),
    Span::plain(DPLL_CTRL2)
        .starts(CLOCKS_OFF)
        .on(Platforms::GEN9_CORE),
    special(DPLL_STATUS, Register::PllStatus)
        .read_only(u32::MAX)
        .on(Platforms::GEN9_CORE),
    Span::plain(0x6_c064).to(0x6_cffc).on(Platforms::GEN9_CORE),
];

/// Broadwell's LCPLL runs from the start, as firmware leaves it: the display engine's clock is
/// 450 MHz.
pub(super) const BROADWELL: &[Span] = &[special(LCPLL_CTL, Register::Lcpll)
    .starts(LOCK)
    .on(Platforms::GEN8)];

/// What the control register of a PLL reads after `value` was written.
pub(super) const fn pll(value: u32) -> u32 {
    let lock = if value & ENABLE != 0 { LOCK } else { 0 };
    let power = if value & POWER_ENABLE != 0 {
        POWER_STATE
    } else {
        0
    };
    value & !(LOCK | POWER_STATE) | lock | power
}

/// What Broadwell's LCPLL_CTL reads after `value` was written.
pub(super) const fn lcpll(value: u32) -> u32 {
    let lock = if value & LCPLL_DISABLE == 0 { LOCK } else { 0 };
    let done = if value & SOURCE_FCLK != 0 {
        SOURCE_FCLK_DONE
    } else {
        0
    };
    value & !(LOCK | SOURCE_FCLK_DONE) | lock | done
}

/// What DPLL_STATUS reads.
pub(super) fn status(cells: &Cells) -> u32 {
    DPLL.iter().rev().fold(0, |locked, &control| {
        let lock = cells.get(at(control)) >> 31;
        locked << 8 | lock
    })
}

/// Symbol clock of the link at `port` in kHz; `None` where it runs no DisplayPort rate.
pub(super) fn link(platform: Platform, cells: &Cells, port: u32) -> Option<u64> {
    let field = |register, shift: u32, bits| {
        let value = cells.get(at(register)).checked_shr(shift).unwrap_or(0);
        value & bits
    };
    let (rates, rate): (&[u64], u32) = match platform {
        Platform::Broadwell => {
            let select = MmioOffset::new(PORT_CLK_SEL).checked_add(port.checked_mul(4)?)?;
            (&PORT_RATE, cells.get(select) >> 29)
        }
        Platform::Broxton => return phy::link(cells, port),
        _ => {
            let dpll = field(DPLL_CTRL2, port.checked_mul(3)?.checked_add(1)?, 3);
            let shift = dpll.checked_mul(6)?.checked_add(1)?;
            (&LINK_RATE, field(DPLL_CTRL1, shift, 7))
        }
    };
    rates.get(usize::try_from(rate).ok()?).copied()
}
