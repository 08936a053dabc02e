// SPDX-License-Identifier: GPL-2.0

//! The guest's monitor, as user space sees and changes it: a region with a picture, which is taken anew
//! whenever it is asked for, and one with the monitor's EDID.

use kernel::{
    new_mutex,
    prelude::*,
    sync::Mutex, //
};

use super::{
    edid::{
        Change,
        EdidRegion, //
    },
    region::PICTURE, //
};
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

/// The region that describes the monitor. Its lock is taken around that of what the guest sees.
#[pin_data]
pub(super) struct MonitorRegion {
    #[pin]
    edid: Mutex<EdidRegion>,
}

impl MonitorRegion {
    /// The monitor that a virtual GPU has when nobody has changed it.
    pub(super) fn new(vgpu: &Vgpu) -> Result<impl PinInit<Self>> {
        let edid = EdidRegion::new(vgpu.usual_edid()?, vgpu.largest_mode());

        Ok(pin_init!(Self {
            edid <- new_mutex!(edid),
        }))
    }

    /// The byte at `offset`.
    pub(super) fn byte(&self, offset: u64) -> u8 {
        self.edid.lock().byte(offset)
    }

    /// Writes up to 4 bytes, not across a multiple of 4. EINVAL if they cannot be written, or are not what a
    /// monitor may have.
    pub(super) fn write(&self, vgpu: &Vgpu, offset: u64, bytes: &[u8]) -> Result {
        let mut region = self.edid.lock();
        let Some(change) = region.write(offset, bytes)? else {
            return Ok(());
        };
        vgpu.plug(match change {
            Change::Unplug => None,
            Change::Plug(edid) => Some(edid),
        })?;
        region.done(change);
        Ok(())
    }

    /// The next user finds the virtual GPU's own monitor again.
    pub(super) fn close(&self, vgpu: &Vgpu) {
        let mut region = self.edid.lock();
        if let Ok(edid) = vgpu.usual_edid() {
            if vgpu.plug(Some(edid)).is_ok() {
                *region = EdidRegion::new(edid, vgpu.largest_mode());
            }
        }
    }
}
