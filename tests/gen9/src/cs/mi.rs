// SPDX-License-Identifier: GPL-2.0

//! `MI_*` commands that move data between memory, registers and the GGTT (PRM Skylake vol. 2a).

use super::flow::{Flow, NEXT};
use super::math;
use super::stream::Streamer;
use crate::addr::{Gma, PAGE_SIZE};

/// The address is in the GGTT; the place of the bit in most commands.
const GLOBAL_GTT: u32 = 1 << 22;
/// Registers are named by bits 22:2.
const REGISTER: u32 = 0x7f_fffc;
/// `MI_STORE_REGISTER_MEM` runs only if the predicate is set.
const STORE_PREDICATED: u32 = 1 << 21;
/// Dwords of a performance report (format A32u40_A4u32_B8_C8).
const REPORT_DWORDS: u64 = 64;
/// Dword of the context's status page that takes the head (PRM Skylake vol. 3a "Hardware Status
/// Page Layout").
const REPORTED_HEAD: u64 = 4;

/// The address in `words[i]` and the next one; bits 1:0 are ignored.
pub fn gma(global: bool, words: &[u32], i: usize) -> Gma {
    let word = |i: usize| u64::from(words.get(i).copied().unwrap_or(0));
    let low = word(i) & !3;
    if global {
        Gma::global(low)
    } else {
        Gma::per_process(low | (word(i + 1) & 0xffff) << 32)
    }
}

/// Compares as bits 14:12 of a semaphore's header say; the reserved values never hold.
pub fn compare(operation: u32, memory: u32, inline: u32) -> bool {
    match operation {
        0 => memory > inline,
        1 => memory >= inline,
        2 => memory < inline,
        3 => memory <= inline,
        4 => memory == inline,
        5 => memory != inline,
        _ => false,
    }
}

fn word(words: &[u32], i: usize) -> u32 {
    words.get(i).copied().unwrap_or(0)
}

