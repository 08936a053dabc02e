// SPDX-License-Identifier: GPL-2.0

//! The loop's body: fetch, decode, execute, one command at a time.

use super::blit::Progress;
use super::decode::{self, Action, Command};
use super::fetch::Line;
use super::flow::{Flow, NEXT};
use super::live::Live;
use super::memory::Memory;
use super::registers::at;
use super::spin::Spin;
use super::{State, Step, irq};
use crate::addr::Gma;
use crate::engine::EngineId;
use crate::gpu::Gpu;
use crate::ppgtt::Ppgtt;

/// Commands after which translations are forgotten at the latest: the driver may also invalidate
/// them by a register, which the streamer does not see.
const TRANSLATIONS_LAST: u32 = 32;
/// RING_EIR: the instruction was not understood (i915: `I915_ERROR_INSTRUCTION`).
const ERROR_INSTRUCTION: u32 = 1;

/// Executes the commands of one context on one engine.
pub struct Streamer<'g> {
    /// Where the context is; the engine saves and restores it.
    pub state: State,
    pub(super) gpu: &'g Gpu,
    pub(super) engine: EngineId,
    pub(super) memory: Memory<'g>,
    pub(super) lrca: u32,
    pub(super) progress: Progress,
    line: Line,
    live: Live,
    /// The command's dwords, kept to save allocations.
    words: Vec<u32>,
    since_invalidate: u32,
    /// Timestamp at which the context came in.
    pub(super) started: u64,
    spin: Spin,
    /// The command at hand has already told that it waits.
    waiting: bool,
    hung: bool,
}

/// RING_CTL: the engine waits in `MI_SEMAPHORE_WAIT` (i915: `RING_WAIT_SEMAPHORE`). i915's PMU samples it.
const WAITS_FOR_SEMAPHORE: u32 = 1 << 10;

/// Bytes of the largest ring that RING_CTL can name (i915: `RING_NR_PAGES`).
const RING_MOST: u32 = 2 << 20;

impl<'g> Streamer<'g> {
    /// A streamer that goes on from `state` with the page tables `vm`. `lrca` is the GGTT address
    /// of the context's status page.
    pub fn new(gpu: &'g Gpu, engine: EngineId, state: State, vm: Ppgtt, lrca: u32) -> Self {
        Self {
            state,
            gpu,
            engine,
            memory: Memory::new(gpu, engine, vm),
            lrca,
            progress: Progress::default(),
            line: Line::default(),
            live: Live::new(gpu, engine),
            words: Vec::new(),
            since_invalidate: 0,
            started: gpu.clock.timestamp(),
            spin: Spin::default(),
            waiting: false,
            hung: false,
        }
    }

    /// Executes one command, or a part of a long one.
    pub fn step(&mut self) -> Step {
        if self.hung {
            return Step::Hung;
        }
        self.normalise();
        let ring = self.state.ring;
        if self.state.batch.is_none() && ring.head == ring.tail {
            self.invalidate();
            return Step::Idle;
        }
        let Some(header) = self.dword(0) else {
            return self.hang(0);
        };
        let Some(command) = decode::find(self.engine, header) else {
            return self.illegal(header);
        };
        tracing::trace!(engine = ?self.engine, at = %self.address(0), name = command.name, header);
        let dwords = command.dwords(header);
        if self.state.batch.is_none() && dwords > self.in_ring() / 4 {
            // The driver has not written the rest of it.
            self.invalidate();
            return Step::Waiting;
        }
        let flow = if self.skips(command) {
            NEXT
        } else if let Some(flow) = self.run_alone(command.action, header) {
            flow
        } else {
            let mut words = std::mem::take(&mut self.words);
            let fetched = self.gather(&mut words, header, dwords);
            let flow = fetched.then(|| self.run(command.action, &words));
            self.words = words;
            match flow {
                Some(flow) => flow,
                None => return self.hang(header),
            }
        };
        self.finish(command, header, dwords, flow)
    }

