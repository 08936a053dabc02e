// SPDX-License-Identifier: GPL-2.0

//! The guest's monitor, as who looks at it from outside gets it: a region with a picture, which is taken
//! anew whenever it is asked for.

use kernel::prelude::*;

use super::region::PICTURE;
use crate::{
    rust::vfio::{
        Form,
        PlaneInfo, //
    },
    vgpu::{
        Frame,
        Vgpu, //
    },
};

/// DRM_FORMAT_XRGB8888: "XR24".
const XRGB8888: u32 = u32::from_le_bytes(*b"XR24");

/// Whether pictures can be had in this form.
pub(super) fn shows_as(form: Form) -> bool {
    form == Form::Region
}

/// Takes a picture. The planes are put together, so there is one picture whichever plane is asked for.
pub(super) fn picture(vgpu: &Vgpu) -> Result<Option<PlaneInfo>> {
    let frame = vgpu.take_picture()?;

    Ok(frame.map(|frame| {
        let Frame {
            width,
            height,
            stride,
            size,
        } = frame;
        PlaneInfo {
            format: XRGB8888,
            width,
            height,
            stride,
            size,
            region: PICTURE,
        }
    }))
}
