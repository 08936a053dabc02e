// SPDX-License-Identifier: GPL-2.0

//! The guest's monitor, as user space sees and changes it: a region with a picture, which is taken anew
//! whenever it is asked for, or the planes' own memory by dma-buf; and a region with the monitor's EDID.

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
        PlaneInfo,
        PlaneKind, //
    },
    vgpu::{
        Format,
        Frame,
        Shown,
        Tiling,
        Vgpu,
        Which, //
    },
};

/// DRM_FORMAT_XRGB8888.
const XRGB8888: u32 = fourcc(*b"XR24");

/// DRM_FORMAT_MOD_LINEAR, I915_FORMAT_MOD_X_TILED and I915_FORMAT_MOD_Y_TILED.
const LINEAR: u64 = 0;
const X_TILED: u64 = 1 << 56 | 1;
const Y_TILED: u64 = 1 << 56 | 2;

/// The number of a format by its four letters.
const fn fourcc(letters: [u8; 4]) -> u32 {
    u32::from_le_bytes(letters)
}

/// How user space gets at what is shown. It asks first which form there is; QEMU asks for the dma-buf before the
/// region, and insists on OpenGL if it is told that there is one. So there is one only, and it is the operator
/// who knows.
#[pin_data]
pub(super) struct Forms {
    /// For the next user.
    #[pin]
    chosen: Mutex<Form>,
    /// For the one who has the device open.
    #[pin]
    current: Mutex<Form>,
}

impl Forms {
    /// By region.
    pub(super) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            chosen <- new_mutex!(Form::Region),
            current <- new_mutex!(Form::Region),
        })
    }

    /// What the next user finds.
    pub(super) fn chosen(&self) -> Form {
        *self.chosen.lock()
    }

    /// The next user is to find this.
    pub(super) fn choose(&self, form: Form) {
        *self.chosen.lock() = form;
    }

    /// Somebody opens the device.
    pub(super) fn open(&self) {
        *self.current.lock() = self.chosen();
    }

    /// What he has found.
    pub(super) fn current(&self) -> Form {
        *self.current.lock()
    }
}

/// What a plane shows, or all of them, by whatever form it is had.
pub(super) fn picture(vgpu: &Vgpu, form: Form, plane: PlaneKind) -> Result<Option<PlaneInfo>> {
    match (form, plane) {
        (Form::Region, _) => whole(vgpu),
        (Form::DmaBuf, PlaneKind::Primary) => single(vgpu, Which::Primary),
        (Form::DmaBuf, PlaneKind::Cursor) => single(vgpu, Which::Cursor),
        (Form::DmaBuf, PlaneKind::Overlay) => Err(EINVAL),
    }
}

/// What one plane shows.
fn single(vgpu: &Vgpu, which: Which) -> Result<Option<PlaneInfo>> {
    let shown = vgpu.shown(which)?;

    Ok(shown.map(|shown| {
        let Shown {
            id,
            view,
            stride,
            size,
            at,
            hot_spot,
        } = shown;
        PlaneInfo {
            format: match view.format() {
                Format::Xrgb8888 if view.translucent => fourcc(*b"AR24"),
                Format::Xrgb8888 => XRGB8888,
                Format::Xbgr8888 if view.translucent => fourcc(*b"AB24"),
                Format::Xbgr8888 => fourcc(*b"XB24"),
                Format::Xrgb2101010 => fourcc(*b"XR30"),
                Format::Xbgr2101010 => fourcc(*b"XB30"),
                Format::Rgb565 => fourcc(*b"RG16"),
            },
            modifier: match view.tiling() {
                Tiling::Linear => LINEAR,
                Tiling::X => X_TILED,
                Tiling::Y => Y_TILED,
            },
            width: view.size.0,
            height: view.size.1,
            stride,
            size,
            at,
            hot_spot,
            place: id,
        }
    }))
}

/// Takes a picture. The planes are put together, so there is one picture whichever plane is asked for.
fn whole(vgpu: &Vgpu) -> Result<Option<PlaneInfo>> {
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
            modifier: LINEAR,
            width,
            height,
            stride,
            size,
            at: (0, 0),
            hot_spot: None,
            place: PICTURE,
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
