// SPDX-License-Identifier: GPL-2.0

//! Commands that access memory at an address in the command.

use super::{
    auditor::Auditor,
    guest::RegisterPolicy,
    stream::{dwords, Why},
    Place,
};
use crate::hw::{
    addr::{Bytes, GuestGma},
    command::{
        field::{self, atomic},
        Operation,
    },
};

pub(super) const DWORD: Bytes = Bytes::new(4);
const QWORD: Bytes = Bytes::new(8);

/// Whether an operand of the command is in the GGTT. In a batch without privilege hardware skips it then.
/// Writes that follow a flush are not meant: without them the flush remains.
pub(super) fn in_global(operation: Operation, words: &[u32]) -> bool {
    let (header, second) = match *words {
        [header, second, ..] => (header, second),
        _ => return false,
    };
    match operation {
        Operation::SemaphoreWait
        | Operation::StoreImmediate
        | Operation::FlushLines
        | Operation::Atomic
        | Operation::LoadMemory
        | Operation::StoreRegister
        | Operation::ConditionalEnd => header & field::GLOBAL != 0,
        Operation::CopyMemory => header & (field::GLOBAL | field::COPY_TO_GLOBAL) != 0,
        Operation::ReportCounters => second & field::REPORT_GLOBAL != 0,
        _ => false,
    }
}

impl<R: RegisterPolicy> Auditor<'_, R> {
    pub(super) fn semaphore_wait(&mut self, words: &[u32]) -> Result<(), Why> {
        let [header, _, low, high] = *words else {
            return Err(Why::Length);
        };
        // No driver waits for one, and it would be a way to read any.
        if header & field::WAIT_FOR_REGISTER != 0 {
            return Err(Why::Operand);
        }
        self.findings.waits = true;
        self.operand(header & field::GLOBAL != 0, low, high, DWORD)
    }

    pub(super) fn store_immediate(&mut self, words: &[u32]) -> Result<(), Why> {
        let [header, low, high, ref data @ ..] = *words else {
            return Err(Why::Length);
        };
        let whole = data.chunks_exact(2).remainder().is_empty();
        if header & field::STORE_QWORDS != 0 && !whole {
            return Err(Why::Length);
        }
        let global = header & field::GLOBAL != 0;
        if global && low & field::STORE_CORE_MODE != 0 {
            return Err(Why::Operand);
        }
        self.operand(global, low, high, dwords(data.len()).bytes())?;
        if let (true, &[value, ..]) = (global, data) {
            self.writes(low, high, value);
        }
        Ok(())
    }

    /// A value from the commands is written to an address in the GGTT, which passed.
    pub(super) fn writes(&mut self, low: u32, high: u32, value: u32) {
        if self.place == Place::Ring {
            let at = GuestGma::new(u64::from(high) << 32 | u64::from(low & !3));
            self.findings.marks.write(at, value);
        }
    }

    /// Nobody flushes lines of the GGTT, so what lines they are is not worked out.
    pub(super) fn flush_lines(&self, words: &[u32]) -> Result<(), Why> {
        if in_global(Operation::FlushLines, words) {
            return Err(Why::Forbidden);
        }
        Ok(())
    }

    pub(super) fn report_counters(&self, words: &[u32]) -> Result<(), Why> {
        let [_, low, high, _] = *words else {
            return Err(Why::Length);
        };
        let global = low & field::REPORT_GLOBAL != 0;
        self.operand(global, low, high, Bytes::new(field::REPORT_BYTES))?;
        if global && low & field::REPORT_CORE_MODE != 0 {
            return Err(Why::Operand);
        }
        Ok(())
    }

    pub(super) fn copy_memory(&self, words: &[u32]) -> Result<(), Why> {
        let [header, to_low, to_high, from_low, from_high] = *words else {
            return Err(Why::Length);
        };
        let from = header & field::GLOBAL != 0;
        let to = header & field::COPY_TO_GLOBAL != 0;
        self.operand(to, to_low, to_high, DWORD)?;
        self.operand(from, from_low, from_high, DWORD)
    }

    pub(super) fn atomic(&self, words: &[u32]) -> Result<(), Why> {
        let [header, low, high, ref operands @ ..] = *words else {
            return Err(Why::Length);
        };
        let expected = if header & atomic::INLINE != 0 { 8 } else { 0 };
        if operands.len() != expected {
            return Err(Why::Length);
        }
        let size = atomic::bytes(header).ok_or(Why::Operand)?;
        let global = header & field::GLOBAL != 0;
        // Where hardware would go otherwise is not said.
        let aligned = u64::from(low & !3).checked_rem(size) == Some(0);
        if global && !aligned {
            return Err(Why::Operand);
        }
        self.operand(global, low, high, Bytes::new(size))
    }

    /// The operand of MI_CONDITIONAL_BATCH_BUFFER_END: a dword, and in one form a mask behind it.
    pub(super) fn compared(&self, words: &[u32]) -> Result<(), Why> {
        let [header, _, low, high] = *words else {
            return Err(Why::Length);
        };
        self.operand(header & field::GLOBAL != 0, low, high, QWORD)
    }

    /// Audits an address of the command, if it is in the GGTT.
    pub(super) fn operand(
        &self,
        global: bool,
        low: u32,
        high: u32,
        size: Bytes,
    ) -> Result<(), Why> {
        if global {
            self.global(low, high, size)?;
        }
        Ok(())
    }
}
