// SPDX-License-Identifier: GPL-2.0

//! The logical ring context: the image in memory from which an engine loads its state and to which
//! it saves it.
//!
//! Page 0 is the context's status page, page 1 the register state. The register state is a list of
//! `MI_LOAD_REGISTER_IMM` commands, of which the first ones stand at fixed places (PRM Skylake
//! vol. 7 "Execlist Context"; i915 `gt/intel_lrc_reg.h`).

use super::registers::{at, is_masked};
use super::{Descriptor, EngineId, unit_state};
use crate::addr::{Access, Dma, Gma, PAGE_SIZE};
use crate::cs::{Batch, Ring, State};
use crate::gpu::Gpu;
use crate::ppgtt::Ppgtt;

/// Dword positions of values in the register state.
mod slot {
    pub const CONTEXT_CONTROL: u64 = 0x03;
    pub const HEAD: u64 = 0x05;
    pub const TAIL: u64 = 0x07;
    pub const START: u64 = 0x09;
    pub const CTL: u64 = 0x0b;
    pub const BB_ADDR_UDW: u64 = 0x0d;
    pub const BB_ADDR: u64 = 0x0f;
    pub const BB_STATE: u64 = 0x11;
    pub const SECOND_BB_ADDR_UDW: u64 = 0x13;
    pub const SECOND_BB_ADDR: u64 = 0x15;
    pub const SECOND_BB_STATE: u64 = 0x17;
    pub const PER_CONTEXT_BATCH: u64 = 0x19;
    pub const INDIRECT_CONTEXT: u64 = 0x1b;
    pub const TIMESTAMP: u64 = 0x23;
    pub const PDP0_UDW: u64 = 0x31;
}

/// Dwords of the register state that are walked as a list of commands.
const LIST_DWORDS: u64 = 0x140;
/// Dwords of the register state up to the engine's own. The lists in them are loaded always (PRM Skylake
/// vol. 7 "Execlist Context": ring context).
const RING_DWORDS: u64 = 0x34;
/// Where Gen8's render engine has a list of the mode register alone (i915 `gt/intel_lrc.c`:
/// `lrc_ring_mi_mode`).
const GEN8_MODE: u64 = 0x57;
/// Where the driver's own lists end there (i915 `gt/intel_lrc.c`: `gen8_rcs_offsets`).
const GEN8_DRIVER_END: u64 = 0x44;
/// Of the context control register: do not load the engine's state (i915:
/// `CTX_CTRL_ENGINE_CTX_RESTORE_INHIBIT`).
const RESTORE_INHIBIT: u32 = 1;
/// A batch address is valid.
const BB_VALID: u32 = 1;
/// The batch is in the PPGTT (i915: `RING_BB_PPGTT`).
const BB_PPGTT: u32 = 1 << 5;
const LRI: u32 = 0x22;
const BATCH_BUFFER_END: u32 = 0x0a;

/// The image of one context. Each access goes through the GGTT, as the hardware's does.
pub struct Image<'g> {
    gpu: &'g Gpu,
    engine: EngineId,
    descriptor: Descriptor,
}

impl<'g> Image<'g> {
    /// The image that the descriptor names.
    pub fn new(gpu: &'g Gpu, engine: EngineId, descriptor: Descriptor) -> Self {
        Self {
            gpu,
            engine,
            descriptor,
        }
    }

    fn locate(&self, dword: u64, access: Access) -> Option<Dma> {
        let at = Gma::global(u64::from(self.descriptor.lrca()) + PAGE_SIZE + dword * 4);
        let found = self.gpu.ggtt.translate(at.addr);
        match found {
            Some(dma) => self.gpu.witness.access(self.engine, at, dma, access, 4),
            None => self.gpu.witness.invalid(self.engine, at, access),
        }
        found
    }

    fn get(&self, dword: u64) -> u32 {
        self.locate(dword, Access::Read)
            .and_then(|dma| self.gpu.ram.load::<u32>(dma).ok())
            .unwrap_or(0)
    }

    fn set(&self, dword: u64, value: u32) {
        if let Some(dma) = self.locate(dword, Access::Write) {
            // A miss behind a valid entry is the machine's doing; the context loses its state.
            let _ = self.gpu.ram.store(dma, value);
        }
    }

