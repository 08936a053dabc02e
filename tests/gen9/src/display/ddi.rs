// SPDX-License-Identifier: GPL-2.0

//! Digital ports: buffers and DisplayPort transport, without the AUX channels.

use super::PORTS;
use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// DDI_BUF_CTL of port A.
const FIRST: u32 = 0x6_4000;
/// Distance of the ports' registers.
const STRIDE: u32 = 0x100;
/// DDI_BUF_CTL, DP_TP_CTL and DP_TP_STATUS in a port.
const BUFFER: u32 = 0;
const TRANSPORT: u32 = 0x40;
const STATUS: u32 = 0x44;

/// DDI_BUF_CTL_ENABLE and DDI_BUF_IS_IDLE.
const BUFFER_ENABLE: u32 = 1 << 31;
const BUFFER_IDLE: u32 = 1 << 7;
/// DP_TP_CTL_ENABLE and DP_TP_CTL_LINK_TRAIN_IDLE in its mask.
const TRANSPORT_ENABLE: u32 = 1 << 31;
const TRAIN_MASK: u32 = 7 << 8;
const TRAIN_IDLE: u32 = 2 << 8;
/// DP_TP_STATUS_IDLE_DONE: the minimum of idle patterns went out.
const IDLE_DONE: u32 = 1 << 25;

/// EDP_PSR_IIR, Haswell to Gen11.
const PSR_IIR: u32 = 0x6_4838;

/// Ports A to E.
pub struct Ports;

impl Block for Ports {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        let mut spans = vec![Span::one(PSR_IIR, Policy::WriteOneClear, 0)];
        for port in 0..PORTS {
            let base = FIRST + STRIDE * port;
            spans.push(Span::one(base + BUFFER, Policy::Handled, BUFFER_IDLE));
            spans.push(Span::one(base + TRANSPORT, Policy::Handled, 0));
            spans.push(Span::one(base + STATUS, Policy::WriteOneClear, 0));
        }
        spans
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        if offset % STRIDE == BUFFER {
            let idle = if value & BUFFER_ENABLE == 0 {
                BUFFER_IDLE
            } else {
                0
            };
            gpu.regs.set(offset, value & !BUFFER_IDLE | idle);
            return;
        }
        gpu.regs.set(offset, value);
        let status = offset - TRANSPORT + STATUS;
        if value & TRANSPORT_ENABLE == 0 {
            gpu.regs.set(status, 0);
        } else if value & TRAIN_MASK == TRAIN_IDLE {
            gpu.regs.update(status, |old| old | IDLE_DONE);
        }
    }
}
