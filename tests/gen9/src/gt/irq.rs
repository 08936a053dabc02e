// SPDX-License-Identifier: GPL-2.0

//! The interrupt hierarchy of Gen8 and Gen9.
//!
//! An event passes its mask (IMR), is latched (IIR) until the driver writes its bit back, and, if
//! enabled (IER), shows as a bit of the master register. The device's one interrupt is asserted
//! while the master is enabled and shows any bit. PRM Skylake vol. 12 "Display", "Interrupts";
//! i915: `include/drm/intel/intel_gmd_interrupt_regs.h`, `gt/intel_gt_irq.c`.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::EngineId;
use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// GEN8_MASTER_IRQ.
const MASTER: u32 = 0x4_4200;
/// GEN8_MASTER_IRQ_CONTROL: the only bit of the master register that can be written.
const MASTER_ENABLE: u32 = 1 << 31;
/// Offset of RING_IMR from an engine's base. Its bits lie where the engine's bits lie in the GT
/// register set, so those of the blitter are 31:16.
const RING_IMR: u32 = 0xa8;

/// Offsets in a set of four registers.
const IMR: u32 = 0x4;
const IIR: u32 = 0x8;
const IER: u32 = 0xc;

/// A set of status (ISR), mask, identity and enable registers, and the master bits that it feeds.
struct Source {
    /// The first register of the set, ISR.
    first: u32,
    /// Bits of the set that show as one bit of the master, for one or two of them.
    master: &'static [(u32, u32)],
    /// Name in the witness's counts.
    name: &'static str,
}

const LOW: u32 = 0x0000_ffff;
const HIGH: u32 = 0xffff_0000;
const ALL: u32 = !0;

const SOURCES: [Source; 11] = [
    // GEN8_GT_ISR(0): GEN8_GT_RCS_IRQ, GEN8_GT_BCS_IRQ
    Source {
        first: 0x4_4300,
        master: &[(LOW, 1 << 0), (HIGH, 1 << 1)],
        name: "gt0",
    },
    // GEN8_GT_ISR(1): GEN8_GT_VCS0_IRQ, GEN8_GT_VCS1_IRQ
    Source {
        first: 0x4_4310,
        master: &[(LOW, 1 << 2), (HIGH, 1 << 3)],
        name: "gt1",
    },
    // GEN8_GT_ISR(2): GEN8_GT_PM_IRQ, GEN8_GT_GUC_IRQ
    Source {
        first: 0x4_4320,
        master: &[(LOW, 1 << 4), (HIGH, 1 << 5)],
        name: "gt2",
    },
    // GEN8_GT_ISR(3): GEN8_GT_VECS_IRQ
    Source {
        first: 0x4_4330,
        master: &[(ALL, 1 << 6)],
        name: "gt3",
    },
    // GEN8_DE_PIPE_ISR(A), (B), (C): GEN8_DE_PIPE_IRQ
    Source {
        first: 0x4_4400,
        master: &[(ALL, 1 << 16)],
        name: "pipe_a",
    },
    Source {
        first: 0x4_4410,
        master: &[(ALL, 1 << 17)],
        name: "pipe_b",
    },
    Source {
        first: 0x4_4420,
        master: &[(ALL, 1 << 18)],
        name: "pipe_c",
    },
    // GEN8_DE_PORT_ISR: GEN8_DE_PORT_IRQ
    Source {
        first: 0x4_4440,
        master: &[(ALL, 1 << 20)],
        name: "port",
    },
    // GEN8_DE_MISC_ISR: GEN8_DE_MISC_IRQ
    Source {
        first: 0x4_4460,
        master: &[(ALL, 1 << 22)],
        name: "misc",
    },
    // GEN8_PCU_ISR: GEN8_PCU_IRQ
    Source {
        first: 0x4_44e0,
        master: &[(ALL, 1 << 30)],
        name: "pcu",
    },
    // SDEISR: GEN8_DE_PCH_IRQ
    Source {
        first: 0xc_4000,
        master: &[(ALL, 1 << 23)],
        name: "pch",
    },
];

/// Place of the first display pipe in [`SOURCES`].
const PIPES: usize = 4;

/// Sources outside the GT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisplayIrq {
    /// A pipe, 0 to 2.
    Pipe(u8),
    /// The digital ports.
    Port,
    /// Display events that belong to no pipe or port.
    Misc,
    /// The south display engine.
    Pch,
    /// The power controller.
    Pcu,
}

impl DisplayIrq {
    fn source(self) -> Option<&'static Source> {
        let index = match self {
            Self::Pipe(pipe) if pipe < 3 => PIPES + usize::from(pipe),
            Self::Pipe(_) => return None,
            Self::Port => 7,
            Self::Misc => 8,
            Self::Pcu => 9,
            Self::Pch => 10,
        };
        SOURCES.get(index)
    }
}

