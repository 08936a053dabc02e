// SPDX-License-Identifier: GPL-2.0

//! What a device shows on its screen: `VFIO_DEVICE_QUERY_GFX_PLANE` and `VFIO_DEVICE_GET_GFX_DMABUF`.
//!
//! C header: [`include/uapi/linux/vfio.h`](srctree/include/uapi/linux/vfio.h)

use core::mem::offset_of;

use kernel::{
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

use super::Operations;
use crate::rust::bindings::{
    drm_plane_type_DRM_PLANE_TYPE_CURSOR as DRM_PLANE_TYPE_CURSOR,
    drm_plane_type_DRM_PLANE_TYPE_OVERLAY as DRM_PLANE_TYPE_OVERLAY,
    drm_plane_type_DRM_PLANE_TYPE_PRIMARY as DRM_PLANE_TYPE_PRIMARY,
    vfio_device_gfx_plane_info,
    VFIO_GFX_PLANE_TYPE_DMABUF,
    VFIO_GFX_PLANE_TYPE_PROBE,
    VFIO_GFX_PLANE_TYPE_REGION, //
};

/// Numbers of 32 bits that the call passes; newer fields follow.
const WORDS: usize = 15;
const _: () = assert!(offset_of!(vfio_device_gfx_plane_info, __bindgen_anon_1) == (WORDS - 1) * 4);

/// There is no hot spot.
const NO_HOT_SPOT: (u32, u32) = (u32::MAX, u32::MAX);

/// How user space gets at a picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// It maps or reads a region.
    Region,
    /// It asks for a dma-buf.
    DmaBuf,
}

/// A plane, by `enum drm_plane_type`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaneKind {
    /// One that lies over the primary one.
    Overlay,
    /// The one that has the screen's size, mostly.
    Primary,
    /// The cursor.
    Cursor,
}

impl PlaneKind {
    /// The one of a number.
    fn new(number: u32) -> Option<Self> {
        match number {
            DRM_PLANE_TYPE_OVERLAY => Some(Self::Overlay),
            DRM_PLANE_TYPE_PRIMARY => Some(Self::Primary),
            DRM_PLANE_TYPE_CURSOR => Some(Self::Cursor),
            _ => None,
        }
    }
}

/// A picture.
#[derive(Clone, Copy)]
pub(crate) struct PlaneInfo {
    /// What its pixels are: DRM_FORMAT_*.
    pub(crate) format: u32,
    /// How they are laid out: DRM_FORMAT_MOD_*, I915_FORMAT_MOD_*.
    pub(crate) modifier: u64,
    /// Pixels in a row.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// Bytes from row to row.
    pub(crate) stride: u32,
    /// Bytes of all of it.
    pub(crate) size: u32,
    /// Column and row on the screen.
    pub(crate) at: (i32, i32),
    /// The pixel that points, if known.
    pub(crate) hot_spot: Option<(u32, u32)>,
    /// The region that it is in, or the number of its dma-buf.
    pub(crate) place: u32,
}

/// Does the call.
pub(super) fn query(operations: &impl Operations, argument: UserPtr) -> Result {
    let (mut from, mut to) = UserSlice::new(argument, WORDS * 4).reader_writer();
    let [argsz, flags, plane, ..] = from.read::<[u32; WORDS]>()?;
    if (argsz as usize) < WORDS * 4 {
        return Err(EINVAL);
    }

    let form = match flags & !VFIO_GFX_PLANE_TYPE_PROBE {
        VFIO_GFX_PLANE_TYPE_REGION => Form::Region,
        VFIO_GFX_PLANE_TYPE_DMABUF => Form::DmaBuf,
        _ => return Err(EINVAL),
    };
    if !operations.shows_as(form) {
        return Err(EINVAL);
    }
    if flags & VFIO_GFX_PLANE_TYPE_PROBE != 0 {
        return Ok(());
    }
    let kind = PlaneKind::new(plane).ok_or(EINVAL)?;

    let mut words = [0; WORDS];
    let [size, form_flags, which, format, modifier_low, modifier_high, rest @ ..] = &mut words;
    (*size, *form_flags, *which) = (argsz, flags, plane);
    if let Some(picture) = operations.picture(form, kind)? {
        // CAST: The halves of a number, and numbers that user space takes back to be signed.
        (*modifier_low, *modifier_high) =
            (picture.modifier as u32, (picture.modifier >> 32) as u32);
        let hot_spot = picture.hot_spot.unwrap_or(NO_HOT_SPOT);
        *format = picture.format;
        *rest = [
            picture.width,
            picture.height,
            picture.stride,
            picture.size,
            picture.at.0 as u32,
            picture.at.1 as u32,
            hot_spot.0,
            hot_spot.1,
            picture.place,
        ];
    }
    to.write(&words)
}

/// Does the other call: a file descriptor of a dma-buf that a query has told of.
pub(super) fn get_dma_buf(operations: &impl Operations, argument: UserPtr) -> Result<u32> {
    let id = UserSlice::new(argument, 4).reader().read::<u32>()?;

    operations.dma_buf(id)
}