    /// Whether the batch at hand may do everything.
    pub(super) fn privileged(&self) -> bool {
        self.state.batch.is_none_or(|batch| batch.privileged)
    }

    /// Moves on by `dwords`.
    pub(super) fn advance(&mut self, dwords: usize) {
        let bytes = dwords as u64 * 4;
        match &mut self.state.batch {
            Some(batch) => batch.at = batch.at.offset(bytes),
            None => {
                let ring = &mut self.state.ring;
                // CAST: a remainder of a 32-bit divisor.
                ring.head = ((u64::from(ring.head) + bytes) % u64::from(ring.size)) as u32;
            }
        }
    }

    /// The state comes from memory that the driver writes: makes it safe to compute with.
    fn normalise(&mut self) {
        let ring = &mut self.state.ring;
        ring.size = ring.size.clamp(4, RING_MOST) & !3;
        ring.head = (ring.head % ring.size) & !3;
        ring.tail = (ring.tail % ring.size) & !3;
        if let Some(batch) = &mut self.state.batch {
            batch.at.addr &= !3;
        }
    }

    /// Bytes of commands in the ring.
    fn in_ring(&self) -> u32 {
        let ring = self.state.ring;
        (ring.tail + (ring.size - ring.head)) % ring.size
    }

    /// Address of dword `i` of the command at hand.
    fn address(&self, i: u32) -> Gma {
        match self.state.batch {
            Some(batch) => batch.at.offset(u64::from(i) * 4),
            None => {
                let ring = self.state.ring;
                let offset = (u64::from(ring.head) + u64::from(i) * 4) % u64::from(ring.size);
                Gma::global((u64::from(ring.start) + offset) & 0xffff_fffc)
            }
        }
    }

    fn dword(&mut self, i: u32) -> Option<u32> {
        let at = self.address(i);
        self.line.dword(&mut self.memory, at, self.state.ring.tail)
    }

    fn gather(&mut self, words: &mut Vec<u32>, header: u32, dwords: u32) -> bool {
        words.clear();
        words.push(header);
        for i in 1..dwords {
            match self.dword(i) {
                Some(word) => words.push(word),
                None => return false,
            }
        }
        true
    }

    fn skips(&self, command: &Command) -> bool {
        if command.privileged && !self.privileged() {
            return true;
        }
        // The batch must be able to end, or it never would.
        self.state.predicate != 0
            && !matches!(command.action, Action::SetPredicate | Action::BatchEnd)
            && self.predicated_off()
    }

    /// Executes what needs no more than the header.
    fn run_alone(&mut self, action: Action, header: u32) -> Option<Flow> {
        match action {
            Action::Skip | Action::ArbCheck => {}
            Action::Draw => self.draw(header),
            Action::Noop => {
                if header & 1 << 22 != 0 {
                    self.write_register(self.register(at::NOPID), header & 0x3f_ffff);
                }
            }
            Action::SetPredicate => self.state.predicate = (header & 0xf) as u8,
            Action::UserInterrupt => self.interrupt(irq::USER),
            Action::ReportHead => return Some(self.report_head()),
            Action::ArbOnOff => self.state.arbitrate = header & 1 != 0,
            Action::BatchEnd => return Some(self.batch_end()),
            Action::Predicate => return Some(self.predicate(header)),
            _ => return None,
        }
        Some(NEXT)
    }

