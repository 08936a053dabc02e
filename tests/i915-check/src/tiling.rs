// SPDX-License-Identifier: GPL-2.0
//! Where a pixel lies in memory (Skylake PRM volume 5, "Memory Views": tile formats).
//! Gen8 and later do not swizzle address bit 6.

/// Bytes of a tile of either format.
const TILE: usize = 4096;

/// How a surface is laid out.
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
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Linear, Self::X, Self::Y];

    /// A short name for reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::X => "x",
            Self::Y => "y",
        }
    }

    /// Byte offset of the byte at column `x` of row `y` in a surface of `pitch` bytes a row;
    /// `pitch` must be a multiple of a tile's width.
    pub fn offset(self, pitch: usize, x: usize, y: usize) -> usize {
        let tiled = |width: usize, height: usize, inside: usize| {
            let tiles_a_row = pitch / width;
            ((y / height) * tiles_a_row + x / width) * TILE + inside
        };
        match self {
            Self::Linear => y * pitch + x,
            Self::X => tiled(512, 8, (y % 8) * 512 + x % 512),
            Self::Y => tiled(128, 32, (x % 128) / 16 * 512 + (y % 32) * 16 + x % 16),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_places() {
        for (tiling, x, y, offset) in [
            (Tiling::Linear, 4, 1, 1028),
            (Tiling::X, 4, 0, 4),
            (Tiling::X, 0, 1, 512),
            (Tiling::X, 512, 0, 4096),
            (Tiling::X, 516, 9, 3 * 4096 + 512 + 4),
            (Tiling::Y, 16, 0, 512),
            (Tiling::Y, 0, 1, 16),
            (Tiling::Y, 128, 0, 4096),
            (Tiling::Y, 20, 33, 8 * 4096 + 512 + 16 + 4),
        ] {
            assert_eq!(tiling.offset(1024, x, y), offset, "{tiling:?} {x},{y}");
        }
    }

    #[test]
    fn every_byte_has_one_place() {
        for tiling in Tiling::ALL {
            let (pitch, rows) = (1024, 64);
            let mut seen = vec![false; pitch * rows];
            for y in 0..rows {
                for x in 0..pitch {
                    let seen = &mut seen[tiling.offset(pitch, x, y)];
                    assert!(!*seen, "{tiling:?} {x},{y}");
                    *seen = true;
                }
            }
        }
    }
}
