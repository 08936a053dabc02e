// SPDX-License-Identifier: GPL-2.0

//! The rest of the south display, and what a driver reads back.

use super::support::*;

#[test]
fn nobody_answers_on_gmbus() {
    for (platform, source) in [
        (Platform::Skylake, Source::GMBUS),
        (
            Platform::Broxton,
            Source {
                group: Group::Port,
                bits: 2,
            },
        ),
    ] {
        let mut gpu = Gpu::new(platform, true);
        let address_edid = 1 << 30 | 1 << 25 | 1 << 16 | 0xa1;
        assert_eq!(gpu.write(0xc_5104, address_edid), None);
        assert_eq!(gpu.read(0xc_5108), 1 << 10);
        gpu.write(0xc_5104, 1 << 31);
        assert_eq!(gpu.read(0xc_5108), 0);
        gpu.write(0xc_5110, 1 << 3);
        let event = gpu.write(0xc_5104, address_edid);
        assert_eq!(event, Some(Event::Interrupt(source)));
    }
}

#[test]
fn a_pin_is_low_while_it_is_driven_low() {
    let mut gpu = Gpu::new(Platform::Skylake, false);
    let pins = 0xc_5014;
    assert_eq!(gpu.read(pins), 1 << 12 | 1 << 4);
    gpu.write(pins, 1 << 0 | 1 << 1 | 1 << 2);
    assert_eq!(gpu.read(pins) & (1 << 12 | 1 << 4), 1 << 12);
    gpu.write(pins, 1 << 0);
    assert_eq!(gpu.read(pins) & (1 << 12 | 1 << 4), 1 << 12 | 1 << 4);
}

#[test]
fn the_panel_follows_its_switch() {
    let mut gpu = Gpu::new(Platform::Skylake, false);
    assert_eq!(gpu.read(0xc_7200), 1 << 31 | 1 << 30 | 8);
    gpu.write(0xc_7204, 0);
    assert_eq!(gpu.read(0xc_7200), 0);
    // A Broadwell whose panel had power could not sleep (assert_can_disable_lcpll).
    assert_eq!(Gpu::new(Platform::Broadwell, true).read(0xc_7200), 0);
}

#[test]
fn the_sideband_keeps_some_registers() {
    let mut gpu = Gpu::new(Platform::Broadwell, false);
    let write = |gpu: &mut Gpu, address: u32, value: u32| {
        gpu.write(0xc_6000, address << 16);
        gpu.write(0xc_6004, value);
        gpu.write(0xc_6008, 7 << 8 | 1);
        assert_eq!(gpu.read(0xc_6008) & 7, 0);
    };
    let read = |gpu: &mut Gpu, address: u32| {
        gpu.write(0xc_6000, address << 16);
        gpu.write(0xc_6004, 0);
        gpu.write(0xc_6008, 6 << 8 | 1);
        assert_eq!(gpu.read(0xc_6008) & 7, 0);
        gpu.read(0xc_6004)
    };
    for address in 0..1000 {
        write(&mut gpu, address, address + 1);
    }
    write(&mut gpu, 5, 50);
    assert_eq!(read(&mut gpu, 5), 50);
    assert_eq!(read(&mut gpu, 47), 48);
    assert_eq!(read(&mut gpu, 999), 0);
}

#[test]
fn a_palette_is_read_back_by_its_index() {
    let mut gpu = Gpu::new(Platform::Broadwell, true);
    let (index, data) = (0x4_ac00, 0x4_ac04);
    gpu.write(index, 1 << 15 | 1022);
    for value in 0..4 {
        gpu.write(data, 100 + value);
    }
    gpu.write(index, 1 << 15 | 1022);
    let read: Vec<u32> = (0..4).map(|_| gpu.read(data)).collect();
    assert_eq!(read, [100, 101, 102, 103]);
    assert_eq!(gpu.read(index), 1 << 15 | 2);
}

#[test]
fn pulses_are_cleared_and_detection_is_kept() {
    let mut gpu = Gpu::new(Platform::Skylake, true);
    gpu.write(0xc_4030, 1 << 4);
    assert_eq!(gpu.read(0xc_4030), 1 << 4);
    gpu.write(0xc_4030, 1 << 4 | 3);
    assert_eq!(gpu.read(0xc_4030), 1 << 4);
}
