// SPDX-License-Identifier: GPL-2.0

//! Power wells and the display buffer: requests that are granted at once.

use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// HSW_PWR_WELL_CTL1 to 4: requests of BIOS, driver, KVMR and debug.
const WELL_CONTROL: [u32; 4] = [0x4_5400, 0x4_5404, 0x4_5408, 0x4_540c];
/// HSW_PWR_WELL_CTL_REQ of all wells; the state of a well is the bit below.
const WELL_REQUESTS: u32 = 0xaaaa_aaaa;

/// DBUF_CTL, Gen9.
const BUFFER_CONTROL: u32 = 0x4_5008;
/// DBUF_POWER_REQUEST.
const BUFFER_REQUEST: u32 = 1 << 31;
/// DBUF_POWER_STATE.
const BUFFER_STATE: u32 = 1 << 30;

/// Power of the display.
pub struct Power;

impl Block for Power {
    fn spans(&self, platform: &Platform) -> Vec<Span> {
        let mut spans: Vec<Span> = WELL_CONTROL
            .iter()
            .map(|&r| Span::one(r, Policy::Handled, 0))
            .collect();
        if platform.graphics >= 9 {
            spans.push(Span::one(BUFFER_CONTROL, Policy::Handled, 0));
        }
        spans
    }

    fn read(&self, gpu: &Gpu, offset: u32) -> u32 {
        let value = gpu.regs.get(offset);
        if offset == BUFFER_CONTROL {
            return value;
        }
        // A well is on as long as anybody asks for it.
        let requests = WELL_CONTROL.iter().fold(0, |all, &r| all | gpu.regs.get(r));
        value | requests >> 1
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        let stored = match offset {
            BUFFER_CONTROL if value & BUFFER_REQUEST != 0 => value | BUFFER_STATE,
            BUFFER_CONTROL => value & !BUFFER_STATE,
            _ => value & WELL_REQUESTS,
        };
        gpu.regs.set(offset, stored);
    }
}
