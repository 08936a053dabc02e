// SPDX-License-Identifier: GPL-2.0

//! Power wells and the display's buffer: what is asked for is granted at once.

use super::{at, special, Register};
use crate::model::mmio::{cells::Cells, platforms::Platforms, span::Span};

/// HSW_PWR_WELL_CTL1 to 4: requests of BIOS, driver, KVMR and debugger.
const WELLS: [u32; 4] = [0x4_5400, 0x4_5404, 0x4_5408, 0x4_540c];
/// HSW_PWR_WELL_CTL_REQ of all wells; the state of each is the bit below.
const REQUESTS: u32 = 0xaaaa_aaaa;
/// DBUF_CTL_S1.
const BUFFER: u32 = 0x4_5008;
/// DBUF_POWER_REQUEST and DBUF_POWER_STATE.
const BUFFER_REQUEST: u32 = 1 << 31;
const BUFFER_STATE: u32 = 1 << 30;

/// 0x45000 to 0x45fff.
pub(super) const TABLE: &[Span] = &[
    Span::plain(0x4_5000).to(0x4_5004),
    special(BUFFER, Register::BufferPower).on(Platforms::GEN9),
    Span::plain(0x4_500c).to(0x4_53fc),
    special(WELLS[0], Register::Wells)
        .to(WELLS[3])
        .read_only(!REQUESTS),
    Span::plain(0x4_5410).to(0x4_5ffc),
];

/// What each of the registers reads: a well is on as long as anybody asks for it.
pub(super) fn wells(cells: &Cells, own: u32) -> u32 {
    let requests = WELLS.iter().fold(0, |all, &well| all | cells.get(at(well)));
    own | (requests & REQUESTS) >> 1
}

/// What DBUF_CTL reads after `value` was written.
pub(super) const fn buffer(value: u32) -> u32 {
    let state = if value & BUFFER_REQUEST != 0 {
        BUFFER_STATE
    } else {
        0
    };
    value & !BUFFER_STATE | state
}
