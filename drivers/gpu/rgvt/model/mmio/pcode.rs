// SPDX-License-Identifier: GPL-2.0

//! The mailbox of the power controller's firmware.
//!
//! An order with bit 31 set is carried out at once: the bit clears, and the lowest byte says how it
//! went. Nothing reaches the real firmware. Source: intel_pcode_regs.h and those who send the orders.

use super::{
    behaviour::Behaviour,
    cells::Cells,
    span::{Commands, Span},
};
use crate::hw::{
    addr::MmioOffset,
    platform::{Generation, Platform},
};

/// GEN6_PCODE_MAILBOX.
const MAILBOX: MmioOffset = MmioOffset::new(0x13_8124);
/// GEN6_PCODE_DATA.
const DATA: MmioOffset = MmioOffset::new(0x13_8128);
/// GEN6_PCODE_DATA1.
const DATA1: MmioOffset = MmioOffset::new(0x13_812c);
/// GEN6_RP_STATE_CAP, in the memory controller's mirror: frequencies in units of 50 MHz, the
/// efficient one in bits 15:8.
const FREQUENCIES: MmioOffset = MmioOffset::new(0x14_5998);

/// GEN6_PCODE_READY: carry it out.
const BUSY: u32 = 1 << 31;
/// GEN6_PCODE_MB_COMMAND, and GEN6_PCODE_ERROR_MASK in the answer.
const ORDER: u32 = 0xff;
/// GEN6_PCODE_ILLEGAL_CMD.
const ILLEGAL: u32 = 0x01;

/// The registers.
pub const TABLE: &[Span] = &[
    Span::special(MAILBOX.get(), Behaviour::Mailbox).commands(Commands::Refuse),
    Span::plain(DATA.get()),
    Span::plain(DATA1.get()),
];

/// Time that memory needs to answer at the display's watermark levels 0 to 3 and 4 to 7, in
/// microseconds; a Skylake's. The virtual display has no memory traffic that would depend on it.
const LATENCIES: [u32; 2] = [
    u32::from_le_bytes([2, 19, 28, 32]),
    u32::from_le_bytes([63, 77, 83, 99]),
];

/// A guest's write to the mailbox.
pub(super) fn write(cells: &mut Cells, platform: Platform, value: u32) {
    if value & BUSY == 0 {
        cells.set(MAILBOX, value);
        return;
    }
    let order = value & ORDER;
    let answer = answer(cells, platform, order);
    if let Some(data) = answer {
        cells.set(DATA, data);
        cells.set(DATA1, 0);
    }
    let outcome = if answer.is_some() { 0 } else { ILLEGAL };
    cells.set(MAILBOX, value & !(BUSY | ORDER) | outcome);
}

/// What the firmware answers in the data register. `None` if it does not know the order.
fn answer(cells: &Cells, platform: Platform, order: u32) -> Option<u32> {
    let data = cells.get(DATA);
    Some(match (platform.generation(), order) {
        // GEN6_PCODE_WRITE_RC6VIDS
        (_, 0x04) => data,
        // GEN6_PCODE_READ_RC6VIDS: a voltage, not zero
        (Generation::Gen8, 0x05) => data | 1,
        // SKL_PCODE_LOAD_HDCP_KEYS
        (Generation::Gen9, 0x05) => data,
        // GEN9_PCODE_READ_MEM_LATENCY
        (Generation::Gen9, 0x06) if data == 0 => LATENCIES[0],
        (Generation::Gen9, 0x06) => LATENCIES[1],
        // SKL_PCODE_CDCLK_CONTROL: SKL_CDCLK_READY_FOR_CHANGE
        (Generation::Gen9, 0x07) => 1,
        // GEN6_PCODE_WRITE_MIN_FREQ_TABLE: the host's table is not the guest's to change
        (_, 0x08) => data,
        // GEN6_PCODE_READ_MIN_FREQ_TABLE: no frequency of the processor goes with one of the GT
        (_, 0x09) => 0,
        // GEN6_READ_OC_PARAMS: bit 31 clear, no overclocking
        (_, 0x0c) => 0,
        // GEN6_PCODE_READ_D_COMP, GEN6_PCODE_WRITE_D_COMP, HSW_PCODE_DE_WRITE_FREQ_REQ,
        // BDW_PCODE_DISPLAY_FREQ_CHANGE_REQ, DISPLAY_IPS_CONTROL
        (Generation::Gen8, 0x10 | 0x11 | 0x17..=0x19) => data,
        // HSW_PCODE_DE_WRITE_FREQ_REQ, without which i915 does not set its display's clock
        (_, 0x17) if platform == Platform::Broxton => data,
        // HSW_PCODE_DYNAMIC_DUTY_CYCLE_CONTROL: the efficient frequency in bits 15:8
        (_, 0x1a) => cells.get(FREQUENCIES) & 0xff00,
        // GEN9_PCODE_SAGV_CONTROL: GEN9_SAGV_IS_DISABLED, which a guest that disables it waits for
        (Generation::Gen9, 0x21) => 1,
        _ => return None,
    })
}
