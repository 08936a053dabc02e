// SPDX-License-Identifier: GPL-2.0

//! The picture that a pipe of Gen9 shows: its planes and its cursor over black, as the registers place
//! them at the moment. Without scalers, colour keys and gamma.
//!
//! PRM Skylake vol. 2c "PLANE_*", "CUR_*"; i915 `display/skl_universal_plane_regs.h`,
//! `display/intel_cursor_regs.h`.

use super::surface::{Format, Surface};
use crate::gpu::Gpu;
use crate::tiling::Tiling;

/// PIPESRC of pipe A, and the distance of the pipes. Height and width of the picture, less one each.
const SOURCE: u32 = 0x6_001c;
const STRIDE: u32 = 0x1000;
/// First register of pipe A's planes, relative to which planes are given.
const FIRST: u32 = 0x7_0000;
/// Registers of the first universal plane, and the distance of the planes: PLANE_CTL, PLANE_STRIDE,
/// PLANE_POS, PLANE_SIZE, PLANE_KEYMSK, PLANE_KEYMAX, PLANE_OFFSET, PLANE_SURFLIVE.
const PLANES: u32 = 0x180;
const NEXT_PLANE: u32 = 0x100;
const PLANE_COUNT: u32 = 4;
const PITCH: u32 = 0x8;
const POSITION: u32 = 0xc;
const SIZE: u32 = 0x10;
const KEY_MASK: u32 = 0x18;
const KEY_MAX: u32 = 0x20;
const OFFSET: u32 = 0x24;
const LIVE: u32 = 0x2c;
/// PLANE_CTL_ENABLE, PLANE_CTL_ORDER_RGBX.
const ENABLE: u32 = 1 << 31;
const RED_LOWEST: u32 = 1 << 20;
/// PLANE_KEYMSK_ALPHA_ENABLE: PLANE_KEYMAX has an alpha for the whole plane.
const PLANE_ALPHA: u32 = 1 << 31;
/// CURCNTR, CURPOS, CUR_FBC_CTL, CURSURFLIVE.
const CURSOR: u32 = 0x80;
const CURSOR_POSITION: u32 = 0x88;
const CURSOR_HEIGHT: u32 = 0xa0;
const CURSOR_LIVE: u32 = 0xac;
/// MCURSOR_ROTATE_180, CUR_FBC_EN.
const CURSOR_TURNED: u32 = 1 << 15;
const CURSOR_CUT: u32 = 1 << 31;

/// What a layer's alpha does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alpha {
    /// Nothing.
    Opaque,
    /// Its colours are multiplied by it already.
    Premultiplied,
    /// Its colours are to be multiplied by it.
    Coverage,
}

/// A plane or the cursor.
#[derive(Clone, Copy, Debug)]
struct Layer {
    surface: Surface,
    /// Place in the picture.
    at: (i32, i32),
    size: (u32, u32),
    /// First column and row of the surface that are shown.
    from: (u32, u32),
    alpha: Alpha,
    /// Alpha of the layer as a whole.
    opacity: u32,
    /// Turned by 180 degrees.
    upside_down: bool,
}

/// Shows each row of the picture of `pipe`, from the top, to `see`.
pub fn rows(gpu: &Gpu, pipe: u32, mut see: impl FnMut(&[u32])) {
    let source = gpu.regs.get(SOURCE + STRIDE * pipe);
    let (width, height) = ((source >> 16 & 0x1fff) + 1, (source & 0x1fff) + 1);
    let base = FIRST + STRIDE * pipe;
    let mut layers: Vec<_> = (0..PLANE_COUNT)
        .filter_map(|index| plane(gpu, base + PLANES + NEXT_PLANE * index))
        .collect();
    layers.extend(cursor(gpu, base));
    let mut row = vec![0; width as usize];
    let mut pixels = Vec::new();
    // CAST: fourteen bits.
    for y in 0..height as i32 {
        row.fill(0xff << 24);
        for layer in &layers {
            layer.blend(gpu, y, &mut row, &mut pixels);
        }
        see(&row);
    }
}

