// SPDX-License-Identifier: GPL-2.0

//! MI_DISPLAY_FLIP: a plane shows another surface.

use super::super::{
    addr::{GuestGma, MmioOffset},
    irq::Pipe,
    platform::Generation,
};

/// What a flip asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The pipe.
    pub pipe: Pipe,
    /// The plane of the pipe, counted from 0: on Gen8 0 is the primary plane and 1 the sprite.
    pub plane: u8,
    /// Where the surface is in the GGTT; a multiple of a page.
    pub surface: GuestGma,
    /// Its pitch, as in the plane's stride register: on Gen8 in bytes, on Gen9 in units of 64 bytes or of tiles.
    pub stride: u16,
    /// How it is tiled: on Gen8 whether, on Gen9 as in the plane's control register.
    pub tiling: u8,
    /// Without waiting for the vertical blank.
    pub immediate: bool,
}

/// DSPCNTR, SPRCTL and PLANE_CTL of the first plane of pipe A; others follow at these distances
/// (intel_display_regs.h).
const CONTROL: u32 = 0x7_0180;
const PIPES: u32 = 0x1000;
const PLANES: u32 = 0x100;

/// DSPSTRIDE, SPRSTRIDE, PLANE_STRIDE, behind the plane's control.
const STRIDE: u32 = 0x08;

/// DSPSURF, SPRSURF, PLANE_SURF: a write arms the update.
const SURFACE: u32 = 0x1c;

/// Of the control: an update does not wait for the vertical blank.
const ASYNC: u32 = 1 << 9;

/// How the surface is tiled: DISP_TILED, and PLANE_CTL_TILED_MASK.
const TILED_GEN8: u32 = 1 << 10;
const TILED_GEN9: u32 = 7 << 10;

/// Bits 15:6 of the second dword: the pitch in units of 64 bytes, or on Gen9 of what the tiling says.
const PITCH: u32 = 0xffc0;
const PITCH_SHIFT: u32 = 6;

/// Bits 1:0 of the third dword: at once, not at the next vertical blank.
const IMMEDIATE: u32 = 1;

impl Flip {
    /// What a command of at least three dwords asks for; `None` if it names no plane.
    pub fn decode(generation: Generation, header: u32, pitch: u32, address: u32) -> Option<Self> {
        let stride = pitch & PITCH;
        let (pipe, plane, tiling, stride) = match generation {
            // Bits 21:19 (intel_gpu_commands.h: `MI_DISPLAY_FLIP_IVB_*`).
            Generation::Gen8 => {
                let (pipe, plane) = match header >> 19 & 7 {
                    0 => (Pipe::A, 0),
                    1 => (Pipe::B, 0),
                    2 => (Pipe::A, 1),
                    3 => (Pipe::B, 1),
                    4 => (Pipe::C, 0),
                    5 => (Pipe::C, 1),
                    _ => return None,
                };
                (pipe, plane, pitch & 1, stride)
            }
            // Bits 12:8 (`MI_DISPLAY_FLIP_SKL_*`).
            Generation::Gen9 => {
                let (pipe, plane) = match header >> 8 & 0x1f {
                    0 => (Pipe::A, 0),
                    1 => (Pipe::B, 0),
                    2 => (Pipe::C, 0),
                    4 => (Pipe::A, 1),
                    5 => (Pipe::B, 1),
                    6 => (Pipe::C, 1),
                    7 => (Pipe::A, 2),
                    8 => (Pipe::B, 2),
                    9 => (Pipe::C, 2),
                    _ => return None,
                };
                (pipe, plane, pitch & 7, stride >> PITCH_SHIFT)
            }
        };
        Some(Self {
            pipe,
            plane,
            surface: GuestGma::new(u64::from(address & 0xffff_f000)),
            stride: u16::try_from(stride).ok()?,
            tiling: u8::try_from(tiling).ok()?,
            immediate: address & 3 == IMMEDIATE,
        })
    }

    /// The control register of the plane.
    pub fn control(&self) -> MmioOffset {
        let pipe = match self.pipe {
            Pipe::A => 0,
            Pipe::B => PIPES,
            Pipe::C => PIPES << 1,
        };
        let plane = PLANES.wrapping_mul(self.plane.into());
        MmioOffset::new(CONTROL.wrapping_add(pipe).wrapping_add(plane))
    }

    /// What it does as writes of the plane's registers, in their order; `control` is what its control register
    /// holds.
    pub fn writes(&self, generation: Generation, control: u32) -> [(MmioOffset, u32); 3] {
        let tiled = match generation {
            Generation::Gen8 => TILED_GEN8,
            Generation::Gen9 => TILED_GEN9,
        };
        let tiling = u32::from(self.tiling) << 10 & tiled;
        let at_once = if self.immediate { ASYNC } else { 0 };
        let at = |offset| MmioOffset::new(self.control().get().wrapping_add(offset));
        // A GGTT has 4 GiB.
        let surface = u32::try_from(self.surface.get()).unwrap_or(0);
        [
            (at(0), control & !(tiled | ASYNC) | tiling | at_once),
            (at(STRIDE), self.stride.into()),
            (at(SURFACE), surface),
        ]
    }
}
