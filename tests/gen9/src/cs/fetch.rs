// SPDX-License-Identifier: GPL-2.0

//! Instruction fetch, 64 bytes at a time.

use super::memory::Memory;
use crate::addr::Gma;

const LINE: u64 = 64;

/// The line that was fetched last. It stays valid over straight-line code only: a jump, a wait, a
/// store by the streamer itself and a moved tail drop it, as the hardware's prefetcher does.
#[derive(Default)]
pub struct Line {
    at: Option<Gma>,
    /// The ring's tail at the time: bytes beyond it were not written yet.
    tail: u32,
    dwords: [u32; 16],
}

impl Line {
    /// Forgets the line.
    pub fn forget(&mut self) {
        self.at = None;
    }

    /// The dword at `at`, a multiple of 4; `None` when it cannot be fetched.
    pub fn dword(&mut self, memory: &mut Memory<'_>, at: Gma, tail: u32) -> Option<u32> {
        let line = Gma {
            addr: at.addr & !(LINE - 1),
            ..at
        };
        if self.at != Some(line) || self.tail != tail {
            self.at = None;
            self.dwords = memory.line(line)?;
            self.at = Some(line);
            self.tail = tail;
        }
        // CAST: less than 16.
        Some(self.dwords[(at.addr % LINE / 4) as usize])
    }
}
