// SPDX-License-Identifier: GPL-2.0

//! BAR0: registers from 0, the GGTT from 8 MiB, nothing between.
//!
//! The bus can read and write any bytes, the device knows dwords. A read of less takes its bytes
//! out of the dword; a write of less keeps the stored value of the other bytes, as if the driver
//! had read them first. Aligned quadwords of the GGTT change in one step, as an engine may look.

use std::ops::Range;
use std::sync::atomic::Ordering;

use crate::ggtt;
use crate::gpu::Gpu;
use crate::regs::MMIO_SIZE;

/// Bytes of the BAR.
pub const SIZE: u64 = ggtt::BAR0_OFFSET + ggtt::SIZE;

/// Cuts `len` bytes at `offset` at each multiple of `unit`; yields the place and which of the bytes
/// lie there.
pub fn pieces(offset: u64, len: usize, unit: u64) -> impl Iterator<Item = (u64, Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset.wrapping_add(done as u64);
        let room = usize::try_from(unit - at % unit).unwrap_or(usize::MAX);
        let part = done..done + room.min(len - done);
        done = part.end;
        (!part.is_empty()).then_some((at, part))
    })
}

/// Reads `buf.len()` bytes at `offset`. Bytes where nothing is are zero.
pub fn read(gpu: &Gpu, offset: u64, buf: &mut [u8]) {
    for (at, part) in pieces(offset, buf.len(), 8) {
        let buf = &mut buf[part];
        if let (Some(cell), true) = (ggtt_cell(gpu, at), buf.len() == 8) {
            buf.copy_from_slice(&cell.load(Ordering::Acquire).to_le_bytes());
            continue;
        }
        for (at, part) in pieces(at, buf.len(), 4) {
            let lane = (at % 4) as usize;
            let bytes = read_dword(gpu, at - at % 4).to_le_bytes();
            let count = part.len();
            buf[part].copy_from_slice(&bytes[lane..lane + count]);
        }
    }
}

/// Writes `data` at `offset`. Bytes where nothing is are dropped.
pub fn write(gpu: &Gpu, offset: u64, data: &[u8]) {
    for (at, part) in pieces(offset, data.len(), 8) {
        let data = &data[part];
        if let (Some(cell), Ok(value)) = (ggtt_cell(gpu, at), <[u8; 8]>::try_from(data)) {
            gpu.witness.pte_write();
            cell.store(u64::from_le_bytes(value), Ordering::Release);
            continue;
        }
        for (at, part) in pieces(at, data.len(), 4) {
            write_lanes(gpu, at - at % 4, (at % 4) as usize, &data[part]);
        }
    }
}

/// The quadword at `at`, if it lies in the GGTT and is aligned.
fn ggtt_cell(gpu: &Gpu, at: u64) -> Option<&std::sync::atomic::AtomicU64> {
    (at >= ggtt::BAR0_OFFSET).then(|| gpu.bar0().cell64(usize::try_from(at).ok()?))?
}

/// Offset of a register, if there is one at `at`.
fn register(at: u64) -> Option<u32> {
    u32::try_from(at).ok().filter(|offset| *offset < MMIO_SIZE)
}

/// The dword of the GGTT at `at`.
fn ggtt_dword(gpu: &Gpu, at: u64) -> Option<&std::sync::atomic::AtomicU32> {
    (at >= ggtt::BAR0_OFFSET).then(|| gpu.bar0().cell32(usize::try_from(at).ok()?))?
}

fn read_dword(gpu: &Gpu, at: u64) -> u32 {
    match register(at) {
        Some(offset) => gpu.mmio_read(offset),
        None => ggtt_dword(gpu, at).map_or(0, |cell| cell.load(Ordering::Acquire)),
    }
}

/// Writes up to four bytes into the dword at `at`, starting with byte `lane`.
fn write_lanes(gpu: &Gpu, at: u64, lane: usize, data: &[u8]) {
    let merge = |old: u32| {
        let mut bytes = old.to_le_bytes();
        bytes[lane..lane + data.len()].copy_from_slice(data);
        u32::from_le_bytes(bytes)
    };
    if let Some(offset) = register(at) {
        // Without a look at the stored value when all of it goes: such a look is a read that the
        // driver did not do.
        let old = if data.len() == 4 {
            0
        } else {
            gpu.regs.get(offset)
        };
        gpu.mmio_write(offset, merge(old));
    } else if let Some(cell) = ggtt_dword(gpu, at) {
        gpu.witness.pte_write();
        // The function never gives up, so neither does the update.
        let _ = cell.fetch_update(Ordering::AcqRel, Ordering::Acquire, |old| Some(merge(old)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfio::testing::gpu;

    /// A register of which no unit knows.
    const PLAIN: u64 = 0x4_f100;

    fn get(gpu: &Gpu, offset: u64, len: usize) -> Vec<u8> {
        let mut buf = vec![0xee; len];
        read(gpu, offset, &mut buf);
        buf
    }

    #[test]
    fn cuts_cover_all_bytes_once() {
        let cut: Vec<_> = pieces(6, 11, 8).collect();
        assert_eq!(cut, [(6, 0..2), (8, 2..10), (16, 10..11)]);
        assert_eq!(pieces(5, 0, 8).count(), 0);
    }

    #[test]
    fn registers_are_reached_by_any_size() {
        let gpu = gpu();
        write(&gpu, PLAIN, &[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(gpu.regs.get64(PLAIN as u32), 0x0807_0605_0403_0201);
        assert_eq!(get(&gpu, PLAIN + 3, 3), [4, 5, 6]);
        write(&gpu, PLAIN + 1, &[0xaa]);
        write(&gpu, PLAIN + 3, &[0xbb, 0xcc]);
        assert_eq!(get(&gpu, PLAIN, 8), [1, 0xaa, 3, 0xbb, 0xcc, 6, 7, 8]);
    }

    #[test]
    fn the_ggtt_is_reached_by_any_size() {
        let gpu = gpu();
        let base = ggtt::BAR0_OFFSET + 8 * 5;
        write(&gpu, base, &0x1234_5678_9abc_d001u64.to_le_bytes());
        assert_eq!(gpu.ggtt.entry(5), 0x1234_5678_9abc_d001);
        write(&gpu, base + 4, &[1, 0, 0, 0]);
        write(&gpu, base + 1, &[0xe0]);
        assert_eq!(gpu.ggtt.entry(5), 0x1_9abc_e001);
        assert_eq!(get(&gpu, base + 2, 4), [0xbc, 0x9a, 1, 0]);
    }

    #[test]
    fn nothing_is_between_and_behind() {
        let gpu = gpu();
        write(&gpu, u64::from(MMIO_SIZE), &[0xff; 16]);
        assert_eq!(get(&gpu, u64::from(MMIO_SIZE), 16), [0; 16]);
        assert_eq!(get(&gpu, SIZE - 4, 16)[4..], [0; 12]);
        write(&gpu, SIZE - 1, &[0xff; 16]);
        assert_eq!(get(&gpu, SIZE - 1, 1), [0xff]);
        assert_eq!(get(&gpu, u64::MAX - 7, 16)[..8], [0; 8]);
    }
}
