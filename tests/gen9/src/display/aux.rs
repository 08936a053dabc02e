// SPDX-License-Identifier: GPL-2.0

//! AUX channels: the source's end. A message is answered within the write that sends it.

use std::sync::Mutex;

use super::sink::{MESSAGE, Sink};
use super::{MONITOR_PORT, Monitor, lock};
use crate::gpu::Gpu;
use crate::gt::DisplayIrq;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// A channel: its DP_AUX_CH_CTL, with 5 data registers behind it, and its interrupt.
struct Channel {
    control: u32,
    port: u32,
    irq: DisplayIrq,
    bits: u32,
}

const fn channel(port: u32, control: u32, irq: DisplayIrq, bits: u32) -> Channel {
    Channel {
        control,
        port,
        irq,
        bits,
    }
}

/// Gen9: all in the north display (GEN8_AUX_CHANNEL_A, GEN9_AUX_CHANNEL_B to D; E has none).
const GEN9: [Channel; 5] = [
    channel(0, 0x6_4010, DisplayIrq::Port, 1 << 0),
    channel(1, 0x6_4110, DisplayIrq::Port, 1 << 25),
    channel(2, 0x6_4210, DisplayIrq::Port, 1 << 26),
    channel(3, 0x6_4310, DisplayIrq::Port, 1 << 27),
    channel(4, 0x6_4410, DisplayIrq::Port, 0),
];

/// Broadwell: port A in the north, the others in the south (SDE_AUXB_CPT to SDE_AUXD_CPT).
const BDW: [Channel; 4] = [
    channel(0, 0x6_4010, DisplayIrq::Port, 1 << 0),
    channel(1, 0xe_4110, DisplayIrq::Pch, 1 << 25),
    channel(2, 0xe_4210, DisplayIrq::Pch, 1 << 26),
    channel(3, 0xe_4310, DisplayIrq::Pch, 1 << 27),
];

/// DP_AUX_CH_CTL: SEND_BUSY, DONE, INTERRUPT, TIME_OUT_ERROR, RECEIVE_ERROR.
const BUSY: u32 = 1 << 31;
const DONE: u32 = 1 << 30;
const INTERRUPT: u32 = 1 << 29;
const TIME_OUT: u32 = 1 << 28;
const RECEIVE_ERROR: u32 = 1 << 25;
/// Bits that a write of one clears.
const STATUS: u32 = DONE | TIME_OUT | RECEIVE_ERROR;
/// DP_AUX_CH_CTL_MESSAGE_SIZE, bytes.
const SIZE_SHIFT: u32 = 20;
const SIZE_MASK: u32 = 0x1f << SIZE_SHIFT;

/// The channels of the device and the monitor on one of them.
pub struct Channels {
    sink: Option<Mutex<Sink>>,
}

impl Channels {
    /// Channels with `monitor` at [`MONITOR_PORT`].
    pub fn new(monitor: Monitor) -> Self {
        let sink = match monitor {
            Monitor::None => None,
            Monitor::Dp => Some(Mutex::new(Sink::new())),
        };
        Self { sink }
    }

    /// Sends the message of `size` bytes in the data registers; returns the answer's size.
    fn send(&self, gpu: &Gpu, channel: &Channel, size: usize) -> Option<usize> {
        let sink = self
            .sink
            .as_ref()
            .filter(|_| channel.port == MONITOR_PORT)?;
        let mut message = [0; MESSAGE];
        for (data, bytes) in (channel.control + 4..)
            .step_by(4)
            .zip(message.chunks_exact_mut(4))
        {
            bytes.copy_from_slice(&gpu.regs.get(data).to_be_bytes());
        }
        let reply = lock(sink).transact(message.get(..size)?)?;
        for (data, bytes) in (channel.control + 4..)
            .step_by(4)
            .zip(reply.bytes().chunks(4))
        {
            let mut word = [0; 4];
            word[..bytes.len()].copy_from_slice(bytes);
            gpu.regs.set(data, u32::from_be_bytes(word));
        }
        Some(reply.bytes().len())
    }
}

fn table(platform: &Platform) -> &'static [Channel] {
    if platform.graphics >= 9 { &GEN9 } else { &BDW }
}

impl Block for Channels {
    fn spans(&self, platform: &Platform) -> Vec<Span> {
        table(platform)
            .iter()
            .map(|c| Span::one(c.control, Policy::Handled, 0))
            .collect()
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        let kept = value & !(BUSY | STATUS);
        if value & BUSY == 0 {
            gpu.regs.update(offset, |old| kept | old & STATUS & !value);
            return;
        }
        let Some(channel) = table(gpu.platform).iter().find(|c| c.control == offset) else {
            return;
        };
        let size = (value & SIZE_MASK) >> SIZE_SHIFT;
        let result = match self.send(gpu, channel, size as usize) {
            // CAST: a reply has 20 bytes at most.
            Some(len) => kept & !SIZE_MASK | (len as u32) << SIZE_SHIFT | DONE,
            None => kept | DONE | TIME_OUT,
        };
        gpu.regs.set(offset, result);
        if value & INTERRUPT != 0 && channel.bits != 0 {
            gpu.irq.display(gpu, channel.irq, channel.bits);
        }
    }

    fn reset(&self, _gpu: &Gpu) {
        if let Some(sink) = &self.sink {
            *lock(sink) = Sink::new();
        }
    }
}
