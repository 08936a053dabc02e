// SPDX-License-Identifier: GPL-2.0
//! Batch builder: the memory-interface commands of Gen8 and Gen9 by name.
//!
//! Encodings: `gt/intel_gpu_commands.h` and the Skylake PRM volume 2a, "Command Reference:
//! Instructions". Every address is a virtual one of the context's own address space.

use crate::alu::Alu;

/// Bits 28:23 of a memory-interface command.
pub(crate) const fn mi(opcode: u32) -> u32 {
    opcode << 23
}

const MI_NOOP: u32 = mi(0x00);
const MI_ARB_CHECK: u32 = mi(0x05);
const MI_BATCH_BUFFER_END: u32 = mi(0x0a);
const MI_MATH: u32 = mi(0x1a);
const MI_SEMAPHORE_WAIT: u32 = mi(0x1c);
const MI_STORE_DATA_IMM: u32 = mi(0x20);
const MI_LOAD_REGISTER_IMM: u32 = mi(0x22);
const MI_STORE_REGISTER_MEM: u32 = mi(0x24);
const MI_FLUSH_DW: u32 = mi(0x26);
const MI_LOAD_REGISTER_MEM: u32 = mi(0x29);
const MI_LOAD_REGISTER_REG: u32 = mi(0x2a);
const MI_BATCH_BUFFER_START: u32 = mi(0x31);
/// An opcode that the PRM leaves out; the kernel's parser lets it through on every engine.
const MI_UNKNOWN: u32 = mi(0x3f);
/// 3DSTATE type 3, pipeline 3, opcode 2.
const PIPE_CONTROL: u32 = (0x3 << 29) | (0x3 << 27) | (0x2 << 24);

/// Dword 0 of MI_STORE_DATA_IMM: 64 bits of data.
const STORE_QWORD: u32 = 1 << 21;
/// Dword 0 of MI_SEMAPHORE_WAIT: poll memory instead of waiting for a signal.
const SEMAPHORE_POLL: u32 = 1 << 15;
/// Dword 0 of MI_BATCH_BUFFER_START: addresses are the context's own.
const BATCH_PPGTT: u32 = 1 << 8;
/// Dword 0 of MI_BATCH_BUFFER_START: return here at the end of the batch.
const BATCH_SECOND_LEVEL: u32 = 1 << 22;
/// Dword 0 of MI_BATCH_BUFFER_START, render engine: only if the predicate is set.
const BATCH_PREDICATED: u32 = 1 << 15;
/// Dword 0 of MI_STORE_REGISTER_MEM, render engine: only if the predicate is set.
const STORE_PREDICATED: u32 = 1 << 21;
/// Dword 1 of PIPE_CONTROL: nothing after it starts before what came earlier is done.
const CS_STALL: u32 = 1 << 20;
/// Bits 15:14 of PIPE_CONTROL's dword 1 and of MI_FLUSH_DW's dword 0.
const POST_SYNC_QWORD: u32 = 1 << 14;
const POST_SYNC_TIMESTAMP: u32 = 3 << 14;

/// How MI_SEMAPHORE_WAIT compares memory (left) with the command's value (right).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Compare {
    /// memory > value
    Greater = 0,
    /// memory >= value
    GreaterEqual = 1,
    /// memory < value
    Less = 2,
    /// memory <= value
    LessEqual = 3,
    /// memory == value
    Equal = 4,
    /// memory != value
    NotEqual = 5,
}

