// SPDX-License-Identifier: GPL-2.0

//! A virtual GPU whose display is met by its registers, as a guest's driver meets it.

pub use super::maps::*;
pub use unit::hw::addr::MmioOffset;
pub use unit::hw::irq::{Group, Pipe, Source};
pub use unit::hw::platform::Platform;
pub use unit::model::mmio::display::mode::Mode;
pub use unit::model::mmio::display::timing::Timing;
pub use unit::model::mmio::display::{edid, Display, Event, Monitor, Nanos};
pub use unit::model::mmio::{Effect, Registers};
pub use unit::model::seam::HostMmio;

pub const FULL_HD: (u16, u16) = (1920, 1080);

pub struct NoHost;

impl HostMmio for NoHost {
    fn read(&self, _at: MmioOffset) -> u32 {
        0
    }
}

pub struct Gpu {
    pub registers: Registers,
    pub now: Nanos,
}

impl Gpu {
    pub fn new(platform: Platform, monitor: bool) -> Self {
        let mode = Mode::new(FULL_HD.0, FULL_HD.1, 60).unwrap();
        let display = Display::new(platform, monitor.then(|| Monitor::new(&mode))).unwrap();
        Self {
            registers: Registers::new(map(platform), boxed(display), |_| 0).unwrap(),
            now: Nanos(0),
        }
    }

    pub fn read(&mut self, at: u32) -> u32 {
        let now = self.now;
        self.registers
            .read(MmioOffset::new(at), &NoHost, || now)
            .unwrap()
    }

    pub fn write(&mut self, at: u32, value: u32) -> Option<Event> {
        let now = self.now;
        match self.registers.write(MmioOffset::new(at), value, || now) {
            Effect::Display(event) => Some(event),
            Effect::None => None,
            other => panic!("{at:#x}: {other:?}"),
        }
    }

    pub fn set(&mut self, at: u32, bits: u32) {
        let old = self.read(at);
        self.write(at, old | bits);
    }

    pub fn time(&mut self, nanos: u64) {
        self.now = Nanos(nanos);
        self.registers.display().0.set_time(self.now);
    }

    pub fn period(&mut self, pipe: Pipe) -> Option<u64> {
        let period = self.registers.display().0.vblank_period(pipe);
        period.map(|nanos| nanos.0)
    }

    pub fn hear(&mut self, pipe: Pipe, heard: bool) -> bool {
        let (display, cells) = self.registers.display();
        display.hear(pipe, cells, heard)
    }

    pub fn vblank(&mut self, pipe: Pipe) -> Option<Source> {
        let (display, cells) = self.registers.display();
        display.on_vblank(pipe, cells)
    }

    /// Sends an AUX message on `control`: status, answer, and what the outside is told.
    pub fn aux(&mut self, control: u32, message: &[u8]) -> (u32, Vec<u8>, Option<Event>) {
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
    pub fn program_full_hd(&mut self) {
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
pub fn aux_b(platform: Platform) -> u32 {
    match platform {
        Platform::Broadwell => 0xe_4110,
        _ => 0x6_4110,
    }
}

/// The interrupt of the AUX channel of port B.
pub fn aux_b_done(platform: Platform) -> Source {
    let group = match platform {
        Platform::Broadwell => Group::Pch,
        _ => Group::Port,
    };
    Source {
        group,
        bits: 1 << 25,
    }
}

pub const READ_REVISION: [u8; 4] = [0x90, 0, 0, 0];

// What i915 does when it brings up the display of a Skylake (skl_display_core_init, skl_set_cdclk).
