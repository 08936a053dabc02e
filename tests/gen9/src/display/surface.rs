// SPDX-License-Identifier: GPL-2.0

//! What a plane scans out: pixels of a surface in the GGTT, row by row.
//!
//! Formats and layouts: PRM Skylake vol. 2c "PLANE_CTL", "PLANE_STRIDE"; i915
//! `display/skl_universal_plane_regs.h`. Planes with YUV and floating-point formats are not known here.

use crate::addr::PAGE_SIZE;
use crate::gpu::Gpu;
use crate::tiling::{self, Tiling};

/// How a pixel is stored. The names are those of DRM's formats; alpha counts only where a plane says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Eight bits a channel, blue lowest.
    Argb8888,
    /// Eight bits a channel, red lowest.
    Abgr8888,
    /// Ten bits a channel, blue lowest; the two bits above are not used.
    Xrgb2101010,
    /// The same with red lowest.
    Xbgr2101010,
    /// Five, six and five bits.
    Rgb565,
}

impl Format {
    /// Bytes of a pixel.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Rgb565 => 2,
            _ => 4,
        }
    }

    /// A stored pixel as alpha, red, green and blue of eight bits each, blue lowest.
    pub fn decode(self, raw: u32) -> u32 {
        let swap = |pixel: u32| pixel & 0xff00_ff00 | pixel >> 16 & 0xff | (pixel & 0xff) << 16;
        // The upper eight bits of each channel of ten.
        let cut = |raw: u32| {
            0xff << 24 | (raw >> 22 & 0xff) << 16 | (raw >> 12 & 0xff) << 8 | raw >> 2 & 0xff
        };
        match self {
            Self::Argb8888 => raw,
            Self::Abgr8888 => swap(raw),
            Self::Xrgb2101010 => cut(raw),
            Self::Xbgr2101010 => swap(cut(raw)),
            Self::Rgb565 => {
                let (red, green, blue) = (raw >> 11 & 0x1f, raw >> 5 & 0x3f, raw & 0x1f);
                let widen = |value: u32, bits: u32| value << (8 - bits) | value >> (2 * bits - 8);
                0xff << 24 | widen(red, 5) << 16 | widen(green, 6) << 8 | widen(blue, 5)
            }
        }
    }
}

/// Where pixels lie.
#[derive(Clone, Copy, Debug)]
pub struct Surface {
    /// GGTT address.
    pub base: u64,
    /// How its pages are filled.
    pub tiling: Tiling,
    /// Bytes from a row to the next. When the pages are turned: bytes of a row of tiles, over the rows
    /// of a tile.
    pub pitch: u32,
    /// How a pixel is stored.
    pub format: Format,
    /// The GGTT shows the tiles turned clockwise by 90 degrees; what is in a tile is not turned (i915:
    /// `rotate_pages`). Y and Yf only.
    pub turned: bool,
}

impl Surface {
    /// Reads the pixels from column `x` on of row `y`, as many as `row` has room for. What has no
    /// memory behind it is black.
    pub fn row(&self, gpu: &Gpu, x: u32, y: u32, row: &mut [u32]) {
        if self.turned {
            for (pixel, x) in row.iter_mut().zip(x..) {
                *pixel = self.turned_pixel(gpu, x, y);
            }
            return;
        }
        let size = self.format.bytes();
        let mut bytes = [0; PAGE_SIZE as usize];
        let mut done = 0;
        while done < row.len() {
            // CAST: a row has fewer than 2^16 pixels.
            let column = x.saturating_add(done as u32).saturating_mul(size);
            let at = self.base + tiling::offset(self.tiling, self.pitch, column, y);
            let neighbours = u64::from(self.tiling.run(column)).min(PAGE_SIZE - at % PAGE_SIZE);
            // CAST: at most a page. A pixel that straddles two pages is cut: pixels are aligned.
            let wanted = ((neighbours / u64::from(size)) as usize).clamp(1, row.len() - done);
            let bytes = &mut bytes[..wanted * size as usize];
            load(gpu, at, bytes);
            let pixels = bytes.chunks_exact(size as usize).map(little_endian);
            for (out, raw) in row[done..].iter_mut().zip(pixels) {
                *out = self.format.decode(raw);
            }
            done += wanted;
        }
    }

    /// The pixel at column `x` and row `y` of a surface whose tiles are turned: in its tile, a step to
    /// the right is one up, and a step down is one to the right.
    fn turned_pixel(&self, gpu: &Gpu, x: u32, y: u32) -> u32 {
        let (tile_bytes, rows) = self.tiling.tile();
        let size = self.format.bytes();
        let columns = tile_bytes / size;
        let tile =
            u64::from(y / columns) * u64::from(self.pitch / tile_bytes) + u64::from(x / rows);
        let inside = tiling::offset(
            self.tiling,
            tile_bytes,
            y % columns * size,
            rows - 1 - x % rows,
        );
        let mut bytes = [0; 4];
        let bytes = &mut bytes[..size as usize];
        load(gpu, self.base + tile * PAGE_SIZE + inside, bytes);
        self.format.decode(little_endian(bytes))
    }
}

fn load(gpu: &Gpu, at: u64, bytes: &mut [u8]) {
    let found = gpu.ggtt.translate(at);
    let loaded = found.is_some_and(|dma| gpu.ram.read(dma, bytes).is_ok());
    if !loaded {
        bytes.fill(0);
    }
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_agree_on_colours() {
        let red = 0xffff_0000;
        assert_eq!(Format::Argb8888.decode(0xffff_0000), red);
        assert_eq!(Format::Abgr8888.decode(0xff00_00ff), red);
        assert_eq!(Format::Xrgb2101010.decode(0x3ff0_0000), red);
        assert_eq!(Format::Xbgr2101010.decode(0x0000_03ff), red);
        assert_eq!(Format::Rgb565.decode(0xf800), red);
        assert_eq!(Format::Rgb565.decode(0x07e0), 0xff00_ff00);
    }
}
