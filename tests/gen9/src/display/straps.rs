// SPDX-License-Identifier: GPL-2.0

//! Registers that hold a value at power-on and have no behaviour: fuses, straps, defaults.

use crate::platform::{Device, Platform};
use crate::regs::{Block, Policy, Span};

/// A register and its value after reset.
struct Strap {
    offset: u32,
    value: u32,
}

/// On all devices.
const COMMON: [Strap; 1] = [
    // CPU_VGACNTRL: VGA_DISP_DISABLE. No VGA plane was left on by firmware.
    Strap {
        offset: 0x4_1000,
        value: 1 << 31,
    },
];

/// Skylake, Kaby Lake and Coffee Lake.
const GEN9: [Strap; 2] = [
    // SKL_FUSE_STATUS: downloaded, and distributed to power gates 0, 1 and 2.
    Strap {
        offset: 0x4_2000,
        value: 1 << 31 | 0b111 << 25,
    },
    // DPLL_CTRL2: DPLL_CTRL2_DDI_CLK_OFF of ports A to E.
    Strap {
        offset: 0x6_c05c,
        value: 0x1f << 15,
    },
];

/// Broadwell.
const BDW: [Strap; 7] = [
    // SFUSE_STRAP: DDIB_DETECTED, DDIC_DETECTED, CRT_DISABLED. The U part has no port D.
    Strap {
        offset: 0xc_2014,
        value: 1 << 2 | 1 << 1 | 1 << 6,
    },
    // PCH_RAWCLK_FREQ: MHz.
    Strap {
        offset: 0xc_6204,
        value: 24,
    },
    // PORT_CLK_SEL of ports A to E: PORT_CLK_SEL_NONE.
    Strap {
        offset: 0x4_6100,
        value: 7 << 29,
    },
    Strap {
        offset: 0x4_6104,
        value: 7 << 29,
    },
    Strap {
        offset: 0x4_6108,
        value: 7 << 29,
    },
    Strap {
        offset: 0x4_610c,
        value: 7 << 29,
    },
    Strap {
        offset: 0x4_6110,
        value: 7 << 29,
    },
];

/// Sunrise Point, the south display that i915 assumes for Skylake and Kaby Lake below an emulated
/// bridge (`intel_virt_detect_pch`).
const SUNRISE_POINT: [Strap; 1] = [
    // PCH_RAWCLK_FREQ: MHz.
    Strap {
        offset: 0xc_6204,
        value: 24,
    },
];

/// Cannon Point, the same for Coffee Lake.
const CANNON_POINT: [Strap; 1] = [
    // SFUSE_STRAP: SFUSE_STRAP_RAW_FREQUENCY, a crystal of 24 MHz.
    Strap {
        offset: 0xc_2014,
        value: 1 << 8,
    },
];

/// All of them.
pub struct Straps;

impl Block for Straps {
    fn spans(&self, platform: &Platform) -> Vec<Span> {
        let (north, south): (&[Strap], &[Strap]) = match platform.device {
            Device::Bdw => (&BDW, &[]),
            Device::Skl | Device::Kbl => (&GEN9, &SUNRISE_POINT),
            Device::Cfl => (&GEN9, &CANNON_POINT),
        };
        [&COMMON, north, south]
            .into_iter()
            .flatten()
            .map(|strap| Span::one(strap.offset, Policy::Plain, strap.value))
            .collect()
    }
}
