// SPDX-License-Identifier: GPL-2.0

//! Surfaces: where in the guest's graphics memory the pixels of a plane are.

use super::Format;
use crate::hw::addr::{GuestGma, PAGE_SIZE};
use kernel::error::Result;

/// Bytes of a page, and of a tile.
pub const PAGE: usize = 4 << 10;

/// How a surface is laid out (Skylake PRM, volume 5, "Memory Views"). No address is swizzled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiling {
    /// Row after row.
    Linear,
    /// Tiles of 512 bytes by 8 rows, row after row inside.
    X,
    /// Tiles of 128 bytes by 32 rows, in columns of 16 bytes inside.
    Y,
}

impl Tiling {
    /// How many units of [`Surface::pitch`] there are in so many bytes.
    pub const fn units(self, bytes: u32) -> u32 {
        bytes >> self.width_shift()
    }

    /// Log2 of a tile's width in bytes.
    const fn width_shift(self) -> u32 {
        match self {
            Self::Linear => 6,
            Self::X => 9,
            Self::Y => 7,
        }
    }

    /// Rows of a tile.
    pub(super) const fn rows(self) -> u32 {
        1 << self.rows_shift()
    }

    /// Log2 of a tile's rows.
    const fn rows_shift(self) -> u32 {
        match self {
            Self::Linear => 0,
            Self::X => 3,
            Self::Y => 5,
        }
    }

    /// Log2 of the bytes of a tile that are next to each other in a row of the surface.
    const fn run_shift(self) -> u32 {
        match self {
            Self::Y => 4,
            _ => self.width_shift(),
        }
    }
}

/// A surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surface {
    /// Where it begins: the start of a page.
    pub base: GuestGma,
    /// From row to row: in tiles, or in units of 64 bytes where there are none.
    pub pitch: u32,
    /// How it is laid out.
    pub tiling: Tiling,
    /// What its pixels are.
    pub format: Format,
}

/// A rectangle of a surface, in pixels. It is not empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// First column.
    pub column: u32,
    /// First row.
    pub row: u32,
    /// Columns.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
}

impl Part {
    /// First byte of its rows, and the byte behind its last.
    fn bytes(&self, format: Format) -> (u32, u32) {
        let end = self.column.saturating_add(self.columns);
        (format.bytes(self.column), format.bytes(end))
    }

    /// First row, and the row behind its last.
    const fn rows(&self) -> (u32, u32) {
        (self.row, self.row.saturating_add(self.rows))
    }
}

impl Surface {
    /// Reads `part` piece by piece into `page`, and shows each run of pixels: its column and row within
    /// the part, and its bytes. What `read` cannot read is shown as zero.
    pub(super) fn for_each_run(
        &self,
        part: Part,
        page: &mut [u8],
        mut read: impl FnMut(GuestGma, &mut [u8]) -> Result,
        mut show: impl FnMut(u32, u32, &[u8]),
    ) {
        let mut fetch = |offset: u64, into: &mut [u8]| {
            let from = self.base.checked_add(offset);
            if from.is_none_or(|from| read(from, into).is_err()) {
                into.fill(0);
            }
        };
        let mut show = |byte: u32, row: u32, bytes: &[u8]| {
            let column = self.format.pixels(byte).saturating_sub(part.column);
            show(column, row.saturating_sub(part.row), bytes);
        };
        match self.tiling {
            Tiling::Linear => self.rows(part, page, &mut fetch, &mut show),
            Tiling::X | Tiling::Y => self.tiles(part, page, &mut fetch, &mut show),
        }
    }

    /// Bytes from row to row.
    pub(super) fn row_bytes(&self) -> u64 {
        u64::from(self.pitch) << self.tiling.width_shift()
    }