type Line = Box<dyn Fn(bool) + Send + Sync>;

#[derive(Default)]
struct State {
    line: Option<Line>,
    level: bool,
}

/// The hierarchy. Everything that can change the line's level runs under one lock.
#[derive(Default)]
pub struct Interrupts {
    state: Mutex<State>,
}

impl Interrupts {
    /// Nothing pending, no line to drive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Installs what drives the interrupt's line. It is called with the level on each change, and
    /// at once if the level is high, so that a client that comes late misses nothing. It must not
    /// call back into the device.
    ///
    /// A rising level is what sends a message-signalled interrupt. A driver that disables the
    /// master, handles what it saw and enables it again gets a new edge for what is still pending.
    pub fn set_line(&self, line: Line) {
        let mut state = self.lock();
        if state.level {
            line(true);
        }
        state.line = Some(line);
    }

    /// Raises interrupt bits of an engine, given as if the engine's bits began at bit 0
    /// (i915: `GT_RENDER_USER_INTERRUPT` and those that follow).
    pub fn engine(&self, gpu: &Gpu, engine: EngineId, bits: u32) {
        let mut state = self.lock();
        let (set, shift) = engine.irq();
        let unmasked = bits << shift & !gpu.regs.get(engine.base() + RING_IMR);
        let Some(source) = SOURCES.get(set) else {
            return;
        };
        if unmasked & !gpu.regs.get(source.first + IMR) == 0 {
            return;
        }
        if gpu.witness.interrupt_lost(engine) {
            return;
        }
        raise(gpu, &mut state, source, unmasked, engine_name(engine));
    }

    /// Raises interrupt bits of the display or the power controller.
    pub fn display(&self, gpu: &Gpu, source: DisplayIrq, bits: u32) {
        if let Some(source) = source.source() {
            raise(gpu, &mut self.lock(), source, bits, source.name);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Name of an engine in the witness's counts.
fn engine_name(engine: EngineId) -> &'static str {
    match engine {
        EngineId::Rcs => "rcs",
        EngineId::Bcs => "bcs",
        EngineId::Vcs0 => "vcs0",
        EngineId::Vecs => "vecs",
    }
}

/// Latches the bits that pass the mask.
fn raise(gpu: &Gpu, state: &mut State, source: &Source, bits: u32, name: &'static str) {
    let latched = bits & !gpu.regs.get(source.first + IMR);
    if latched == 0 {
        return;
    }
    gpu.regs.update(source.first + IIR, |old| old | latched);
    if latched & gpu.regs.get(source.first + IER) != 0 {
        gpu.witness.interrupt(name);
    }
    drive(gpu, state);
}

/// The bits that the master register shows, whether or not it is enabled.
fn pending(gpu: &Gpu) -> u32 {
    SOURCES.iter().fold(0, |bits, source| {
        let set = gpu.regs.get(source.first + IIR) & gpu.regs.get(source.first + IER);
        source
            .master
            .iter()
            .filter(|(mask, _)| set & mask != 0)
            .fold(bits, |bits, (_, master)| bits | master)
    })
}

/// Brings the line to the level that the registers ask for.
fn drive(gpu: &Gpu, state: &mut State) {
    let level = gpu.regs.get(MASTER) & MASTER_ENABLE != 0 && pending(gpu) != 0;
    if level == state.level {
        return;
    }
    state.level = level;
    if let Some(line) = &state.line {
        line(level);
    }
}

impl Block for Interrupts {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        let mut spans = vec![Span::one(MASTER, Policy::Handled, 0)];
        for source in &SOURCES {
            // The status follows the hardware; a driver cannot write it.
            spans.push(Span::one(source.first, Policy::Const, 0));
            spans.push(Span::one(source.first + IMR, Policy::Handled, !0));
            spans.push(Span::one(source.first + IIR, Policy::Handled, 0));
            spans.push(Span::one(source.first + IER, Policy::Handled, 0));
        }
        spans
    }

    fn read(&self, gpu: &Gpu, offset: u32) -> u32 {
        match offset {
            MASTER => {
                let _state = self.lock();
                gpu.regs.get(MASTER) & MASTER_ENABLE | pending(gpu)
            }
            _ => gpu.regs.get(offset),
        }
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        let mut state = self.lock();
        match offset {
            MASTER => gpu.regs.set(MASTER, value & MASTER_ENABLE),
            // Sets of registers are 16 bytes apart, so this tells the register of the set.
            _ if offset & 0xf == IIR => {
                gpu.regs.update(offset, |old| old & !value);
            }
            _ => gpu.regs.set(offset, value),
        }
        drive(gpu, &mut state);
    }

    fn reset(&self, gpu: &Gpu) {
        drive(gpu, &mut self.lock());
    }
}
