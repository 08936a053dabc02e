// SPDX-License-Identifier: GPL-2.0

//! The virtual display as a guest's driver meets it: by its registers.

use kernel::alloc::{flags::GFP_KERNEL, KBox};
use kernel::sync::Arc;
use proptest::prelude::*;
use unit::hw::addr::MmioOffset;
use unit::hw::irq::{Group, Pipe, Source};
use unit::hw::platform::Platform;
use unit::model::mmio::display::mode::Mode;
use unit::model::mmio::display::timing::Timing;
use unit::model::mmio::display::{edid, Display, Event, Monitor, Nanos};
use unit::model::mmio::{table::Map, Effect, Registers};
use unit::model::seam::HostMmio;

const PLATFORMS: [Platform; 6] = [
    Platform::Broadwell,
    Platform::Skylake,
    Platform::Broxton,
    Platform::KabyLake,
    Platform::CoffeeLake,
    Platform::CometLake,
];
const FULL_HD: (u16, u16) = (1920, 1080);

struct NoHost;

/// The registers of a platform, as all of its guests have them.
fn map(platform: Platform) -> Arc<Map> {
    Arc::new(Map::new(platform).unwrap(), GFP_KERNEL).unwrap()
}

fn boxed(display: Display) -> KBox<Display> {
    KBox::new(display, GFP_KERNEL).unwrap()
}

impl HostMmio for NoHost {
    fn read(&self, _at: MmioOffset) -> u32 {
        0
    }
}

struct Gpu {
    registers: Registers,
    now: Nanos,
}

impl Gpu {
    fn new(platform: Platform, monitor: bool) -> Self {
        let mode = Mode::new(FULL_HD.0, FULL_HD.1, 60).unwrap();
        let display = Display::new(platform, monitor.then(|| Monitor::new(&mode))).unwrap();
        Self {
            registers: Registers::new(map(platform), boxed(display), |_| 0).unwrap(),
            now: Nanos(0),
        }
    }

    fn read(&mut self, at: u32) -> u32 {
        let now = self.now;
        self.registers
            .read(MmioOffset::new(at), &NoHost, || now)
            .unwrap()
    }

    fn write(&mut self, at: u32, value: u32) -> Option<Event> {
        let now = self.now;
        match self.registers.write(MmioOffset::new(at), value, || now) {
            Effect::Display(event) => Some(event),
            Effect::None => None,
            other => panic!("{at:#x}: {other:?}"),
        }
    }

    fn set(&mut self, at: u32, bits: u32) {
        let old = self.read(at);
        self.write(at, old | bits);
    }

    fn time(&mut self, nanos: u64) {
        self.now = Nanos(nanos);
        self.registers.display().0.set_time(self.now);
    }

    fn period(&mut self, pipe: Pipe) -> Option<u64> {
        let period = self.registers.display().0.vblank_period(pipe);
        period.map(|nanos| nanos.0)
    }

    fn hear(&mut self, pipe: Pipe, heard: bool) -> bool {
        let (display, cells) = self.registers.display();
        display.hear(pipe, cells, heard)
    }

    fn vblank(&mut self, pipe: Pipe) -> Option<Source> {
        let (display, cells) = self.registers.display();
        display.on_vblank(pipe, cells)
    }

    /// Sends an AUX message on `control`: status, answer, and what the outside is told.
    fn aux(&mut self, control: u32, message: &[u8]) -> (u32, Vec<u8>, Option<Event>) {
        for (at, bytes) in (control + 4..).step_by(4).zip(message.chunks(4)) {
            let mut word = [0; 4];
            word[..bytes.len()].copy_from_slice(bytes);
            self.write(at, u32::from_be_bytes(word));
        }
        let size = u32::try_from(message.len()).unwrap();
        let event = self.write(control, 0xf << 28 | 1 << 25 | size << 20);
        let status = self.read(control);
        let data = (0..5)
            .flat_map(|index| self.read(control + 4 + 4 * index).to_be_bytes())
            .take((status >> 20 & 0x1f) as usize)
            .collect();
        (status, data, event)
    }

    /// Programs transcoder A for 1920x1080 at 60 Hz over a link of 270 MHz.
    fn program_full_hd(&mut self) {
        self.write(0x6_0000, 2199 << 16 | 1919);
        self.write(0x6_000c, 1124 << 16 | 1079);
        self.write(0x6_0010, 1124 << 16 | 1079);
        // 148.5 over 270
        self.write(0x6_0040, 11 << 12);
        self.write(0x6_0044, 20 << 12);
        // Port B, DisplayPort
        self.write(0x6_0400, 1 << 31 | 1 << 28 | 2 << 24);
    }
}

