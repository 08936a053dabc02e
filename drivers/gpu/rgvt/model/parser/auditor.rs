// SPDX-License-Identifier: GPL-2.0

//! The audit of one command.

use super::{
    guest::{Guest, RegisterPolicy},
    memory::in_global,
    stream::{erase, Findings, Start, Why},
    Place, Space, MOST_STARTS,
};
use crate::hw::{
    addr::{Bytes, GuestGma},
    command::{field, Decoder, Flip, Operation, Undefined},
    platform::Generation,
};
use kernel::alloc::{flags::GFP_KERNEL, KVec};

/// What follows a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The command behind it, maybe after a batch that it called.
    Command,
    /// Nothing here.
    End,
}

/// Audits commands, one after another.
pub(super) struct Auditor<'g, R> {
    pub(super) place: Place,
    pub(super) guest: &'g Guest<'g, R>,
    decoder: Decoder,
    pub(super) findings: Findings,
    pub(super) starts: KVec<Start>,
}

impl<'g, R: RegisterPolicy> Auditor<'g, R> {
    pub(super) fn new(place: Place, guest: &'g Guest<'g, R>) -> Self {
        Self {
            place,
            guest,
            decoder: Decoder::new(guest.platform, guest.engine),
            findings: Findings::default(),
            starts: KVec::new(),
        }
    }

    pub(super) fn finish(self) -> (Findings, KVec<Start>) {
        (self.findings, self.starts)
    }

    /// Audits the command that `rest` begins with, at dword `at` of the whole. Returns its length.
    pub(super) fn command(&mut self, at: usize, rest: &mut [u32]) -> Result<(usize, Next), Why> {
        let header = *rest.first().ok_or(Why::Truncated)?;
        let command = self.decoder.decode(header)?;
        let length = usize::from(command.dwords);
        let words = rest.get_mut(..length).ok_or(Why::Truncated)?;
        let operation = command.operation;
        // As are most, and long batches may be nothing else.
        if operation == Operation::Local || operation == Operation::Unit && !self.restoring() {
            return Ok((length, Next::Command));
        }
        let privileged = operation.is_privileged() || in_global(operation, words);
        if privileged && !self.privileged() {
            // Hardware would skip it. The copy runs where hardware does not.
            erase(words);
            return Ok((length, Next::Command));
        }
        Ok((length, self.operation(operation, at, words)?))
    }

    fn operation(
        &mut self,
        operation: Operation,
        at: usize,
        words: &mut [u32],
    ) -> Result<Next, Why> {
        match operation {
            // The host's own commands follow, which are not to be skipped. Until then the engine cannot be
            // preempted, and nobody be blamed if it hangs.
            Operation::SetPredicate | Operation::SemaphoreWait | Operation::Unit
                if self.restoring() =>
            {
                return Err(Why::Forbidden)
            }
            Operation::Local | Operation::Unit | Operation::SetPredicate => {}
            Operation::UserInterrupt => {
                self.findings.events.user = true;
                if self.place == Place::Ring {
                    self.findings.marks.interrupt();
                }
                erase(words);
            }
            // The host's display is none of the guest's business, and the guest's has no lines.
            Operation::WaitForDisplay => erase(words),
            // The page is that of the context that the host runs, where the guest does not look.
            Operation::ReportHead => erase(words),
            Operation::Arbitration => self.arbitration(words),
            // What it holds back are the flushes of everybody.
            Operation::SuspendFlush => erase(words),
            Operation::BatchEnd => return self.batch_end(),
            Operation::ConditionalEnd => self.conditional_end(words)?,
            Operation::BatchStart => return self.batch_start(at, words),
            Operation::Flip => self.flip(words)?,
            Operation::SetContext | Operation::UpdateGtt | Operation::StoreIndex => {
                return Err(Why::Forbidden)
            }
            Operation::SemaphoreWait => self.semaphore_wait(words)?,
            Operation::StoreImmediate => self.store_immediate(words)?,
            Operation::FlushLines => self.flush_lines(words)?,
            Operation::ReportCounters => self.report_counters(words)?,
            Operation::CopyMemory => self.copy_memory(words)?,
            Operation::Atomic => self.atomic(words)?,
            Operation::LoadImmediate => self.load_immediate(words)?,
            Operation::LoadMemory => self.load_memory(words)?,
            Operation::LoadRegister => self.load_register(words)?,
            Operation::StoreRegister => self.store_register(words)?,
            Operation::Flush => self.flush(words)?,
            Operation::PipeControl => self.pipe_control(words)?,
        }
        Ok(Next::Command)
    }

    /// Whether hardware lets commands here do everything.
    pub(super) fn privileged(&self) -> bool {
        let space = match self.place {
            Place::Batch { space, .. } => space,
            _ => Space::Global,
        };
        space == Space::Global
    }

    /// Whether the commands run while a context is restored.
    fn restoring(&self) -> bool {
        matches!(self.place, Place::IndirectContext | Place::PerContext)
    }

    /// The GGTT address in two dwords, if `size` bytes from there on are the guest's.
    pub(super) fn global(&self, low: u32, high: u32, size: Bytes) -> Result<GuestGma, Why> {
        let address = GuestGma::new(u64::from(high) << 32 | u64::from(low & !3));
        match self.guest.share.audit(address, size) {
            Some(_) => Ok(address),
            None => Err(Why::Address(address)),
        }
    }

    /// When a guest is preempted is for the host to say. On Gen8, and while a context is restored, there
    /// are workarounds that keep preemption off, and i915 does not preempt the render engine of Gen8; it
    /// puts preemption back on at the end of each request. On Gen9 nobody would after a restore, so what
    /// its batches leave has to be looked at.
    fn arbitration(&mut self, words: &mut [u32]) {
        if self.guest.platform.generation() == Generation::Gen8 {
            return;
        }
        let on = words
            .first()
            .is_some_and(|header| header & field::ARBITRATION_ON != 0);
        if self.restoring() {
            self.findings.arbitration = Some(on);
        } else if !on {
            erase(words);
        }
    }

    fn flip(&mut self, words: &mut [u32]) -> Result<(), Why> {
        let [header, pitch, address, ..] = *words else {
            return Err(Why::Length);
        };
        let generation = self.guest.platform.generation();
        let flip = Flip::decode(generation, header, pitch, address).ok_or(Why::Operand)?;
        if self.findings.flips.len() >= MOST_STARTS {
            return Err(Why::TooMany);
        }
        self.findings
            .flips
            .push(flip, GFP_KERNEL)
            .map_err(|_| Why::Memory)?;
        erase(words);
        Ok(())
    }
}

impl From<Undefined> for Why {
    fn from(undefined: Undefined) -> Self {
        match undefined {
            Undefined::Opcode => Self::Unknown,
            Undefined::Length => Self::Length,
        }
    }
}
