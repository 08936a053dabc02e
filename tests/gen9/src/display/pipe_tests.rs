// SPDX-License-Identifier: GPL-2.0

//! Frames of pipe A, one after the other: what each shows of what is programmed meanwhile.

use super::*;
use crate::addr::Dma;
use crate::display::Monitor;
use crate::gpu::Options;
use crate::platform::Device;

const PRIMARY: u32 = 0x7_0180;
const CURSOR: u32 = 0x7_0080;
const BACKGROUND: u32 = 0x7_0034;
const GAMMA_MODE: u32 = 0x4_a480;
const MATRIX_OF_BLUE: u32 = 0x4_9024;
const PICTURE_SIZE: u32 = 0x6_001c;
const CRC_CONTROL: u32 = 0x6_0050;
const CRC_RESULT: u32 = 0x6_0064;
const CRC_DONE: u32 = 1 << 28;
const PLANE_ON: u32 = 1 << 31 | 4 << 24;
const BLACK: u32 = 0xff00_0000;

/// A Skylake with two pages of memory, of which the second has other pixels than the first.
fn gpu() -> Arc<Gpu> {
    let gpu = Gpu::new(&Options {
        platform: Device::Skl.platform(),
        monitor: Monitor::None,
        clock_mhz: 0,
    })
    .unwrap();
    let memory = crate::shared::Shared::new(c"ram", 0x3000).unwrap();
    let file = memory.file().try_clone().unwrap();
    gpu.ram.map(Dma(0), 0x3000, true, file, 0).unwrap();
    for page in 0..3 {
        gpu.ggtt.set_entry(page, page * 4096 | 1);
        for pixel in 0..1024 {
            let color = BLACK | (page as u32) << 8;
            gpu.ram.store(Dma(page * 4096 + pixel * 4), color).unwrap();
        }
    }
    gpu
}

/// A pipe of one pixel that runs and whose checksums are wanted.
fn running(gpu: &Gpu) -> Pipe {
    let mut pipe = Pipe::default();
    gpu.regs.set(CRC_CONTROL, 1 << 31);
    gpu.regs.set(PICTURE_SIZE, 0);
    enable(gpu, &mut pipe, 0, 0, true);
    pipe
}

/// What is written to a register arms a plane's update if that is its surface.
fn write(gpu: &Gpu, pipe: &mut Pipe, register: u32, value: u32) {
    gpu.regs.set(register, value);
    let planes = plane::table(gpu.platform);
    if let Some(plane) = planes.iter().position(|p| base(0) + p.surface == register) {
        arm(gpu, pipe, 0, planes, plane);
    }
}

/// The pixel that the frame which is under way shows, reported as its checksum. The next frame starts.
fn end_frame(gpu: &Gpu, pipe: &mut Pipe) -> u32 {
    let mut shown = 0;
    scan_out(pipe)
        .unwrap()
        .rows(gpu, &Palettes::default(), 0, |row| shown = row[0]);
    scanned_out(pipe, shown);
    let bits = advance(gpu, pipe, 0, pipe.scan.due().unwrap());
    assert_eq!(bits & (VBLANK | CRC_DONE), VBLANK | CRC_DONE);
    gpu.regs.get(CRC_RESULT) & !BLACK
}