    fn run(&mut self, action: Action, words: &[u32]) -> Flow {
        match action {
            Action::Math => self.math(words),
            Action::SemaphoreWait => self.semaphore_wait(words),
            Action::StoreImmediate => self.store_immediate(words),
            Action::StoreIndex => self.store_index(words),
            Action::LoadImmediate => self.load_immediate(words),
            Action::UpdateGtt => self.update_gtt(words),
            Action::StoreRegister => self.store_register(words),
            Action::FlushDw => self.flush_dw(words),
            Action::ReportPerf => self.report_perf(words),
            Action::LoadMemory => self.load_memory(words),
            Action::LoadRegister => self.load_register(words),
            Action::CopyMemory => self.copy_memory(words),
            Action::Atomic => self.atomic(words),
            Action::BatchStart => self.batch_start(words),
            Action::ConditionalEnd => self.conditional_end(words),
            Action::PipeControl => self.pipe_control(words),
            Action::Setup => self.setup(words),
            Action::SetupClip => self.setup_clip(words),
            Action::Blit => self.blit(words),
            // The others have run from their header.
            _ => NEXT,
        }
    }

    fn finish(&mut self, command: &Command, header: u32, dwords: u32, flow: Flow) -> Step {
        let mut cycles = u32::from(command.cycles);
        match flow {
            Flow::Next { cycles: more } => {
                cycles = cycles.saturating_add(more);
                self.advance(dwords as usize);
            }
            Flow::Jumped => {}
            Flow::Again { cycles } => {
                return Step::Ran {
                    cycles,
                    arbitration: false,
                };
            }
            Flow::Wait => {
                self.live.publish(self.gpu, &self.state, header);
                self.invalidate();
                if !std::mem::replace(&mut self.waiting, true) {
                    let control = self.register(at::RING_CTL);
                    self.gpu
                        .regs
                        .update(control, |old| old | WAITS_FOR_SEMAPHORE);
                    self.interrupt(irq::WAIT_SEMAPHORE);
                }
                return Step::Waiting;
            }
            Flow::Illegal => return self.illegal(header),
        }
        // A context that leaves while it waits needs no such care: the next one brings its own RING_CTL.
        if std::mem::replace(&mut self.waiting, false) {
            let control = self.register(at::RING_CTL);
            self.gpu
                .regs
                .update(control, |old| old & !WAITS_FOR_SEMAPHORE);
        }
        self.gpu.witness.command(self.engine, dwords);
        self.settle(command.action, flow);
        self.live.publish(self.gpu, &self.state, header);
        let point = self.state.batch.is_none() || command.action == Action::ArbCheck;
        let arbitration = point && self.state.arbitrate;
        let jumped = self.state.batch.filter(|_| flow == Flow::Jumped);
        let jumped = jumped.map(|batch| batch.at);
        let spun = self.spin.note(command.action, jumped, arbitration);
        spun.unwrap_or(Step::Ran {
            cycles,
            arbitration,
        })
    }

    /// Drops what was fetched or translated and may be old now.
    fn settle(&mut self, action: Action, flow: Flow) {
        self.since_invalidate += 1;
        let flushed = matches!(
            action,
            Action::PipeControl | Action::FlushDw | Action::UpdateGtt
        );
        if flow == Flow::Jumped || flushed || self.since_invalidate >= TRANSLATIONS_LAST {
            self.memory.invalidate();
            self.since_invalidate = 0;
        }
        if self.memory.take_written() || flow == Flow::Jumped {
            self.line.forget();
        }
    }

    fn invalidate(&mut self) {
        self.memory.invalidate();
        self.since_invalidate = 0;
        self.line.forget();
    }

    fn illegal(&mut self, header: u32) -> Step {
        let at = self.address(0);
        self.gpu.witness.unknown_command(self.engine, header, at);
        self.hang(header)
    }

    /// Stops for good, as after an instruction error; the driver may have asked to be told.
    fn hang(&mut self, header: u32) -> Step {
        self.hung = true;
        self.live.publish(self.gpu, &self.state, header);
        let regs = &self.gpu.regs;
        if regs.get(self.register(at::EMR)) & ERROR_INSTRUCTION == 0 {
            regs.update(self.register(at::EIR), |old| old | ERROR_INSTRUCTION);
            self.interrupt(irq::ERROR);
        }
        Step::Hung
    }
}
