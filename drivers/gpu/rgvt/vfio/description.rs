// SPDX-License-Identifier: GPL-2.0

//! What the attribute `description` of a type says.

use core::fmt;

/// The numbers of a type. The text is kvmgt's, which tools read.
pub struct Description {
    /// MiB of the aperture.
    pub aperture: u64,
    /// MiB of the space that is not in the aperture.
    pub hidden: u64,
    /// Fence registers.
    pub fences: u8,
    /// Largest mode of the monitor: pixels in a line, and lines.
    pub resolution: (u16, u16),
    /// Share of an engine's time.
    pub weight: u8,
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.resolution;
        writeln!(f, "low_gm_size: {}MB", self.aperture)?;
        writeln!(f, "high_gm_size: {}MB", self.hidden)?;
        writeln!(f, "fence: {}", self.fences)?;
        writeln!(f, "resolution: {width}x{height}")?;
        writeln!(f, "weight: {}", self.weight)
    }
}
