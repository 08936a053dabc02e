// SPDX-License-Identifier: GPL-2.0

//! The display of a virtual GPU: what a guest's driver polls and waits for when it brings up power,
//! clocks, a DisplayPort link and pipes. Nothing is scanned out, and none of it reaches the host's
//! display.
//!
//! There are three pipes, digital ports A to E, and one monitor at most, on port B, where drivers
//! expect an external one. Time is told by who owns the display, see [`Display::set_time`]; the
//! counters of a pipe follow it, and vblanks are due when [`Display::next_vblank`] says.

mod aux;
mod clocks;
mod ddi;
mod dpcd;
pub mod edid;
mod gmbus;
pub mod mode;
mod north;
mod palette;
mod phy;
mod pipe;
mod plane;
mod power;
mod scan;
mod scanout;
mod sideband;
mod sink;
mod south;
pub mod timing;

use self::{mode::Mode, palette::Palettes, pipe::Context, sideband::Sideband, sink::Sink};
use super::{behaviour::Behaviour, cells::Cells, span::Span};
use crate::{
    hw::{
        addr::MmioOffset,
        irq::{Group, Pipe, Source},
        platform::Platform,
    },
    model::screen::Scene,
};
use kernel::error::Result;

/// The declarations, each table in order.
pub(super) const TABLES: &[&[Span]] = &[
    north::TABLE,
    north::MICROCONTROLLER,
    north::COMPENSATION,
    power::TABLE,
    clocks::NORTH,
    clocks::DPLLS,
    clocks::BROADWELL,
    palette::TABLE,
    ddi::PORTS[0],
    ddi::PORTS[1],
    ddi::PORTS[2],
    ddi::PORTS[3],
    ddi::PORTS[4],
    ddi::SHARED,
    ddi::PCH,
    phy::TABLES[0],
    phy::TABLES[1],
    phy::CONTROL,
    phy::POWER_CONTROL,
    pipe::TABLE,
    south::TABLE,
    gmbus::TABLE,
];

/// Where the monitor is: port B. A driver without a video BIOS table takes port A for that of an
/// embedded panel (i915: `init_vbt_missing_defaults`).
const MONITOR_PORT: u32 = 1;

/// What in the display has a behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// Requests of power wells.
    Wells,
    /// Power of the display's buffer.
    BufferPower,
    /// A PLL that shows its lock beside its enable bit.
    Pll,
    /// Broadwell's LCPLL.
    Lcpll,
    /// The locks of all PLLs.
    PllStatus,
    /// The microseconds.
    Timestamp,
    /// The entries of a palette, one after the other.
    Palette,
    /// All of a pipe.
    Pipe,
    /// A transcoder without a pipe.
    Config,
    /// The buffer of a port.
    Buffer,
    /// The transport of a port.
    Transport,
    /// The AUX channel of a port.
    Aux,
    /// Whether a PHY has power.
    PhyPower,
    /// The lanes of a PHY, all at once.
    PhyGroup,
    /// Whether lanes of a PHY are on.
    PhyLanes,
    /// Pulses of hotplug detection.
    Hotplug,
    /// A command for the I2C controller.
    BusCommand,
    /// Pins of an I2C bus.
    Pins,
    /// Whether the embedded panel has power.
    PanelStatus,
    /// Accesses of the sideband.
    Sideband,
    /// Reset of the PHYs in the PCH.
    MphyReset,
    /// The transcoder in the PCH.
    PchTranscoder,
}

/// What the outside must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Fire this.
    Interrupt(Source),
    /// A pipe was turned on or off: [`Display::next_vblank`] has changed.
    Pipe(Pipe),
}

/// A time since some start, or a length of time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

/// A DisplayPort monitor.
#[derive(Clone, Copy, Debug)]
pub struct Monitor {
    edid: [u8; edid::SIZE],
}

impl Monitor {
    /// One whose best mode is `mode`.
    pub fn new(mode: &Mode) -> Self {
        Self::with_edid(edid::block(mode))
    }

    /// One that describes itself like this.
    pub const fn with_edid(edid: [u8; edid::SIZE]) -> Self {
        Self { edid }
    }

