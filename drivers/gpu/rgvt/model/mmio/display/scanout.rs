// SPDX-License-Identifier: GPL-2.0

//! What a pipe shows: its planes' registers, read as the hardware would.
//!
//! Understood are RGB formats, linear, X- and Y-tiled. A plane that shows anything else (video formats,
//! palettes, compressed or rotated surfaces) is left out; scalers, gamma and colour keys are ignored.
//!
//! Source: i915, display/{skl_universal_plane,i9xx_plane,intel_sprite,intel_cursor}_regs.h; Skylake and
//! Broadwell PRM, volume 2c.

use super::{pipe, plane::Latched};
use crate::{
    hw::{
        addr::{GuestGma, PAGE_SIZE},
        irq::Pipe,
        platform::{Generation, Platform},
    },
    model::{
        mmio::cells::Cells,
        screen::{Alpha, Format, Plane, Scene, Surface, Tiling, PIXEL, PLANES},
    },
};

/// PIPESRC of pipe A: width and height, each less 1, in bits 31:16 and 15:0.
const SOURCE: u32 = 0x6_001c;

/// PLANE_CTL_ENABLE, DISP_ENABLE, SPRITE_ENABLE.
const ENABLE: u32 = 1 << 31;
/// PLANE_CTL_ORDER_RGBX, SPRITE_RGB_ORDER_RGBX.
const RED_LOWEST: u32 = 1 << 20;
/// PLANE_CTL_RENDER_DECOMPRESSION_ENABLE, and PLANE_CTL_ROTATE_MASK.
const COMPRESSED: u32 = 1 << 15;
const ROTATED: u32 = 3;
/// DISP_ROTATE_180, SPRITE_ROTATE_180, MCURSOR_ROTATE_180.
const TURNED: u32 = 1 << 15;
/// DISP_TILED, SPRITE_TILED.
const TILED: u32 = 1 << 10;

/// MCURSOR_MODE_MASK, and its values for 4 bytes a pixel with the cursor's width and height.
const CURSOR_MODE: u32 = 0x27;
const CURSORS: [(u32, u32); 3] = [(0x27, 64), (0x22, 128), (0x23, 256)];
/// CUR_FBC_CTL_EN: the rows, less 1, are in bits 7:0.
const CURSOR_CUT: u32 = 1 << 31;

/// A pair of numbers of 16 bits: bits 15:0, then bits 31:16.
const fn pair(value: u32) -> (u32, u32) {
    (value & 0xffff, value >> 16)
}

/// A width and a height of 13 bits, each less 1.
const fn extent(value: u32) -> (u32, u32) {
    let (width, height) = pair(value);
    (
        (width & 0x1fff).wrapping_add(1),
        (height & 0x1fff).wrapping_add(1),
    )
}

/// A place in the picture that is not negative.
fn place(value: u32) -> Option<(i32, i32)> {
    let (x, y) = pair(value);
    Some((i32::try_from(x).ok()?, i32::try_from(y).ok()?))
}

/// What `pipe` shows, whose planes are `latched`. `None` if it has no size that a display can have.
pub(super) fn scene(
    platform: Platform,
    cells: &Cells,
    pipe: Pipe,
    latched: &[Latched; PLANES],
) -> Option<Scene> {
    let (height, width) = extent(cells.get(pipe::register(pipe, SOURCE)));
    let [primary, second, third, fourth, pointer] = latched;
    let size = (width, height);
    let planes = match platform.generation() {
        Generation::Gen9 => [
            universal(primary),
            universal(second),
            universal(third),
            universal(fourth),
            cursor(pointer),
        ],
        Generation::Gen8 => [
            primary_gen8(primary, size),
            sprite_gen8(second),
            None,
            None,
            cursor(pointer),
        ],
    };
    Scene::new(size, planes)
}

/// The page at which a surface begins.
fn base(latched: &Latched) -> GuestGma {
    let address = u64::from(latched.surface);
    GuestGma::new(address & !PAGE_SIZE.wrapping_sub(1))
}

