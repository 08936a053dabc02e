// SPDX-License-Identifier: GPL-2.0

//! The port, its link, and the monitor behind it.

use super::support::*;

#[test]
fn the_monitor_is_on_port_b() {
    for platform in PLATFORMS {
        let control = aux_b(platform);
        let mut there = Gpu::new(platform, true);
        assert!(there.registers.display().0.plugged().is_some());
        let (status, data, event) = there.aux(control, &READ_REVISION);
        assert_eq!(
            (status >> 28, data),
            (0b0110, vec![0, 0x12]),
            "{platform:?}"
        );
        assert_eq!(event, Some(Event::Interrupt(aux_b_done(platform))));
        // As i915 clears the status.
        there.write(control, status | 1 << 30 | 1 << 28 | 1 << 25);
        assert_eq!(there.read(control) >> 28 & 0b1101, 0);

        let (status, ..) = there.aux(control + 0x100, &READ_REVISION);
        assert_eq!(status >> 28, 0b0111, "{platform:?}");
        let (status, _, event) = there.aux(0x6_4010, &READ_REVISION);
        assert_eq!(status >> 28, 0b0111);
        assert_eq!(event, Some(Event::Interrupt(Source::AUX_A)));

        let mut absent = Gpu::new(platform, false);
        assert_eq!(absent.registers.display().0.plugged(), None);
        assert_eq!(absent.aux(control, &READ_REVISION).0 >> 28, 0b0111);
    }
}

#[test]
fn edid_by_i2c_over_aux() {
    let mut gpu = Gpu::new(Platform::Skylake, true);
    let control = aux_b(Platform::Skylake);
    assert_eq!(gpu.aux(control, &[0x40, 0, 0x50]).1, [0]);
    assert_eq!(gpu.aux(control, &[0x40, 0, 0x50, 0, 0]).1, [0]);
    let mut read = Vec::new();
    while read.len() < edid::SIZE {
        read.extend_from_slice(&gpu.aux(control, &[0x50, 0, 0x50, 15]).1[1..]);
    }
    let mode = Mode::new(FULL_HD.0, FULL_HD.1, 60).unwrap();
    assert_eq!(read, edid::block(&mode));
    // Nobody else is on that bus: the segment pointer, the DDC/CI of a monitor.
    for address in [0x30, 0x37] {
        assert_eq!(gpu.aux(control, &[0x40, 0, address, 0, 0]).1, [0x40]);
    }
}

#[test]
fn a_link_trains_in_two_steps_and_sleep_loses_it() {
    let mut gpu = Gpu::new(Platform::KabyLake, true);
    let control = aux_b(Platform::KabyLake);
    let mut write = |address: [u8; 2], value: u8| {
        let message = [0x80, address[0], address[1], 0, value];
        assert_eq!(gpu.aux(control, &message).1, [0]);
        gpu.aux(control, &[0x90, 2, 2, 2]).1[1..].to_vec()
    };
    assert_eq!(write([1, 0], 0x0a), [0, 0, 0]);
    assert_eq!(write([1, 1], 0x82), [0, 0, 0]);
    assert_eq!(write([1, 2], 0x21), [0x11, 0, 0]);
    assert_eq!(write([1, 2], 0x22), [0x77, 0, 1]);
    assert_eq!(write([1, 2], 0x00), [0x77, 0, 1]);
    assert_eq!(write([6, 0], 2), [0, 0, 0]);
}

#[test]
fn a_port_has_idle_patterns_and_an_idle_buffer() {
    let mut gpu = Gpu::new(Platform::Skylake, true);
    assert_eq!(gpu.read(0x6_4100), 1 << 7);
    gpu.write(0x6_4100, 1 << 31);
    assert_eq!(gpu.read(0x6_4100), 1 << 31);
    gpu.write(0x6_4140, 1 << 31 | 2 << 8);
    assert_eq!(gpu.read(0x6_4144), 1 << 25);
    gpu.write(0x6_4140, 0);
    assert_eq!(gpu.read(0x6_4144), 0);
}

#[test]
fn another_monitor_is_seen_with_a_long_pulse() {
    for platform in PLATFORMS {
        let mut gpu = Gpu::new(platform, true);
        let first = gpu.registers.display().0.plugged().unwrap();
        let plug = |gpu: &mut Gpu, monitor| {
            let (display, cells) = gpu.registers.display();
            display.plug(cells, monitor)
        };
        // Nobody listens: PORTB_HOTPLUG_ENABLE is not set.
        assert_eq!(plug(&mut gpu, None), first);
        assert_eq!(gpu.read(0xc_4030), 0);
        assert_eq!(gpu.registers.display().0.plugged(), None);
        assert_eq!(gpu.aux(aux_b(platform), &READ_REVISION).0 >> 28 & 0b1001, 1);

        gpu.write(0xc_4030, 1 << 4);
        let mode = Mode::new(800, 600, 60).unwrap();
        assert_eq!(plug(&mut gpu, Some(Monitor::new(&mode))), first);
        assert_eq!(gpu.read(0xc_4030), 1 << 4 | 2);
        assert_eq!(gpu.registers.display().0.plugged(), Some(first));
        gpu.aux(aux_b(platform), &[0x40, 0, 0x50, 0, 0]);
        let start = gpu.aux(aux_b(platform), &[0x50, 0, 0x50, 15]).1;
        assert_eq!(start[1..], edid::block(&mode)[..16]);
        gpu.write(0xc_4030, 1 << 4 | 3);
        assert_eq!(gpu.read(0xc_4030), 1 << 4);
    }
}
