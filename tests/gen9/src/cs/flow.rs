// SPDX-License-Identifier: GPL-2.0

//! Commands that change where the streamer reads: batches and their ends.

use super::Batch;
use super::mi::{compare, gma};
use super::registers::at;
use super::stream::Streamer;

/// What the streamer does after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Goes on behind it; `cycles` is what it took beyond its fixed cost.
    Next { cycles: u32 },
    /// Goes on where the command put it.
    Jumped,
    /// Comes back to it; a part is done.
    Again { cycles: u32 },
    /// Comes back to it; nothing could be done.
    Wait,
    /// Stops: it is no command.
    Illegal,
}

/// Behind the command, at its fixed cost.
pub const NEXT: Flow = Flow::Next { cycles: 0 };

/// `MI_BATCH_BUFFER_START`.
mod start {
    pub const IN_PPGTT: u32 = 1 << 8;
    pub const PREDICATE: u32 = 1 << 15;
    pub const ADD_OFFSET: u32 = 1 << 16;
    pub const SECOND_LEVEL: u32 = 1 << 22;
}

/// `MI_CONDITIONAL_BATCH_BUFFER_END`.
mod end {
    pub const MASKED: u32 = 1 << 19;
    pub const COMPARE: u32 = 1 << 21;
    pub const GLOBAL_GTT: u32 = 1 << 22;
}

impl Streamer<'_> {
    /// `MI_BATCH_BUFFER_START`: from the ring a first batch; from a batch its successor, or with
    /// the second-level bit one that returns.
    pub(super) fn batch_start(&mut self, words: &[u32]) -> Flow {
        let header = words[0];
        // i915's wait loop for the OA unit relies on MI_PREDICATE_RESULT_1 (i915_perf.c).
        if header & start::PREDICATE != 0
            && self.gpu.regs.get(self.register(at::PREDICATE_RESULT_1)) & 1 == 0
        {
            return NEXT;
        }
        // A batch never has more rights than the one that starts it.
        let privileged = header & start::IN_PPGTT == 0 && self.privileged();
        let mut target = gma(privileged, words, 1);
        if header & start::ADD_OFFSET != 0 {
            let offset = self.gpu.regs.get(self.register(at::BB_OFFSET)) & !3;
            target = target.offset(offset.into());
        }
        self.advance(words.len());
        if header & start::SECOND_LEVEL != 0 && self.state.outer.is_none() {
            self.state.outer = self.state.batch;
        }
        self.state.batch = Some(Batch {
            at: target,
            privileged,
        });
        Flow::Jumped
    }

    /// `MI_BATCH_BUFFER_END`; means nothing in the ring.
    pub(super) fn batch_end(&mut self) -> Flow {
        if self.state.batch.is_none() {
            return NEXT;
        }
        self.state.batch = self.state.outer.take();
        Flow::Jumped
    }

    /// `MI_CONDITIONAL_BATCH_BUFFER_END`: goes on while memory compares with the command's value,
    /// by default while it is greater.
    pub(super) fn conditional_end(&mut self, words: &[u32]) -> Flow {
        let header = words[0];
        let global = header & end::GLOBAL_GTT != 0;
        if header & end::COMPARE == 0 || global && !self.privileged() {
            return NEXT;
        }
        let at = gma(global, words, 2);
        let value = if header & end::MASKED != 0 {
            let both = self.memory.load_qword(at);
            both as u32 & (both >> 32) as u32
        } else {
            self.memory.load_dword(at)
        };
        let inline = words.get(1).copied().unwrap_or(0);
        if compare(header >> 12 & 7, value, inline) {
            NEXT
        } else {
            self.batch_end()
        }
    }
}