    /// Whether the image holds no engine state yet.
    pub fn inhibited(&self) -> bool {
        self.get(slot::CONTEXT_CONTROL) & RESTORE_INHIBIT != 0
    }

    /// Where the ring's tail is now.
    pub fn tail(&self) -> u32 {
        self.get(slot::TAIL) & 0x1f_fff8
    }

    /// The context's page tables.
    pub fn page_tables(&self) -> Ppgtt {
        let root = std::array::from_fn(|i| {
            let udw = slot::PDP0_UDW - 4 * i as u64;
            Dma(u64::from(self.get(udw)) << 32 | u64::from(self.get(udw + 2)))
        });
        Ppgtt::new(root, self.descriptor.four_level())
    }

    /// Loads the ring block's registers and gives the streamer's state.
    pub fn load(&self) -> State {
        let base = self.engine.base();
        let regs = &self.gpu.regs;
        let inhibited = self.inhibited();
        self.walk(|dword, register| {
            if inhibited && dword >= RING_DWORDS {
                return;
            }
            let value = self.get(dword);
            if is_masked(self.engine, register - base) {
                regs.set_masked(register, value);
            } else {
                regs.set(register, value);
            }
        });
        let ctl = self.get(slot::CTL);
        let ring = Ring {
            start: self.get(slot::START) & !0xfff,
            head: self.get(slot::HEAD) & 0x1f_fffc,
            tail: self.tail(),
            size: (ctl & 0x1f_f000) + 4096,
        };
        regs.set(base + at::HEAD, ring.head);
        regs.set(base + at::TAIL, ring.tail);
        regs.set(base + at::START, ring.start);
        regs.set(base + at::CTL, ctl);
        regs.set(
            base + at::CONTEXT_CONTROL,
            self.get(slot::CONTEXT_CONTROL) & 0xffff,
        );
        let mut state = State::new(ring);
        if !inhibited {
            let first = self.batch(slot::BB_ADDR_UDW, slot::BB_ADDR, slot::BB_STATE);
            let second = self.batch(
                slot::SECOND_BB_ADDR_UDW,
                slot::SECOND_BB_ADDR,
                slot::SECOND_BB_STATE,
            );
            (state.batch, state.outer) = match (first, second) {
                (first, Some(second)) => (Some(second), first),
                (first, None) => (first, None),
            };
        }
        state
    }

    /// Saves registers and the streamer's state. `timestamp` tells the context's run time in ticks; it is asked last,
    /// since the context is in while it is saved.
    pub fn save(&self, state: &State, timestamp: impl FnOnce() -> u32) {
        let base = self.engine.base();
        let regs = &self.gpu.regs;
        // The page directories and the tail are the driver's; the hardware only reads them.
        let has_list = self.get(1) >> 23 == LRI;
        if has_list {
            self.save_mode_list();
            self.walk(|dword, register| {
                let value = regs.get(register);
                let masked = is_masked(self.engine, register - base);
                match register - base {
                    at::TAIL | at::START | at::CTL => {}
                    offset if (0x270..0x290).contains(&offset) => {}
                    _ => self.set(dword, if masked { value | 0xffff_0000 } else { value }),
                }
            });
        }
        self.save_units();
        let control = self.get(slot::CONTEXT_CONTROL);
        self.set(slot::CONTEXT_CONTROL, control & !RESTORE_INHIBIT);
        self.set(slot::HEAD, state.ring.head);
        let (first, second) = match (state.outer, state.batch) {
            (Some(outer), batch) => (Some(outer), batch),
            (None, batch) => (batch, None),
        };
        self.set_batch(first, slot::BB_ADDR_UDW, slot::BB_ADDR, slot::BB_STATE);
        self.set_batch(
            second,
            slot::SECOND_BB_ADDR_UDW,
            slot::SECOND_BB_ADDR,
            slot::SECOND_BB_STATE,
        );
        self.set(slot::TIMESTAMP, timestamp());
    }

    /// The context's run time so far, in timestamp ticks.
    pub fn timestamp(&self) -> u32 {
        self.get(slot::TIMESTAMP)
    }

