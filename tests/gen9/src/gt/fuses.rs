// SPDX-License-Identifier: GPL-2.0

//! What is on the chip: fuses, reference clocks, and the power state of slices, all of them
//! awake. Each device is a GT2 with one slice of three subslices with eight execution units each.

use super::{PerDevice, Preset};
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// The unit.
pub struct Fuses;

/// i915: `gt/intel_sseu.c`, `gt/intel_gt_clock_utils.c`, `gt/intel_sseu_debugfs.c`.
const PRESETS: &[Preset] = &[
    // GEN8_FUSE2: slice 0 in bits 27:25; subslices that are off from bit 20 (Gen9, of four) or 21
    // (Gen8, of three)
    (
        0x9120,
        PerDevice::by_generation(1 << 25, 1 << 25 | 0b1000 << 20),
    ),
    // GEN8_EU_DISABLE0, GEN9_EU_DISABLE(0): what is not there counts as off
    (0x9134, PerDevice::all(0xff00_0000)),
    // GEN8_EU_DISABLE1, GEN9_EU_DISABLE(1)
    (0x9138, PerDevice::all(0xffff_ffff)),
    // GEN8_EU_DISABLE2, GEN9_EU_DISABLE(2)
    (0x913c, PerDevice::by_generation(0xff, 0xffff_ffff)),
    // RPM_CONFIG0: GEN9_RPM_CONFIG0_CRYSTAL_CLOCK_FREQ_24_MHZ
    (0xd00, PerDevice::by_generation(0, 1 << 3)),
    // CTC_MODE: CTC_SOURCE_CRYSTAL_CLOCK, CTC_SHIFT_PARAMETER 2, so timestamps count at 12 MHz
    (0xa26c, PerDevice::by_generation(0, 2 << 1)),
    // GEN9_PWRGT_DOMAIN_STATUS: media and render powered
    (0xa2a0, PerDevice::by_generation(0, 0b11)),
    // GEN9_SLICE_PGCTL_ACK(0): the slice and its three subslices
    (0x804c, PerDevice::by_generation(0, 0b101_0101)),
    // GEN9_SS01_EU_PGCTL_ACK(0), GEN9_SS23_EU_PGCTL_ACK(0): four pairs of units a subslice
    (0x805c, PerDevice::by_generation(0, 0x5555)),
    (0x8060, PerDevice::by_generation(0, 0x0055)),
    // GEN8_GT_SLICE_INFO: slice 0
    (0x13_8064, PerDevice::by_generation(1, 0)),
    // GEN8_RC6_CTX_INFO: not zero while the RC6 context is sound
    (0x8504, PerDevice::by_generation(0, 1)),
    // SKL_DFSM: no pipe is off, all display clocks are allowed
    (0x5_1000, PerDevice::all(0)),
    // HSW_EDRAM_CAP: no embedded DRAM
    (0x12_0010, PerDevice::all(0)),
    // GEN6_GT_THREAD_STATUS_REG: the core is awake
    (0x13_805c, PerDevice::all(0)),
];

impl Block for Fuses {
    fn spans(&self, platform: &Platform) -> Vec<Span> {
        PRESETS
            .iter()
            .map(|(offset, value)| Span::one(*offset, Policy::Plain, value.on(platform)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Device;

    fn value(device: Device, offset: u32) -> u32 {
        let spans = Fuses.spans(device.platform());
        spans
            .iter()
            .find(|span| span.first == offset)
            .unwrap()
            .reset
    }

    /// The driver's own sums (i915: gen9_sseu_info_init, bdw_sseu_info_init).
    #[test]
    fn twenty_four_units() {
        for device in [Device::Bdw, Device::Skl, Device::Kbl, Device::Cfl] {
            let (shift, subslices) = if device == Device::Bdw {
                (21, 3)
            } else {
                (20, 4)
            };
            let fuse2 = value(device, 0x9120);
            assert_eq!(fuse2 >> 25 & 7, 1);
            let enabled = !(fuse2 >> shift) & ((1 << subslices) - 1);
            let disabled = value(device, 0x9134);
            let units: u32 = (0..subslices)
                .filter(|ss| enabled & 1 << ss != 0)
                .map(|ss| 8 - (disabled >> (8 * ss) & 0xff).count_ones())
                .sum();
            assert_eq!(units, 24);
        }
    }

    /// i915: gen9_read_clock_frequency.
    #[test]
    fn the_timestamp_counts_as_ctc_mode_says() {
        for device in [Device::Skl, Device::Kbl, Device::Cfl] {
            let mode = value(device, 0xa26c);
            assert_eq!(mode & 1, 0);
            assert_eq!(
                24_000_000 >> (3 - (mode >> 1 & 3)),
                device.platform().timestamp_hz
            );
        }
    }
}
