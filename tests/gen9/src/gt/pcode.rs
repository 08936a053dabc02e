// SPDX-License-Identifier: GPL-2.0

//! The mailbox of the power controller's firmware (PCODE).
//!
//! A command with bit 31 set is executed at once; bit 31 then clears and the low byte holds the
//! result. i915: `include/drm/intel/intel_pcode_regs.h`, `intel_pcode.c`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::mchbar;
use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// GEN6_PCODE_MAILBOX.
const MAILBOX: u32 = 0x13_8124;
/// GEN6_PCODE_READY: a command runs.
const BUSY: u32 = 1 << 31;
/// GEN6_PCODE_DATA.
const DATA: u32 = 0x13_8128;
/// GEN6_PCODE_DATA1.
const DATA1: u32 = 0x13_812c;
/// GEN6_PCODE_MB_COMMAND, and GEN6_PCODE_ERROR_MASK in the answer.
const COMMAND: u32 = 0xff;

/// Why a command failed, as the low byte of the mailbox says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// GEN6_PCODE_ILLEGAL_CMD.
    Illegal = 0x01,
    /// GEN7_PCODE_MIN_FREQ_TABLE_GT_RATIO_OUT_OF_RANGE.
    RatioOutOfRange = 0x10,
}

/// Memory latencies of the display's watermark levels 0 to 7 in microseconds, as a Skylake
/// reports them.
const LATENCY_US: [u8; 8] = [2, 19, 28, 32, 63, 77, 83, 99];

/// Ratios that go with a frequency of the GT: of the processor's cores and of the ring, in units
/// of 100 MHz.
#[derive(Clone, Copy, Debug, Default)]
struct Ratios {
    cores: u8,
    ring: u8,
}

/// The unit.
pub struct Pcode {
    ratios: Mutex<[Ratios; 256]>,
    warned: [AtomicBool; 256],
}

impl Default for Pcode {
    fn default() -> Self {
        Self {
            ratios: Mutex::new([Ratios::default(); 256]),
            warned: std::array::from_fn(|_| AtomicBool::new(false)),
        }
    }
}

impl Pcode {
    /// Runs a command on the two data words; returns what they are after it.
    fn run(&self, platform: &Platform, command: u8, data: [u32; 2]) -> Result<[u32; 2], Refusal> {
        let gen9 = platform.graphics >= 9;
        let same = Ok(data);
        match command {
            // SKL_PCODE_LOAD_HDCP_KEYS
            0x05 if gen9 => same,
            // GEN9_PCODE_READ_MEM_LATENCY: levels 0 to 3, or 4 to 7, a byte each
            0x06 if gen9 => {
                let [low @ .., a, b, c, d] = LATENCY_US;
                let levels = if data[0] == 0 { low } else { [a, b, c, d] };
                Ok([u32::from_le_bytes(levels), 0])
            }
            // SKL_PCODE_CDCLK_CONTROL: SKL_CDCLK_READY_FOR_CHANGE
            0x07 if gen9 => Ok([1, 0]),
            // GEN6_PCODE_WRITE_MIN_FREQ_TABLE: ring, cores and GT ratio from bit 16 down
            0x08 => {
                let [gt, cores, ring, _] = data[0].to_le_bytes();
                check_ratio(platform, gt)?;
                self.ratios()[usize::from(gt)] = Ratios { cores, ring };
                same
            }
            // GEN6_PCODE_READ_MIN_FREQ_TABLE: GT ratio in, ring and cores out from bit 8 down
            0x09 => {
                let gt = data[0].to_le_bytes()[0];
                check_ratio(platform, gt)?;
                let Ratios { cores, ring } = self.ratios()[usize::from(gt)];
                Ok([u32::from_le_bytes([cores, ring, 0, 0]), 0])
            }
            // GEN6_READ_OC_PARAMS: bit 31 clear, no overclocking
            0x0c => Ok([0, 0]),
            // GEN6_PCODE_READ_D_COMP, GEN6_PCODE_WRITE_D_COMP, HSW_PCODE_DE_WRITE_FREQ_REQ,
            // BDW_PCODE_DISPLAY_FREQ_CHANGE_REQ, DISPLAY_IPS_CONTROL
            0x10 | 0x11 | 0x17..=0x19 if !gen9 => same,
            // HSW_PCODE_DYNAMIC_DUTY_CYCLE_CONTROL: the efficient frequency in bits 15:8
            0x1a => Ok([u32::from(mchbar::frequencies(platform).rp1) << 8, 0]),
            // GEN9_PCODE_SAGV_CONTROL: GEN9_SAGV_IS_DISABLED after a request to disable it
            0x21 if gen9 => Ok([1, 0]),
            _ => Err(Refusal::Illegal),
        }
    }

