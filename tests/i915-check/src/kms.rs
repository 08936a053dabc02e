// SPDX-License-Identifier: GPL-2.0
//! The part of DRM's mode setting that the checks use.
//!
//! Structures, numbers and flags: `include/uapi/drm/drm_mode.h`, `drm_fourcc.h`.

use std::os::fd::BorrowedFd;

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::device::{Buffer, Device};
use crate::tiling::Tiling;
use crate::uapi::{call, requests};

/// `struct drm_mode_modeinfo`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct ModeInfo {
    clock: u32,
    hdisplay: u16,
    horizontal: [u16; 4],
    vdisplay: u16,
    vertical: [u16; 4],
    vrefresh: u32,
    flags: u32,
    kind: u32,
    name: [u8; 32],
}

requests! {
    WaitVblank RW 0x3a { kind: u32, sequence: u32, time: [u64; 2] }
    Resources RW 0xa0 {
        fb_ids: u64, crtc_ids: u64, connector_ids: u64, encoder_ids: u64,
        fbs: u32, crtcs: u32, connectors: u32, encoders: u32,
        min_width: u32, max_width: u32, min_height: u32, max_height: u32
    }
    SetCrtc RW 0xa2 {
        connectors: u64, connector_count: u32, crtc: u32, fb: u32, x: u32, y: u32,
        gamma_size: u32, mode_valid: u32, mode: ModeInfo
    }
    GetConnector RW 0xa7 {
        encoder_ids: u64, modes: u64, props: u64, prop_values: u64,
        mode_count: u32, prop_count: u32, encoder_count: u32, encoder: u32,
        connector: u32, kind: u32, kind_id: u32, connection: u32,
        mm_width: u32, mm_height: u32, subpixel: u32, pad: u32
    }
    RemoveFb RW 0xaf { fb: u32 }
    AddFb2 RW 0xb8 {
        fb: u32, width: u32, height: u32, format: u32, flags: u32,
        handles: [u32; 4], pitches: [u32; 4], offsets: [u32; 4], pad: u32, modifiers: [u64; 4]
    }
    Cursor2 RW 0xbb {
        flags: u32, crtc: u32, x: i32, y: i32, width: u32, height: u32, handle: u32,
        hot_x: i32, hot_y: i32
    }
}

/// `_DRM_VBLANK_RELATIVE`.
const VBLANK_RELATIVE: u32 = 1;
/// `DRM_MODE_CONNECTED`.
const CONNECTED: u32 = 1;
/// `DRM_MODE_FB_MODIFIERS`.
const FB_MODIFIERS: u32 = 1 << 1;
/// `DRM_MODE_CURSOR_BO` and `DRM_MODE_CURSOR_MOVE`.
const CURSOR_BO: u32 = 1;
const CURSOR_MOVE: u32 = 2;

/// `DRM_FORMAT_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format(pub [u8; 4]);

/// A monitor that is plugged in, a mode of it, and a pipe to drive it.
pub struct Screen<'a> {
    device: &'a Device,
    connector: u32,
    crtc: u32,
    modes: Vec<ModeInfo>,
    mode: ModeInfo,
}

impl<'a> Screen<'a> {
    /// The first monitor of a device, in its best mode.
    pub fn find(device: &'a Device) -> Result<Self> {
        let (mut crtcs, mut connectors) = ([0_u32; 8], [0_u32; 16]);
        let mut all = Resources {
            crtc_ids: crtcs.as_mut_ptr() as u64,
            connector_ids: connectors.as_mut_ptr() as u64,
            crtcs: crtcs.len() as u32,
            connectors: connectors.len() as u32,
            ..Default::default()
        };
        call(device.as_fd(), &mut all).context("cannot list the display's parts")?;
        ensure!(all.crtcs > 0, "there is no pipe");
        let there = &connectors[..connectors.len().min(all.connectors as usize)];
        for &connector in there {
            let modes = modes(device.as_fd(), connector)?;
            if let Some(&mode) = modes.first() {
                return Ok(Self {
                    device,
                    connector,
                    crtc: crtcs[0],
                    modes,
                    mode,
                });
            }
        }
        Err(anyhow!("no monitor is plugged in"))
    }

    /// The same in a mode of this size, if the monitor has one.
    pub fn sized(mut self, width: u16, height: u16) -> Self {
        let fits = |mode: &&ModeInfo| (mode.hdisplay, mode.vdisplay) == (width, height);
        self.mode = *self.modes.iter().find(fits).unwrap_or(&self.mode);
        self
    }

    /// Columns of the mode.
    pub fn width(&self) -> u16 {
        self.mode.hdisplay
    }

