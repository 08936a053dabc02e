// SPDX-License-Identifier: GPL-2.0

//! Pipes: rates, counters, flips and vertical blanks.

use super::support::*;

#[test]
fn a_pipe_runs_at_the_rate_that_is_programmed() {
    for platform in PLATFORMS {
        let mut gpu = Gpu::new(platform, true);
        gpu.program_full_hd();
        match platform {
            Platform::Broadwell => {
                gpu.write(0x4_6104, 1 << 29);
            }
            Platform::Broxton => {
                gpu.write(0x6_c034, 4 << 13 | 1 << 8);
                gpu.write(0x6_c100, 27);
                gpu.write(0x6_c104, 1 << 8);
                gpu.set(0x4_6078, 1 << 31);
            }
            _ => {
                gpu.write(0x6_c058, (1 | 1 << 1) << 6);
                gpu.write(0x6_c05c, 1 << 4);
            }
        }
        assert_eq!(gpu.period(Pipe::A), None);
        assert_eq!(gpu.write(0x7_0008, 1 << 31), Some(Event::Pipe(Pipe::A)));
        assert_eq!(gpu.read(0x7_0008), 3 << 30);
        let period = gpu.period(Pipe::A).unwrap();
        assert!(
            period.abs_diff(1_000_000_000 / 60) < 2,
            "{platform:?} {period}"
        );
    }
}

#[test]
fn counters_follow_the_time() {
    let mut gpu = Gpu::new(Platform::Skylake, true);
    gpu.program_full_hd();
    gpu.time(1000);
    assert_eq!((gpu.read(0x7_0040), gpu.vblank(Pipe::A)), (0, None));
    gpu.write(0x7_0008, 1 << 31);
    assert!(gpu.hear(Pipe::A, true));
    let period = gpu.period(Pipe::A).unwrap();
    let due = gpu.registers.display().0.next_vblank(Pipe::A);
    assert_eq!(due, Some(Nanos(1000 + period)));
    gpu.time(1000 + period - 1);
    assert_eq!(gpu.vblank(Pipe::A), None);
    let before = gpu.read(0x7_0000);
    gpu.time(1000 + period);
    assert_eq!((before, gpu.read(0x7_0000)), (1078, 1079));
    // A read does not take the interrupt away, nor does it put it off.
    assert_eq!(gpu.read(0x7_0040), 1);
    assert_eq!(gpu.registers.display().0.next_vblank(Pipe::A), due);
    assert_eq!(gpu.vblank(Pipe::A), Some(Source::vblank(Pipe::A)));
    assert_eq!(gpu.vblank(Pipe::A), None);
    let due = gpu.registers.display().0.next_vblank(Pipe::A);
    assert_eq!(due, Some(Nanos(1000 + 2 * period)));
    gpu.time(1000 + 10 * period + period / 2);
    assert_eq!(gpu.vblank(Pipe::A), Some(Source::vblank(Pipe::A)));
    assert_eq!(gpu.read(0x7_0040), 10);
    assert_eq!(gpu.read(0x7_0000), (1079 + 562) % 1125);
    assert_eq!(
        gpu.read(0x4_4070),
        ((1000 + 10 * period + period / 2) / 1000) as u32
    );
    // An access asks for the time, if nobody has told it.
    gpu.now = Nanos(1000 + 11 * period + period / 2);
    assert_eq!(gpu.read(0x7_0040), 11);
    gpu.now = Nanos(1000 + 12 * period + period / 2);
    assert_eq!(gpu.write(0x7_0008, 0), Some(Event::Pipe(Pipe::A)));
    let line = gpu.read(0x7_0000);
    gpu.time(1000 + 20 * period);
    assert_eq!((gpu.read(0x7_0000), gpu.read(0x7_0040)), (line, 12));
    assert_eq!((gpu.vblank(Pipe::A), gpu.period(Pipe::A)), (None, None));
}