impl Streamer<'_> {
    /// Whether a command with its GGTT bit at `bit` has the right to its addresses.
    fn allowed(&self, header: u32, bit: u32) -> bool {
        header & bit == 0 || self.privileged()
    }

    /// `MI_STORE_DATA_IMM`: dwords, or qwords with bit 21, one after another.
    pub(super) fn store_immediate(&mut self, words: &[u32]) -> Flow {
        let header = words[0];
        if !self.allowed(header, GLOBAL_GTT) {
            return NEXT;
        }
        let at = gma(header & GLOBAL_GTT != 0, words, 1);
        let data = words.get(3..).unwrap_or_default();
        if header & 1 << 21 != 0 {
            for (pair, offset) in data.chunks_exact(2).zip((0..).step_by(8)) {
                let value = u64::from(pair[0]) | u64::from(pair[1]) << 32;
                self.memory.store_qword(at.offset(offset), value);
            }
        } else {
            for (value, offset) in data.iter().zip((0..).step_by(4)) {
                self.memory.store_dword(at.offset(offset), *value);
            }
        }
        NEXT
    }

    /// `MI_STORE_DATA_INDEX`: into the context's or the engine's hardware status page.
    pub(super) fn store_index(&mut self, words: &[u32]) -> Flow {
        let page = if words[0] & 1 << 21 != 0 {
            self.lrca
        } else {
            self.status_page()
        };
        let offset = word(words, 1) & 0xffc;
        let at = Gma::global(u64::from(page) + u64::from(offset));
        self.memory.store_dword(at, word(words, 2));
        if words.len() > 3 {
            self.memory.store_dword(at.offset(4), word(words, 3));
        }
        NEXT
    }

    /// `MI_REPORT_HEAD`.
    pub(super) fn report_head(&mut self) -> Flow {
        let at = Gma::global(u64::from(self.lrca) + 4 * REPORTED_HEAD);
        self.memory.store_dword(at, self.state.ring.head);
        NEXT
    }

    /// `MI_LOAD_REGISTER_IMM`: pairs of register and value; bits 11:8 keep bytes as they are.
    pub(super) fn load_immediate(&mut self, words: &[u32]) -> Flow {
        let kept = (0..4).fold(0u32, |mask, byte| {
            mask | if words[0] & 0x100 << byte != 0 {
                0xff << (8 * byte)
            } else {
                0
            }
        });
        for pair in words[1..].chunks_exact(2) {
            let register = pair[0] & REGISTER;
            let value = match kept {
                0 => pair[1],
                u32::MAX => continue,
                _ => self.read_register(register) & kept | pair[1] & !kept,
            };
            self.write_register(register, value);
        }
        NEXT
    }

    /// `MI_LOAD_REGISTER_REG`.
    pub(super) fn load_register(&mut self, words: &[u32]) -> Flow {
        let value = self.read_register(word(words, 1) & REGISTER);
        self.write_register(word(words, 2) & REGISTER, value);
        NEXT
    }

    /// `MI_LOAD_REGISTER_MEM`.
    pub(super) fn load_memory(&mut self, words: &[u32]) -> Flow {
        let header = words[0];
        if self.allowed(header, GLOBAL_GTT) {
            let value = self
                .memory
                .load_dword(gma(header & GLOBAL_GTT != 0, words, 2));
            self.write_register(word(words, 1) & REGISTER, value);
        }
        NEXT
    }

    /// `MI_STORE_REGISTER_MEM`.
    pub(super) fn store_register(&mut self, words: &[u32]) -> Flow {
        let header = words[0];
        if header & STORE_PREDICATED != 0 && !self.predicate_is_set() {
            return NEXT;
        }
        let value = self.read_register(word(words, 1) & REGISTER);
        if self.allowed(header, GLOBAL_GTT) {
            self.memory
                .store_dword(gma(header & GLOBAL_GTT != 0, words, 2), value);
        }
        NEXT
    }

    /// `MI_COPY_MEM_MEM`: one dword; bits 22 and 21 put source and destination in the GGTT.
    pub(super) fn copy_memory(&mut self, words: &[u32]) -> Flow {
        let header = words[0];
        if self.allowed(header, 3 << 21) {
            let value = self.memory.load_dword(gma(header & 1 << 22 != 0, words, 3));
            self.memory
                .store_dword(gma(header & 1 << 21 != 0, words, 1), value);
        }
        NEXT
    }

    /// `MI_UPDATE_GTT`: GGTT entries from the page at the address on.
    pub(super) fn update_gtt(&mut self, words: &[u32]) -> Flow {
        let first = u64::from(word(words, 1)) / PAGE_SIZE;
        for (pair, index) in words
            .get(2..)
            .unwrap_or_default()
            .chunks_exact(2)
            .zip(first..)
        {
            let entry = u64::from(pair[0]) | u64::from(pair[1]) << 32;
            self.gpu.ggtt.set_entry(index, entry);
        }
        NEXT
    }

    /// `MI_MATH`.
    pub(super) fn math(&mut self, words: &[u32]) -> Flow {
        let old: [u64; math::GPRS] = std::array::from_fn(|i| self.gpr(i));
        let mut new = old;
        math::run(&mut new, &words[1..]);
        for (i, (old, new)) in old.into_iter().zip(new).enumerate() {
            if old != new {
                self.set_gpr(i, new);
            }
        }
        NEXT
    }

    /// `MI_SEMAPHORE_WAIT`. Waits by signal poll too: what a signal would report is in memory.
    pub(super) fn semaphore_wait(&mut self, words: &[u32]) -> Flow {
        let header = words[0];
        if !self.allowed(header, GLOBAL_GTT) {
            return NEXT;
        }
        let value = self
            .memory
            .load_dword(gma(header & GLOBAL_GTT != 0, words, 2));
        if compare(header >> 12 & 7, value, word(words, 1)) {
            NEXT
        } else {
            Flow::Wait
        }
    }

    /// `MI_REPORT_PERF_COUNT`: a report whose counters are zero, since nothing is rendered.
    pub(super) fn report_perf(&mut self, words: &[u32]) -> Flow {
        let global = word(words, 1) & 1 != 0;
        if global && !self.privileged() {
            return NEXT;
        }
        let mut at = gma(global, words, 1);
        at.addr &= !0x3f;
        // CAST: the report has 32 bits for each.
        let timestamp = self.gpu.clock.timestamp() as u32;
        let first = [word(words, 3), timestamp, self.lrca >> 12, timestamp];
        let rest = std::iter::repeat(0);
        for (i, value) in (0..REPORT_DWORDS).zip(first.into_iter().chain(rest)) {
            self.memory.store_dword(at.offset(4 * i), value);
        }
        NEXT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons() {
        let holds = |memory, inline| -> Vec<u32> {
            (0..8)
                .filter(|&operation| compare(operation, memory, inline))
                .collect()
        };
        assert_eq!(holds(2, 1), [0, 1, 5]);
        assert_eq!(holds(1, 1), [1, 3, 4]);
        assert_eq!(holds(0, u32::MAX), [2, 3, 5]);
    }

    #[test]
    fn addresses() {
        let words = [0, 0x1234_5679, 0xabcd_0123];
        assert_eq!(gma(true, &words, 1), Gma::global(0x1234_5678));
        assert_eq!(gma(false, &words, 1), Gma::per_process(0x123_1234_5678));
        assert_eq!(gma(false, &words, 7), Gma::per_process(0));
    }
}
