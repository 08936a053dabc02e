// SPDX-License-Identifier: GPL-2.0

//! BAR2: a window on the lower end of the GGTT's address space, through which tiled surfaces look
//! linear where a fence register says so.
//!
//! Fence format: i915 `gt/intel_ggtt_fencing.c` (`i965_write_fence_reg`), PRM Skylake vol. 2c
//! "FENCE". Gen8 and later do not swizzle address bit 6.

use super::registers::pieces;
use crate::addr::{Access, Dma, PAGE_SIZE};
use crate::gpu::Gpu;
use crate::ram::BusError;
use crate::tiling::{self, Tiling};

/// Bytes of the BAR, which the firmware chooses (PRM Skylake vol. 2c "MSAC").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(u64);

impl Size {
    /// A size in MiB; `None` unless it is 256, 512, 1024, 2048 or 4096.
    pub fn mib(mib: u32) -> Option<Self> {
        let known = mib.is_power_of_two() && (256..=4096).contains(&mib);
        known.then_some(Self(u64::from(mib) << 20))
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl Default for Size {
    fn default() -> Self {
        Self(256 << 20)
    }
}

/// First of the fence registers, 64 bits each.
const FENCES: u32 = 0x10_0000;
const FENCE_COUNT: u32 = 32;

/// The fence is in use.
const VALID: u64 = 1 << 0;
/// Tiles are walked by columns (Y), not by rows (X).
const WALK_Y: u64 = 1 << 1;

/// Bytes that stay together in every tiling: one column of a Y tile is 16 bytes wide.
const RUN: u64 = 16;

/// A range of graphics addresses that is tiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fence {
    start: u64,
    tiling: Tiling,
    /// Bytes from one line to the next.
    pitch: u32,
}

impl Fence {
    /// The fence in a register, if it is in use and covers `addr`.
    fn covering(value: u64, addr: u64) -> Option<Self> {
        let start = value & 0xffff_f000;
        let last = value >> 32 | 0xfff;
        if value & VALID == 0 || !(start..=last).contains(&addr) {
            return None;
        }
        // CAST: twelve bits.
        let pitch = ((value >> 32 & 0xfff) as u32 + 1) * 128;
        let tiling = if value & WALK_Y != 0 {
            Tiling::Y
        } else {
            Tiling::X
        };
        Some(Self {
            start,
            tiling,
            pitch,
        })
    }
}

/// Where the byte at `offset` of the aperture lies in memory. The bytes up to the next multiple of
/// [`RUN`] lie behind it.
fn locate(gpu: &Gpu, offset: u64) -> Option<Dma> {
    let fence =
        (0..FENCE_COUNT).find_map(|i| Fence::covering(gpu.regs.get64(FENCES + 8 * i), offset));
    let addr = match fence {
        Some(Fence {
            start,
            tiling,
            pitch,
        }) => start.wrapping_add(tiling::detile(tiling, pitch, offset - start)),
        None => offset,
    };
    gpu.ggtt.translate(addr)
}

/// Whether any fence is in use; without, whole pages stay together.
fn run(gpu: &Gpu) -> u64 {
    let tiled = (0..FENCE_COUNT).any(|i| u64::from(gpu.regs.get(FENCES + 8 * i)) & VALID != 0);
    if tiled { RUN } else { PAGE_SIZE }
}

/// Reads `buf.len()` bytes at `offset`. Bytes behind an invalid entry, or where no memory is, are
/// zero and the witness hears of them.
pub fn read(gpu: &Gpu, offset: u64, buf: &mut [u8]) {
    for (at, part) in pieces(offset, buf.len(), run(gpu)) {
        let buf = &mut buf[part];
        let done = locate(gpu, at).is_some_and(|dma| load(gpu, dma, buf).is_ok());
        if !done {
            buf.fill(0);
            gpu.witness.aperture_invalid(at, Access::Read);
        }
    }
}

/// Writes `data` at `offset`. Bytes behind an invalid entry, or where no writable memory is, are
/// dropped and the witness hears of them.
pub fn write(gpu: &Gpu, offset: u64, data: &[u8]) {
    for (at, part) in pieces(offset, data.len(), run(gpu)) {
        let done = locate(gpu, at).is_some_and(|dma| store(gpu, dma, &data[part]).is_ok());
        if !done {
            gpu.witness.aperture_invalid(at, Access::Write);
        }
    }
}

/// A load as the processor does it: aligned values in one access.
fn load(gpu: &Gpu, at: Dma, buf: &mut [u8]) -> Result<(), BusError> {
    match buf.len() {
        4 if at.0 % 4 == 0 => buf.copy_from_slice(&gpu.ram.load::<u32>(at)?.to_le_bytes()),
        8 if at.0 % 8 == 0 => buf.copy_from_slice(&gpu.ram.load::<u64>(at)?.to_le_bytes()),
        _ => gpu.ram.read(at, buf)?,
    }
    Ok(())
}

/// A store as the processor does it: aligned values in one access.
fn store(gpu: &Gpu, at: Dma, data: &[u8]) -> Result<(), BusError> {
    if let (Ok(bytes), true) = (<[u8; 4]>::try_from(data), at.0 % 4 == 0) {
        return gpu.ram.store(at, u32::from_le_bytes(bytes));
    }
    if let (Ok(bytes), true) = (<[u8; 8]>::try_from(data), at.0 % 8 == 0) {
        return gpu.ram.store(at, u64::from_le_bytes(bytes));
    }
    gpu.ram.write(at, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfio::testing::{gpu, ram};

    /// Puts pages `first..` of the aperture at `dma`.
    fn point(gpu: &Gpu, first: u64, count: u64, dma: u64) {
        for i in 0..count {
            gpu.ggtt.set_entry(first + i, (dma + i * PAGE_SIZE) | 1);
        }
    }

    fn byte(gpu: &Gpu, at: u64) -> u8 {
        let mut byte = [0];
        gpu.ram.read(Dma(at), &mut byte).unwrap();
        byte[0]
    }

    #[test]
    fn it_goes_through_the_ggtt() {
        let gpu = gpu();
        ram(&gpu, 64);
        point(&gpu, 16, 1, 0x5000);
        point(&gpu, 17, 1, 0x3000);
        let data: Vec<u8> = (1..=20).collect();
        write(&gpu, 0x10ff0, &data);
        assert_eq!(byte(&gpu, 0x5ff0), 1);
        assert_eq!(byte(&gpu, 0x3003), 20);
        let mut back = vec![0; 20];
        read(&gpu, 0x10ff0, &mut back);
        assert_eq!(back, data);
        for len in [1, 2, 4, 8, 3] {
            let mut part = vec![0; len];
            read(&gpu, 0x10ff8, &mut part);
            assert_eq!(part, data[8..8 + len]);
        }
    }

    #[test]
    fn invalid_entries_read_zero() {
        let gpu = gpu();
        ram(&gpu, 64);
        point(&gpu, 0, 1, 0x1000);
        write(&gpu, 0xffc, &[7; 8]);
        let mut buf = [0xee; 8];
        read(&gpu, 0xffc, &mut buf);
        assert_eq!(buf, [7, 7, 7, 7, 0, 0, 0, 0]);
        point(&gpu, 0, 1, 0x7f_0000_0000);
        read(&gpu, 0, &mut buf);
        assert_eq!(buf, [0; 8]);
    }

    #[test]
    fn a_fence_is_decoded() {
        let value = 0x0010_f003_0010_0003;
        let fence = Fence {
            start: 0x10_0000,
            tiling: Tiling::Y,
            pitch: 512,
        };
        assert_eq!(Fence::covering(value, 0x10_0000), Some(fence));
        assert_eq!(Fence::covering(value, 0x10_ffff), Some(fence));
        assert_eq!(Fence::covering(value, 0x11_0000), None);
        assert_eq!(Fence::covering(value, 0x0f_ffff), None);
        assert_eq!(Fence::covering(value & !1, 0x10_0000), None);
    }

    #[test]
    fn fences_untile() {
        let gpu = gpu();
        ram(&gpu, 64);
        point(&gpu, 0x100, 16, 0);
        // X tiles of 512 bytes by 8 lines, two side by side: line 1 is the second row of the tile.
        gpu.regs.set64(FENCES + 8 * 3, 0x0010_f007_0010_0001);
        write(&gpu, 0x10_0000 + 1024 + 512 + 4, &[0x5a; 4]);
        assert_eq!(byte(&gpu, 4096 + 512 + 4), 0x5a);
        // Y tiles of 128 bytes by 32 lines: the next 16 bytes of a line are 512 bytes away.
        gpu.regs.set64(FENCES + 8 * 3, 0x0010_f000_0010_0003);
        write(&gpu, 0x10_000c, &[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(
            (byte(&gpu, 15), byte(&gpu, 512), byte(&gpu, 515)),
            (4, 5, 8)
        );
    }

    #[test]
    fn any_fence_is_survived() {
        let gpu = gpu();
        for value in [!0, 1, 3, 0xffff_ffff_0000_0003, 0x0000_0fff_ffff_f003] {
            gpu.regs.set64(FENCES, value);
            read(&gpu, Size::default().bytes() - 8, &mut [0; 8]);
            read(&gpu, 0, &mut [0; 64]);
        }
    }
}
