// SPDX-License-Identifier: GPL-2.0
//! Contexts and commands. Opcodes are those of i915's intel_gpu_commands.h.

use super::Fuzzer;
use crate::context::{Context, ENGINES};

/// First dwords of commands, and how many dwords each has.
const COMMANDS: &[(u32, usize)] = &[
    (0x0000_0000, 1),              // MI_NOOP
    (0x02 << 23, 1),               // MI_USER_INTERRUPT
    (0x05 << 23, 1),               // MI_ARB_CHECK
    (0x08 << 23, 1),               // MI_ARB_ON_OFF
    (0x0a << 23, 1),               // MI_BATCH_BUFFER_END
    (0x20 << 23 | 1 << 22 | 2, 4), // MI_STORE_DWORD_IMM by the GGTT
    (0x20 << 23 | 2, 4),
    (0x22 << 23 | 1, 3),           // MI_LOAD_REGISTER_IMM
    (0x24 << 23 | 1 << 22 | 2, 4), // MI_STORE_REGISTER_MEM
    (0x29 << 23 | 1 << 22 | 2, 4), // MI_LOAD_REGISTER_MEM
    (0x2a << 23 | 1, 3),           // MI_LOAD_REGISTER_REG
    (0x2e << 23 | 1 << 22 | 3, 5), // MI_COPY_MEM_MEM
    (0x26 << 23 | 3, 5),           // MI_FLUSH_DW
    (0x31 << 23 | 1, 3),           // MI_BATCH_BUFFER_START by the GGTT
    (0x31 << 23 | 1 << 8 | 1, 3),  // by the address space
    (0x1c << 23 | 1 << 22 | 2, 4), // MI_SEMAPHORE_WAIT
    (0x36 << 23 | 1 << 22 | 2, 4), // MI_CONDITIONAL_BATCH_BUFFER_END
    (0x2f << 23 | 1 << 22 | 1, 3), // MI_ATOMIC
    (0x7a00_0004, 6),              // PIPE_CONTROL
    (0x6904_0000, 1),              // PIPELINE_SELECT
    (0x5400_0005, 7),              // XY_COLOR_BLT
    (0xe000_0000, 1),              // of no client
];

impl Fuzzer<'_> {
    fn command(&mut self) -> Vec<u32> {
        let (mut head, mut length) = self.rng.pick(COMMANDS);
        if self.rng.one_in(16) {
            head ^= 1 << self.rng.below(32);
        }
        if self.rng.one_in(32) {
            head = self.rng.next32();
        }
        if self.rng.one_in(32) {
            length = self.rng.below(12) as usize + 1;
        }
        let mut words = vec![head];
        while words.len() < length {
            match self.rng.below(3) {
                0 => {
                    let at = if self.rng.one_in(2) {
                        self.gma()
                    } else {
                        self.address()
                    };
                    words.extend([at as u32 & !7, (at >> 32) as u32]);
                }
                1 => words.push(0x2000 + self.rng.below(0x800) as u32),
                _ => words.push(self.rng.number() as u32),
            }
        }
        words.truncate(length);
        words
    }

    /// Commands that fill less than a ring.
    fn commands(&mut self) -> Vec<u32> {
        let count = self.rng.below(24) + 1;
        let mut words: Vec<u32> = (0..count).flat_map(|_| self.command()).collect();
        words.truncate(1000);
        words
    }

    pub(super) fn submit(&mut self) {
        let engine = self.rng.pick(&ENGINES);
        let place = self.rng.below(4);
        let Ok(context) = Context::new(&self.client, engine, place) else {
            return;
        };
        let commands = self.commands();
        context.commands(&self.client, &commands);
        if self.rng.one_in(3) {
            let batch = self.commands();
            context.batch(&self.client, &batch);
        }
        if self.rng.one_in(3) {
            for _ in 0..=self.rng.below(3) {
                let (dword, value) = (self.rng.below(0x60), self.rng.number() as u32);
                context.set(&self.client, dword, value);
            }
        }
        let mut descriptors = [0, context.descriptor()];
        for descriptor in &mut descriptors {
            match self.rng.below(12) {
                0 => *descriptor ^= 1 << self.rng.below(64),
                1 => *descriptor = self.rng.number(),
                2 => *descriptor = context.descriptor(),
                _ => {}
            }
        }
        let _ = self.client.device.submit(engine.base, descriptors);
        // As a driver does when its engine hangs, but not always.
        if self.rng.one_in(2) {
            let _ = self.client.device.set_reg(crate::regs::GDRST, engine.reset);
        }
    }
}