/// A batch under construction.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    words: Vec<u32>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was built so far.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Appends a command: its first dword without length, then the rest. The length field counts
    /// all dwords but two.
    pub(crate) fn command(&mut self, header: u32, rest: &[u32]) -> &mut Self {
        let length = u32::try_from(rest.len())
            .unwrap_or(u32::MAX)
            .wrapping_sub(1);
        self.words.push(header | length & 0xff);
        self.words.extend_from_slice(rest);
        self
    }

    /// Appends a command of one dword, which has no length field.
    pub(crate) fn dword(&mut self, word: u32) -> &mut Self {
        self.words.push(word);
        self
    }

    /// Does nothing.
    pub fn noop(&mut self) -> &mut Self {
        self.dword(MI_NOOP)
    }

    /// A point where a batch may be preempted.
    pub fn arb_check(&mut self) -> &mut Self {
        self.dword(MI_ARB_CHECK)
    }

    /// A command that no engine knows.
    pub fn unknown_command(&mut self) -> &mut Self {
        self.command(MI_UNKNOWN, &[0])
    }

    /// Ends the batch; a no-op fills up to eight bytes, the alignment of a batch's length.
    pub fn end(&mut self) -> &mut Self {
        self.words.push(MI_BATCH_BUFFER_END);
        if self.words.len() % 2 == 1 {
            self.words.push(MI_NOOP);
        }
        self
    }

    /// Stores 32 bits.
    pub fn store_dword(&mut self, address: u64, value: u32) -> &mut Self {
        self.command(MI_STORE_DATA_IMM, &[lo(address), hi(address), value])
    }

    /// Stores 64 bits.
    pub fn store_qword(&mut self, address: u64, value: u64) -> &mut Self {
        let rest = [lo(address), hi(address), lo(value), hi(value)];
        self.command(MI_STORE_DATA_IMM | STORE_QWORD, &rest)
    }

    /// Loads a register with 32 bits.
    pub fn load_imm(&mut self, register: u32, value: u32) -> &mut Self {
        self.command(MI_LOAD_REGISTER_IMM, &[register, value])
    }

    /// Loads a 64-bit register, low dword first, by one command.
    pub fn load_imm64(&mut self, register: u32, value: u64) -> &mut Self {
        self.command(
            MI_LOAD_REGISTER_IMM,
            &[register, lo(value), register + 4, hi(value)],
        )
    }

    /// Loads a register from memory.
    pub fn load_mem(&mut self, register: u32, address: u64) -> &mut Self {
        self.command(MI_LOAD_REGISTER_MEM, &[register, lo(address), hi(address)])
    }

    /// Copies a register.
    pub fn load_reg(&mut self, source: u32, destination: u32) -> &mut Self {
        self.command(MI_LOAD_REGISTER_REG, &[source, destination])
    }

    /// Stores a register.
    pub fn store_reg(&mut self, register: u32, address: u64) -> &mut Self {
        self.command(MI_STORE_REGISTER_MEM, &[register, lo(address), hi(address)])
    }

    /// Stores a register if the predicate is set (render engine).
    pub fn store_reg_predicated(&mut self, register: u32, address: u64) -> &mut Self {
        let rest = [register, lo(address), hi(address)];
        self.command(MI_STORE_REGISTER_MEM | STORE_PREDICATED, &rest)
    }

    /// Stores a 64-bit register, low dword first.
    pub fn store_reg64(&mut self, register: u32, address: u64) -> &mut Self {
        self.store_reg(register, address)
            .store_reg(register + 4, address + 4)
    }

    /// Runs a program on the command streamer's ALU.
    pub fn math(&mut self, program: &[Alu]) -> &mut Self {
        let rest: Vec<u32> = program.iter().map(|step| step.encode()).collect();
        self.command(MI_MATH, &rest)
    }

    /// Waits until the dword at `address` compares with `value`.
    pub fn semaphore_wait(&mut self, address: u64, compare: Compare, value: u32) -> &mut Self {
        let header = MI_SEMAPHORE_WAIT | SEMAPHORE_POLL | ((compare as u32) << 12);
        self.command(header, &[value, lo(address), hi(address)])
    }

    /// Continues at `address`, for good.
    pub fn jump(&mut self, address: u64) -> &mut Self {
        self.command(
            MI_BATCH_BUFFER_START | BATCH_PPGTT,
            &[lo(address), hi(address)],
        )
    }

    /// As `jump`, if MI_PREDICATE_RESULT_1 is set (render engine).
    pub fn jump_predicated(&mut self, address: u64) -> &mut Self {
        let header = MI_BATCH_BUFFER_START | BATCH_PPGTT | BATCH_PREDICATED;
        self.command(header, &[lo(address), hi(address)])
    }

    /// Runs the batch at `address` and comes back.
    pub fn call(&mut self, address: u64) -> &mut Self {
        let header = MI_BATCH_BUFFER_START | BATCH_PPGTT | BATCH_SECOND_LEVEL;
        self.command(header, &[lo(address), hi(address)])
    }

    /// Stalls, then stores 64 bits (render engine).
    pub fn pipe_control_store(&mut self, address: u64, value: u64) -> &mut Self {
        let flags = CS_STALL | POST_SYNC_QWORD;
        let rest = [flags, lo(address), hi(address), lo(value), hi(value)];
        self.command(PIPE_CONTROL, &rest)
    }

    /// Stalls, then stores the timestamp (render engine).
    pub fn pipe_control_timestamp(&mut self, address: u64) -> &mut Self {
        let flags = CS_STALL | POST_SYNC_TIMESTAMP;
        self.command(PIPE_CONTROL, &[flags, lo(address), hi(address), 0, 0])
    }

    /// Flushes, then stores 64 bits (all but the render engine).
    pub fn flush_dw_store(&mut self, address: u64, value: u64) -> &mut Self {
        let rest = [lo(address), hi(address), lo(value), hi(value)];
        self.command(MI_FLUSH_DW | POST_SYNC_QWORD, &rest)
    }

    /// Flushes, then stores the timestamp (all but the render engine).
    pub fn flush_dw_timestamp(&mut self, address: u64) -> &mut Self {
        self.command(
            MI_FLUSH_DW | POST_SYNC_TIMESTAMP,
            &[lo(address), hi(address), 0, 0],
        )
    }

    /// Flushes and stores nothing (all but the render engine).
    pub fn flush_dw(&mut self) -> &mut Self {
        self.command(MI_FLUSH_DW, &[0, 0, 0])
    }
}

/// Bits 31:0.
pub(crate) const fn lo(value: u64) -> u32 {
    value as u32
}

/// Bits 63:32.
pub(crate) const fn hi(value: u64) -> u32 {
    (value >> 32) as u32
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
