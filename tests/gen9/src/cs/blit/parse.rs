// SPDX-License-Identifier: GPL-2.0

//! From the dwords of a blitter command to a job.

use super::{Job, Source, Surface, rop};
use crate::cs::mi::gma;
use crate::tiling::Tiling;

/// Opcodes, bits 28:22 of the header.
mod opcode {
    pub const PIXEL: u32 = 0x24;
    pub const FAST_COPY: u32 = 0x42;
    pub const COLOUR: u32 = 0x50;
}

/// Header of the older commands.
const TARGET_TILED: u32 = 1 << 11;
const SOURCE_TILED: u32 = 1 << 15;
const WRITE_RGB: u32 = 1 << 20;
const WRITE_ALPHA: u32 = 1 << 21;
/// Second dword.
const CLIPPED: u32 = 1 << 30;
/// Second dword of XY_FAST_COPY_BLT: what the header calls Y is Yf.
const FAST_SOURCE_YF: u32 = 1 << 31;
const FAST_TARGET_YF: u32 = 1 << 30;
/// BCS_SWCTRL (i915: `BCS_SRC_Y`, `BCS_DST_Y`).
const SOURCE_Y: u32 = 1;
const TARGET_Y: u32 = 2;

/// What the setup commands leave for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Header, second dword, address and foreground of `XY_SETUP_BLT`.
    header: u32,
    mode: u32,
    base: [u32; 2],
    foreground: u32,
    /// BCS_SWCTRL at that time.
    swctrl: u32,
    /// Top left corner of the clip rectangle, and the bottom right one, which is outside.
    clip: [u32; 2],
}

impl Setup {
    /// From `XY_SETUP_BLT`.
    pub fn from_command(words: &[u32], swctrl: u32) -> Self {
        let word = |i: usize| words.get(i).copied().unwrap_or(0);
        Self {
            header: word(0),
            mode: word(1),
            base: [word(4), word(5)],
            foreground: word(7),
            swctrl,
            clip: [word(2), word(3)],
        }
    }

    /// From `XY_SETUP_CLIP_BLT`.
    pub fn set_clip(&mut self, words: &[u32]) {
        let word = |i: usize| words.get(i).copied().unwrap_or(0);
        self.clip = [word(1), word(2)];
    }
}

/// A pair of signed coordinates: column in bits 15:0, row in bits 31:16.
fn point(word: u32) -> (i32, i32) {
    // CAST: the halves are signed.
    (i32::from(word as i16), i32::from((word >> 16) as i16))
}

/// Bits 25:24 of the second dword: bytes of a pixel.
fn depth(mode: u32) -> u32 {
    match mode >> 24 & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => 4,
    }
}

/// Colour of one pixel, repeated over a dword.
fn repeat(colour: u32, pixel: u32) -> u32 {
    match pixel {
        1 => (colour & 0xff) * 0x0101_0101,
        2 => (colour & 0xffff) * 0x1_0001,
        _ => colour,
    }
}

/// Pitch in bytes of a linear surface, in dwords of a tiled one.
fn surface(words: &[u32], address: usize, pitch: u32, tiling: Tiling) -> Surface {
    // CAST: 16 bits, signed.
    let pitch = i32::from(pitch as i16);
    let pitch = if tiling == Tiling::Linear {
        pitch
    } else {
        pitch.abs() * 4
    };
    Surface {
        base: gma(false, words, address),
        pitch,
        tiling,
    }
}

fn legacy_tiling(tiled: bool, y: bool) -> Tiling {
    match (tiled, y) {
        (false, _) => Tiling::Linear,
        (true, false) => Tiling::X,
        (true, true) => Tiling::Y,
    }
}