#[test]
fn a_flip_is_done_at_the_vblank() {
    for (platform, done) in [
        (Platform::Skylake, 1 << 3),
        (Platform::Broxton, 1 << 3),
        (Platform::Broadwell, 1 << 4),
    ] {
        let mut gpu = Gpu::new(platform, true);
        // A pipe that is off has no vblank to wait for.
        gpu.write(0x7_019c, 0x1000);
        assert_eq!((gpu.read(0x7_01ac), gpu.read(0x7_0044)), (0x1000, 1));
        gpu.write(0x7_0008, 1 << 31);
        gpu.write(0x7_019c, 0x2000);
        gpu.write(0x7_0084, 0x3000);
        assert_eq!((gpu.read(0x7_01ac), gpu.read(0x7_00ac)), (0x1000, 0));
        gpu.time(20_000_000);
        assert_eq!((gpu.read(0x7_01ac), gpu.read(0x7_00ac)), (0x2000, 0x3000));
        let mut expected = Source::vblank(Pipe::A);
        expected.bits |= done;
        assert_eq!(gpu.vblank(Pipe::A), Some(expected));
        // An asynchronous one does not wait.
        gpu.write(0x7_0180, 1 << 31 | 1 << 9);
        let event = gpu.write(0x7_019c, 0x4000);
        let group = Group::PipeA;
        assert_eq!(event, Some(Event::Interrupt(Source { group, bits: done })));
        assert_eq!(gpu.read(0x7_01ac), 0x4000);
    }
}

#[test]
fn a_reset_stops_all_and_keeps_the_monitor() {
    let mut gpu = Gpu::new(Platform::Skylake, true);
    gpu.write(0x7_0008, 1 << 31);
    gpu.write(0x4_5404, 2);
    gpu.registers.reset();
    assert_eq!(gpu.period(Pipe::A), None);
    assert_eq!((gpu.read(0x7_0008), gpu.read(0x4_5404)), (0, 0));
    assert_eq!(gpu.read(0x4_1000), 1 << 31);
    let control = aux_b(Platform::Skylake);
    assert_eq!(gpu.aux(control, &READ_REVISION).1, [0, 0x12]);
}

#[test]
fn nobody_is_woken_for_vblanks_that_nobody_hears() {
    let mut gpu = Gpu::new(Platform::Skylake, true);
    gpu.program_full_hd();
    gpu.write(0x7_0008, 1 << 31);
    let period = gpu.period(Pipe::A).unwrap();
    let next = |gpu: &mut Gpu| gpu.registers.display().0.next_vblank(Pipe::A);
    assert_eq!(next(&mut gpu), None);
    // A flip, and two frames, of which nobody is told; the flip took place.
    gpu.write(0x7_019c, 0x5000);
    gpu.time(2 * period + 1);
    assert!(gpu.hear(Pipe::A, true));
    assert!(!gpu.hear(Pipe::A, true));
    assert_eq!(gpu.read(0x7_01ac), 0x5000);
    assert_eq!(gpu.read(0x7_0040), 2);
    assert_eq!(gpu.vblank(Pipe::A), None);
    assert_eq!(next(&mut gpu), Some(Nanos(3 * period)));
    gpu.time(3 * period);
    assert_eq!(gpu.vblank(Pipe::A), Some(Source::vblank(Pipe::A)));
    assert!(gpu.hear(Pipe::A, false));
    assert_eq!(next(&mut gpu), None);
    // A pipe that is off has no vblanks, whoever listens; a reset makes all deaf.
    assert!(gpu.hear(Pipe::B, true));
    assert_eq!(gpu.registers.display().0.next_vblank(Pipe::B), None);
    gpu.registers.reset();
    assert!(gpu.hear(Pipe::B, true));
}

#[test]
fn a_frame_brings_vblank_and_flips() {
    let gen9 = Gpu::new(Platform::Skylake, true)
        .registers
        .display()
        .0
        .frame_interrupts(Pipe::B);
    // GEN8_PIPE_VBLANK, GEN9_PIPE_PLANE1_FLIP_DONE and so on.
    assert_eq!((gen9.group, gen9.bits), (Group::PipeB, 1 | 0xf << 3));
    let gen8 = Gpu::new(Platform::Broadwell, true)
        .registers
        .display()
        .0
        .frame_interrupts(Pipe::C);
    assert_eq!((gen8.group, gen8.bits), (Group::PipeC, 1 | 3 << 4));
}
