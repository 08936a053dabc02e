// SPDX-License-Identifier: GPL-2.0

//! What lies in a picture: a plane or the cursor, put over what is below it.

use super::surface::Surface;
use crate::gpu::Gpu;

/// Red, green and blue of a pixel.
const COLORS: u32 = 0xff_ffff;

/// What a layer's alpha does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpha {
    /// Nothing.
    Opaque,
    /// Its colours are multiplied by it already.
    Premultiplied,
    /// Its colours are to be multiplied by it.
    Coverage,
}

/// A plane or the cursor.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// What is shown.
    pub surface: Surface,
    /// Place in the picture.
    pub at: (i32, i32),
    pub size: (u32, u32),
    /// First column and row of the surface that are shown.
    pub from: (u32, u32),
    /// What its alpha does.
    pub alpha: Alpha,
    /// Alpha of the layer as a whole.
    pub opacity: u32,
    /// Turned by 180 degrees.
    pub upside_down: bool,
    /// What its pixels carry for the pipe ([`super::color::tag`]).
    pub tag: u32,
}

impl Layer {
    /// Puts what this layer has in row `y` of the picture over `row`. `pixels` is room to work in.
    pub fn blend(&self, gpu: &Gpu, y: i32, row: &mut [u32], pixels: &mut Vec<u32>) {
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
            return self.tag | pixel & COLORS;
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
        let tag = if alpha == 0 {
            below & !COLORS
        } else {
            self.tag
        };
        tag | channel(16) | channel(8) | channel(0)
    }
}

/// `value` times `factor`, both of 0 to 255 for nothing to all.
fn scale(value: u32, factor: u32) -> u32 {
    (value * factor + 127) / 255
}