/// What is to be done; `None` when no pixel is touched.
pub fn job(words: &[u32], setup: &Setup, swctrl: u32) -> Option<Job> {
    let header = words[0];
    match header >> 22 & 0x7f {
        opcode::FAST_COPY => fast_copy(words),
        opcode::PIXEL => {
            let at = words.get(1).copied().unwrap_or(0);
            let (x, y) = point(at);
            let (mode, base) = (setup.mode, &setup.base);
            let tiling = legacy_tiling(
                setup.header & TARGET_TILED != 0,
                setup.swctrl & TARGET_Y != 0,
            );
            let area = Area {
                left: x,
                top: y,
                right: x + 1,
                bottom: y + 1,
            }
            .clipped(mode, setup);
            let target = surface(base, 0, mode & 0xffff, tiling);
            area.job(setup.header, mode, target, None, setup.foreground)
        }
        opcode => {
            let word = |i: usize| words.get(i).copied().unwrap_or(0);
            let mode = word(1);
            let whole = Area::new(word(2), word(3));
            let area = whole.clipped(mode, setup);
            let tiling = legacy_tiling(header & TARGET_TILED != 0, swctrl & TARGET_Y != 0);
            let target = surface(words, 4, mode & 0xffff, tiling);
            if opcode == opcode::COLOUR {
                return area.job(header, mode, target, None, word(6));
            }
            let tiling = legacy_tiling(header & SOURCE_TILED != 0, swctrl & SOURCE_Y != 0);
            let from = surface(words, 8, word(7) & 0xffff, tiling);
            let (x, y) = point(word(6));
            // What is clipped on the left and above is not read either.
            let x = (x + area.left - whole.left) * depth(mode) as i32;
            let source = Source {
                surface: from,
                x,
                y: y + area.top - whole.top,
            };
            area.job(header, mode, target, Some(source), 0)
        }
    }
}

/// A rectangle in pixels; right and bottom are outside.
#[derive(Clone, Copy)]
struct Area {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

impl Area {
    fn new(top_left: u32, bottom_right: u32) -> Self {
        let ((left, top), (right, bottom)) = (point(top_left), point(bottom_right));
        Self {
            left,
            top,
            right,
            bottom,
        }
    }

    fn clipped(self, mode: u32, setup: &Setup) -> Self {
        if mode & CLIPPED == 0 {
            return self;
        }
        let clip = Self::new(setup.clip[0], setup.clip[1]);
        Self {
            left: self.left.max(clip.left),
            top: self.top.max(clip.top),
            right: self.right.min(clip.right),
            bottom: self.bottom.min(clip.bottom),
        }
    }

    fn is_empty(self) -> bool {
        self.right <= self.left || self.bottom <= self.top
    }

    fn job(
        self,
        header: u32,
        mode: u32,
        target: Surface,
        source: Option<Source>,
        colour: u32,
    ) -> Option<Job> {
        let pixel = depth(mode);
        let (rgb, alpha) = (header & WRITE_RGB != 0, header & WRITE_ALPHA != 0);
        let mask = if pixel == 4 {
            [rgb, rgb, rgb, alpha]
        } else {
            [true; 4]
        };
        if self.is_empty() || mask == [false; 4] {
            return None;
        }
        Some(Job {
            target,
            x: self.left * pixel as i32,
            y: self.top,
            // CAST: not empty, so positive.
            width: (self.right - self.left) as u32 * pixel,
            height: (self.bottom - self.top) as u32,
            source,
            pixel,
            colour: repeat(colour, pixel),
            rop: (mode >> 16) as u8,
            mask,
        })
    }
}

/// `XY_FAST_COPY_BLT`: tiling in the header, no clipping, no raster operation.
fn fast_copy(words: &[u32]) -> Option<Job> {
    let word = |i: usize| words.get(i).copied().unwrap_or(0);
    let header = word(0);
    let mode = word(1);
    let pixel: u32 = match mode >> 24 & 7 {
        0 => 1,
        1 => 2,
        4 => 8,
        5 => 16,
        _ => 4,
    };
    let tiling = |bits: u32, yf: u32| match bits & 3 {
        0 => Tiling::Linear,
        1 => Tiling::X,
        2 if mode & yf != 0 => Tiling::yf(pixel),
        2 => Tiling::Y,
        _ => Tiling::ys(pixel),
    };
    let area = Area::new(word(2), word(3));
    if area.is_empty() {
        return None;
    }
    let (x, y) = point(word(6));
    let from = tiling(header >> 20, FAST_SOURCE_YF);
    let from = surface(words, 8, word(7) & 0xffff, from);
    let target = tiling(header >> 13, FAST_TARGET_YF);
    Some(Job {
        target: surface(words, 4, mode & 0xffff, target),
        x: area.left * pixel as i32,
        y: area.top,
        // CAST: not empty, so positive.
        width: (area.right - area.left) as u32 * pixel,
        height: (area.bottom - area.top) as u32,
        source: Some(Source {
            surface: from,
            x: x * pixel as i32,
            y,
        }),
        pixel,
        colour: 0,
        rop: rop::SOURCE,
        mask: [true; 4],
    })
}
