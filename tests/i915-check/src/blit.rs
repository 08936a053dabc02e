// SPDX-License-Identifier: GPL-2.0
//! Blitter commands (Skylake PRM volume 2a; `gt/intel_gpu_commands.h`).

use crate::batch::{Batch, hi, lo};
use crate::engine::reg::BCS_SWCTRL;
use crate::tiling::Tiling;

/// Client 2 in bits 31:29, opcode in 28:22.
const fn blt(opcode: u32) -> u32 {
    (2 << 29) | (opcode << 22)
}

const XY_FAST_COPY_BLT: u32 = blt(0x42);
const XY_COLOR_BLT: u32 = blt(0x50);
const XY_SRC_COPY_BLT: u32 = blt(0x53);

/// Write alpha and colour of 32-bit pixels.
const WRITE_RGBA: u32 = 3 << 20;
const SRC_TILED: u32 = 1 << 15;
const DST_TILED: u32 = 1 << 11;
/// Raster operations in bits 23:16 of dword 1.
const ROP_PATTERN: u32 = 0xf0 << 16;
const ROP_SOURCE: u32 = 0xcc << 16;
/// BCS_SWCTRL: tiled means Y, not X; the upper 16 bits say which bits are written.
const SWCTRL_SRC_Y: u32 = 1 << 0;
const SWCTRL_DST_Y: u32 = 1 << 1;
const SWCTRL_MASK: u32 = (SWCTRL_SRC_Y | SWCTRL_DST_Y) << 16;

/// Size of a pixel; the value is the field of the old blits, in bits 25:24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Depth {
    /// 1 byte.
    Bits8 = 0,
    /// 2 bytes, 5:6:5.
    Bits16 = 1,
    /// 4 bytes.
    Bits32 = 3,
}

impl Depth {
    /// Bytes of a pixel.
    pub fn bytes(self) -> usize {
        match self {
            Self::Bits8 => 1,
            Self::Bits16 => 2,
            Self::Bits32 => 4,
        }
    }
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: u16,
    /// Top edge.
    pub y: u16,
    /// Pixels a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Rect {
    fn top_left(self) -> u32 {
        point(self.x, self.y)
    }

    fn bottom_right(self) -> u32 {
        point(self.x + self.width, self.y + self.height)
    }
}

fn point(x: u16, y: u16) -> u32 {
    (u32::from(y) << 16) | u32::from(x)
}

/// A surface as a blit names it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Where it starts.
    pub address: u64,
    /// Bytes a row.
    pub pitch: u16,
    /// Layout.
    pub tiling: Tiling,
    /// Size of a pixel.
    pub depth: Depth,
}

impl Target {
    /// The pitch as the commands take it: in bytes, or in dwords where tiled.
    fn pitch_field(&self) -> u32 {
        match self.tiling {
            Tiling::Linear => self.pitch.into(),
            Tiling::X | Tiling::Y => u32::from(self.pitch) / 4,
        }
    }

    fn is_tiled(&self) -> bool {
        self.tiling != Tiling::Linear
    }

    fn write_mask(&self) -> u32 {
        if self.depth == Depth::Bits32 {
            WRITE_RGBA
        } else {
            0
        }
    }

    /// The tiling field of XY_FAST_COPY_BLT.
    fn fast_tiling(&self) -> u32 {
        match self.tiling {
            Tiling::Linear => 0,
            Tiling::X => 1,
            Tiling::Y => 2,
        }
    }
}

impl Batch {
    /// Says which of the tiled surfaces of the old blits that follow are Y-tiled.
    pub fn blit_tiling(&mut self, destination: Tiling, source: Tiling) -> &mut Self {
        let bit = |tiling, bit| if tiling == Tiling::Y { bit } else { 0 };
        let bits = bit(source, SWCTRL_SRC_Y) | bit(destination, SWCTRL_DST_Y);
        self.flush_dw().load_imm(BCS_SWCTRL, SWCTRL_MASK | bits)
    }

    /// XY_COLOR_BLT: fills a rectangle.
    pub fn color_blit(&mut self, target: &Target, rect: Rect, color: u32) -> &mut Self {
        let tiled = if target.is_tiled() { DST_TILED } else { 0 };
        let rest = [
            ((target.depth as u32) << 24) | ROP_PATTERN | target.pitch_field(),
            rect.top_left(),
            rect.bottom_right(),
            lo(target.address),
            hi(target.address),
            color,
        ];
        self.command(XY_COLOR_BLT | target.write_mask() | tiled, &rest)
    }

    /// XY_SRC_COPY_BLT: copies to `rect` from the rectangle at `from` (x, y) of the source.
    pub fn copy_blit(
        &mut self,
        destination: &Target,
        rect: Rect,
        source: &Target,
        from: (u16, u16),
    ) -> &mut Self {
        let dst_tiled = if destination.is_tiled() { DST_TILED } else { 0 };
        let src_tiled = if source.is_tiled() { SRC_TILED } else { 0 };
        let rest = [
            ((destination.depth as u32) << 24) | ROP_SOURCE | destination.pitch_field(),
            rect.top_left(),
            rect.bottom_right(),
            lo(destination.address),
            hi(destination.address),
            point(from.0, from.1),
            source.pitch_field(),
            lo(source.address),
            hi(source.address),
        ];
        self.command(
            XY_SRC_COPY_BLT | destination.write_mask() | dst_tiled | src_tiled,
            &rest,
        )
    }

    /// XY_FAST_COPY_BLT (Gen9): as `copy_blit`, with the tiling in the command itself.
    pub fn fast_copy_blit(
        &mut self,
        destination: &Target,
        rect: Rect,
        source: &Target,
        from: (u16, u16),
    ) -> &mut Self {
        let header =
            XY_FAST_COPY_BLT | (source.fast_tiling() << 20) | (destination.fast_tiling() << 13);
        let rest = [
            ((destination.depth as u32) << 24) | destination.pitch_field(),
            rect.top_left(),
            rect.bottom_right(),
            lo(destination.address),
            hi(destination.address),
            point(from.0, from.1),
            source.pitch_field(),
            lo(source.address),
            hi(source.address),
        ];
        self.command(header, &rest)
    }
}