    /// How it describes itself.
    pub const fn edid(&self) -> &[u8; edid::SIZE] {
        &self.edid
    }
}

/// What the display keeps beside its registers.
pub struct Display {
    platform: Platform,
    now: Nanos,
    sink: Option<Sink>,
    pipes: [pipe::State; 3],
    palettes: Palettes,
    sideband: Sideband,
}

impl Display {
    /// A display with this monitor.
    pub fn new(platform: Platform, monitor: Option<Monitor>) -> Result<Self> {
        Ok(Self {
            platform,
            now: Nanos(0),
            sink: monitor.map(|monitor| Sink::new(monitor.edid)),
            pipes: [const { pipe::State::new() }; 3],
            palettes: Palettes::new()?,
            sideband: Sideband::new(),
        })
    }

    /// What the guest's later accesses take for the time. It does not go back.
    pub fn set_time(&mut self, now: Nanos) {
        self.now = self.now.max(now);
    }

    /// Plugs in another monitor, or none. The interrupt that tells the guest: its level is what
    /// [`Display::plugged`] says, and there is a pulse of it in any case.
    pub fn plug(&mut self, cells: &mut Cells, monitor: Option<Monitor>) -> Source {
        self.sink = monitor.map(|monitor| Sink::new(monitor.edid));
        south::pulse(cells);
        self.detection()
    }

    /// The level of hotplug detection that is to be up, always, after a reset too.
    pub fn plugged(&self) -> Option<Source> {
        self.sink.as_ref().map(|_| self.detection())
    }

    /// Hotplug detection at the monitor's port.
    fn detection(&self) -> Source {
        match self.platform {
            // BXT_DE_PORT_HP_DDIB
            Platform::Broxton => Source {
                group: Group::Port,
                bits: 1 << 4,
            },
            // SDE_PORTB_HOTPLUG_CPT
            _ => Source {
                group: Group::Pch,
                bits: 1 << 21,
            },
        }
    }

    /// What the monitor shows: the pipe that feeds it. `None` if none does.
    pub fn scene(&mut self, cells: &mut Cells) -> Option<Scene> {
        let mut pipes = pipe::ALL.into_iter();
        let pipe = pipes.find(|&pipe| timing::feeds(cells, pipe, MONITOR_PORT))?;
        let context = self.context(pipe);
        let state = self.state_mut(pipe)?;
        state.follow(context, cells);
        scanout::scene(context.platform, cells, pipe, state.shown()?)
    }

    /// The length of a frame of `pipe`, 1/240 s to 1 s; `None` while it is off.
    pub fn vblank_period(&self, pipe: Pipe) -> Option<Nanos> {
        let timing = self.state(pipe)?.timing()?;
        Some(timing.period())
    }

    /// When the first vblank of `pipe` is due that [`Display::on_vblank`] has not told of, which may be
    /// in the past; `None` while the pipe is off, or nobody listens, see [`Display::hear`].
    pub fn next_vblank(&self, pipe: Pipe) -> Option<Nanos> {
        self.state(pipe)?.due()
    }

    /// The interrupts that the vblanks of `pipe` may bring.
    pub fn frame_interrupts(&self, pipe: Pipe) -> Source {
        let mut source = Source::vblank(pipe);
        for (index, _) in (0..).zip(&plane::PLANES) {
            if let Some(flip) = plane::flip_done(self.platform, pipe, index) {
                source.bits |= flip.bits;
            }
        }
        source
    }

    /// Whether the guest listens to [`Display::frame_interrupts`] of `pipe` from now on; at first it does
    /// not. Whether that is new, so that [`Display::next_vblank`] has changed.
    pub fn hear(&mut self, pipe: Pipe, cells: &mut Cells, heard: bool) -> bool {
        let context = self.context(pipe);
        let state = self.state_mut(pipe);
        state.is_some_and(|state| state.hear(context, cells, heard))
    }

    /// Has the vblanks of `pipe` happen that are due: the interrupts to be fired, in one group.
    pub fn on_vblank(&mut self, pipe: Pipe, cells: &mut Cells) -> Option<Source> {
        let context = self.context(pipe);
        self.state_mut(pipe)?.vblank(context, cells)
    }

