// SPDX-License-Identifier: GPL-2.0

//! The I2C controller of the display and the pins behind it. Nobody is on these buses: the monitor
//! is reached by AUX.

use super::{at, special, Event, Register};
use crate::{
    hw::{
        addr::MmioOffset,
        irq::{Group, Source},
        platform::Platform,
    },
    model::mmio::{cells::Cells, span::Span},
};

/// GMBUS1, command; GMBUS2, status; GMBUS4, interrupt enable.
const COMMAND: u32 = 0xc_5104;
const STATUS: u32 = 0xc_5108;
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
/// BXT_DE_PORT_GMBUS.
const BROXTON: Source = Source {
    group: Group::Port,
    bits: 1 << 1,
};

/// GPIO registers, one for each pair of pins.
const PINS: (u32, u32) = (0xc_5010, 0xc_504c);
/// Where the fields of clock and data begin.
const CLOCK: u32 = 0;
const DATA: u32 = 8;
/// GPIO_*_DIR_MASK and GPIO_*_VAL_MASK: the write changes the direction, the value.
const DIRECTION_MASK: u32 = 1 << 0;
const VALUE_MASK: u32 = 1 << 2;
/// GPIO_*_DIR_OUT, GPIO_*_VAL_OUT and GPIO_*_VAL_IN.
const DIRECTION: u32 = 1 << 1;
const VALUE_OUT: u32 = 1 << 3;
const VALUE_IN: u32 = 1 << 4;

/// 0xc5000 to 0xc5fff.
pub(super) const TABLE: &[Span] = &[
    Span::plain(0xc_5000).to(0xc_500c),
    // Pins that nobody drives read high.
    special(PINS.0, Register::Pins)
        .to(PINS.1)
        .starts(VALUE_IN << CLOCK | VALUE_IN << DATA),
    Span::plain(0xc_5050).to(0xc_5100),
    special(COMMAND, Register::BusCommand),
    Span::constant(STATUS, 0),
    Span::plain(0xc_510c).to(0xc_5ffc),
];

/// A write to GMBUS1.
pub(super) fn command(platform: Platform, cells: &mut Cells, value: u32) -> Option<Event> {
    cells.set(at(COMMAND), value);
    if value & CLEAR != 0 {
        cells.set(at(STATUS), 0);
        return None;
    }
    if value & READY == 0 || value & ADDRESSES == 0 {
        return None;
    }
    cells.set(at(STATUS), NO_ANSWER);
    if cells.get(at(INTERRUPT)) & NAK_ENABLE == 0 {
        return None;
    }
    Some(Event::Interrupt(match platform {
        Platform::Broxton => BROXTON,
        _ => Source::GMBUS,
    }))
}

/// A write to the register of a pair of pins.
pub(super) fn pins(cells: &mut Cells, pair: MmioOffset, value: u32) {
    let old = cells.get(pair);
    let clock = pin(old >> CLOCK, value >> CLOCK) << CLOCK;
    let data = pin(old >> DATA, value >> DATA) << DATA;
    cells.set(pair, clock | data);
}

/// The fields of a pin after a write.
const fn pin(old: u32, written: u32) -> u32 {
    const fn take(old: u32, written: u32, mask: u32, bit: u32) -> u32 {
        if written & mask != 0 {
            written & bit
        } else {
            old & bit
        }
    }
    let direction = take(old, written, DIRECTION_MASK, DIRECTION);
    let value = take(old, written, VALUE_MASK, VALUE_OUT);
    // Open drain with a pull-up: low only where it is driven low.
    let level = if direction != 0 && value == 0 {
        0
    } else {
        VALUE_IN
    };
    direction | value | level
}
