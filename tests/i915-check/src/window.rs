// SPDX-License-Identifier: GPL-2.0
//! Windows: stretches of work in which the lab's emulated CPU counts what is executed, everywhere in the
//! machine (tests/bench/count). Where nobody counts, they only take the time.

use std::arch::asm;
use std::arch::x86_64::__cpuid;
use std::time::{Duration, Instant};

/// What the displacement of a NOP that is a mark begins with; then come one byte each for the kind and for the
/// window's number. `tests/bench/count/count.c` has the same.
const MARK: u32 = 0x4756 << 16;
const BEGIN: u32 = MARK | 1 << 8;
const END: u32 = MARK | 2 << 8;

/// Executes NOPL with a displacement, which must be part of the instruction.
macro_rules! mark {
    ($displacement:expr) => {
        // SAFETY: it does nothing. It is not said that it leaves memory alone, so that the compiler moves no
        // access over it.
        unsafe {
            asm!(
                ".byte 0x0f, 0x1f, 0x84, 0x00",
                ".long {}",
                const $displacement,
                options(nostack, preserves_flags)
            )
        }
    };
}

/// Does the work in the window of this number, and says how long it took.
pub fn around<const NUMBER: u8, T>(work: impl FnOnce() -> T) -> (T, Duration) {
    mark!(BEGIN | NUMBER as u32);
    let start = Instant::now();
    let result = work();
    let time = start.elapsed();
    mark!(END | NUMBER as u32);
    (result, time)
}

/// Has a virtual machine exit, which clears what the emulated CPU may have left of the last page fault and
/// would take for a new one at an access of a device (Documentation/lab.rst, "stale event").
pub fn settle() {
    // SAFETY: every CPU of 64 bits has the instruction.
    std::hint::black_box(unsafe { __cpuid(0) });
}
