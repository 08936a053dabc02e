// SPDX-License-Identifier: GPL-2.0

//! Surfaces that are stored in tiles: where a byte of a picture lies in memory.
//!
//! PRM Skylake vol. 5 "Memory Views", tiling; no address bit is swizzled, as i915 assumes on Gen8
//! and later (`gt/intel_ggtt_fencing.c`, detect_bit_6_swizzle). The bits of Yf and Ys also in Intel's
//! gmmlib, `CpuSwizzleBlt.c`.

/// Bytes of a tile of any kind but Ys.
const TILE_BYTES: u64 = 4096;

/// How a surface is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tiling {
    /// Row after row.
    #[default]
    Linear,
    /// Tiles of 512 bytes by 8 rows, each stored row after row.
    X,
    /// Tiles of 128 bytes by 32 rows, each stored in columns of 16 bytes.
    Y,
    /// Yf or Ys, whose tiles are nearly square in pixels.
    Standard(Swizzle),
}

/// A tile in which the bits of column and row take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swizzle {
    /// The bits of an offset in the tile that are the column's; the others are the row's.
    columns: u16,
    /// How many bits an offset in the tile has.
    bits: u32,
}

impl Swizzle {
    /// For pixels of `pixel` bytes. Ys has 16 bits, Yf those of them that are left when the upper four are cut.
    const fn new(pixel: u32, bits: u32) -> Self {
        let columns = match pixel {
            1 => 0xaa0f,
            2 | 4 => 0xaa8f,
            _ => 0xaacf,
        };
        let unused = 16 - bits;
        Self {
            columns: columns << unused >> unused,
            bits,
        }
    }

    /// Offset of column `x` (in bytes) and row `y` of the tile.
    fn offset(self, mut x: u64, mut y: u64) -> u64 {
        (0..self.bits).fold(0, |offset, bit| {
            let from = if self.columns >> bit & 1 != 0 {
                &mut x
            } else {
                &mut y
            };
            let value = *from & 1;
            *from >>= 1;
            offset | value << bit
        })
    }
}

impl Tiling {
    /// Yf, in tiles of 4 KiB, for pixels of so many bytes.
    pub const fn yf(pixel: u32) -> Self {
        Self::Standard(Swizzle::new(pixel, 12))
    }

    /// Ys, in tiles of 64 KiB, for pixels of so many bytes.
    pub const fn ys(pixel: u32) -> Self {
        Self::Standard(Swizzle::new(pixel, 16))
    }

    /// Width in bytes and height in rows of a tile.
    pub const fn tile(self) -> (u32, u32) {
        match self {
            Self::Linear => (u32::MAX, 1),
            Self::X => (512, 8),
            Self::Y => (128, 32),
            Self::Standard(swizzle) => {
                let columns = swizzle.columns.count_ones();
                (1 << columns, 1 << (swizzle.bits - columns))
            }
        }
    }

    /// How many bytes from column `x` (in bytes) on are neighbours in memory.
    pub const fn run(self, x: u32) -> u32 {
        match self {
            Self::Linear => u32::MAX - x,
            Self::X => 512 - x % 512,
            Self::Y | Self::Standard(_) => 16 - x % 16,
        }
    }
}

/// Offset in bytes from the surface's start of the byte at column `x` (in bytes) and row `y`.
/// `pitch` is the distance in bytes from a row to the next; for tiled surfaces a multiple of the
/// tile's width, what is over is ignored.
pub fn offset(tiling: Tiling, pitch: u32, x: u32, y: u32) -> u64 {
    let (x, y, pitch) = (u64::from(x), u64::from(y), u64::from(pitch));
    match tiling {
        Tiling::Linear => y * pitch + x,
        Tiling::X => {
            let tile = (y / 8) * (pitch / 512) + x / 512;
            tile * TILE_BYTES + (y % 8) * 512 + x % 512
        }
        Tiling::Y => {
            let tile = (y / 32) * (pitch / 128) + x / 128;
            tile * TILE_BYTES + (x % 128 / 16) * 512 + (y % 32) * 16 + x % 16
        }
        Tiling::Standard(swizzle) => {
            let (width, rows) = tiling.tile();
            let (width, rows) = (u64::from(width), u64::from(rows));
            let tile = (y / rows) * (pitch / width) + x / width;
            (tile << swizzle.bits) + swizzle.offset(x % width, y % rows)
        }
    }
}

