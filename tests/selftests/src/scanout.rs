// SPDX-License-Identifier: GPL-2.0
//! A pipe that shows something: registers as a guest's driver writes them.
//!
//! Source: i915, display/{skl_universal_plane,i9xx_plane,intel_cursor}_regs.h.

use anyhow::Result;

use crate::device::Device;

/// How a surface is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiling {
    Linear,
    X,
    Y,
}

impl Tiling {
    /// Bytes of a row, and rows, of a tile; where there are none, of the unit in which Gen9 takes strides.
    pub fn tile(self) -> (u32, u32) {
        match self {
            Self::Linear => (64, 1),
            Self::X => (512, 8),
            Self::Y => (128, 32),
        }
    }
}

/// What a pixel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Xrgb8888,
    Xbgr8888,
    Xrgb2101010,
    Xbgr2101010,
    Rgb565,
}

impl Format {
    pub const ALL: [Self; 5] = [
        Self::Xrgb8888,
        Self::Xbgr8888,
        Self::Xrgb2101010,
        Self::Xbgr2101010,
        Self::Rgb565,
    ];

    /// Bytes of a pixel.
    pub fn bytes(self) -> u32 {
        if self == Self::Rgb565 { 2 } else { 4 }
    }

    /// DRM's name of it.
    pub fn fourcc(self) -> [u8; 4] {
        *match self {
            Self::Xrgb8888 => b"XR24",
            Self::Xbgr8888 => b"XB24",
            Self::Xrgb2101010 => b"XR30",
            Self::Xbgr2101010 => b"XB30",
            Self::Rgb565 => b"RG16",
        }
    }

    /// DISP_FORMAT_MASK.
    fn gen8(self) -> u32 {
        let value = match self {
            Self::Xrgb8888 => 6,
            Self::Xbgr8888 => 14,
            Self::Xrgb2101010 => 10,
            Self::Xbgr2101010 => 8,
            Self::Rgb565 => 5,
        };
        value << 26
    }

    /// PLANE_CTL_FORMAT_MASK_SKL and PLANE_CTL_ORDER_RGBX.
    fn gen9(self) -> u32 {
        match self {
            Self::Xrgb8888 => 4 << 24,
            Self::Xbgr8888 => 4 << 24 | 1 << 20,
            Self::Xrgb2101010 => 2 << 24,
            Self::Xbgr2101010 => 2 << 24 | 1 << 20,
            Self::Rgb565 => 14 << 24,
        }
    }
}

/// A surface that fills the primary plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surface {
    /// Columns and rows.
    pub size: (u32, u32),
    pub format: Format,
    pub tiling: Tiling,
    /// Bytes from row to row.
    pub stride: u32,
    /// Where it begins in the GGTT.
    pub address: u64,
}

impl Surface {
    /// One of XRGB8888, without tiling, and without a gap between rows.
    pub fn linear(size: (u32, u32), address: u64) -> Self {
        Self {
            size,
            format: Format::Xrgb8888,
            tiling: Tiling::Linear,
            stride: size.0 * 4,
            address,
        }
    }

    /// Bytes of all of it.
    pub fn bytes(&self) -> u32 {
        self.stride * self.size.1.next_multiple_of(self.tiling.tile().1)
    }
}

/// Columns and rows of a cursor.
pub const CURSOR: u32 = 64;

/// Whether the GPU is of Gen8: device IDs of Broadwell are 0x16xx.
pub fn is_gen8(device: &Device) -> Result<bool> {
    Ok(device.config(0)? >> 24 == 0x16)
}

fn set(device: &Device, registers: &[(u32, u32)]) -> Result<()> {
    for &(at, value) in registers {
        device.set_reg(at, value)?;
    }
    Ok(())
}

/// Turns pipe A on, as large as the surface, which its primary plane shows.
pub fn show(device: &Device, surface: &Surface) -> Result<()> {
    let (width, height) = surface.size;
    let (control, stride) = if is_gen8(device)? {
        let tiled = u32::from(surface.tiling == Tiling::X) << 10;
        (1 << 31 | surface.format.gen8() | tiled, surface.stride)
    } else {
        let tiling = match surface.tiling {
            Tiling::Linear => 0,
            Tiling::X => 1,
            Tiling::Y => 4,
        };
        let stride = surface.stride / surface.tiling.tile().0;
        (1 << 31 | surface.format.gen9() | tiling << 10, stride)
    };
    set(
        device,
        &[
            (0x7_0008, 0),
            (0x6_001c, (width - 1) << 16 | (height - 1)),
            (0x6_0400, 1 << 31 | 1 << 28 | 2 << 24),
            (0x7_0180, control),
            (0x7_0188, stride),
            (0x7_0190, (height - 1) << 16 | (width - 1)),
            (0x7_019c, u32::try_from(surface.address)?),
            (0x7_0008, 1 << 31),
        ],
    )
}

/// Turns pipe A off.
pub fn off(device: &Device) -> Result<()> {
    set(device, &[(0x7_0008, 0)])
}

/// Has pipe A, which is off, show a cursor at a place that may be partly outside from when it is on.
pub fn cursor(device: &Device, address: u64, (x, y): (i32, i32)) -> Result<()> {
    let part = |value: i32| value.unsigned_abs() | u32::from(value < 0) << 15;
    set(
        device,
        &[
            (0x7_0080, 0x27),
            (0x7_0088, part(y) << 16 | part(x)),
            (0x7_0084, u32::try_from(address)?),
        ],
    )
}
