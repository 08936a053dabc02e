// SPDX-License-Identifier: GPL-2.0

//! The precision palettes behind their index and data registers.

use std::sync::Mutex;

use super::{PIPES, lock};
use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// PAL_PREC_INDEX of pipe A.
const FIRST: u32 = 0x4_a400;
/// Distance of the pipes' registers.
const STRIDE: u32 = 0x800;
/// PAL_PREC_INDEX and PAL_PREC_DATA in a pipe.
const INDEX: u32 = 0;
const DATA: u32 = 4;
/// PAL_PREC_AUTO_INCREMENT.
const AUTO_INCREMENT: u32 = 1 << 15;
/// PAL_PREC_INDEX_VALUE_MASK.
const INDEX_VALUE: u32 = 0x3ff;
/// Entries of a palette.
const ENTRIES: usize = INDEX_VALUE as usize + 1;

/// The palettes of all pipes.
pub struct Palettes {
    entries: Mutex<Vec<u32>>,
}

impl Default for Palettes {
    fn default() -> Self {
        Self {
            entries: Mutex::new(vec![0; PIPES * ENTRIES]),
        }
    }
}

impl Palettes {
    /// What is in the palette of `pipe`.
    pub fn entries(&self, pipe: u32) -> Vec<u32> {
        let first = pipe as usize * ENTRIES;
        lock(&self.entries)[first..][..ENTRIES].to_vec()
    }
}

impl Block for Palettes {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        (0..PIPES as u32)
            .map(|pipe| FIRST + STRIDE * pipe)
            .map(|base| Span::range(base + INDEX, base + DATA, Policy::Handled))
            .collect()
    }

    fn read(&self, gpu: &Gpu, offset: u32) -> u32 {
        if offset % STRIDE == FIRST % STRIDE + INDEX {
            return gpu.regs.get(offset);
        }
        lock(&self.entries)[next(gpu, offset)]
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        if offset % STRIDE == FIRST % STRIDE + INDEX {
            gpu.regs.set(offset, value);
            return;
        }
        lock(&self.entries)[next(gpu, offset)] = value;
    }

    fn reset(&self, _gpu: &Gpu) {
        lock(&self.entries).fill(0);
    }
}

/// Position of the entry that the data register `data` shows; moves the index on where it shall.
fn next(gpu: &Gpu, data: u32) -> usize {
    let index = gpu.regs.update(data - DATA, |old| {
        if old & AUTO_INCREMENT == 0 {
            return old;
        }
        old & !INDEX_VALUE | (old + 1) & INDEX_VALUE
    });
    let pipe = (data - FIRST) / STRIDE;
    pipe as usize * ENTRIES + (index & INDEX_VALUE) as usize
}