    /// Rows of it.
    pub fn height(&self) -> u16 {
        self.mode.vdisplay
    }

    /// Shows a picture on the whole screen.
    pub fn show(&self, picture: &Framebuffer<'_>) -> Result<()> {
        let connectors = [self.connector];
        let mut arg = SetCrtc {
            connectors: connectors.as_ptr() as u64,
            connector_count: 1,
            crtc: self.crtc,
            fb: picture.id,
            mode_valid: 1,
            mode: self.mode,
            ..Default::default()
        };
        call(self.device.as_fd(), &mut arg).context("cannot set a mode")
    }

    /// Waits for the next vertical blank.
    pub fn wait(&self) -> Result<()> {
        let mut arg = WaitVblank {
            kind: VBLANK_RELATIVE,
            sequence: 1,
            ..Default::default()
        };
        call(self.device.as_fd(), &mut arg).context("cannot wait for a vertical blank")
    }

    /// Shows a cursor, a square of `width` columns, at a place that may be partly outside.
    pub fn cursor(&self, picture: &Buffer, width: u32, (x, y): (i32, i32)) -> Result<()> {
        let mut arg = Cursor2 {
            flags: CURSOR_BO | CURSOR_MOVE,
            crtc: self.crtc,
            x,
            y,
            width,
            height: width,
            handle: picture.handle(),
            ..Default::default()
        };
        call(self.device.as_fd(), &mut arg).context("cannot show a cursor")
    }

    /// Takes it away.
    pub fn no_cursor(&self) -> Result<()> {
        let mut arg = Cursor2 {
            flags: CURSOR_BO,
            crtc: self.crtc,
            ..Default::default()
        };
        call(self.device.as_fd(), &mut arg).context("cannot take the cursor away")
    }
}

/// The modes of the monitor at a connector, the best one first; none if none is plugged in.
fn modes(fd: BorrowedFd<'_>, connector: u32) -> Result<Vec<ModeInfo>> {
    // Without room for modes the kernel looks for a monitor, and says how many there are.
    let mut probe = GetConnector {
        connector,
        ..Default::default()
    };
    call(fd, &mut probe).context("cannot probe a connector")?;
    if probe.connection != CONNECTED {
        return Ok(Vec::new());
    }
    let mut modes = vec![ModeInfo::default(); probe.mode_count as usize];
    let mut arg = GetConnector {
        connector,
        modes: modes.as_mut_ptr() as u64,
        mode_count: modes.len() as u32,
        ..Default::default()
    };
    call(fd, &mut arg).context("cannot list modes")?;
    Ok(modes)
}

/// A picture that can be scanned out; removed when dropped, which turns off what shows it.
pub struct Framebuffer<'a> {
    device: &'a Device,
    id: u32,
}

impl<'a> Framebuffer<'a> {
    /// The picture in `buffer`.
    pub fn new(
        device: &'a Device,
        buffer: &Buffer,
        (width, height): (u16, u16),
        pitch: u32,
        format: Format,
        tiling: Tiling,
    ) -> Result<Self> {
        // I915_FORMAT_MOD_X_TILED, I915_FORMAT_MOD_Y_TILED
        let modifier = match tiling {
            Tiling::Linear => 0,
            Tiling::X => 1 << 56 | 1,
            Tiling::Y => 1 << 56 | 2,
        };
        let mut arg = AddFb2 {
            width: width.into(),
            height: height.into(),
            format: u32::from_le_bytes(format.0),
            flags: FB_MODIFIERS,
            handles: [buffer.handle(), 0, 0, 0],
            pitches: [pitch, 0, 0, 0],
            modifiers: [modifier, 0, 0, 0],
            ..Default::default()
        };
        call(device.as_fd(), &mut arg).context("cannot make a framebuffer")?;
        Ok(Self { device, id: arg.fb })
    }
}

impl Drop for Framebuffer<'_> {
    fn drop(&mut self) {
        // Nothing to do about an error: the file's end removes it too.
        let _ = call(self.device.as_fd(), &mut RemoveFb { fb: self.id });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uapi::Request;

    /// Numbers as a C compiler makes them of the header, sizes included.
    #[test]
    fn numbers() {
        for (number, wanted) in [
            (WaitVblank::NUMBER, 0xc018_643a),
            (Resources::NUMBER, 0xc040_64a0),
            (SetCrtc::NUMBER, 0xc068_64a2),
            (GetConnector::NUMBER, 0xc050_64a7),
            (RemoveFb::NUMBER, 0xc004_64af),
            (AddFb2::NUMBER, 0xc068_64b8),
            (Cursor2::NUMBER, 0xc024_64bb),
        ] {
            assert_eq!(number, wanted, "{number:#x}");
        }
    }
}
