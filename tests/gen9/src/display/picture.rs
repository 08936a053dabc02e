// SPDX-License-Identifier: GPL-2.0

//! The picture that a pipe of Gen9 shows: its planes and its cursor over its background, as the registers
//! placed them when they were latched. Without scalers and colour keys.
//!
//! PRM Skylake vol. 2c "PLANE_*", "CUR_*", "PIPE_BOTTOM_COLOR"; i915 `display/skl_universal_plane_regs.h`,
//! `display/intel_cursor_regs.h`, `display/intel_color_regs.h`.

use super::color::{Correction, Settings, tag};
use super::layer::{Alpha, Layer};
use super::palette::Palettes;
use super::surface::{Format, Surface};
use crate::gpu::Gpu;
use crate::tiling::Tiling;

/// PIPESRC of pipe A, and the distance of the pipes. Height and width of the picture, less one each.
const SOURCE: u32 = 0x6_001c;
const STRIDE: u32 = 0x1000;
/// First register of pipe A's planes, relative to which planes are given.
const FIRST: u32 = 0x7_0000;
/// SKL_BOTTOM_COLOR: ten bits each, SKL_BOTTOM_COLOR_GAMMA_ENABLE, SKL_BOTTOM_COLOR_CSC_ENABLE.
const BACKGROUND: u32 = 0x34;
const BACKGROUND_GAMMA: u32 = 1 << 31;
const BACKGROUND_MATRIX: u32 = 1 << 30;
/// Registers of the first universal plane, and the distance of the planes: PLANE_CTL, PLANE_STRIDE,
/// PLANE_POS, PLANE_SIZE, PLANE_KEYMSK, PLANE_KEYMAX, PLANE_OFFSET, PLANE_SURFLIVE.
const PLANES: u32 = 0x180;
const NEXT_PLANE: u32 = 0x100;
/// Four universal planes and the cursor.
const LAYERS: usize = 5;
const PITCH: u32 = 0x8;
const POSITION: u32 = 0xc;
const SIZE: u32 = 0x10;
const KEY_MASK: u32 = 0x18;
const KEY_MAX: u32 = 0x20;
const OFFSET: u32 = 0x24;
const LIVE: u32 = 0x2c;
/// PLANE_CTL_ENABLE, PLANE_CTL_PIPE_GAMMA_ENABLE, PLANE_CTL_PIPE_CSC_ENABLE, PLANE_CTL_ORDER_RGBX.
const ENABLE: u32 = 1 << 31;
const GAMMA: u32 = 1 << 30;
const MATRIX: u32 = 1 << 23;
const RED_LOWEST: u32 = 1 << 20;
/// PLANE_KEYMSK_ALPHA_ENABLE: PLANE_KEYMAX has an alpha for the whole plane.
const PLANE_ALPHA: u32 = 1 << 31;
/// CURCNTR, CURPOS, CUR_FBC_CTL, CURSURFLIVE.
const CURSOR: u32 = 0x80;
const CURSOR_POSITION: u32 = 0x88;
const CURSOR_HEIGHT: u32 = 0xa0;
const CURSOR_LIVE: u32 = 0xac;
/// MCURSOR_PIPE_GAMMA_ENABLE, MCURSOR_PIPE_CSC_ENABLE, MCURSOR_ROTATE_180, CUR_FBC_EN.
const CURSOR_GAMMA: u32 = 1 << 26;
const CURSOR_MATRIX: u32 = 1 << 24;
const CURSOR_TURNED: u32 = 1 << 15;
const CURSOR_CUT: u32 = 1 << 31;

/// What a pipe shows in a frame. What a driver programs meanwhile is for the next one.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// PIPESRC.
    source: u32,
    /// A pixel where there is nothing else.
    background: u32,
    settings: Settings,
    /// From the bottom.
    layers: [Option<Layer>; LAYERS],
}

impl Picture {
    /// Takes over what `pipe` is programmed for as a whole: a frame starts.
    pub fn latch_pipe(&mut self, gpu: &Gpu, pipe: u32) {
        self.source = gpu.regs.get(SOURCE + STRIDE * pipe);
        self.background = background(gpu.regs.get(FIRST + STRIDE * pipe + BACKGROUND));
        self.settings = Settings::read(gpu, pipe);
    }

    /// Takes over how `pipe`'s plane with this index is programmed; the last is the cursor.
    pub fn latch_plane(&mut self, gpu: &Gpu, pipe: u32, index: usize) {
        if let Some(slot) = self.layers.get_mut(index) {
            *slot = layer(gpu, FIRST + STRIDE * pipe, index);
        }
    }

    /// Shows each row of it on `pipe`, from the top, to `see`.
    pub fn rows(&self, gpu: &Gpu, palettes: &Palettes, pipe: u32, mut see: impl FnMut(&[u32])) {
        let layers = || self.layers.iter().flatten();
        let tags = layers().map(|layer| layer.tag).chain([self.background]);
        let correction = Correction::new(gpu, palettes, pipe, &self.settings, tags);
        let (width, height) = ((self.source >> 16 & 0x1fff) + 1, (self.source & 0x1fff) + 1);
        let mut row = vec![0; width as usize];
        let mut pixels = Vec::new();
        // CAST: fourteen bits.
        for y in 0..height as i32 {
            row.fill(self.background);
            for layer in layers() {
                layer.blend(gpu, y, &mut row, &mut pixels);
            }
            correction.apply(&mut row);
            see(&row);
        }
    }
}

/// The background that SKL_BOTTOM_COLOR says.
fn background(color: u32) -> u32 {
    let tag = tag(
        color & BACKGROUND_GAMMA != 0,
        color & BACKGROUND_MATRIX != 0,
    );
    tag | Format::Xrgb2101010.decode(color) & 0xff_ffff
}

/// A universal plane, or the cursor, which is the last, of the pipe whose registers start at `base`.
fn layer(gpu: &Gpu, base: u32, index: usize) -> Option<Layer> {
    if index == LAYERS - 1 {
        return cursor(gpu, base);
    }
    // CAST: there are four universal planes.
    plane(gpu, base + PLANES + NEXT_PLANE * index as u32)
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
    let tiling = match control >> 10 & 7 {
        0 => Tiling::Linear,
        1 => Tiling::X,
        4 => Tiling::Y,
        5 => Tiling::yf(format.bytes()),
        _ => return None,
    };
    let unit = match tiling {
        Tiling::Linear => 64,
        _ => tiling.tile().0,
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
        tag: tag(control & GAMMA != 0, control & MATRIX != 0),
    })
    .filter(|layer| !layer.surface.turned || matches!(tiling, Tiling::Y | Tiling::Standard(_)))
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
        tag: tag(control & CURSOR_GAMMA != 0, control & CURSOR_MATRIX != 0),
    })
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
