// SPDX-License-Identifier: GPL-2.0

//! Planes of a pipe: where their surfaces are latched, and what tells that a flip is done.

use crate::hw::{
    irq::{Pipe, Source},
    platform::{Generation, Platform},
};

/// PLANE_CTL_ASYNC_FLIP, DISP_ASYNC_FLIP: an update does not wait for the vblank.
pub(super) const ASYNC_FLIP: u32 = 1 << 9;

/// A plane's registers, relative to its pipe's. Universal planes of Gen9 and the primary plane and
/// sprite of Gen8 are at the same places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plane {
    /// PLANE_CTL, DSPCNTR, SPRCTL, CURCNTR.
    pub control: u32,
    /// PLANE_SURF, DSPSURF, SPRSURF, CURBASE: a write arms an update.
    pub surface: u32,
    /// The surface that is scanned out: *SURFLIVE.
    pub live: u32,
}

/// The planes; the first is the primary one, the last the cursor.
pub(super) const PLANES: [Plane; 5] = [
    plane(0x180),
    plane(0x280),
    plane(0x380),
    plane(0x480),
    Plane {
        control: 0x80,
        surface: 0x84,
        live: 0xac,
    },
];

const fn plane(control: u32) -> Plane {
    Plane {
        control,
        surface: control | 0x1c,
        live: control | 0x2c,
    }
}

/// The interrupt of a flip of plane `index` of [`PLANES`]; cursors have none.
pub(super) fn flip_done(platform: Platform, pipe: Pipe, index: u8) -> Option<Source> {
    match (platform.generation(), index) {
        (Generation::Gen9, _) => Source::plane_flip_gen9(pipe, index),
        (Generation::Gen8, 0) => Some(Source::primary_flip_gen8(pipe)),
        (Generation::Gen8, 1) => Some(Source::sprite_flip_gen8(pipe)),
        (Generation::Gen8, _) => None,
    }
}
