// SPDX-License-Identifier: GPL-2.0

//! The blitter: rectangles filled and copied (PRM Skylake vol. 2a, `XY_*_BLT`; vol. 10 "Copy
//! Engine").
//!
//! [`parse`] makes a [`Job`] of a command, [`rows`] does it row by row. A large one takes several
//! steps of the streamer, so that the engine can be stopped meanwhile.

mod parse;
mod rop;
mod rows;

pub use parse::Setup;

use super::flow::{Flow, NEXT};
use super::registers::at;
use super::stream::Streamer;
use crate::addr::Gma;
use crate::engine::EngineId;
use crate::tiling::Tiling;

/// Bytes after which a blit lets the streamer look up.
const STEP_BYTES: u64 = 256 << 10;
/// Bytes that the blitter moves in a GPU clock.
const BYTES_A_CYCLE: u64 = 16;

/// How far the blit at hand is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    rows: u32,
}

/// A picture in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Surface {
    base: Gma,
    /// Bytes from a row to the next; negative for linear surfaces that are upside down.
    pitch: i32,
    tiling: Tiling,
}

/// Where a blit reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Source {
    surface: Surface,
    /// Column in bytes and row of the first byte.
    x: i32,
    y: i32,
}

/// A blit, with every coordinate worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Job {
    target: Surface,
    /// Column in bytes and row of the first byte.
    x: i32,
    y: i32,
    /// Bytes in a row, and rows.
    width: u32,
    height: u32,
    /// Absent for a fill.
    source: Option<Source>,
    /// Bytes of a pixel, and the fill's colour, repeated over 32 bits.
    pixel: u32,
    colour: u32,
    /// Raster operation: bit `4p + 2s + d` is the result for pattern, source and destination.
    rop: u8,
    /// Which bytes of each four are written.
    mask: [bool; 4],
}

impl Streamer<'_> {
    pub(super) fn setup(&mut self, words: &[u32]) -> Flow {
        self.state.setup = Setup::from_command(words, self.swctrl());
        NEXT
    }

    pub(super) fn setup_clip(&mut self, words: &[u32]) -> Flow {
        self.state.setup.set_clip(words);
        NEXT
    }

    /// Does a part of the blit.
    pub(super) fn blit(&mut self, words: &[u32]) -> Flow {
        let Some(job) = parse::job(words, &self.state.setup, self.swctrl()) else {
            self.progress = Progress::default();
            return NEXT;
        };
        let first = self.progress.rows;
        // At least one row, so that it ends; a row has at most 512 KiB.
        let share = (STEP_BYTES / u64::from(job.width.max(1))).max(1);
        let left = job.height.saturating_sub(first);
        // CAST: at most `left`.
        let count = share.min(left.into()) as u32;
        rows::run(&mut self.memory, &job, first, count);
        let bytes = u64::from(count) * u64::from(job.width);
        // CAST: a step moves at most 512 KiB.
        let cycles = (bytes / BYTES_A_CYCLE) as u32;
        if count < left {
            self.progress.rows = first + count;
            return Flow::Again { cycles };
        }
        self.progress = Progress::default();
        Flow::Next { cycles }
    }

    /// BCS_SWCTRL, which makes tiled surfaces of the older commands Y-tiled.
    fn swctrl(&self) -> u32 {
        self.gpu.regs.get(EngineId::Bcs.base() + at::BCS_SWCTRL)
    }
}