#[test]
fn a_frame_shows_what_was_latched_when_it_started() {
    // Each row: what is written in the course of the first frame, what that, the second and the third
    // frame show.
    for (writes, expected) in [
        // Nothing.
        (vec![], [0x100, 0x100, 0x100]),
        // Another surface.
        (vec![(PRIMARY + 0x1c, 0x2000)], [0x100, 0x200, 0x200]),
        // The plane goes.
        (vec![(PRIMARY, 0), (PRIMARY + 0x1c, 0)], [0x100, 0, 0]),
        // A plane's registers wait until its surface is written.
        (vec![(PRIMARY, 0)], [0x100, 0x100, 0x100]),
        // The cursor comes, a pixel beside what is seen.
        (
            vec![(CURSOR, 0x27), (CURSOR + 8, 1), (CURSOR + 4, 0x2000)],
            [0x100, 0x100, 0x100],
        ),
        // The cursor comes.
        (
            vec![(CURSOR, 0x27), (CURSOR + 4, 0x2000)],
            [0x100, 0x200, 0x200],
        ),
    ] {
        let gpu = gpu();
        let mut pipe = running(&gpu);
        for (register, value) in [
            (PRIMARY, PLANE_ON),
            (PRIMARY + 8, 1),
            (PRIMARY + 0x1c, 0x1000),
        ] {
            write(&gpu, &mut pipe, register, value);
        }
        assert_eq!(end_frame(&gpu, &mut pipe), 0);
        for &(register, value) in &writes {
            write(&gpu, &mut pipe, register, value);
        }
        let shown = [(); 3].map(|()| end_frame(&gpu, &mut pipe));
        assert_eq!(shown, expected, "{writes:x?}");
    }
}

#[test]
fn what_belongs_to_no_plane_is_latched_for_each_frame() {
    for (background, register, value, expected) in [
        (0, BACKGROUND, 0xff << 2, [0, 0xff]),
        (0, BACKGROUND, 1 << 31, [0, 0x12]),
        // Only the legacy palette has something in it.
        (1 << 31, GAMMA_MODE, 1, [0x12, 0]),
        (0xff << 2 | 1 << 30, MATRIX_OF_BLUE, 0x800 << 16, [0, 0x7f]),
    ] {
        let gpu = gpu();
        gpu.regs.set(0x4_a000, 0x12);
        gpu.regs.set(BACKGROUND, background);
        let mut pipe = running(&gpu);
        gpu.regs.set(register, value);
        let shown = [(); 2].map(|()| end_frame(&gpu, &mut pipe));
        assert_eq!(shown, expected, "{register:x}");
    }
}

#[test]
fn a_pipe_that_stands_still_takes_over_at_once() {
    let gpu = gpu();
    let mut pipe = Pipe::default();
    write(&gpu, &mut pipe, PRIMARY, PLANE_ON);
    write(&gpu, &mut pipe, PRIMARY + 8, 1);
    write(&gpu, &mut pipe, PRIMARY + 0x1c, 0x1000);
    gpu.regs.set(CRC_CONTROL, 1 << 31);
    enable(&gpu, &mut pipe, 0, 0, true);
    assert_eq!(end_frame(&gpu, &mut pipe), 0x100);
}

#[test]
fn a_frame_lasts_until_it_is_scanned_out() {
    let gpu = gpu();
    let mut pipe = running(&gpu);
    let late = 10 * pipe.scan.due().unwrap();
    assert_eq!(advance(&gpu, &mut pipe, 0, late), 0);
    assert!(scan_out(&mut pipe).is_some());
    assert!(scan_out(&mut pipe).is_none());
    assert_eq!(advance(&gpu, &mut pipe, 0, late), 0);
    scanned_out(&mut pipe, 9);
    assert_ne!(advance(&gpu, &mut pipe, 0, late) & CRC_DONE, 0);
    assert_eq!(gpu.regs.get(CRC_RESULT), 9);
}

#[test]
fn a_checksum_counts_for_its_own_frame_only() {
    let gpu = gpu();
    let mut pipe = running(&gpu);
    scan_out(&mut pipe).unwrap();
    enable(&gpu, &mut pipe, 0, 1, false);
    enable(&gpu, &mut pipe, 0, 2, true);
    scanned_out(&mut pipe, 9);
    assert!(scan_out(&mut pipe).is_some());
    gpu.regs.set(CRC_CONTROL, 0);
    scanned_out(&mut pipe, 8);
    let due = pipe.scan.due().unwrap();
    assert_eq!(advance(&gpu, &mut pipe, 0, due) & CRC_DONE, 0);
    assert!(scan_out(&mut pipe).is_none());
}
