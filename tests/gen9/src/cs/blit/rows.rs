// SPDX-License-Identifier: GPL-2.0

//! The rows of a blit.

use super::{Job, Surface, rop};
use crate::addr::Gma;
use crate::cs::memory::Memory;
use crate::tiling::{self, Tiling};

/// Does `count` rows from the `first` on, in the order that keeps an overlapping source whole.
pub fn run(memory: &mut Memory<'_>, job: &Job, first: u32, count: u32) {
    let width = job.width as usize;
    let mut source = vec![0; if job.source.is_some() { width } else { 0 }];
    let mut row = vec![0; width];
    let plain = job.mask == [true; 4] && matches!(job.rop, rop::SOURCE | rop::PATTERN);
    if job.rop == rop::PATTERN {
        fill(&mut row, job.colour);
    }
    let upwards = job
        .source
        .is_some_and(|s| s.surface.base == job.target.base && s.y < job.y);
    for i in first..first.saturating_add(count) {
        let i = if upwards {
            job.height.saturating_sub(1 + i)
        } else {
            i
        };
        // CAST: heights have 16 bits.
        let i = i as i32;
        if let Some(from) = &job.source {
            read(memory, &from.surface, from.x, from.y + i, &mut source);
        }
        if plain && job.rop == rop::SOURCE && job.source.is_some() {
            write(memory, &job.target, job.x, job.y + i, &source);
            continue;
        }
        if !plain {
            if job.mask != [true; 4] || rop::needs_target(job.rop) {
                read(memory, &job.target, job.x, job.y + i, &mut row);
            }
            combine(job, &source, &mut row);
        }
        write(memory, &job.target, job.x, job.y + i, &row);
    }
}

fn fill(row: &mut [u8], colour: u32) {
    for (byte, value) in row.iter_mut().zip(colour.to_le_bytes().into_iter().cycle()) {
        *byte = value;
    }
}

/// Applies the raster operation and the byte mask to a row of the target.
fn combine(job: &Job, source: &[u8], row: &mut [u8]) {
    let pattern = job.colour.to_le_bytes();
    for (i, byte) in row.iter_mut().enumerate() {
        if job.mask[i % 4] {
            let from = source.get(i).copied().unwrap_or(0);
            *byte = rop::apply(job.rop, pattern[i % 4], from, *byte);
        }
    }
}

fn read(memory: &mut Memory<'_>, surface: &Surface, x: i32, y: i32, buf: &mut [u8]) {
    spans(surface, x, y, buf.len(), |at, from, to| {
        memory.read(at, &mut buf[from..to])
    });
}

fn write(memory: &mut Memory<'_>, surface: &Surface, x: i32, y: i32, buf: &[u8]) {
    spans(surface, x, y, buf.len(), |at, from, to| {
        memory.write(at, &buf[from..to])
    });
}

/// Calls `visit` with the address and the part of the row for each run of neighbouring bytes.
/// Tiled surfaces have no bytes left of or above their start.
fn spans(surface: &Surface, x: i32, y: i32, len: usize, mut visit: impl FnMut(Gma, usize, usize)) {
    let Surface {
        base,
        pitch,
        tiling,
    } = *surface;
    if tiling == Tiling::Linear {
        let offset = i64::from(y) * i64::from(pitch) + i64::from(x);
        // CAST: wraps as addresses do.
        visit(base.offset(offset as u64), 0, len);
        return;
    }
    let Ok(y) = u32::try_from(y) else { return };
    let outside = usize::try_from(-i64::from(x)).unwrap_or(0);
    let mut from = outside.min(len);
    while from < len {
        // CAST: columns have at most 20 bits.
        let column = (i64::from(x) + from as i64) as u32;
        let to = len.min(from + tiling.run(column) as usize);
        let offset = tiling::offset(tiling, pitch.unsigned_abs(), column, y);
        visit(base.offset(offset), from, to);
        from = to;
    }
}
