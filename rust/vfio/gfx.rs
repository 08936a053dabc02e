// SPDX-License-Identifier: GPL-2.0

//! What a device shows on its screen: `VFIO_DEVICE_QUERY_GFX_PLANE`.
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
    vfio_device_gfx_plane_info,
    VFIO_GFX_PLANE_TYPE_DMABUF,
    VFIO_GFX_PLANE_TYPE_PROBE,
    VFIO_GFX_PLANE_TYPE_REGION, //
};

/// Numbers of 32 bits that the call passes; newer fields follow.
const WORDS: usize = 15;
const _: () = assert!(offset_of!(vfio_device_gfx_plane_info, __bindgen_anon_1) == (WORDS - 1) * 4);

/// There is no hot spot.
const NO_HOT_SPOT: u32 = u32::MAX;

/// How user space gets at a picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// It maps or reads a region.
    Region,
    /// It asks for a dma-buf.
    DmaBuf,
}

/// A picture.
#[derive(Clone, Copy)]
pub(crate) struct PlaneInfo {
    /// What its pixels are: DRM_FORMAT_*.
    pub(crate) format: u32,
    /// Pixels in a row.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// Bytes from row to row.
    pub(crate) stride: u32,
    /// Bytes of all of it.
    pub(crate) size: u32,
    /// The region that it is in.
    pub(crate) region: u32,
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

    let mut words = [0; WORDS];
    let [size, kind, which, format, _, _, rest @ ..] = &mut words;
    (*size, *kind, *which) = (argsz, flags, plane);
    if let Some(picture) = operations.picture(form)? {
        *format = picture.format;
        // No modifier: rows without tiling. It is where the picture is to be.
        *rest = [
            picture.width,
            picture.height,
            picture.stride,
            picture.size,
            0,
            0,
            NO_HOT_SPOT,
            NO_HOT_SPOT,
            picture.region,
        ];
    }
    to.write(&words)
}