/// DP_AUX_CH_CTL of port B.
fn aux_b(platform: Platform) -> u32 {
    match platform {
        Platform::Broadwell => 0xe_4110,
        _ => 0x6_4110,
    }
}

/// The interrupt of the AUX channel of port B.
fn aux_b_done(platform: Platform) -> Source {
    let group = match platform {
        Platform::Broadwell => Group::Pch,
        _ => Group::Port,
    };
    Source {
        group,
        bits: 1 << 25,
    }
}

const READ_REVISION: [u8; 4] = [0x90, 0, 0, 0];

// What i915 does when it brings up the display of a Skylake (skl_display_core_init, skl_set_cdclk).
#[test]
fn skylake_powers_up() {
    let mut gpu = Gpu::new(Platform::Skylake, false);
    // PG0 is distributed; PG1 and MISC_IO, then PG2; and their fuses.
    assert_eq!(gpu.read(0x4_2000), 1 << 31 | 7 << 25);
    for well in [14, 0, 15] {
        gpu.set(0x4_5404, 2 << (2 * well));
        assert_ne!(gpu.read(0x4_5404) & 1 << (2 * well), 0);
    }
    // DPLL 0, on which the display's clock runs, with an override and 810 MHz.
    assert_eq!(gpu.read(0x4_6010), 0);
    gpu.write(0x6_c058, 1 | 2 << 1);
    gpu.set(0x4_6010, 1 << 31);
    assert_eq!(gpu.read(0x4_6010), 3 << 30);
    assert_eq!(gpu.read(0x6_c060), 1);
    gpu.write(0x4_6000, 1 << 26 | 673);
    assert_eq!(gpu.read(0x4_6000), 1 << 26 | 673);
    gpu.set(0x4_5008, 1 << 31);
    assert_eq!(gpu.read(0x4_5008), 3 << 30);
    // And down again.
    gpu.write(0x4_5008, 0);
    gpu.write(0x4_6010, 0);
    gpu.write(0x4_5404, 0);
    for at in [0x4_5008, 0x4_6010, 0x4_5404, 0x6_c060] {
        assert_eq!(gpu.read(at), 0, "{at:#x}");
    }
}

#[test]
fn a_power_well_is_on_while_anybody_asks() {
    let mut gpu = Gpu::new(Platform::Skylake, false);
    gpu.write(0x4_5404, 2 << 28 | 1 << 2);
    assert_eq!(gpu.read(0x4_5404), 3 << 28);
    gpu.write(0x4_5400, 2 << 28);
    gpu.write(0x4_5404, 0);
    assert_eq!(gpu.read(0x4_5404), 1 << 28);
    gpu.write(0x4_5400, 0);
    assert_eq!(gpu.read(0x4_5404), 0);
}

// bdw_set_cdclk and hsw_disable_lcpll.
#[test]
fn broadwell_switches_its_clock() {
    let mut gpu = Gpu::new(Platform::Broadwell, false);
    let lcpll = 0x13_0040;
    assert_eq!(gpu.read(lcpll), 1 << 30);
    gpu.set(lcpll, 1 << 21);
    assert_ne!(gpu.read(lcpll) & 1 << 19, 0);
    gpu.write(lcpll, 1 << 26 | 1 << 19);
    assert_eq!(gpu.read(lcpll), 1 << 30 | 1 << 26);
    gpu.set(lcpll, 1 << 31);
    assert_eq!(gpu.read(lcpll) & 1 << 30, 0);
}

// _bxt_dpio_phy_init, bxt_de_pll_enable, bxt_ddi_pll_enable, intel_ddi_get_hw_state.
#[test]
fn broxton_powers_its_phys() {
    let mut gpu = Gpu::new(Platform::Broxton, true);
    assert_eq!(gpu.read(0x4_6070), 0);
    gpu.write(0x4_6070, 1 << 31);
    assert_eq!(gpu.read(0x4_6070), 3 << 30);
    for (base, bit, family) in [(0x6_c000, 1, 0x6_4c90), (0x16_2000, 2, 0x6_4c80)] {
        assert_eq!(gpu.read(base), 0);
        gpu.set(0x13_8090, bit);
        assert_eq!(gpu.read(base) & (1 << 16 | 1 << 7), 1 << 16);
        assert_ne!(gpu.read(base + 0x18c) & 1 << 22, 0);
        gpu.set(family, 1 << 31);
    }
    for port in [0x6_4c00, 0x6_4c10, 0x6_4c20] {
        assert_eq!(gpu.read(port) & 7 << 8, 1 << 8);
    }
    // Lane registers of ports B and C follow their group: BXT_PORT_PCS_DW12, BXT_PORT_TX_DW2.
    for (group, lanes) in [
        (0x6_cc30, &[0x6_c430, 0x6_c630][..]),
        (0x6_ce30, &[0x6_c830, 0x6_ca30]),
        (0x16_2c30, &[0x16_2430, 0x16_2630]),
        (0x6_cd08, &[0x6_c508, 0x6_c588, 0x6_c708, 0x6_c788]),
        (0x6_cf08, &[0x6_c908, 0x6_c988, 0x6_cb08, 0x6_cb88]),
    ] {
        gpu.write(group, group);
        for &lane in lanes {
            assert_eq!(gpu.read(lane), group, "{lane:#x}");
        }
    }
    gpu.set(0x4_6078, 1 << 31);
    assert_ne!(gpu.read(0x4_6078) & 1 << 30, 0);
}

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

