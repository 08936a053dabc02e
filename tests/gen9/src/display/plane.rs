// SPDX-License-Identifier: GPL-2.0

//! Planes of a pipe: where their surfaces are latched.

use crate::gpu::Gpu;
use crate::platform::Platform;

/// A plane's registers, relative to its pipe, and its interrupt.
pub struct Plane {
    /// PLANE_CTL, DSPCNTR, SPRCTL, CURCNTR.
    control: u32,
    /// PLANE_SURF, DSPSURF, SPRSURF, CURBASE: a write arms an update.
    pub surface: u32,
    /// The surface that is scanned out, *SURFLIVE.
    pub live: u32,
    /// The "flip done" bit among the pipe's interrupts; zero where there is none.
    pub flip_done: u32,
}

/// PLANE_CTL_ASYNC_FLIP, DISP_ASYNC_FLIP: do not wait for the vblank.
const ASYNC_FLIP: u32 = 1 << 9;

const fn plane(index: u32, flip_done: u32) -> Plane {
    let base = 0x180 + 0x100 * index;
    Plane {
        control: base,
        surface: base + 0x1c,
        live: base + 0x2c,
        flip_done,
    }
}

const CURSOR: Plane = Plane {
    control: 0x80,
    surface: 0x84,
    live: 0xac,
    flip_done: 0,
};

/// Four universal planes (GEN9_PIPE_PLANE_FLIP_DONE) and the cursor.
const GEN9: [Plane; 5] = [
    plane(0, 1 << 3),
    plane(1, 1 << 4),
    plane(2, 1 << 5),
    plane(3, 1 << 6),
    CURSOR,
];

/// Primary (GEN8_PIPE_PRIMARY_FLIP_DONE), sprite (GEN8_PIPE_SPRITE_FLIP_DONE) and cursor.
const BDW: [Plane; 3] = [plane(0, 1 << 4), plane(1, 1 << 5), CURSOR];

/// The planes of each pipe.
pub fn table(platform: &Platform) -> &'static [Plane] {
    if platform.graphics >= 9 { &GEN9 } else { &BDW }
}

impl Plane {
    /// Whether updates of this plane on the pipe at `base` take effect at once.
    pub fn is_async(&self, gpu: &Gpu, base: u32) -> bool {
        self.flip_done != 0 && gpu.regs.get(base + self.control) & ASYNC_FLIP != 0
    }

    /// Makes the programmed surface the live one.
    pub fn latch(&self, gpu: &Gpu, base: u32) {
        gpu.regs
            .set(base + self.live, gpu.regs.get(base + self.surface));
    }
}
