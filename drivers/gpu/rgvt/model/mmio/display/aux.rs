// SPDX-License-Identifier: GPL-2.0

//! AUX channels, the source's end. A message is answered within the write that sends it.

use super::{
    at,
    sink::{Sink, MESSAGE},
    Event, MONITOR_PORT,
};
use crate::{
    hw::{
        addr::MmioOffset,
        irq::{Group, Source},
        platform::{Generation, Platform},
    },
    model::mmio::cells::Cells,
};

/// DP_AUX_CH_CTL of port A in the north display, and of the PCH's channels if port A had one; 5 data
/// registers follow each.
pub(super) const NORTH: u32 = 0x6_4010;
pub(super) const SOUTH: u32 = 0xe_4010;
/// Distance of the ports.
const STRIDE: u32 = 0x100;

/// DP_AUX_CH_CTL_SEND_BUSY, _DONE, _INTERRUPT, _TIME_OUT_ERROR, _RECEIVE_ERROR.
const BUSY: u32 = 1 << 31;
const DONE: u32 = 1 << 30;
const INTERRUPT: u32 = 1 << 29;
const TIME_OUT: u32 = 1 << 28;
const RECEIVE_ERROR: u32 = 1 << 25;
/// What writing 1 clears.
const STATUS: u32 = DONE | TIME_OUT | RECEIVE_ERROR;
/// DP_AUX_CH_CTL_MESSAGE_SIZE, bytes.
const SIZE_SHIFT: u32 = 20;
const SIZE_MASK: u32 = 0x1f << SIZE_SHIFT;

/// The port of a channel and its interrupt. Gen9 has all of them in the north display
/// (GEN8_AUX_CHANNEL_A, GEN9_AUX_CHANNEL_B and so on), Broadwell only port A's (SDE_AUXB_CPT and so
/// on for the others).
fn channel(platform: Platform, control: MmioOffset) -> Option<(u32, Source)> {
    let (group, base) = if control.get() < SOUTH {
        (Group::Port, NORTH)
    } else {
        (Group::Pch, SOUTH)
    };
    let port = control.checked_sub(at(base))? / STRIDE;
    let bits = match port {
        0 => return (group == Group::Port).then_some((port, Source::AUX_A)),
        1 => 1 << 25,
        2 => 1 << 26,
        3 => 1 << 27,
        _ => return None,
    };
    let home = match platform.generation() {
        Generation::Gen8 => Group::Pch,
        Generation::Gen9 => Group::Port,
    };
    (group == home).then_some((port, Source { group, bits }))
}

/// A write to DP_AUX_CH_CTL at `control`.
pub(super) fn write(
    platform: Platform,
    sink: Option<&mut Sink>,
    cells: &mut Cells,
    control: MmioOffset,
    value: u32,
) -> Option<Event> {
    let kept = value & !(BUSY | STATUS);
    if value & BUSY == 0 {
        cells.update(control, |old| kept | old & STATUS & !value);
        return None;
    }
    let channel = channel(platform, control);
    let listens = channel.is_some_and(|(port, _)| port == MONITOR_PORT);
    let size = usize::try_from((value & SIZE_MASK) >> SIZE_SHIFT).unwrap_or(0);
    let reply = sink
        .filter(|_| listens)
        .and_then(|sink| send(sink, cells, control, size));
    let result = match reply {
        Some(size) => kept & !SIZE_MASK | size << SIZE_SHIFT & SIZE_MASK | DONE,
        None => kept | DONE | TIME_OUT,
    };
    cells.set(control, result);
    let (_, source) = channel.filter(|_| value & INTERRUPT != 0)?;
    Some(Event::Interrupt(source))
}

/// Sends the message of `size` bytes that is in the data registers, and puts the answer there. The
/// bytes of the answer, or `None` if there was none.
fn send(sink: &mut Sink, cells: &mut Cells, control: MmioOffset, size: usize) -> Option<u32> {
    let data = |index: u32| control.checked_add(index.wrapping_add(1) << 2);
    let mut message = [0; MESSAGE];
    for (index, word) in (0..).zip(message.chunks_exact_mut(4)) {
        for (place, byte) in word.iter_mut().zip(cells.get(data(index)?).to_be_bytes()) {
            *place = byte;
        }
    }
    let reply = sink.transact(message.get(..size)?)?;
    for (index, bytes) in (0..).zip(reply.bytes().chunks(4)) {
        let mut word = [0; 4];
        for (place, &byte) in word.iter_mut().zip(bytes) {
            *place = byte;
        }
        cells.set(data(index)?, u32::from_be_bytes(word));
    }
    u32::try_from(reply.bytes().len()).ok()
}
