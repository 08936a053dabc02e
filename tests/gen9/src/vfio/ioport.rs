// SPDX-License-Identifier: GPL-2.0

//! BAR4: a pair of I/O ports that reaches BAR0 before memory decoding is on.
//!
//! PRM Skylake vol. 12 "MMIO_INDEX, MMIO_DATA": the dword at 0 selects, the one at 4 is the window.

use super::registers::{self, pieces};
use crate::ggtt;
use crate::gpu::Gpu;

/// Bytes of the BAR.
pub const SIZE: u64 = 64;

/// Index bits 1:0: what the window is on.
const TARGET: u32 = 0x3;
const TARGET_MMIO: u32 = 0;
const TARGET_GGTT: u32 = 1;
/// Index bits 22:2: the place in the half of BAR0.
const PLACE: u32 = 0x7f_fffc;

/// The ports.
#[derive(Debug, Default)]
pub struct Ports {
    index: u32,
}

impl Ports {
    /// Place in BAR0 that the data port shows.
    fn target(&self) -> Option<u64> {
        let place = u64::from(self.index & PLACE);
        match self.index & TARGET {
            TARGET_MMIO => Some(place),
            TARGET_GGTT => Some(ggtt::BAR0_OFFSET + place),
            _ => None,
        }
    }

    /// Reads `buf.len()` bytes at `offset`. Other ports than the two are zero.
    pub fn read(&self, gpu: &Gpu, offset: u64, buf: &mut [u8]) {
        for (at, part) in pieces(offset, buf.len(), 4) {
            let lane = (at % 4) as usize;
            let buf = &mut buf[part];
            match (at - at % 4, self.target()) {
                (0, _) => buf.copy_from_slice(&self.index.to_le_bytes()[lane..lane + buf.len()]),
                (4, Some(target)) => registers::read(gpu, target + at % 4, buf),
                _ => buf.fill(0),
            }
        }
    }

    /// Writes `data` at `offset`. Other ports than the two drop it.
    pub fn write(&mut self, gpu: &Gpu, offset: u64, data: &[u8]) {
        for (at, part) in pieces(offset, data.len(), 4) {
            let lane = (at % 4) as usize;
            let data = &data[part];
            match (at - at % 4, self.target()) {
                (0, _) => {
                    let mut index = self.index.to_le_bytes();
                    index[lane..lane + data.len()].copy_from_slice(data);
                    self.index = u32::from_le_bytes(index);
                }
                (4, Some(target)) => registers::write(gpu, target + at % 4, data),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfio::testing::gpu;

    #[test]
    fn the_pair_reaches_registers_and_ggtt() {
        let (gpu, mut ports) = (gpu(), Ports::default());
        ports.write(&gpu, 0, &0x4_f100u32.to_le_bytes());
        ports.write(&gpu, 4, &[1, 2, 3, 4]);
        ports.write(&gpu, 6, &[9]);
        assert_eq!(gpu.regs.get(0x4_f100), 0x0409_0201);
        let mut buf = [0; 12];
        ports.read(&gpu, 0, &mut buf);
        assert_eq!(buf, [0, 0xf1, 4, 0, 1, 2, 9, 4, 0, 0, 0, 0]);
        ports.write(&gpu, 0, &0x29u32.to_le_bytes());
        ports.write(&gpu, 4, &[0x11, 0, 0, 0]);
        assert_eq!(gpu.ggtt.entry(5), 0x11);
    }

    #[test]
    fn any_place_and_size_is_legal() {
        let (gpu, mut ports) = (gpu(), Ports::default());
        ports.write(&gpu, 0, &[0xff; 64]);
        ports.read(&gpu, 3, &mut [0; 61]);
        ports.write(&gpu, 0, &[0xfd; 4]);
        ports.read(&gpu, 7, &mut [0; 9]);
    }
}
