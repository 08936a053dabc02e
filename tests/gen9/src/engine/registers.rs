// SPDX-License-Identifier: GPL-2.0

//! The registers of a ring block that do something (i915: `gt/intel_engine_regs.h`).

use super::{EngineId, Engines, csb};
use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// Offsets from the engine's base.
pub mod at {
    pub const TAIL: u32 = 0x30;
    pub const HEAD: u32 = 0x34;
    pub const START: u32 = 0x38;
    pub const CTL: u32 = 0x3c;
    pub const PSMI_CTL: u32 = 0x50;
    pub const ACTHD_UDW: u32 = 0x5c;
    pub const INSTDONE: u32 = 0x6c;
    pub const ACTHD: u32 = 0x74;
    pub const HWSTAM: u32 = 0x98;
    pub const MI_MODE: u32 = 0x9c;
    pub const IMR: u32 = 0xa8;
    pub const EIR: u32 = 0xb0;
    pub const EMR: u32 = 0xb4;
    pub const INSTPM: u32 = 0xc0;
    pub const RESET_CTL: u32 = 0xd0;
    pub const BB_STATE: u32 = 0x110;
    pub const BB_ADDR: u32 = 0x140;
    pub const BB_ADDR_UDW: u32 = 0x168;
    pub const ECOSKPD: u32 = 0x1d0;
    pub const ELSP: u32 = 0x230;
    pub const EXECLIST_STATUS_LO: u32 = 0x234;
    pub const EXECLIST_STATUS_HI: u32 = 0x238;
    pub const CONTEXT_CONTROL: u32 = 0x244;
    pub const MODE: u32 = 0x29c;
    pub const TIMESTAMP: u32 = 0x358;
    pub const TIMESTAMP_UDW: u32 = 0x35c;
}

/// MI_MODE bits.
pub const STOP_RING: u32 = 1 << 8;
const MODE_IDLE: u32 = 1 << 9;
/// RESET_CTL bits.
const REQUEST_RESET: u32 = 1;
const READY_TO_RESET: u32 = 1 << 1;
/// EXECLIST_STATUS bits (i915: `EXECLIST_STATUS` users in gvt/execlist.h).
const STATUS_QUEUE_EMPTY: u32 = 1 << 30;
const STATUS_ACTIVE: u32 = 1 << 14;

/// Masked registers of every engine.
const MASKED: [u32; 6] = [
    at::PSMI_CTL,
    at::INSTPM,
    at::ECOSKPD,
    at::CONTEXT_CONTROL,
    at::MODE,
    csb::POINTER,
];

/// Tiling of the blitter's operands (i915: `BCS_SWCTRL`).
const BCS_SWCTRL: u32 = 0x2_2200;

/// Masked chicken bits inside the render engine's block (i915: `gt/intel_gt_regs.h`).
const RENDER_MASKED: [u32; 11] = [
    0x2088, // IPEIR / VF chicken
    0x2090, // _3D_CHICKEN3
    0x20d4, // GEN9_CSFE_CHICKEN1_RCS
    0x20d8, // CS_DEBUG_MODE2
    0x20dc, // without a name (i915: `gvt/handlers.c`)
    0x20e0, // FF_SLICE_CS_CHICKEN1
    0x20e4, // FF_SLICE_CS_CHICKEN2
    0x20ec, // GEN9_CS_DEBUG_MODE1
    0x2124, // SLICE_COMMON_ECO_CHICKEN
    0x2470, // VF scratch
    0x2580, // GEN8_CS_CHICKEN1
];

/// Whether a write of the register at `offset` from the base carries a mask.
pub fn is_masked(engine: EngineId, offset: u32) -> bool {
    MASKED.contains(&offset)
        || matches!(offset, at::MI_MODE | at::RESET_CTL)
        || engine.base() + offset == BCS_SWCTRL
        || engine == EngineId::Rcs && RENDER_MASKED.contains(&(engine.base() + offset))
}

/// Which engine's block the register lies in, and where.
fn locate(offset: u32) -> Option<(EngineId, u32)> {
    EngineId::ALL.into_iter().find_map(|id| {
        let at = offset.checked_sub(id.base())?;
        (at < 0x800).then_some((id, at))
    })
}

/// Puts the registers that an engine reset clears back to their power-on values.
pub fn reset(gpu: &Gpu, id: EngineId) {
    let cleared = [
        at::TAIL,
        at::HEAD,
        at::START,
        at::CTL,
        at::ACTHD,
        at::ACTHD_UDW,
        at::MI_MODE,
        at::EIR,
        at::INSTPM,
        at::RESET_CTL,
        at::BB_STATE,
        at::BB_ADDR,
        at::BB_ADDR_UDW,
        at::EXECLIST_STATUS_HI,
        at::MODE,
    ];
    for offset in cleared {
        gpu.regs.set(id.base() + offset, 0);
    }
    gpu.regs.set(id.base() + csb::POINTER, csb::POINTER_RESET);
    gpu.regs.set(id.base() + at::IMR, !0);
}

impl Block for Engines {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        let mut spans = Vec::new();
        for id in EngineId::ALL {
            let one = |offset, policy, reset| Span::one(id.base() + offset, policy, reset);
            for offset in MASKED {
                let reset = if offset == csb::POINTER {
                    csb::POINTER_RESET
                } else {
                    0
                };
                spans.push(one(offset, Policy::Masked, reset));
            }
            for offset in [
                at::MI_MODE,
                at::RESET_CTL,
                at::INSTDONE,
                at::ELSP,
                at::EXECLIST_STATUS_LO,
                at::TIMESTAMP,
                at::TIMESTAMP_UDW,
            ] {
                spans.push(one(offset, Policy::Handled, 0));
            }
            spans.push(one(at::EIR, Policy::WriteOneClear, 0));
            for offset in [at::IMR, at::HWSTAM, at::EMR] {
                spans.push(one(offset, Policy::Plain, !0));
            }
        }
        spans.push(Span::one(BCS_SWCTRL, Policy::Masked, 0));
        spans.extend(RENDER_MASKED.map(|offset| Span::one(offset, Policy::Masked, 0)));
        spans
    }

    fn read(&self, gpu: &Gpu, offset: u32) -> u32 {
        let stored = gpu.regs.get(offset);
        let Some((id, at)) = locate(offset) else {
            return stored;
        };
        let busy = self.is_busy(id);
        match at {
            at::TIMESTAMP => gpu.clock.timestamp() as u32,
            at::TIMESTAMP_UDW => (gpu.clock.timestamp() >> 32) as u32,
            at::MI_MODE if busy => stored & !MODE_IDLE,
            at::MI_MODE => stored | MODE_IDLE,
            at::RESET_CTL if stored & REQUEST_RESET != 0 => stored | READY_TO_RESET,
            at::RESET_CTL => stored & !READY_TO_RESET,
            at::INSTDONE if busy => !1,
            at::INSTDONE => !0,
            at::EXECLIST_STATUS_LO if busy => STATUS_QUEUE_EMPTY | STATUS_ACTIVE,
            at::EXECLIST_STATUS_LO => STATUS_QUEUE_EMPTY,
            _ => stored,
        }
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        let Some((id, at)) = locate(offset) else {
            return;
        };
        match at {
            at::ELSP => self.get(id).elsp_write(value),
            at::MI_MODE => {
                gpu.regs.set_masked(offset, value);
                let engine = self.get(id);
                engine.notify(&engine.lock());
            }
            at::RESET_CTL => gpu.regs.set_masked(offset, value),
            // Status and time are read-only.
            _ => {}
        }
    }
}