/// Totals and clock (10 kHz) as `cvt -r` of xorg prints them.
#[test]
fn modes_are_those_of_cvt() {
    for (width, height, htotal, vtotal, sync, clock) in [
        (1024, 768, 1184, 790, 4, 5600),
        (1280, 1024, 1440, 1054, 7, 9100),
        (1600, 1200, 1760, 1235, 4, 13025),
        (1920, 1080, 2080, 1111, 5, 13850),
        (1920, 1200, 2080, 1235, 6, 15400),
        (2560, 1600, 2720, 1646, 6, 26850),
    ] {
        let mode = Mode::new(width, height, 60).unwrap();
        let (h, v) = (mode.horizontal(), mode.vertical());
        assert_eq!((h.active + h.blank, v.active + v.blank), (htotal, vtotal));
        assert_eq!((v.sync, mode.clock()), (sync, clock), "{width}x{height}");
    }
    assert_eq!(Mode::new(4096, 2160, 60), None);
    assert_eq!(Mode::new(3840, 2160, 240), None);
    assert_eq!(Mode::new(0, 0, 0), None);
}

#[test]
fn a_small_monitor_offers_no_larger_modes() {
    let block = edid::block(&Mode::new(1024, 768, 60).unwrap());
    assert_eq!(block[35..38], [1 << 5 | 1, 1 << 3, 0]);
    assert_eq!(block[38..54], [1; 16]);
    let block = edid::block(&Mode::new(1920, 1200, 60).unwrap());
    assert_eq!(block[52..54], [209, 3 << 6]);
}

proptest! {
    /// A driver parses what it finds: drm_edid_header_is_valid, drm_mode_detailed.
    #[test]
    fn any_mode_is_found_again_in_its_edid(width: u16, height: u16, rate: u8) {
        let Some(mode) = Mode::new(width, height, rate) else {
            return Ok(());
        };
        let block = edid::block(&mode);
        prop_assert_eq!(block.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte)), 0);
        prop_assert_eq!(&block[..8], [0, 255, 255, 255, 255, 255, 255, 0]);
        prop_assert_eq!(block[126], 0);
        let timing = &block[54..72];
        let low = |at: usize| u16::from(timing[at]);
        prop_assert_eq!(low(0) | low(1) << 8, mode.clock());
        prop_assert_eq!(low(2) | (low(4) >> 4) << 8, width);
        prop_assert_eq!(low(3) | (low(4) & 15) << 8, mode.horizontal().blank);
        prop_assert_eq!(low(5) | (low(7) >> 4) << 8, height);
        prop_assert_eq!(low(6) | (low(7) & 15) << 8, mode.vertical().blank);
        prop_assert_eq!(low(10) >> 4, mode.vertical().front);
        prop_assert_eq!(low(10) & 15, mode.vertical().sync);
        // The clock is rounded down to a quarter of a MHz.
        let pixels = u64::from(width + mode.horizontal().blank)
            * u64::from(height + mode.vertical().blank) * u64::from(rate);
        let clock = u64::from(mode.clock()) * 10_000;
        prop_assert!(clock <= pixels && pixels - clock < 250_000 + 10_000);
    }

    #[test]
    fn any_timing_stays_in_its_limits(
        pixels: u32, lines: u32, blank: u32, khz: Option<u64>, after: u64
    ) {
        let timing = Timing::new(pixels, lines, blank, khz);
        let period = timing.period().0;
        prop_assert!((1_000_000_000 / 240..=1_000_000_000).contains(&period));
        prop_assert!(timing.line(Nanos(after)) < lines.clamp(1, 1 << 16));
    }
}

/// What a hostile guest does.
#[derive(Clone, Debug)]
enum Step {
    Write(u32, u32),
    Read(u32),
    Wait(u64),
    Vblank,
}

