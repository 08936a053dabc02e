// SPDX-License-Identifier: GPL-2.0

//! PLLs and the clocks of ports. A PLL locks at once.

use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// LCPLL1_CTL and LCPLL2_CTL, Gen9: they show their lock themselves.
const LCPLL: [u32; 2] = [0x4_6010, 0x4_6014];
/// Enable bits of DPLL 0 to 3, Gen9: LCPLL1_CTL, LCPLL2_CTL, WRPLL_CTL1, WRPLL_CTL2.
const DPLL: [u32; 4] = [LCPLL[0], LCPLL[1], 0x4_6040, 0x4_6060];
/// LCPLL_PLL_ENABLE, WRPLL_PLL_ENABLE.
const ENABLE: u32 = 1 << 31;
/// LCPLL_PLL_LOCK.
const LOCK: u32 = 1 << 30;
/// DPLL_CTRL1, Gen9: 6 bits for each DPLL.
const DPLL_CTRL1: u32 = 0x6_c058;
/// DPLL_CTRL2, Gen9: which DPLL feeds which port, 3 bits each.
const DPLL_CTRL2: u32 = 0x6_c05c;
/// DPLL_STATUS, Gen9: DPLL_LOCK, 8 bits for each DPLL.
const DPLL_STATUS: u32 = 0x6_c060;
/// DPLL_CTRL1_LINK_RATE: link symbol clock in kHz.
const LINK_RATE: [u64; 6] = [540_000, 270_000, 162_000, 324_000, 216_000, 432_000];

/// LCPLL_CTL, Broadwell.
const LCPLL_CTL: u32 = 0x13_0040;
/// LCPLL_PLL_DISABLE.
const LCPLL_DISABLE: u32 = 1 << 31;
/// LCPLL_CD_SOURCE_FCLK and LCPLL_CD_SOURCE_FCLK_DONE.
const SOURCE_FCLK: u32 = 1 << 21;
const SOURCE_FCLK_DONE: u32 = 1 << 19;
/// PORT_CLK_SEL of port A, Broadwell; one register a port.
const PORT_CLK_SEL: u32 = 0x4_6100;
/// PORT_CLK_SEL_LCPLL_2700, _1350 and _810: link symbol clock in kHz.
const PORT_RATE: [u64; 3] = [540_000, 270_000, 162_000];

/// The clocks of the display.
pub struct Clocks;

impl Block for Clocks {
    fn spans(&self, platform: &Platform) -> Vec<Span> {
        if platform.graphics < 9 {
            // Running from 450 MHz with the non-spread reference, as firmware leaves it.
            return vec![Span::one(LCPLL_CTL, Policy::Handled, LOCK)];
        }
        let mut spans: Vec<Span> = LCPLL
            .iter()
            .map(|&r| Span::one(r, Policy::Handled, 0))
            .collect();
        spans.push(Span::one(DPLL_STATUS, Policy::Handled, 0));
        spans
    }

    fn read(&self, gpu: &Gpu, offset: u32) -> u32 {
        if offset != DPLL_STATUS {
            return gpu.regs.get(offset);
        }
        DPLL.iter()
            .enumerate()
            .filter(|&(_, &control)| gpu.regs.get(control) & ENABLE != 0)
            .fold(0, |locked, (id, _)| locked | 1 << (8 * id))
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        match offset {
            LCPLL_CTL => gpu.regs.set(offset, lcpll(value)),
            DPLL_STATUS => {}
            _ if value & ENABLE != 0 => gpu.regs.set(offset, value | LOCK),
            _ => gpu.regs.set(offset, value & !LOCK),
        }
    }
}

/// What Broadwell's LCPLL_CTL reads after `value` was written.
fn lcpll(value: u32) -> u32 {
    let mut status = 0;
    if value & LCPLL_DISABLE == 0 {
        status |= LOCK;
    }
    if value & SOURCE_FCLK != 0 {
        status |= SOURCE_FCLK_DONE;
    }
    value & !(LOCK | SOURCE_FCLK_DONE) | status
}

/// Symbol clock of the DisplayPort link at `port`, in kHz; `None` where it runs no DisplayPort rate.
pub fn link_clock(gpu: &Gpu, port: u32) -> Option<u64> {
    if gpu.platform.graphics < 9 {
        let select = gpu.regs.get(PORT_CLK_SEL + 4 * port) >> 29;
        return PORT_RATE.get(select as usize).copied();
    }
    let dpll = gpu.regs.get(DPLL_CTRL2) >> (3 * port + 1) & 3;
    let rate = gpu.regs.get(DPLL_CTRL1) >> (6 * dpll + 1) & 7;
    LINK_RATE.get(rate as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lcpll_follows_requests() {
        assert_eq!(lcpll(0), LOCK);
        assert_eq!(lcpll(SOURCE_FCLK), LOCK | SOURCE_FCLK | SOURCE_FCLK_DONE);
        assert_eq!(lcpll(LCPLL_DISABLE | LOCK), LCPLL_DISABLE);
    }
}