/// A plane of Gen9.
fn universal(latched: &Latched) -> Option<Plane> {
    let control = latched.control;
    if control & ENABLE == 0 || control & (COMPRESSED | ROTATED) != 0 {
        return None;
    }
    // PLANE_CTL_FORMAT_MASK_SKL
    let format = match (control >> 24 & 0xf, control & RED_LOWEST != 0) {
        (2, false) => Format::Xrgb2101010,
        (2, true) => Format::Xbgr2101010,
        (4, false) => Format::Xrgb8888,
        (4, true) => Format::Xbgr8888,
        (14, _) => Format::Rgb565,
        _ => return None,
    };
    // PLANE_CTL_TILED_MASK
    let tiling = match control >> 10 & 7 {
        0 => Tiling::Linear,
        1 => Tiling::X,
        4 => Tiling::Y,
        _ => return None,
    };
    // PLANE_CTL_ALPHA_MASK
    let alpha = match control >> 4 & 3 {
        2 => Alpha::Premultiplied,
        3 => Alpha::Coverage,
        _ => Alpha::Opaque,
    };
    Some(Plane {
        surface: Surface {
            base: base(latched),
            // PLANE_STRIDE__MASK
            pitch: latched.stride & 0xfff,
            tiling,
            format,
        },
        from: pair(latched.offset),
        at: place(latched.position)?,
        size: extent(latched.size),
        alpha,
    })
}

/// A surface of Gen8, whose row's length is given in bytes.
fn surface_gen8(latched: &Latched, format: Format) -> Surface {
    let tiling = if latched.control & TILED != 0 {
        Tiling::X
    } else {
        Tiling::Linear
    };
    Surface {
        base: base(latched),
        pitch: tiling.units(latched.stride & 0xffff),
        tiling,
        format,
    }
}

/// The primary plane of Gen8: as large as the picture.
fn primary_gen8(latched: &Latched, size: (u32, u32)) -> Option<Plane> {
    let control = latched.control;
    if control & ENABLE == 0 || control & TURNED != 0 {
        return None;
    }
    // DISP_FORMAT_MASK; the kinds with alpha are shown without, too.
    let format = match control >> 26 & 0xf {
        5 => Format::Rgb565,
        6 | 7 => Format::Xrgb8888,
        8 | 9 => Format::Xbgr2101010,
        10 | 11 => Format::Xrgb2101010,
        14 | 15 => Format::Xbgr8888,
        _ => return None,
    };
    Some(Plane {
        surface: surface_gen8(latched, format),
        from: pair(latched.offset),
        at: (0, 0),
        size,
        alpha: Alpha::Opaque,
    })
}

/// The sprite of Gen8.
fn sprite_gen8(latched: &Latched) -> Option<Plane> {
    let control = latched.control;
    if control & ENABLE == 0 || control & TURNED != 0 {
        return None;
    }
    // SPRITE_FORMAT_MASK
    let format = match (control >> 25 & 7, control & RED_LOWEST != 0) {
        (1, false) => Format::Xrgb2101010,
        (1, true) => Format::Xbgr2101010,
        (2, false) => Format::Xrgb8888,
        (2, true) => Format::Xbgr8888,
        _ => return None,
    };
    Some(Plane {
        surface: surface_gen8(latched, format),
        from: pair(latched.offset),
        at: place(latched.position)?,
        size: extent(latched.size),
        alpha: Alpha::Opaque,
    })
}

/// The cursor: a square without tiling, its colours multiplied by their alpha.
fn cursor(latched: &Latched) -> Option<Plane> {
    let control = latched.control;
    let mode = control & CURSOR_MODE;
    let &(_, width) = CURSORS.iter().find(|&&(value, _)| value == mode)?;
    if control & TURNED != 0 {
        return None;
    }
    let height = match latched.size & CURSOR_CUT {
        0 => width,
        _ => (latched.size & 0xff).wrapping_add(1).min(width),
    };
    // CURPOS: magnitudes of 15 bits, and their signs.
    let signed = |value: u32| {
        let distance = i32::try_from(value & 0x7fff).unwrap_or(0);
        if value & 1 << 15 != 0 {
            distance.wrapping_neg()
        } else {
            distance
        }
    };
    let (x, y) = pair(latched.position);
    Some(Plane {
        surface: Surface {
            base: base(latched),
            pitch: Tiling::Linear.units(width.wrapping_mul(PIXEL)),
            tiling: Tiling::Linear,
            format: Format::Xrgb8888,
        },
        from: (0, 0),
        at: (signed(x), signed(y)),
        size: (width, height),
        alpha: Alpha::Premultiplied,
    })
}