    /// The same from this column and row on. `None` unless that is where a page begins.
    pub(super) fn from(&self, (column, row): (u32, u32)) -> Option<Self> {
        let (across, down) = (self.tiling.width_shift(), self.tiling.rows_shift());
        let byte = self.format.bytes(column);
        let offset = match self.tiling {
            Tiling::Linear => {
                let start = u64::from(row).saturating_mul(self.row_bytes());
                start.saturating_add(byte.into())
            }
            Tiling::X | Tiling::Y => {
                let inside = byte & (1_u32 << across).saturating_sub(1)
                    | row & (1_u32 << down).saturating_sub(1);
                let tile = u64::from(row >> down)
                    .saturating_mul(self.pitch.into())
                    .saturating_add(u64::from(byte >> across));
                // What is not at a tile's corner is not at the start of a page.
                tile.saturating_mul(PAGE_SIZE).saturating_add(inside.into())
            }
        };
        (offset & (PAGE_SIZE - 1) == 0).then_some(Self {
            base: self.base.checked_add(offset)?,
            ..*self
        })
    }

    fn rows(
        &self,
        part: Part,
        page: &mut [u8],
        fetch: &mut impl FnMut(u64, &mut [u8]),
        show: &mut impl FnMut(u32, u32, &[u8]),
    ) {
        let (first, end) = part.bytes(self.format);
        for row in part.rows().0..part.rows().1 {
            let start = u64::from(row).saturating_mul(self.row_bytes());
            let mut byte = first;
            while byte < end {
                let offset = start.saturating_add(byte.into());
                let in_page = PAGE_SIZE.saturating_sub(offset & (PAGE_SIZE - 1));
                let length = u64::from(end.saturating_sub(byte)).min(in_page);
                // At least a byte, so that this comes to an end; at most a page.
                let length = u32::try_from(length).unwrap_or(1);
                let run = usize::try_from(length).unwrap_or(PAGE);
                let Some(bytes) = page.get_mut(..run) else {
                    return;
                };
                fetch(offset, bytes);
                show(byte, row, bytes);
                byte = byte.saturating_add(length);
            }
        }
    }

    fn tiles(
        &self,
        part: Part,
        page: &mut [u8],
        fetch: &mut impl FnMut(u64, &mut [u8]),
        show: &mut impl FnMut(u32, u32, &[u8]),
    ) {
        let Some(tile) = page.get_mut(..PAGE) else {
            return;
        };
        let (first, end) = part.bytes(self.format);
        let (top, bottom) = part.rows();
        let (across, down) = (self.tiling.width_shift(), self.tiling.rows_shift());
        for tile_row in top >> down..=bottom.saturating_sub(1) >> down {
            for tile_column in first >> across..=end.saturating_sub(1) >> across {
                let number = u64::from(tile_row)
                    .saturating_mul(self.pitch.into())
                    .saturating_add(tile_column.into());
                fetch(number.saturating_mul(PAGE_SIZE), tile);
                let (left, above) = (tile_column << across, tile_row << down);
                let within = Window {
                    bytes: (first.max(left), end.min(left.saturating_add(1 << across))),
                    rows: (top.max(above), bottom.min(above.saturating_add(1 << down))),
                    corner: (left, above),
                };
                self.in_tile(&within, tile, show);
            }
        }
    }

    /// Shows the part of a tile that is in the window.
    fn in_tile(&self, window: &Window, tile: &[u8], show: &mut impl FnMut(u32, u32, &[u8])) {
        let run = self.tiling.run_shift();
        let down = self.tiling.rows_shift();
        for row in window.rows.0..window.rows.1 {
            let mut byte = window.bytes.0;
            while byte < window.bytes.1 {
                let inside = byte.saturating_sub(window.corner.0);
                let until = (inside >> run).saturating_add(1) << run;
                let stop = window
                    .bytes
                    .1
                    .min(window.corner.0.saturating_add(until))
                    .max(byte.saturating_add(1));
                // Columns of runs, one below the other.
                let offset = (inside >> run) << run << down
                    | row.saturating_sub(window.corner.1) << run
                    | inside & (1_u32 << run).saturating_sub(1);
                let length = stop.saturating_sub(byte);
                let bytes = usize::try_from(offset)
                    .ok()
                    .zip(usize::try_from(length).ok());
                let bytes = bytes.and_then(|(at, length)| tile.get(at..)?.get(..length));
                if let Some(bytes) = bytes {
                    show(byte, row, bytes);
                }
                byte = stop;
            }
        }
    }
}

/// What of a tile is looked at: bytes of rows and rows of the surface, each from the first to behind the
/// last, and where the tile begins.
struct Window {
    bytes: (u32, u32),
    rows: (u32, u32),
    corner: (u32, u32),
}
