// SPDX-License-Identifier: GPL-2.0

//! The context status buffer: six events in a ring, in registers and in the hardware status page.
//!
//! PRM Skylake vol. 3a "Context Status"; i915 `gt/intel_execlists_submission.c`, process_csb.

use super::{Descriptor, EngineId};
use crate::gpu::Gpu;

/// Number of events in the ring.
const ENTRIES: u32 = 6;
/// Write pointer after reset: no event yet.
pub const POINTER_RESET: u32 = 7;
/// Register with the read pointer in bits 10:8 and the write pointer in bits 2:0.
pub const POINTER: u32 = 0x3a0;
/// First register of the ring; two an event.
const BUFFER: u32 = 0x370;
/// Address of the hardware status page (i915: `RING_HWS_PGA`).
const HWS_PGA: u32 = 0x80;
/// Byte offsets in the status page (i915: `I915_HWS_CSB_BUF0_INDEX`, `I915_HWS_CSB_WRITE_INDEX`).
const HWS_BUFFER: u64 = 0x10 * 4;
const HWS_POINTER: u64 = 0x1f * 4;
/// i915: `GT_CONTEXT_SWITCH_INTERRUPT`.
const CONTEXT_SWITCH: u32 = 1 << 8;

/// What happened to a context, as bits 15:0 of an event (i915: `GEN8_CTX_STATUS_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Event {
    /// The idle engine takes up work.
    IdleToActive = 1,
    /// Another submission takes the place of the running context.
    Preempted = 1 << 1,
    /// The first context is complete, the second one starts.
    ElementSwitch = 1 << 4 | 1 << 2,
    /// The last context is complete.
    ActiveToIdle = 1 << 4 | 1 << 3,
    /// The running context was submitted again and goes on with its new tail.
    LiteRestore = 1 << 15 | 1 << 1,
}

/// Appends an event and raises the context-switch interrupt.
pub fn report(gpu: &Gpu, engine: EngineId, event: Event, context: Descriptor) {
    let base = engine.base();
    let id = if event == Event::IdleToActive {
        0
    } else {
        context.id()
    };
    let write = (gpu.regs.get(base + POINTER) & 7) + 1;
    let write = if write >= ENTRIES { 0 } else { write };
    gpu.regs.set(base + BUFFER + write * 8, event as u32);
    gpu.regs.set(base + BUFFER + write * 8 + 4, id);
    let page = u64::from(gpu.regs.get(base + HWS_PGA) & !0xfff);
    let stored = gpu.ggtt.translate(page).is_some_and(|at| {
        let entry = at.offset(HWS_BUFFER + u64::from(write) * 8);
        gpu.ram.store(entry, event as u32).is_ok()
            && gpu.ram.store(entry.offset(4), id).is_ok()
            && gpu.ram.store(at.offset(HWS_POINTER), write).is_ok()
    });
    if !stored {
        gpu.witness.invalid(
            engine,
            crate::addr::Gma::global(page),
            crate::addr::Access::Write,
        );
    }
    gpu.regs.update(base + POINTER, |old| old & !7 | write);
    gpu.irq.engine(gpu, engine, CONTEXT_SWITCH);
}