/// The plane whose registers start at `base`, if it shows anything that is known here.
fn plane(gpu: &Gpu, base: u32) -> Option<Layer> {
    let register = |offset| gpu.regs.get(base + offset);
    let control = register(0);
    let format = match (control >> 24 & 0xf, control & RED_LOWEST != 0) {
        (2, false) => Format::Xrgb2101010,
        (2, true) => Format::Xbgr2101010,
        (4, false) => Format::Argb8888,
        (4, true) => Format::Abgr8888,
        (14, _) => Format::Rgb565,
        _ => return None,
    };
    let (tiling, unit) = match control >> 10 & 7 {
        0 => (Tiling::Linear, 64),
        1 => (Tiling::X, 512),
        4 => (Tiling::Y, 128),
        _ => return None,
    };
    if control & ENABLE == 0 {
        return None;
    }
    let rotation = control & 3;
    let surface = Surface {
        base: u64::from(register(LIVE) & !0xfff),
        tiling,
        pitch: (register(PITCH) & 0xfff) * unit,
        format,
        turned: rotation & 1 != 0,
    };
    let (position, size, from) = (register(POSITION), register(SIZE), register(OFFSET));
    let key_max = register(KEY_MAX);
    Some(Layer {
        surface,
        // CAST: sixteen bits each.
        at: ((position & 0xffff) as i32, (position >> 16) as i32),
        size: ((size & 0xffff) + 1, (size >> 16) + 1),
        from: (from & 0xffff, from >> 16),
        alpha: match control >> 4 & 3 {
            2 => Alpha::Premultiplied,
            3 => Alpha::Coverage,
            _ => Alpha::Opaque,
        },
        opacity: if register(KEY_MASK) & PLANE_ALPHA != 0 {
            key_max >> 24
        } else {
            0xff
        },
        upside_down: rotation & 2 != 0,
    })
    .filter(|layer| !layer.surface.turned || tiling == Tiling::Y)
}

/// The cursor of the pipe whose registers start at `base`, if it is on and of 32 bits with alpha.
fn cursor(gpu: &Gpu, base: u32) -> Option<Layer> {
    let control = gpu.regs.get(base + CURSOR);
    // MCURSOR_MODE_*_ARGB_AX.
    let side = match control & 0x27 {
        0x22 => 128,
        0x23 => 256,
        0x27 => 64,
        _ => return None,
    };
    let position = gpu.regs.get(base + CURSOR_POSITION);
    // Fifteen bits and a sign.
    let signed = |value: u32| {
        // CAST: fifteen bits.
        let magnitude = (value & 0x7fff) as i32;
        if value & 0x8000 != 0 {
            -magnitude
        } else {
            magnitude
        }
    };
    let cut = gpu.regs.get(base + CURSOR_HEIGHT);
    let height = if cut & CURSOR_CUT != 0 {
        (cut & 0xff) + 1
    } else {
        side
    };
    Some(Layer {
        surface: Surface {
            base: u64::from(gpu.regs.get(base + CURSOR_LIVE) & !0xfff),
            tiling: Tiling::Linear,
            pitch: side * 4,
            format: Format::Argb8888,
            turned: false,
        },
        at: (signed(position), signed(position >> 16)),
        size: (side, height),
        from: (0, 0),
        alpha: Alpha::Premultiplied,
        opacity: 0xff,
        upside_down: control & CURSOR_TURNED != 0,
    })
}

impl Layer {
    /// Puts what this layer has in row `y` of the picture over `row`. `pixels` is room to work in.
    fn blend(&self, gpu: &Gpu, y: i32, row: &mut [u32], pixels: &mut Vec<u32>) {
        let (width, height) = self.size;
        let line = y
            .checked_sub(self.at.1)
            .and_then(|line| u32::try_from(line).ok());
        let Some(line) = line.filter(|&line| line < height) else {
            return;
        };
        // CAST: the position has sixteen bits and a sign.
        let (left, hidden) = (self.at.0.max(0) as usize, self.at.0.min(0).unsigned_abs());
        let Some(row) = row.get_mut(left..) else {
            return;
        };
        // CAST: a row has fewer than 2^16 pixels.
        let shown = width.saturating_sub(hidden).min(row.len() as u32);
        let (column, line) = if self.upside_down {
            (width.saturating_sub(hidden + shown), height - 1 - line)
        } else {
            (hidden, line)
        };
        pixels.clear();
        pixels.resize(shown as usize, 0);
        self.surface
            .row(gpu, self.from.0 + column, self.from.1 + line, pixels);
        if self.upside_down {
            pixels.reverse();
        }
        for (below, &pixel) in row.iter_mut().zip(pixels.iter()) {
            *below = self.over(pixel, *below);
        }
    }

    /// One pixel over another.
    fn over(&self, pixel: u32, below: u32) -> u32 {
        let own = match self.alpha {
            Alpha::Opaque => 0xff,
            _ => pixel >> 24,
        };
        let alpha = scale(own, self.opacity);
        if alpha == 0xff {
            return pixel | 0xff << 24;
        }
        let factor = match self.alpha {
            Alpha::Coverage => alpha,
            _ => self.opacity,
        };
        let channel = |shift: u32| {
            let above = scale(pixel >> shift & 0xff, factor);
            let sum = above + scale(below >> shift & 0xff, 0xff - alpha);
            sum.min(0xff) << shift
        };
        0xff << 24 | channel(16) | channel(8) | channel(0)
    }
}

/// `value` times `factor`, both of 0 to 255 for nothing to all.
fn scale(value: u32, factor: u32) -> u32 {
    (value * factor + 127) / 255
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
