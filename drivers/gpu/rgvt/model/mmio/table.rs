// SPDX-License-Identifier: GPL-2.0

//! All declarations in one table, checked by the compiler, and the search in it.

use super::{
    cells, display, engines, fence, forcewake, fuses, gt, mchbar, media, mocs, others, pcode,
    power, render, reset, span::Span,
};
use crate::hw::{addr::MmioOffset, platform::Platform};
use kernel::{error::Result, prelude::*};

/// The tables of the GT and what is around it.
const GT: &[&[Span]] = &[
    &engines::TABLE,
    render::TABLE,
    media::TABLE,
    gt::TABLE,
    power::TABLE,
    forcewake::TABLE,
    reset::TABLE,
    fuses::TABLE,
    mocs::TABLE,
    fence::TABLE,
    pcode::TABLE,
    mchbar::TABLE,
    others::TABLE,
];

const COUNT: usize = count(GT).wrapping_add(count(display::TABLES));

/// Every declaration, by offset.
static SPANS: [Span; COUNT] = merge();

// A table is not sorted, or a register is declared twice for one platform. The compiler reports the
// offset as the length of the array that it found.
const _: [(); 0] = [(); first_fault(&merge())];

const fn count(mut tables: &[&[Span]]) -> usize {
    let mut sum: usize = 0;
    while let [table, rest @ ..] = tables {
        sum = sum.wrapping_add(table.len());
        tables = rest;
    }
    sum
}

/// Merges the tables, each of which is sorted.
// Indices are in range or the compiler stops: this runs nowhere else.
#[allow(clippy::indexing_slicing)]
const fn merge() -> [Span; COUNT] {
    const TABLES: usize = GT.len().wrapping_add(display::TABLES.len());
    let mut left: [&[Span]; TABLES] = [&[]; TABLES];
    let mut at: usize = 0;
    while at < TABLES {
        left[at] = if at < GT.len() {
            GT[at]
        } else {
            display::TABLES[at.wrapping_sub(GT.len())]
        };
        at = at.wrapping_add(1);
    }

    let mut merged = [Span::plain(0); COUNT];
    let mut done: usize = 0;
    while done < COUNT {
        let mut lowest = u32::MAX;
        let mut from: usize = 0;
        let mut at: usize = 0;
        while at < TABLES {
            if let [head, ..] = left[at] {
                if head.first < lowest {
                    lowest = head.first;
                    from = at;
                }
            }
            at = at.wrapping_add(1);
        }
        if let [head, rest @ ..] = left[from] {
            merged[done] = *head;
            left[from] = rest;
        }
        done = done.wrapping_add(1);
    }
    merged
}

/// The offset of the first declaration that is out of order, misshapen, or meets a later one on some
/// platform; 0 if there is none.
#[allow(dead_code)] // Used, by a constant without a name; rustc 1.85 does not see that.
const fn first_fault(mut spans: &[Span]) -> usize {
    while let [span, rest @ ..] = spans {
        let mut later = rest;
        while let [next, after @ ..] = later {
            if next.first < span.first {
                return offset_of(next);
            }
            if next.first >= span.end() {
                break;
            }
            if next.platforms.meet(span.platforms) {
                return offset_of(next);
            }
            later = after;
        }
        let whole = span.first & 3 == 0 && span.bytes & 3 == 0;
        if !whole || span.bytes == 0 || span.end() > cells::SPACE {
            return offset_of(span);
        }
        spans = rest;
    }
    0
}

// An offset fits: usize has at least 32 bits on every machine with such a GPU.
#[allow(clippy::as_conversions, dead_code)]
const fn offset_of(span: &Span) -> usize {
    span.first as usize
}

/// The registers of one platform.
pub struct Map {
    platform: Platform,
    /// Sorted, and without overlaps.
    spans: KVec<&'static Span>,
    /// For each register the number of its declaration in `spans`, counted from 1; 0 if it has none.
    /// Each access of a guest's looks here, so it is no search.
    numbers: KVVec<u16>,
}

impl Map {
    /// The registers of `platform`.
    pub fn new(platform: Platform) -> Result<Self> {
        let mut spans = KVec::with_capacity(COUNT, GFP_KERNEL)?;
        let mut numbers = KVVec::from_elem(0, cells::COUNT, GFP_KERNEL)?;
        for span in &SPANS {
            if !span.platforms.contains(platform) {
                continue;
            }
            spans.push(span, GFP_KERNEL)?;
            let number = u16::try_from(spans.len()).map_err(|_| EINVAL)?;
            let registers = cells::index(span.first)..cells::index(span.end());
            numbers.get_mut(registers).ok_or(EINVAL)?.fill(number);
        }
        Ok(Self {
            platform,
            spans,
            numbers,
        })
    }

    /// The platform.
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// All declarations, by offset.
    pub fn spans(&self) -> impl Iterator<Item = &'static Span> + '_ {
        self.spans.iter().copied()
    }

    /// The declaration of the register at `at`.
    pub fn find(&self, at: MmioOffset) -> Option<&'static Span> {
        let number = *self.numbers.get(cells::index(at.get()))?;
        self.spans.get(usize::from(number).checked_sub(1)?).copied()
    }
}
