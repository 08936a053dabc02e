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

/// A surface of XRGB8888 that fills the primary plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surface {
    /// Columns and rows.
    pub size: (u32, u32),
    pub tiling: Tiling,
    /// Bytes from row to row.
    pub stride: u32,
    /// Where it begins in the GGTT.
    pub address: u64,
}

impl Surface {
    /// One without tiling, and without a gap between rows.
    pub fn linear(size: (u32, u32), address: u64) -> Self {
        Self {
            size,
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
        (1 << 31 | 6 << 26 | tiled, surface.stride)
    } else {
        let tiling = match surface.tiling {
            Tiling::Linear => 0,
            Tiling::X => 1,
            Tiling::Y => 4,
        };
        let stride = surface.stride / surface.tiling.tile().0;
        (1 << 31 | 4 << 24 | tiling << 10, stride)
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
