// SPDX-License-Identifier: GPL-2.0

//! Digital ports A to E: buffers and the transport of DisplayPort.

use super::{aux, special, Register};
use crate::{
    hw::addr::MmioOffset,
    model::mmio::{
        cells::Cells,
        platforms::Platforms,
        span::{Policy, Span},
    },
};

/// DDI_BUF_CTL of port A.
const FIRST: u32 = 0x6_4000;
/// Distance of the ports.
const STRIDE: u32 = 0x100;
/// DDI_BUF_CTL_ENABLE and DDI_BUF_IS_IDLE.
const ENABLE: u32 = 1 << 31;
const IDLE: u32 = 1 << 7;
/// DP_TP_CTL_ENABLE; DP_TP_CTL_LINK_TRAIN_IDLE in its mask.
const TRANSPORT_ENABLE: u32 = 1 << 31;
const TRAIN_MASK: u32 = 7 << 8;
const TRAIN_IDLE: u32 = 2 << 8;
/// DP_TP_STATUS_IDLE_DONE: the smallest number of idle patterns went out.
const IDLE_DONE: u32 = 1 << 25;
/// EDP_PSR_IIR.
const PSR_IIR: u32 = 0x6_4838;
/// AUX channels of the PCH, ports B to D.
const SOUTH: [u32; 3] = [
    aux::SOUTH.wrapping_add(STRIDE),
    aux::SOUTH.wrapping_add(STRIDE * 2),
    aux::SOUTH.wrapping_add(STRIDE * 3),
];

/// The ports, in the order of their registers.
pub(super) const PORTS: [&[Span]; 5] = [&port(0), &port(1), &port(2), &port(3), &port(4)];

/// What is between the ports and Broxton's PHYs: signal levels, self refresh.
pub(super) const SHARED: &[Span] = &[
    Span::plain(0x6_4500).to(PSR_IIR.wrapping_sub(4)),
    Span::plain(PSR_IIR).with(Policy::ClearByOne),
    Span::plain(PSR_IIR.wrapping_add(4)).to(0x6_4bfc),
    Span::plain(0x6_4d00).to(0x6_5ffc),
];

/// The PCH's AUX channels, with what it has of digital ports and transcoders around them.
pub(super) const PCH: &[Span] = &[
    Span::plain(0xe_0000).to(0xe_10fc),
    // PCH_ADPA: no analogue monitor is there, and the trigger to look for one clears itself.
    Span::plain(0xe_1100).read_only(1 << 16 | 3 << 24),
    Span::plain(0xe_1104).to(SOUTH[0].wrapping_sub(4)),
    special(SOUTH[0], Register::Aux).on(Platforms::GEN8),
    Span::plain(SOUTH[0].wrapping_add(4)).to(SOUTH[1].wrapping_sub(4)),
    special(SOUTH[1], Register::Aux).on(Platforms::GEN8),
    Span::plain(SOUTH[1].wrapping_add(4)).to(SOUTH[2].wrapping_sub(4)),
    special(SOUTH[2], Register::Aux).on(Platforms::GEN8),
    Span::plain(SOUTH[2].wrapping_add(4)).to(0xe_fffc),
];

const fn port(index: u32) -> [Span; 7] {
    let base = FIRST.wrapping_add(STRIDE.wrapping_mul(index));
    [
        special(base, Register::Buffer).starts(IDLE),
        Span::plain(base.wrapping_add(0x04)).to(base.wrapping_add(0x0c)),
        special(base.wrapping_add(0x10), Register::Aux),
        Span::plain(base.wrapping_add(0x14)).to(base.wrapping_add(0x3c)),
        special(base.wrapping_add(0x40), Register::Transport),
        // DP_TP_STATUS
        Span::plain(base.wrapping_add(0x44)).with(Policy::ClearByOne),
        Span::plain(base.wrapping_add(0x48)).to(base.wrapping_add(0xfc)),
    ]
}

/// What DDI_BUF_CTL reads after `value` was written.
pub(super) const fn buffer(value: u32) -> u32 {
    let idle = if value & ENABLE == 0 { IDLE } else { 0 };
    value & !IDLE | idle
}

/// A write to DP_TP_CTL at `control`.
pub(super) fn transport(cells: &mut Cells, control: MmioOffset, value: u32) {
    cells.set(control, value);
    let Some(status) = control.checked_add(4) else {
        return;
    };
    if value & TRANSPORT_ENABLE == 0 {
        cells.set(status, 0);
    } else if value & TRAIN_MASK == TRAIN_IDLE {
        cells.update(status, |old| old | IDLE_DONE);
    }
}
