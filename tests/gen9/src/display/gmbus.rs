// SPDX-License-Identifier: GPL-2.0

//! The I2C controller of the south display and the pins behind it. Nobody is on these buses: the
//! monitor is reached by AUX.

use crate::gpu::Gpu;
use crate::gt::DisplayIrq;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// GMBUS1, command.
const COMMAND: u32 = 0xc_5104;
/// GMBUS2, status.
const STATUS: u32 = 0xc_5108;
/// GMBUS4, interrupt enable.
const INTERRUPT: u32 = 0xc_5110;

/// GMBUS_SW_CLR_INT: resets the controller.
const CLEAR: u32 = 1 << 31;
/// GMBUS_SW_RDY: the command is complete and may start.
const READY: u32 = 1 << 30;
/// GMBUS_CYCLE_WAIT and GMBUS_CYCLE_INDEX: the cycle addresses a device.
const ADDRESSES: u32 = 3 << 25;
/// GMBUS_SATOER: nobody acknowledged.
const NO_ANSWER: u32 = 1 << 10;
/// GMBUS_NAK_EN.
const NAK_ENABLE: u32 = 1 << 3;
/// SDE_GMBUS_CPT.
const SOUTH_INTERRUPT: u32 = 1 << 17;

/// GPIO registers: one for each pair of pins.
const PINS_FIRST: u32 = 0xc_5010;
const PINS_LAST: u32 = 0xc_504c;
/// Shifts of the clock's and the data pin's fields.
const CLOCK: u32 = 0;
const DATA: u32 = 8;
/// GPIO_*_DIR_MASK and GPIO_*_VAL_MASK: the write changes direction, value.
const DIRECTION_MASK: u32 = 1 << 0;
const VALUE_MASK: u32 = 1 << 2;
/// GPIO_*_DIR_OUT, GPIO_*_VAL_OUT and GPIO_*_VAL_IN.
const DIRECTION: u32 = 1 << 1;
const VALUE_OUT: u32 = 1 << 3;
const VALUE_IN: u32 = 1 << 4;

/// The controller and the pins.
pub struct Gmbus;

impl Block for Gmbus {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        let mut pins = Span::range(PINS_FIRST, PINS_LAST, Policy::Handled);
        // Floating inputs read high.
        pins.reset = VALUE_IN << CLOCK | VALUE_IN << DATA;
        vec![
            pins,
            Span::one(COMMAND, Policy::Handled, 0),
            Span::one(STATUS, Policy::Const, 0),
        ]
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        match offset {
            COMMAND => command(gpu, value),
            _ => {
                gpu.regs
                    .update(offset, |old| pin(old, value, CLOCK) | pin(old, value, DATA));
            }
        }
    }
}

fn command(gpu: &Gpu, value: u32) {
    gpu.regs.set(COMMAND, value);
    if value & CLEAR != 0 {
        gpu.regs.set(STATUS, 0);
        return;
    }
    if value & READY == 0 || value & ADDRESSES == 0 {
        return;
    }
    gpu.regs.set(STATUS, NO_ANSWER);
    if gpu.regs.get(INTERRUPT) & NAK_ENABLE != 0 {
        gpu.irq.display(gpu, DisplayIrq::Pch, SOUTH_INTERRUPT);
    }
}

/// Fields of the pin at `shift` after `write` to a register that held `old`.
fn pin(old: u32, write: u32, shift: u32) -> u32 {
    let (old, write) = (old >> shift, write >> shift);
    let take = |mask: u32, bit: u32| {
        if write & mask != 0 {
            write & bit
        } else {
            old & bit
        }
    };
    let direction = take(DIRECTION_MASK, DIRECTION);
    let value = take(VALUE_MASK, VALUE_OUT);
    // Open drain with a pull-up: low only where it is driven low.
    let level = if direction != 0 && value == 0 {
        0
    } else {
        VALUE_IN
    };
    (direction | value | level) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undriven_pin_is_high() {
        assert_eq!(pin(0, DIRECTION_MASK, CLOCK), VALUE_IN);
    }

    #[test]
    fn a_pin_driven_low_is_low_until_released() {
        let driven = pin(0, DIRECTION_MASK | DIRECTION | VALUE_MASK, CLOCK);
        assert_eq!(driven & VALUE_IN, 0);
        assert_eq!(pin(driven, 0, CLOCK) & VALUE_IN, 0);
        assert_eq!(pin(driven, DIRECTION_MASK, CLOCK) & VALUE_IN, VALUE_IN);
    }
}
