// SPDX-License-Identifier: GPL-2.0

//! Planes of a pipe: where their registers are, what of them is latched, and what tells that a flip is
//! done.

use super::pipe;
use crate::{
    hw::{
        irq::{Pipe, Source},
        platform::{Generation, Platform},
    },
    model::mmio::cells::Cells,
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
    /// PLANE_STRIDE, DSPSTRIDE, SPRSTRIDE; cursors have none.
    stride: u32,
    /// PLANE_POS, SPRPOS, CURPOS.
    position: u32,
    /// PLANE_SIZE, SPRSIZE; CUR_FBC_CTL, which can make a cursor less high.
    size: u32,
    /// PLANE_OFFSET, DSPOFFSET, SPROFFSET; cursors have none.
    offset: u32,
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
        stride: 0x84,
        position: 0x88,
        size: 0xa0,
        offset: 0x84,
    },
];

const fn plane(control: u32) -> Plane {
    Plane {
        control,
        surface: control | 0x1c,
        live: control | 0x2c,
        stride: control | 0x08,
        position: control | 0x0c,
        size: control | 0x10,
        offset: control.wrapping_add(0x24),
    }
}

/// What a plane's registers held when an update of it took effect: what the hardware goes on with, while
/// a driver prepares the next update in the registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Latched {
    pub control: u32,
    pub surface: u32,
    pub stride: u32,
    pub position: u32,
    pub size: u32,
    pub offset: u32,
}

impl Latched {
    /// A plane that is off.
    pub(super) const OFF: Self = Self {
        control: 0,
        surface: 0,
        stride: 0,
        position: 0,
        size: 0,
        offset: 0,
    };

    /// What the registers of `plane` hold now.
    pub(super) fn take(cells: &Cells, pipe: Pipe, plane: &Plane) -> Self {
        let get = |within: u32| {
            let first = pipe::FIRST.wrapping_add(within);
            cells.get(pipe::register(pipe, first))
        };
        Self {
            control: get(plane.control),
            surface: get(plane.surface),
            stride: get(plane.stride),
            position: get(plane.position),
            size: get(plane.size),
            offset: get(plane.offset),
        }
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
