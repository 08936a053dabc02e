// SPDX-License-Identifier: GPL-2.0

//! The sequencer for the power of an embedded panel. It works without a panel behind it, and its
//! delays are zero.

use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// PP_STATUS and PP_CONTROL in the south display.
const STATUS: u32 = 0xc_7200;
const CONTROL: u32 = 0xc_7204;
/// PANEL_POWER_ON in PP_CONTROL.
const POWER_ON: u32 = 1;
/// PP_ON, PP_READY and PP_SEQUENCE_STATE_ON_IDLE.
const ON: u32 = 1 << 31 | 1 << 30 | 8;

/// The sequencer.
pub struct Panel;

impl Block for Panel {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        vec![Span::one(STATUS, Policy::Handled, 0)]
    }

    fn read(&self, gpu: &Gpu, _offset: u32) -> u32 {
        if gpu.regs.get(CONTROL) & POWER_ON != 0 {
            ON
        } else {
            0
        }
    }

    fn write(&self, _gpu: &Gpu, _offset: u32, _value: u32) {}
}
