// SPDX-License-Identifier: GPL-2.0

//! `MI_*` commands: the streamer's own. Opcodes are bits 31:23 of the header.

use super::{table, Engines, Length, Operation, Row};

const ALL: Engines = Engines::ALL;
const RENDER: Engines = Engines::RENDER;
const DISPLAY: Engines = Engines::DISPLAY;
const ONE: Length = Length::ONE;

const fn local(engines: Engines, opcode: u16, length: Length) -> Row {
    Row::local(engines, opcode, opcode, length)
}

const fn mi(engines: Engines, opcode: u16, length: Length, operation: Operation) -> Row {
    Row::on(engines, opcode, length, operation)
}

pub(super) const ROWS: [Row; 39] = table([
    local(ALL, 0x00, ONE), // MI_NOOP
    mi(ALL, 0x01, ONE, Operation::SetPredicate),
    mi(ALL, 0x02, ONE, Operation::UserInterrupt),
    mi(DISPLAY, 0x03, ONE, Operation::WaitForDisplay), // MI_WAIT_FOR_EVENT
    local(ALL, 0x04, ONE).unit(),                      // MI_FLUSH
    local(ALL, 0x05, ONE),                             // MI_ARB_CHECK
    local(RENDER, 0x06, ONE).unit(),                   // MI_RS_CONTROL
    mi(ALL, 0x07, ONE, Operation::ReportHead),
    mi(ALL, 0x08, ONE, Operation::Arbitration),
    local(RENDER, 0x09, ONE).unit(), // MI_URB_ATOMIC_ALLOC
    mi(ALL, 0x0a, ONE, Operation::BatchEnd),
    mi(ALL, 0x0b, ONE, Operation::SuspendFlush),
    local(RENDER, 0x0c, ONE),        // MI_PREDICATE
    local(ALL, 0x0d, ONE),           // MI_TOPOLOGY_FILTER
    local(ALL, 0x0e, ONE),           // MI_SET_APPID
    local(RENDER, 0x0f, ONE).unit(), // MI_RS_CONTEXT
    // MI_LOAD_SCAN_LINES_INCL and _EXCL.
    mi(DISPLAY, 0x12, SCAN_LINES, Operation::WaitForDisplay),
    mi(DISPLAY, 0x13, SCAN_LINES, Operation::WaitForDisplay),
    // The longer form is that of a stereo flip.
    mi(DISPLAY, 0x14, Length::between(8, 3, 4), Operation::Flip),
    mi(RENDER, 0x18, Length::BYTE, Operation::SetContext),
    local(RENDER, 0x19, Length::exactly(2)).unit(), // MI_URB_CLEAR
    local(ALL, 0x1a, Length::BYTE).on_gen8(MATH_GEN8), // MI_MATH
    local(ALL, 0x1b, Length::exactly(2)),           // MI_SEMAPHORE_SIGNAL
    mi(ALL, 0x1c, Length::exactly(4), Operation::SemaphoreWait),
    mi(ALL, 0x20, STORE, Operation::StoreImmediate),
    mi(ALL, 0x21, Length::between(8, 3, 4), Operation::StoreIndex),
    mi(ALL, 0x22, PAIRS, Operation::LoadImmediate),
    mi(ALL, 0x23, Length::field(10), Operation::UpdateGtt),
    mi(ALL, 0x24, Length::exactly(4), Operation::StoreRegister),
    // What it writes, and where to, can be left out by who wants nothing written.
    mi(ALL, 0x26, Length::between(6, 2, 5), Operation::Flush),
    mi(
        ALL,
        0x27,
        Length::between(10, 3, u16::MAX),
        Operation::FlushLines,
    ),
    mi(
        ALL,
        0x28,
        Length::between(6, 4, 4),
        Operation::ReportCounters,
    ),
    mi(ALL, 0x29, Length::exactly(4), Operation::LoadMemory),
    mi(ALL, 0x2a, Length::exactly(3), Operation::LoadRegister),
    // MI_RS_STORE_DATA_IMM, MI_LOAD_URB_MEM, MI_STORE_URB_MEM: per-process addresses only.
    Row::local(RENDER, 0x2b, 0x2d, Length::exactly(4)).unit(),
    mi(ALL, 0x2e, Length::exactly(5), Operation::CopyMemory),
    // The longer form has its operands in the command.
    mi(ALL, 0x2f, Length::between(8, 3, 11), Operation::Atomic),
    mi(ALL, 0x31, Length::exactly(3), Operation::BatchStart),
    mi(ALL, 0x36, Length::exactly(4), Operation::ConditionalEnd),
]);

/// The length field has 6 bits there. A command whose next two bits were taken for the field's would end
/// earlier for the hardware, which would run the rest of it as commands.
const MATH_GEN8: Length = Length::between(8, 2, 0x3f + 2);

const SCAN_LINES: Length = Length::between(6, 2, 2);

/// A dword at least.
const STORE: Length = Length::between(10, 4, u16::MAX);

/// A pair of register and value at least.
const PAIRS: Length = Length::between(8, 3, u16::MAX);
