// SPDX-License-Identifier: GPL-2.0

//! Pixels of a surface, and what becomes of them in the picture.

use crate::model::seam::Canvas;

/// How a surface's pixels are made, from their highest bit down, in little-endian order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Alpha or nothing, red, green, blue, 8 bits each: the picture's own.
    Xrgb8888,
    /// Alpha or nothing, blue, green, red, 8 bits each.
    Xbgr8888,
    /// 2 bits of nothing; red, green, blue, 10 bits each.
    Xrgb2101010,
    /// 2 bits of nothing; blue, green, red, 10 bits each.
    Xbgr2101010,
    /// Red, green, blue, of 5, 6 and 5 bits.
    Rgb565,
}

/// What a plane's alpha does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpha {
    /// Nothing: the plane hides what is below.
    Opaque,
    /// The colours are multiplied by it already.
    Premultiplied,
    /// The colours are to be multiplied by it.
    Coverage,
}

impl Format {
    /// Log2 of the bytes of a pixel.
    const fn shift(self) -> u32 {
        match self {
            Self::Rgb565 => 1,
            _ => 2,
        }
    }

    /// The bytes of so many pixels; saturates.
    pub(super) const fn bytes(self, pixels: u32) -> u32 {
        pixels.saturating_mul(1 << self.shift())
    }

    /// The pixels in so many bytes.
    pub(super) const fn pixels(self, bytes: u32) -> u32 {
        bytes >> self.shift()
    }

    /// The pixel in the picture's format, its alpha in bits 31:24.
    const fn convert(self, raw: u32) -> u32 {
        const OPAQUE: u32 = 0xff << 24;
        match self {
            Self::Xrgb8888 => raw,
            Self::Xbgr8888 => raw & 0xff00_ff00 | (raw & 0xff) << 16 | raw >> 16 & 0xff,
            Self::Xrgb2101010 => {
                OPAQUE | raw >> 22 << 24 >> 8 | (raw >> 12 & 0xff) << 8 | raw >> 2 & 0xff
            }
            Self::Xbgr2101010 => {
                OPAQUE | (raw >> 2 & 0xff) << 16 | (raw >> 12 & 0xff) << 8 | raw >> 22 & 0xff
            }
            Self::Rgb565 => {
                let (red, green, blue) = (raw >> 11 & 0x1f, raw >> 5 & 0x3f, raw & 0x1f);
                OPAQUE
                    | (red << 3 | red >> 2) << 16
                    | (green << 2 | green >> 4) << 8
                    | (blue << 3 | blue >> 2)
            }
        }
    }
}

impl Alpha {
    /// `above` over `below`.
    fn blend(self, above: u32, below: u32) -> u32 {
        let alpha = above >> 24;
        let rest = 0xff_u32.saturating_sub(alpha);
        // Bytes, so that nothing here comes near the end of its type.
        let part = |value: u32, of: u32| value.saturating_mul(of).saturating_add(127) / 255;
        let channel = |shift: u32| {
            let (above, below) = (above >> shift & 0xff, below >> shift & 0xff);
            let above = match self {
                Self::Opaque => return above,
                Self::Premultiplied => above,
                Self::Coverage => part(above, alpha),
            };
            above.saturating_add(part(below, rest)).min(0xff)
        };
        0xff << 24 | channel(16) << 16 | channel(8) << 8 | channel(0)
    }
}

/// Pixels that are on their way.
const AT_ONCE: usize = 64;

/// Puts pixels of a surface into the picture, from byte `offset` on.
pub(super) fn put(
    format: Format,
    alpha: Alpha,
    bytes: &[u8],
    mut offset: u32,
    canvas: &mut impl Canvas,
) {
    if format == Format::Xrgb8888 && alpha == Alpha::Opaque {
        return canvas.write(offset, bytes);
    }
    let size = 1 << format.shift();
    for chunk in bytes.chunks(AT_ONCE.saturating_mul(size)) {
        let mut room = [0; AT_ONCE * 4];
        let pixels = chunk.chunks_exact(size);
        let length = pixels.len().saturating_mul(4);
        let Some(done) = room.get_mut(..length) else {
            return;
        };
        if alpha != Alpha::Opaque {
            canvas.read(offset, done);
        }
        for (raw, place) in pixels.zip(done.chunks_exact_mut(4)) {
            let above = format.convert(word(raw));
            let pixel = match alpha {
                Alpha::Opaque => above,
                _ => alpha.blend(above, word(place)),
            };
            place.copy_from_slice(&pixel.to_le_bytes());
        }
        canvas.write(offset, done);
        offset = offset.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
    }
}

/// The number that up to 4 bytes make.
fn word(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |word, &byte| word << 8 | u32::from(byte))
}
