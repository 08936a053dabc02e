// SPDX-License-Identifier: GPL-2.0

//! Broadwell's sideband to the clocks of the south display: registers behind registers, memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::lock;
use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// SBI_ADDR (address in bits 31:16), SBI_DATA, SBI_CTL_STAT.
const ADDRESS: u32 = 0xc_6000;
const DATA: u32 = 0xc_6004;
const CONTROL: u32 = 0xc_6008;
/// SBI_STATUS_BUSY: written, it starts an access.
const BUSY: u32 = 1;
/// SBI_RESPONSE_MASK; zero is success.
const RESPONSE: u32 = 3 << 1;
/// SBI_CTL_OP_WR.
const WRITE: u32 = 1 << 8;
/// SBI_CTL_DEST_MPHY; otherwise the integrated clock.
const MPHY: u32 = 1 << 16;

/// The sideband and what it reaches, by destination and address.
#[derive(Default)]
pub struct Sideband {
    registers: Mutex<BTreeMap<(bool, u16), u32>>,
}

impl Block for Sideband {
    fn spans(&self, platform: &Platform) -> Vec<Span> {
        if platform.graphics >= 9 {
            return Vec::new();
        }
        vec![Span::one(CONTROL, Policy::Handled, 0)]
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        gpu.regs.set(offset, value & !(BUSY | RESPONSE));
        if value & BUSY == 0 {
            return;
        }
        // CAST: the field is the upper half.
        let address = (gpu.regs.get(ADDRESS) >> 16) as u16;
        let key = (value & MPHY != 0, address);
        let mut registers = lock(&self.registers);
        if value & WRITE != 0 {
            registers.insert(key, gpu.regs.get(DATA));
        } else {
            gpu.regs
                .set(DATA, registers.get(&key).copied().unwrap_or(0));
        }
    }

    fn reset(&self, _gpu: &Gpu) {
        lock(&self.registers).clear();
    }
}
