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
        EdidRegion,
        BLOCK, //
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

/// The monitor, and the region that describes it.
struct Monitor {
    region: EdidRegion,
    /// What a user finds who has not changed it.
    usual: [u8; BLOCK],
}

/// The monitor, as user space and the operator change it. Its lock is taken around that of what the guest
/// sees.
#[pin_data]
pub(super) struct MonitorRegion {
    #[pin]
    monitor: Mutex<Monitor>,
}

impl MonitorRegion {
    /// The monitor of a virtual GPU's type.
    pub(super) fn new(vgpu: &Vgpu) -> Result<impl PinInit<Self>> {
        let first = vgpu.first_mode();
        let usual = vgpu.edid(first.0, first.1)?;
        let region = EdidRegion::new(usual, vgpu.largest_mode());

        Ok(pin_init!(Self {
            monitor <- new_mutex!(Monitor { region, usual }),
        }))
    }

    /// The byte at `offset`.
    pub(super) fn byte(&self, offset: u64) -> u8 {
        self.monitor.lock().region.byte(offset)
    }

    /// Writes up to 4 bytes, not across a multiple of 4. EINVAL if they cannot be written, or are not what a
    /// monitor may have.
    pub(super) fn write(&self, vgpu: &Vgpu, offset: u64, bytes: &[u8]) -> Result {
        let region = &mut self.monitor.lock().region;
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

    /// Columns and rows of the best mode of the monitor that is plugged in.
    pub(super) fn mode(&self) -> Option<(u16, u16)> {
        Vgpu::best_mode(self.monitor.lock().region.plugged()?)
    }

    /// Plugs in a monitor whose best mode has so many columns and rows, also for users after this one. EINVAL
    /// if there can be none.
    pub(super) fn set_mode(&self, vgpu: &Vgpu, width: u16, height: u16) -> Result {
        let usual = vgpu.edid(width, height)?;
        let mut monitor = self.monitor.lock();
        vgpu.plug(Some(usual))?;
        *monitor = Monitor {
            region: EdidRegion::new(usual, vgpu.largest_mode()),
            usual,
        };
        Ok(())
    }

    /// The next user finds the usual monitor again.
    pub(super) fn close(&self, vgpu: &Vgpu) {
        let mut monitor = self.monitor.lock();
        let usual = monitor.usual;
        if vgpu.plug(Some(usual)).is_ok() {
            monitor.region = EdidRegion::new(usual, vgpu.largest_mode());
        }
    }
}
