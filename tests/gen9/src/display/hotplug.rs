// SPDX-License-Identifier: GPL-2.0

//! Hotplug detection in the south display. The monitor is there from power-on, or not at all, so
//! no pulse is ever seen; its level is what a driver asks for.

use super::Monitor;
use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// DIGITAL_PORT_HOTPLUG_CNTRL: port A of Broadwell.
const NORTH: u32 = 0x4_4030;
/// PCH_PORT_HOTPLUG: ports B, C, D and A, one byte each.
const SOUTH: u32 = 0xc_4030;
/// PCH_PORT_HOTPLUG2: port E.
const SOUTH2: u32 = 0xc_403c;
/// Short and long pulse seen, in each byte; write 1 to clear.
const PULSES: u32 = 0x0303_0303;

/// SDEISR, the unlatched south interrupt sources.
const SOUTH_LEVELS: u32 = 0xc_4000;
/// SDE_PORTB_HOTPLUG_CPT: something is plugged into port B.
const PORT_B: u32 = 1 << 21;

/// The detector.
pub struct Hotplug {
    monitor: Monitor,
}

impl Hotplug {
    /// A detector that sees `monitor`.
    pub fn new(monitor: Monitor) -> Self {
        Self { monitor }
    }
}

impl Block for Hotplug {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        [NORTH, SOUTH, SOUTH2]
            .map(|r| Span::one(r, Policy::Handled, 0))
            .to_vec()
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        gpu.regs
            .update(offset, |old| old & PULSES & !value | value & !PULSES);
    }

    fn reset(&self, gpu: &Gpu) {
        let plugged = match self.monitor {
            Monitor::None => 0,
            Monitor::Dp => PORT_B,
        };
        gpu.regs.update(SOUTH_LEVELS, |old| old & !PORT_B | plugged);
    }
}
