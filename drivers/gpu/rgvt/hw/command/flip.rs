// SPDX-License-Identifier: GPL-2.0

//! MI_DISPLAY_FLIP: a plane shows another surface.

use super::super::{addr::GuestGma, irq::Pipe, platform::Generation};

/// What a flip asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The pipe.
    pub pipe: Pipe,
    /// The plane of the pipe, counted from 0: on Gen8 0 is the primary plane and 1 the sprite.
    pub plane: u8,
    /// Where the surface is in the GGTT; a multiple of a page.
    pub surface: GuestGma,
    /// Its pitch, in the unit of the plane's stride register.
    pub stride: u16,
    /// How it is tiled: on Gen8 whether, on Gen9 as in the plane's control register.
    pub tiling: u8,
    /// Without waiting for the vertical blank.
    pub immediate: bool,
}

/// Bits 1:0 of the third dword: at once, not at the next vertical blank.
const IMMEDIATE: u32 = 1;

impl Flip {
    /// What a command of at least three dwords asks for; `None` if it names no plane.
    pub fn decode(generation: Generation, header: u32, pitch: u32, address: u32) -> Option<Self> {
        let (pipe, plane, tiling) = match generation {
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
                (pipe, plane, pitch & 1)
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
                (pipe, plane, pitch & 7)
            }
        };
        Some(Self {
            pipe,
            plane,
            surface: GuestGma::new(u64::from(address & 0xffff_f000)),
            stride: u16::try_from(pitch >> 6 & 0x3ff).ok()?,
            tiling: u8::try_from(tiling).ok()?,
            immediate: address & 3 == IMMEDIATE,
        })
    }
}