    /// The workaround batch that ends every load of the context (i915: `RING_BB_PER_CTX_PTR`).
    pub fn per_context_batch(&self) -> Option<Batch> {
        let pointer = self.get(slot::PER_CONTEXT_BATCH);
        let at = Gma::global(u64::from(pointer & !0x3f));
        (pointer & 1 != 0).then_some(Batch {
            at,
            privileged: true,
        })
    }

    /// The commands that run in the middle of a load, as a ring of their own: address in bits 31:6,
    /// length in cache lines in bits 5:0 (i915: `RING_INDIRECT_CTX`).
    pub fn indirect_context(&self) -> Option<Ring> {
        let pointer = self.get(slot::INDIRECT_CONTEXT);
        let bytes = (pointer & 0x3f) * 64;
        (bytes != 0).then_some(Ring {
            start: pointer & !0x3f,
            head: 0,
            tail: bytes,
            size: bytes + 64,
        })
    }

    /// Goes on behind the lists that the driver made, as far as i915 knows what is there.
    fn save_mode_list(&self) {
        if self.gpu.platform.graphics == 8 && self.engine == EngineId::Rcs {
            (GEN8_DRIVER_END..GEN8_MODE).for_each(|dword| self.set(dword, 0));
            self.set(GEN8_MODE, LRI << 23 | 1);
            self.set(GEN8_MODE + 1, self.engine.base() + at::MI_MODE);
        }
    }

    /// Header of the units' list.
    fn units_header(&self) -> u32 {
        let pairs = unit_state::registers(self.engine).count() as u32;
        LRI << 23 | (2 * pairs - 1)
    }

    /// Loads the registers of the units behind the streamer. On hardware this part of the image
    /// follows the indirect context's commands, so what those set in passing does not stay.
    pub fn load_units(&self) {
        let mut dword = unit_state::FIRST_DWORD;
        if self.get(dword) != self.units_header() {
            return;
        }
        for register in unit_state::registers(self.engine) {
            self.gpu.regs.set(register, self.get(dword + 2));
            dword += 2;
        }
    }

    fn save_units(&self) {
        let mut dword = unit_state::FIRST_DWORD;
        self.set(dword, self.units_header());
        for register in unit_state::registers(self.engine) {
            self.set(dword + 1, register);
            self.set(dword + 2, self.gpu.regs.get(register));
            dword += 2;
        }
    }

    fn batch(&self, udw: u64, ldw: u64, state: u64) -> Option<Batch> {
        let low = self.get(ldw);
        if low & BB_VALID == 0 {
            return None;
        }
        let addr = u64::from(self.get(udw) & 0xffff) << 32 | u64::from(low & !3);
        Some(match self.get(state) & BB_PPGTT {
            0 => Batch {
                at: Gma::global(addr),
                privileged: true,
            },
            _ => Batch {
                at: Gma::per_process(addr),
                privileged: false,
            },
        })
    }

    fn set_batch(&self, batch: Option<Batch>, udw: u64, ldw: u64, state: u64) {
        let Some(batch) = batch else {
            self.set(ldw, 0);
            return;
        };
        self.set(udw, (batch.at.addr >> 32) as u32);
        self.set(ldw, batch.at.addr as u32 | BB_VALID);
        self.set(state, if batch.privileged { 0 } else { BB_PPGTT });
    }

    /// Calls `visit` with the position of each value in the list and the register it is for.
    /// Registers outside the engine's block are skipped, so no image reaches another engine.
    fn walk(&self, mut visit: impl FnMut(u64, u32)) {
        let base = self.engine.base();
        let mut dword = 1;
        while dword < LIST_DWORDS {
            let header = self.get(dword);
            dword += 1;
            match header >> 23 {
                LRI => {
                    let pairs = u64::from((header & 0xff).div_ceil(2));
                    for _ in 0..pairs {
                        let register = self.get(dword) & 0x1f_fffc;
                        if register
                            .checked_sub(base)
                            .is_some_and(|offset| offset < 0x800)
                        {
                            visit(dword + 1, register);
                        }
                        dword += 2;
                    }
                }
                BATCH_BUFFER_END => return,
                _ => {}
            }
        }
    }
}
