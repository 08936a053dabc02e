// SPDX-License-Identifier: GPL-2.0

//! What PIPE_CONTROL and `MI_FLUSH_DW` do once everything before them is done: writes and
//! interrupts. Work is done in order here, so there is nothing to flush or to stall for.

use super::flow::{Flow, NEXT};
use super::irq;
use super::mi::gma;
use super::registers::at;
use super::stream::Streamer;
use crate::addr::Gma;

const NOTIFY: u32 = 1 << 8;
/// The address is an offset in a hardware status page.
const STORE_INDEX: u32 = 1 << 21;

/// PIPE_CONTROL, second dword.
mod pipe {
    pub const MMIO_WRITE: u32 = 1 << 23;
    pub const GLOBAL_GTT: u32 = 1 << 24;
}

/// `MI_FLUSH_DW`, second dword.
const FLUSH_GLOBAL_GTT: u32 = 1 << 2;

/// Bits 15:14: what is written.
const IMMEDIATE: u32 = 1;
const DEPTH_COUNT: u32 = 2;
const TIMESTAMP: u32 = 3;

/// The qword in which `at` lies.
fn qword(at: Gma) -> Gma {
    Gma {
        addr: at.addr & !7,
        ..at
    }
}

impl Streamer<'_> {
    pub(super) fn pipe_control(&mut self, words: &[u32]) -> Flow {
        let flags = words.get(1).copied().unwrap_or(0);
        let word = |i: usize| words.get(i).copied().unwrap_or(0);
        let immediate = u64::from(word(4)) | u64::from(word(5)) << 32;
        let operation = flags >> 14 & 3;
        if flags & pipe::MMIO_WRITE != 0 {
            if operation == IMMEDIATE {
                self.write_register(word(2) & 0x7f_fffc, immediate as u32);
            }
        } else if operation != 0 {
            let global = flags & pipe::GLOBAL_GTT != 0;
            if let Some(to) = self.destination(global, flags & STORE_INDEX != 0, words, 2) {
                let value = match operation {
                    TIMESTAMP => self.gpu.clock.timestamp(),
                    DEPTH_COUNT => self.gpu.regs.get64(self.register(at::PS_DEPTH_COUNT)),
                    _ => immediate,
                };
                // Bit 2 of the address is ignored: IGT sets it, as for Gen6, to name the space.
                self.memory.store_qword(qword(to), value);
            }
        }
        if flags & NOTIFY != 0 {
            self.interrupt(irq::FLUSH);
        }
        NEXT
    }

    pub(super) fn flush_dw(&mut self, words: &[u32]) -> Flow {
        let header = words[0];
        let operation = header >> 14 & 3;
        let word = |i: usize| words.get(i).copied().unwrap_or(0);
        if operation != 0 {
            let global = word(1) & FLUSH_GLOBAL_GTT != 0;
            if let Some(to) = self.destination(global, header & STORE_INDEX != 0, words, 1) {
                // Bit 2 is the space, so the address is a multiple of 8.
                let to = qword(to);
                match operation {
                    TIMESTAMP => self.memory.store_qword(to, self.gpu.clock.timestamp()),
                    IMMEDIATE if words.len() > 4 => {
                        let value = u64::from(word(3)) | u64::from(word(4)) << 32;
                        self.memory.store_qword(to, value);
                    }
                    IMMEDIATE => self.memory.store_dword(to, word(3)),
                    _ => {}
                }
            }
        }
        if header & NOTIFY != 0 {
            self.interrupt(irq::FLUSH);
        }
        NEXT
    }

    /// Where a post-sync operation writes; `None` when the batch has not the right to.
    fn destination(&self, global: bool, index: bool, words: &[u32], address: usize) -> Option<Gma> {
        if (global || index) && !self.privileged() {
            return None;
        }
        let to = gma(global, words, address);
        if index {
            let page = if global {
                self.status_page()
            } else {
                self.lrca
            };
            return Some(Gma::global(u64::from(page) + (to.addr & 0xffc)));
        }
        Some(to)
    }
}