fn display_register() -> impl Strategy<Value = u32> {
    let anywhere = prop_oneof![
        0x4_0000u32..0x8_0000,
        0xc_0000u32..0x10_0000,
        0x16_2000u32..0x16_3000
    ];
    let behaviour = prop::sample::select(vec![
        0x4_4030, 0x4_4070, 0x4_5008, 0x4_5400, 0x4_5404, 0x4_6010, 0x4_6040, 0x4_6070, 0x4_6078,
        0x4_6104, 0x4_a400, 0x4_a404, 0x6_0000, 0x6_000c, 0x6_0010, 0x6_0040, 0x6_0044, 0x6_0400,
        0x6_4100, 0x6_4110, 0x6_4114, 0x6_4118, 0x6_4140, 0x6_4144, 0x6_4c10, 0x6_4c90, 0x6_c000,
        0x6_c034, 0x6_c058, 0x6_c05c, 0x6_c060, 0x6_c100, 0x6_c104, 0x6_cc30, 0x6_cd08, 0x7_0000,
        0x7_0008, 0x7_0040, 0x7_0180, 0x7_019c, 0x7_01ac, 0x7_1008, 0x7_2008, 0x7_029c, 0x7_0084,
        0x7_f008, 0xc_2004, 0xc_4030, 0xc_5014, 0xc_5104, 0xc_5110, 0xc_6000, 0xc_6004, 0xc_6008,
        0xc_7200, 0xc_7204, 0xe_4110, 0xe_4114, 0xf_0008, 0x13_0040, 0x13_8090, 0x16_2000,
    ]);
    prop_oneof![behaviour, anywhere].prop_map(|at| at & !3)
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![
        any::<u32>(),
        (0u32..32).prop_map(|bit| 1 << bit),
        Just(0),
        Just(u32::MAX)
    ];
    prop_oneof![
        4 => (display_register(), value).prop_map(|(at, value)| Step::Write(at, value)),
        3 => display_register().prop_map(Step::Read),
        1 => any::<u32>().prop_map(|nanos| Step::Wait(u64::from(nanos))),
        1 => Just(Step::Vblank),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_sequence_is_survived(
        platform in prop::sample::select(PLATFORMS.to_vec()),
        steps in prop::collection::vec(step(), 0..600)
    ) {
        let mut gpu = Gpu::new(platform, true);
        let mut now = 0;
        for step in steps {
            match step {
                Step::Write(at, value) => {
                    let now = gpu.now;
                    let _ = gpu.registers.write(MmioOffset::new(at), value, || now);
                }
                Step::Read(at) => {
                    // Among the display's registers are some that others answer for.
                    let now = gpu.now;
                    let _ = gpu.registers.read(MmioOffset::new(at), &NoHost, || now);
                }
                Step::Wait(nanos) => {
                    now += nanos;
                    gpu.time(now);
                }
                Step::Vblank => {
                    for pipe in [Pipe::A, Pipe::B, Pipe::C] {
                        gpu.vblank(pipe);
                    }
                }
            }
            // What a driver relies on holds after whatever was written.
            for pipe in 0..3 {
                let config = gpu.read(0x7_0008 + 0x1000 * pipe);
                prop_assert_eq!(config >> 31, config >> 30 & 1);
            }
            prop_assert_eq!(gpu.read(aux_b(platform)) >> 31, 0);
            prop_assert_eq!(gpu.read(0xc_5108) & !(1 << 10), 0);
            prop_assert_eq!(gpu.read(0xc_2014), 1 << 8 | 1 << 6 | 1 << 2);
            let wells = gpu.read(0x4_5404);
            prop_assert_eq!(wells & 0xaaaa_aaaa & !(wells << 1), 0);
            prop_assert!(gpu.period(Pipe::A).is_none_or(|period| period >= 1_000_000_000 / 240));
        }
    }
}

#[test]
fn an_edid_is_told_from_nonsense() {
    let mode = Mode::new(1366, 768, 60).unwrap();
    let good = edid::block(&mode);
    assert_eq!(edid::best(&good), Some((1366, 768)));
    // The sum is right again after each change.
    let changed = |at: usize, value: u8| {
        let mut block = good;
        block[at] = value;
        block[127] = block[127].wrapping_add(good[at]).wrapping_sub(value);
        block
    };
    assert_eq!(
        edid::best(&changed(12, 99)),
        Some((1366, 768)),
        "a serial number"
    );
    for at in [0, 1, 7, 126] {
        assert_eq!(edid::best(&changed(at, 1)), None, "byte {at}");
    }
    let mut broken = good;
    broken[40] ^= 1;
    assert_eq!(edid::best(&broken), None);
    let mut no_clock = changed(54, 0);
    no_clock[127] = no_clock[127].wrapping_add(no_clock[55]);
    no_clock[55] = 0;
    assert_eq!(edid::best(&no_clock), None);
    assert_eq!(edid::best(&[0; edid::SIZE]), None);
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