/// Offset in a tiled surface of the byte that a fence shows at `linear`, the offset in the view
/// with one row after another.
pub fn detile(tiling: Tiling, pitch: u32, linear: u64) -> u64 {
    let row = u64::from(pitch);
    if row == 0 || tiling == Tiling::Linear {
        return linear;
    }
    let Ok(y) = u32::try_from(linear / row) else {
        return linear;
    };
    // CAST: a remainder of a 32-bit divisor.
    offset(tiling, pitch, (linear % row) as u32, y)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The byte's place in the linear view, straight from the picture of a tile in the PRM.
    fn linear_of(tiling: Tiling, pitch: u32, tiled: u64) -> u64 {
        let (width, height) = tiling.tile();
        let columns = u64::from(pitch / width);
        let bytes = u64::from(width * height);
        let (tile, byte) = (tiled / bytes, tiled % bytes);
        let (x, y) = match tiling {
            Tiling::Linear => unreachable!("only tiled surfaces are asked for"),
            Tiling::X => (byte % 512, byte / 512),
            Tiling::Y => (byte / 512 * 16 + byte % 16, byte % 512 / 16),
            Tiling::Standard(swizzle) => {
                let gather = |columns: bool| {
                    let bits = (0..swizzle.bits)
                        .filter(|bit| (swizzle.columns >> bit & 1 != 0) == columns);
                    bits.enumerate()
                        .fold(0, |sum, (to, bit)| sum | (byte >> bit & 1) << to)
                };
                (gather(true), gather(false))
            }
        };
        let x = x + tile % columns * u64::from(width);
        let y = y + tile / columns * u64::from(height);
        y * u64::from(pitch) + x
    }

    #[test]
    fn known_places() {
        assert_eq!(offset(Tiling::Linear, 100, 3, 2), 203);
        assert_eq!(offset(Tiling::X, 1024, 512, 0), 4096);
        assert_eq!(offset(Tiling::X, 1024, 0, 8), 8192);
        assert_eq!(offset(Tiling::X, 512, 5, 1), 517);
        assert_eq!(offset(Tiling::Y, 256, 16, 0), 512);
        assert_eq!(offset(Tiling::Y, 256, 0, 1), 16);
        assert_eq!(offset(Tiling::Y, 256, 128, 0), 4096);
        assert_eq!(offset(Tiling::Y, 256, 0, 32), 8192);
        assert_eq!(offset(Tiling::yf(4), 256, 16, 0), 128);
        assert_eq!(offset(Tiling::yf(4), 256, 0, 8), 256);
        assert_eq!(offset(Tiling::yf(4), 256, 128, 0), 4096);
        assert_eq!(offset(Tiling::yf(4), 256, 0, 32), 8192);
        assert_eq!(offset(Tiling::yf(8), 256, 16, 1), 64 | 16);
        assert_eq!(offset(Tiling::ys(4), 1024, 0, 128), 131_072);
    }

    #[test]
    fn standard_tiles_are_nearly_square() {
        let yf = [1, 2, 4, 8, 16].map(|pixel| Tiling::yf(pixel).tile());
        assert_eq!(yf, [(64, 64), (128, 32), (128, 32), (256, 16), (256, 16)]);
        let ys = [1, 2, 4, 8, 16].map(|pixel| Tiling::ys(pixel).tile());
        let expected = [(256, 256), (512, 128), (512, 128), (1024, 64), (1024, 64)];
        assert_eq!(ys, expected);
    }

    fn tilings() -> impl Strategy<Value = Tiling> {
        prop_oneof![
            Just(Tiling::X),
            Just(Tiling::Y),
            (0..5u32).prop_map(|size| Tiling::yf(1 << size)),
            (0..5u32).prop_map(|size| Tiling::ys(1 << size)),
        ]
    }

    #[test]
    fn a_pitch_of_zero_is_survived() {
        assert_eq!(detile(Tiling::X, 0, 77), 77);
        assert_eq!(offset(Tiling::Y, 0, 0, 32), 0);
    }

    proptest! {
        #[test]
        fn round_trip(tiling in tilings(), columns in 1u32..64, linear in 0u64..1 << 24) {
            let pitch = columns * tiling.tile().0;
            let tiled = detile(tiling, pitch, linear);
            prop_assert_eq!(linear_of(tiling, pitch, tiled), linear);
        }

        #[test]
        fn runs_are_contiguous(tiling in tilings(), x in 0u32..4096, y in 0u32..256) {
            let first = offset(tiling, 4096, x, y);
            for k in 0..tiling.run(x) {
                prop_assert_eq!(offset(tiling, 4096, x + k, y), first + u64::from(k));
            }
        }
    }
}
