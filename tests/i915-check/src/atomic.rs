// SPDX-License-Identifier: GPL-2.0
//! Commands that compute on memory or decide: MI_ATOMIC, MI_COPY_MEM_MEM,
//! MI_CONDITIONAL_BATCH_BUFFER_END and MI_PREDICATE (Skylake PRM volume 2a).

use crate::batch::{Batch, hi, lo, mi};

const MI_PREDICATE: u32 = mi(0x0c);
const MI_COPY_MEM_MEM: u32 = mi(0x2e);
const MI_ATOMIC: u32 = mi(0x2f);
const MI_CONDITIONAL_BATCH_BUFFER_END: u32 = mi(0x36);

/// MI_ATOMIC: the operands follow in the command.
const INLINE_DATA: u32 = 1 << 18;
/// MI_ATOMIC: wait for the result before the next command.
const CS_STALL: u32 = 1 << 17;
/// MI_ATOMIC: data size in bits 20:19, 64 bits.
const SIZE_QWORD: u32 = 1 << 19;
/// MI_ATOMIC: added to an operation's code when it works on 64 bits.
const OPERATION_QWORD: u32 = 0x20;
/// MI_CONDITIONAL_BATCH_BUFFER_END: compare at all.
const DO_COMPARE: u32 = 1 << 21;
/// MI_PREDICATE: load operation in bits 7:6, the comparison's result.
const PREDICATE_LOAD: u32 = 2 << 6;

/// Operations of MI_ATOMIC on memory `m` with operands `a` and `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Atomic {
    /// m & a
    And = 0x1,
    /// m | a
    Or = 0x2,
    /// m ^ a
    Xor = 0x3,
    /// a
    Move = 0x4,
    /// m + 1
    Increment = 0x5,
    /// m - 1
    Decrement = 0x6,
    /// m + a
    Add = 0x7,
    /// m - a
    Sub = 0x8,
    /// a - m
    ReverseSub = 0x9,
    /// larger of m and a, signed
    MaxSigned = 0xa,
    /// smaller of m and a, signed
    MinSigned = 0xb,
    /// larger of m and a, unsigned
    MaxUnsigned = 0xc,
    /// smaller of m and a, unsigned
    MinUnsigned = 0xd,
    /// b if m equals a, else m
    CompareWrite = 0xe,
}

/// What MI_PREDICATE compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Predicate {
    /// True without comparing.
    Always = 0,
    /// MI_PREDICATE_SRC0 equals MI_PREDICATE_SRC1.
    SourcesEqual = 2,
}

impl Batch {
    /// An atomic operation on 32 bits.
    pub fn atomic(&mut self, operation: Atomic, address: u64, a: u32, b: u32) -> &mut Self {
        let header = MI_ATOMIC | INLINE_DATA | CS_STALL | ((operation as u32) << 8);
        self.command(header, &[lo(address), hi(address), a, b, 0, 0, 0, 0, 0, 0])
    }

    /// An atomic operation on 64 bits.
    pub fn atomic64(&mut self, operation: Atomic, address: u64, a: u64, b: u64) -> &mut Self {
        let code = operation as u32 | OPERATION_QWORD;
        let header = MI_ATOMIC | INLINE_DATA | CS_STALL | SIZE_QWORD | (code << 8);
        let rest = [
            lo(address),
            hi(address),
            lo(a),
            lo(b),
            hi(a),
            hi(b),
            0,
            0,
            0,
            0,
        ];
        self.command(header, &rest)
    }

    /// Copies 32 bits from memory to memory.
    pub fn copy_mem(&mut self, destination: u64, source: u64) -> &mut Self {
        let rest = [lo(destination), hi(destination), lo(source), hi(source)];
        self.command(MI_COPY_MEM_MEM, &rest)
    }

    /// Ends the batch unless the dword at `address` is greater than `value`.
    pub fn end_unless_greater(&mut self, address: u64, value: u32) -> &mut Self {
        let header = MI_CONDITIONAL_BATCH_BUFFER_END | DO_COMPARE;
        self.command(header, &[value, lo(address), hi(address)])
    }

    /// Sets the predicate to a comparison's result (render engine).
    pub fn predicate(&mut self, predicate: Predicate) -> &mut Self {
        self.dword(MI_PREDICATE | PREDICATE_LOAD | predicate as u32)
    }
}