    fn ratios(&self) -> std::sync::MutexGuard<'_, [Ratios; 256]> {
        self.ratios.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complain(&self, command: u8) {
        if !self.warned[usize::from(command)].swap(true, Ordering::Relaxed) {
            tracing::warn!("unknown command {command:#x} in the PCODE mailbox");
        }
    }
}

/// Ratios of the GT are in units of 50 MHz, from its lowest to its highest frequency.
fn check_ratio(platform: &Platform, ratio: u8) -> Result<(), Refusal> {
    let frequencies = mchbar::frequencies(platform);
    if (frequencies.rpn..=frequencies.rp0).contains(&ratio) {
        Ok(())
    } else {
        Err(Refusal::RatioOutOfRange)
    }
}

impl Block for Pcode {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        vec![
            Span::one(MAILBOX, Policy::Handled, 0),
            Span::one(DATA, Policy::Plain, 0),
            Span::one(DATA1, Policy::Plain, 0),
        ]
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        if value & BUSY == 0 {
            gpu.regs.set(offset, value);
            return;
        }
        let command = value.to_le_bytes()[0];
        let data = [gpu.regs.get(DATA), gpu.regs.get(DATA1)];
        let result = match self.run(gpu.platform, command, data) {
            Ok([data, data1]) => {
                gpu.regs.set(DATA, data);
                gpu.regs.set(DATA1, data1);
                0
            }
            Err(refusal) => {
                if refusal == Refusal::Illegal {
                    self.complain(command);
                }
                refusal as u32
            }
        };
        gpu.regs.set(offset, value & !BUSY & !COMMAND | result);
    }

    fn reset(&self, _gpu: &Gpu) {
        self.ratios().fill(Ratios::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Device;

    fn run(device: Device, command: u8, data: u32) -> Result<u32, Refusal> {
        Pcode::default()
            .run(device.platform(), command, [data, 0])
            .map(|data| data[0])
    }

    #[test]
    fn latencies_come_in_two_halves() {
        assert_eq!(run(Device::Skl, 0x06, 0), Ok(0x201c_1302));
        assert_eq!(run(Device::Cfl, 0x06, 1), Ok(0x6353_4d3f));
    }

    #[test]
    fn generations_differ() {
        let gen9 = [0x05, 0x06, 0x07, 0x21];
        let gen8 = [0x10, 0x11, 0x17, 0x18, 0x19];
        for (commands, has, has_not) in [
            (&gen9[..], Device::Kbl, Device::Bdw),
            (&gen8[..], Device::Bdw, Device::Kbl),
        ] {
            for &command in commands {
                assert!(run(has, command, 0).is_ok(), "{command:#x}");
                assert_eq!(
                    run(has_not, command, 0),
                    Err(Refusal::Illegal),
                    "{command:#x}"
                );
            }
        }
        // ICL_PCODE_MEM_SUBSYSYSTEM_INFO, DG1_PCODE_STATUS
        assert_eq!(run(Device::Skl, 0x0d, 0), Err(Refusal::Illegal));
        assert_eq!(run(Device::Skl, 0x7e, 0), Err(Refusal::Illegal));
    }

    #[test]
    fn the_frequency_table_is_kept() {
        let pcode = Pcode::default();
        let skl = Device::Skl.platform();
        pcode.run(skl, 0x08, [0x0f_20_0a, 0]).unwrap();
        assert_eq!(pcode.run(skl, 0x09, [0x0a, 0]), Ok([0x0f20, 0]));
        assert_eq!(
            pcode.run(skl, 0x09, [0x01, 0]),
            Err(Refusal::RatioOutOfRange)
        );
    }
}
