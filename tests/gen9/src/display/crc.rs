// SPDX-License-Identifier: GPL-2.0

//! The checksum of what a pipe shows, by which tests tell pictures apart (PIPE_CRC_CTL). Two pictures
//! have the same one here if they have it on hardware; the number itself is another.
//!
//! i915 `display/intel_pipe_crc_regs.h`. Gen9 only: the planes of Gen8 are others.

use super::palette::Palettes;
use super::picture::Picture;
use crate::gpu::Gpu;

/// PIPE_CRC_CTL and PIPE_CRC_RES_HSW of pipe A, and the distance of the pipes.
const CONTROL: u32 = 0x6_0050;
const RESULT: u32 = 0x6_0064;
const STRIDE: u32 = 0x1000;
/// PIPE_CRC_ENABLE.
const ENABLE: u32 = 1 << 31;
/// GEN8_PIPE_CDCLK_CRC_DONE.
const DONE: u32 = 1 << 28;

/// How far the checksum of the frame that a pipe shows is.
#[derive(Debug, Default)]
pub enum Progress {
    /// The driver did not want it when the frame started.
    #[default]
    Unwanted,
    /// Somebody has to compute it.
    Due,
    /// Somebody does.
    Underway,
    /// It waits for the frame's end.
    Done(u32),
}

impl Progress {
    /// A frame of `pipe` starts.
    pub fn start(gpu: &Gpu, pipe: u32) -> Self {
        if wanted(gpu, pipe) {
            Self::Due
        } else {
            Self::Unwanted
        }
    }

    /// Whether the frame has to go on for it.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Due | Self::Underway)
    }

    /// The frame has ended: puts the checksum where the driver looks. Returns the pipe's interrupt for
    /// that.
    pub fn report(&self, gpu: &Gpu, pipe: u32) -> u32 {
        match *self {
            Self::Done(sum) if wanted(gpu, pipe) => {
                gpu.regs.set(RESULT + STRIDE * pipe, sum);
                DONE
            }
            _ => 0,
        }
    }
}

fn wanted(gpu: &Gpu, pipe: u32) -> bool {
    gpu.platform.graphics >= 9 && gpu.regs.get(CONTROL + STRIDE * pipe) & ENABLE != 0
}

/// The checksum of a frame in which `pipe` shows `picture`.
pub fn of(gpu: &Gpu, palettes: &Palettes, pipe: u32, picture: &Picture) -> u32 {
    let mut sum = Sum::default();
    picture.rows(gpu, palettes, pipe, |row| sum.add(row));
    sum.result()
}

/// A checksum of a sequence of pixels that depends on their order: FNV-1a over words of 64 bits.
struct Sum(u64);

impl Default for Sum {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Sum {
    fn add(&mut self, row: &[u32]) {
        for pair in row.chunks(2) {
            let word = pair
                .iter()
                .fold(0, |word, &pixel| word << 32 | u64::from(pixel));
            self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
            // Else the upper half of a word would not reach the lower half of the sum.
            self.0 ^= self.0 >> 29;
        }
    }

    fn result(&self) -> u32 {
        // CAST: both halves, folded.
        (self.0 ^ self.0 >> 32) as u32
    }
}
