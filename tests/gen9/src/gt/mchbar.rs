// SPDX-License-Identifier: GPL-2.0

//! The mirror of the memory controller's registers: what memory there is, and the frequencies
//! that the package allows.

use super::{PerDevice, Preset};
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// MCHBAR_MIRROR_BASE_SNB.
const MIRROR: u32 = 0x14_0000;
/// GEN6_RP_STATE_CAP.
const RP_STATE_CAP: u32 = MIRROR + 0x5998;

/// The unit.
pub struct Mchbar;

/// Limits of the GT's frequency, in units of 50 MHz.
#[derive(Clone, Copy, Debug)]
pub struct Frequencies {
    /// The highest.
    pub rp0: u8,
    /// The one that runs most work for the energy.
    pub rp1: u8,
    /// The lowest.
    pub rpn: u8,
}

/// Of an i7-5500U (300 to 950 MHz), i5-6600 (350 to 1,150), i7-7700 (350 to 1,150) and i7-8700
/// (350 to 1,200).
const FREQUENCIES: PerDevice<Frequencies> = PerDevice {
    bdw: Frequencies {
        rp0: 19,
        rp1: 6,
        rpn: 6,
    },
    skl: Frequencies {
        rp0: 23,
        rp1: 7,
        rpn: 7,
    },
    kbl: Frequencies {
        rp0: 23,
        rp1: 7,
        rpn: 7,
    },
    cfl: Frequencies {
        rp0: 24,
        rp1: 7,
        rpn: 7,
    },
};

/// Limits of the device's frequency.
pub fn frequencies(platform: &Platform) -> Frequencies {
    FREQUENCIES.on(platform)
}

/// i915: `include/drm/intel/mchbar_regs.h`, `display/intel_dram.c`, `display/i9xx_wm.c`.
const PRESETS: &[Preset] = &[
    // SKL_MAD_INTER_CHANNEL: SKL_DRAM_DDR_TYPE_DDR4
    (MIRROR + 0x5000, PerDevice::all(0)),
    // MAD_DIMM_C0, MAD_DIMM_C1: 4 GiB in units of 256 MiB
    (MIRROR + 0x5004, PerDevice::by_generation(16, 0)),
    (MIRROR + 0x5008, PerDevice::by_generation(16, 0)),
    // SKL_MAD_DIMM_CH0, SKL_MAD_DIMM_CH1: one DIMM each of 4 GiB, one rank of x8 chips
    (MIRROR + 0x500c, PerDevice::by_generation(0, 4)),
    (MIRROR + 0x5010, PerDevice::by_generation(0, 4)),
    // GEN6_GT_PERF_STATUS: no information
    (MIRROR + 0x5948, PerDevice::all(0)),
    // GEN6_RP_STATE_LIMITS: none
    (MIRROR + 0x5994, PerDevice::all(0xff)),
    // MCH_SSKPD, two halves, read by Gen8 alone: watermark latencies of 2 us at level 0 (bits
    // 63:56, units of 0.1 us), then 2, 18, 45 and 80 us from bit 4 (units of 0.5 us)
    (
        MIRROR + 0x5d10,
        PerDevice::by_generation(90 << 20 | 36 << 12 | 4 << 4, 0),
    ),
    (MIRROR + 0x5d14, PerDevice::by_generation(20 << 24 | 160, 0)),
    // DCLK: memory clock in units of 266.67 MHz, DDR3-1600, DDR4-2133, 2400 and 2667
    (
        MIRROR + 0x5e04,
        PerDevice {
            bdw: 6,
            skl: 8,
            kbl: 9,
            cfl: 10,
        },
    ),
];

impl Block for Mchbar {
    fn spans(&self, platform: &Platform) -> Vec<Span> {
        let Frequencies { rp0, rp1, rpn } = frequencies(platform);
        let mut spans: Vec<_> = PRESETS
            .iter()
            .map(|(offset, value)| Span::one(*offset, Policy::Plain, value.on(platform)))
            .collect();
        let caps = u32::from_le_bytes([rp0, rp1, rpn, 0]);
        spans.push(Span::one(RP_STATE_CAP, Policy::Plain, caps));
        spans
    }
}