    /// Back to the state after power-on. The monitor stays.
    pub(super) fn reset(&mut self, _cells: &mut Cells) {
        if let Some(sink) = &mut self.sink {
            sink.reset();
        }
        self.pipes = [const { pipe::State::new() }; 3];
        self.palettes.clear();
        self.sideband = Sideband::new();
    }

    /// A guest's read of the register at `at`.
    pub(super) fn read(&mut self, register: Register, cells: &mut Cells, at: MmioOffset) -> u32 {
        match register {
            Register::Wells => power::wells(cells, cells.get(at)),
            Register::PllStatus => clocks::status(cells),
            Register::Timestamp => pipe::timestamp(self.now),
            Register::Palette => self.palettes.read(cells, at),
            Register::Pipe => self.read_pipe(cells, at),
            Register::PhyPower => phy::power(cells, at),
            Register::PhyLanes => phy::lanes(cells, at),
            Register::PanelStatus => south::panel(cells, at),
            _ => cells.get(at),
        }
    }

    /// A guest's write of the register at `at`.
    pub(super) fn write(
        &mut self,
        register: Register,
        cells: &mut Cells,
        at: MmioOffset,
        value: u32,
    ) -> Option<Event> {
        let stored = match register {
            Register::Pipe => return self.write_pipe(cells, at, value),
            Register::Aux => {
                return aux::write(self.platform, self.sink.as_mut(), cells, at, value)
            }
            Register::BusCommand => return gmbus::command(self.platform, cells, value),
            Register::Palette => {
                self.palettes.write(cells, at, value);
                return None;
            }
            Register::Transport => {
                ddi::transport(cells, at, value);
                return None;
            }
            Register::PhyGroup => {
                phy::group(cells, at, value);
                return None;
            }
            Register::Pins => {
                gmbus::pins(cells, at, value);
                return None;
            }
            Register::Sideband => {
                self.sideband.write(cells, value);
                return None;
            }
            Register::BufferPower => power::buffer(value),
            Register::Pll => clocks::pll(value),
            Register::Lcpll => clocks::lcpll(value),
            Register::Config => pipe::config(value),
            Register::Buffer => ddi::buffer(value),
            Register::Hotplug => south::hotplug(cells.get(at), value),
            Register::MphyReset => south::chicken2(value),
            Register::PchTranscoder => south::transcoder(value),
            Register::Wells | Register::PhyPower | Register::PhyLanes => value,
            Register::PllStatus | Register::Timestamp | Register::PanelStatus => return None,
        };
        cells.set(at, stored);
        None
    }

    fn read_pipe(&mut self, cells: &mut Cells, at: MmioOffset) -> u32 {
        let Some((pipe, within)) = pipe::split(at) else {
            return 0;
        };
        let context = self.context(pipe);
        let state = self.state_mut(pipe);
        state.map_or(0, |state| state.read(context, cells, within))
    }

    fn write_pipe(&mut self, cells: &mut Cells, at: MmioOffset, value: u32) -> Option<Event> {
        let (pipe, within) = pipe::split(at)?;
        let context = self.context(pipe);
        self.state_mut(pipe)?.write(context, cells, within, value)
    }

    const fn context(&self, pipe: Pipe) -> Context {
        Context {
            platform: self.platform,
            pipe,
            now: self.now,
        }
    }

    fn state(&self, pipe: Pipe) -> Option<&pipe::State> {
        let mut all = pipe::ALL.iter().zip(&self.pipes);
        all.find(|(other, _)| **other == pipe)
            .map(|(_, state)| state)
    }

    fn state_mut(&mut self, pipe: Pipe) -> Option<&mut pipe::State> {
        let mut all = pipe::ALL.iter().zip(&mut self.pipes);
        all.find(|(other, _)| **other == pipe)
            .map(|(_, state)| state)
    }
}

/// A register with a behaviour.
const fn special(first: u32, register: Register) -> Span {
    Span::special(first, Behaviour::Display(register))
}

/// Short for an offset that is a constant.
const fn at(offset: u32) -> MmioOffset {
    MmioOffset::new(offset)
}
