// SPDX-License-Identifier: GPL-2.0

//! The registers of a virtual GPU, but for those that interrupts, execlists, PVINFO and the GGTT
//! answer for.
//!
//! Registers are declared as data, by unit; [`table`] puts the declarations together. The way of an
//! access: [`Registers::read`] or [`Registers::write`] finds the declaration; its policy says what
//! happens; a register with a behaviour of its own is handed to its unit, and what the outside must
//! do comes back as an [`Effect`].
//!
//! A register that nobody declared keeps what is written, so that a guest can read it back, is
//! counted, and never reaches the hardware.

pub mod access;
pub mod behaviour;
pub mod cells;
mod commands;
pub mod display;
pub mod engines;
pub mod fence;
pub mod forcewake;
mod fuses;
mod gt;
pub mod leftovers;
mod mchbar;
mod media;
mod mocs;
pub mod nonpriv;
mod others;
mod pcode;
pub mod platforms;
mod power;
mod render;
pub mod reset;
pub mod span;
pub mod table;
pub mod unknown;

use self::{
    behaviour::Behaviour,
    cells::{masked, Cells},
    display::{Display, Nanos},
    engines::EngineSet,
    reset::Scope,
    span::{Initial, Policy, Span, Unit},
    table::Map,
    unknown::Unknown,
};
use super::seam::HostMmio;
use crate::hw::{
    addr::{GuestGma, MmioOffset},
    engine::Engine,
};
use kernel::{error::Result, prelude::*, sync::Arc};

/// What a write asks of the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Effect {
    /// Nothing.
    None,
    /// Stop what runs, drop what is queued, then call [`Registers::finish_reset`]. The guest waits.
    Reset(Scope),
    /// A fence changed.
    Fence(u8),
    /// Translations that an engine holds are to be forgotten.
    InvalidateTlb(Engine),
    /// What was written to the GGTT is to be seen by the hardware.
    FlushGgtt,
    /// The guest may wait for other interrupts of an engine than before.
    Listen,
    /// Whether page tables may have pages of 64 KiB.
    Pages64k(bool),
    /// Of the display.
    Display(display::Event),
    /// Another unit is to do it.
    Of(Unit),
    /// The guest may not do that, and it was not done.
    Refused,
    /// Nobody declared the register, and it is accessed for the first time.
    Unknown,
}

/// The registers.
pub struct Registers {
    map: Arc<Map>,
    cells: Cells,
    /// What the registers with [`Initial::Host`] hold after a reset, by offset.
    from_host: KVec<(MmioOffset, u32)>,
    /// In a box: it is large, and made of large parts.
    display: KBox<Display>,
    busy: EngineSet,
    unknown: Unknown,
}

impl Registers {
    /// The registers of `map` after power-on. `snapshot` tells what the host's register at an offset holds.
    pub fn new(
        map: Arc<Map>,
        display: KBox<Display>,
        snapshot: impl Fn(MmioOffset) -> u32,
    ) -> Result<Self> {
        let mut from_host = KVec::new();
        for span in map.spans().filter(|span| span.initial == Initial::Host) {
            for at in span.offsets() {
                from_host.push((at, snapshot(at)), GFP_KERNEL)?;
            }
        }
        let mut registers = Self {
            map,
            cells: Cells::new()?,
            from_host,
            display,
            busy: EngineSet::NONE,
            unknown: Unknown::new(),
        };
        registers.reset();
        Ok(registers)
    }

    /// Back to the state after power-on. What was counted stays.
    pub fn reset(&mut self) {
        self.cells.clear();
        self.busy = EngineSet::NONE;
        self.restart(|_| true);
        self.display.reset(&mut self.cells);
    }

    /// What [`Effect::Reset`] asked for is done.
    pub fn finish_reset(&mut self, scope: Scope) {
        let engines = match scope {
            Scope::Gt => EngineSet::ALL,
            Scope::Engines(engines) => engines,
        };
        for engine in engines.iter() {
            self.busy = self.busy.without(engine);
        }
        self.restart(|span| match (scope, span.policy) {
            // Requests to stay awake survive, and so does the frequency.
            (_, Policy::Special(Behaviour::ForceWake(_) | Behaviour::Frequency)) => false,
            // Constants never changed; among them are the acknowledges, which must not.
            _ if span.read_only == u32::MAX => false,
            (Scope::Gt, _) => span.first < reset::GT_END,
            (Scope::Engines(_), _) => Engine::of_register(MmioOffset::new(span.first))
                .is_some_and(|(engine, _)| engines.contains(engine)),
        });
    }

    /// Gives the registers of the declarations that `affected` picks their initial values.
    fn restart(&mut self, affected: impl Fn(&Span) -> bool) {
        for span in self.map.spans().filter(|span| affected(span)) {
            let value = match span.initial {
                Initial::Value(value) => value,
                Initial::Host => continue,
            };
            for at in span.offsets() {
                self.cells.set(at, value);
            }
        }
        for &(at, value) in &self.from_host {
            if self.map.find(at).is_some_and(&affected) {
                self.cells.set(at, value);
            }
        }
    }

    /// A guest's read of the 4 bytes at `at`, a multiple of 4. `now` is asked if the display is. An
    /// error names the unit that answers instead.
    pub fn read(
        &mut self,
        at: MmioOffset,
        host: &impl HostMmio,
        now: impl FnOnce() -> Nanos,
    ) -> Result<u32, Unit> {
        let Some(span) = self.map.find(at) else {
            self.unknown.note(at);
            return Ok(self.cells.get(at));
        };
        Ok(match span.policy {
            Policy::Of(unit) => return Err(unit),
            Policy::Host => host.read(at),
            Policy::Special(Behaviour::Engine(register)) => {
                let busy =
                    Engine::of_register(at).is_some_and(|(engine, _)| self.busy.contains(engine));
                engines::read(&self.cells, register, at, busy).unwrap_or_else(|| host.read(at))
            }
            Policy::Special(Behaviour::Display(register)) => {
                self.display.set_time(now());
                self.display.read(register, &mut self.cells, at)
            }
            _ => self.cells.get(at),
        })
    }

    /// A guest's write of the 4 bytes at `at`, a multiple of 4; likewise.
    pub fn write(&mut self, at: MmioOffset, value: u32, now: impl FnOnce() -> Nanos) -> Effect {
        let Some(span) = self.map.find(at) else {
            self.cells.set(at, value);
            return if self.unknown.note(at) {
                Effect::Unknown
            } else {
                Effect::None
            };
        };
        let old = self.cells.get(at);
        let kept = |new: u32| old & span.read_only | new & !span.read_only;
        match span.policy {
            Policy::Plain => self.cells.set(at, kept(value)),
            Policy::Masked => self.cells.set(at, kept(masked(old, value))),
            Policy::ClearByOne => self.cells.set(at, old & !(value & !span.read_only)),
            Policy::Host => {}
            Policy::Of(unit) => return Effect::Of(unit),
            Policy::Special(behaviour) => return self.act(behaviour, at, kept(value), now),
        }
        Effect::None
    }

    /// A write to a register with a behaviour of its own.
    fn act(
        &mut self,
        behaviour: Behaviour,
        at: MmioOffset,
        value: u32,
        now: impl FnOnce() -> Nanos,
    ) -> Effect {
        let cells = &mut self.cells;
        let platform = self.map.platform();
        match behaviour {
            Behaviour::Engine(register) => {
                return engines::write(cells, platform, register, at, value)
            }
            Behaviour::ForceWake(domain) => forcewake::write(cells, domain, value),
            Behaviour::Frequency => power::write_frequency(cells, platform, value),
            Behaviour::Mailbox => pcode::write(cells, platform, value),
            // The bits of a reset clear when it is done, and nobody can look before.
            Behaviour::Reset => return reset::scope(value).map_or(Effect::None, Effect::Reset),
            Behaviour::InvalidateTlb(engine) if value & 1 != 0 => {
                return Effect::InvalidateTlb(engine)
            }
            Behaviour::InvalidateTlb(_) => {}
            Behaviour::FlushGgtt => {
                cells.set(at, value);
                return Effect::FlushGgtt;
            }
            Behaviour::PageSizes => {
                cells.set(at, value);
                return Effect::Pages64k(gt::has_pages_64k(value));
            }
            Behaviour::Fence => {
                cells.set(at, value);
                return fence::index(at).map_or(Effect::None, Effect::Fence);
            }
            Behaviour::Display(register) => {
                self.display.set_time(now());
                return self
                    .display
                    .write(register, cells, at, value)
                    .map_or(Effect::None, Effect::Display);
            }
        }
        Effect::None
    }

    /// What a write of less than 4 bytes at `at` is to have in the others. An error names the unit that
    /// answers instead.
    pub fn unwritten(&self, at: MmioOffset) -> Result<u32, Unit> {
        match self.map.find(at).map(|span| span.policy) {
            // A zero bit clears nothing, and masks all of the other half.
            Some(Policy::ClearByOne | Policy::Masked) => Ok(0),
            Some(Policy::Of(unit)) => Err(unit),
            _ => Ok(self.cells.get(at)),
        }
    }

    /// What the register at `at` holds, without the effects of a guest's read.
    pub fn get(&self, at: MmioOffset) -> u32 {
        self.cells.get(at)
    }

    /// Has the register at `at` hold `value`: what the guest is to see of its engines.
    pub fn set(&mut self, at: MmioOffset, value: u32) {
        self.cells.set(at, value);
    }

    /// Whether `engine` works, from now on: INSTDONE and MI_MODE tell.
    pub fn set_busy(&mut self, engine: Engine, busy: bool) {
        self.busy = if busy {
            self.busy.with(engine)
        } else {
            self.busy.without(engine)
        };
    }

    /// The page of hardware status of `engine`, as the guest wrote it; 0 until it does.
    pub fn status_page(&self, engine: Engine) -> GuestGma {
        engines::status_page(&self.cells, engine)
    }

    /// The interrupts that `engine` keeps to itself, at their places in the GT's registers.
    pub fn interrupt_mask(&self, engine: Engine) -> u32 {
        engines::interrupt_mask(&self.cells, engine)
    }

    /// Whether `engine` takes submissions by execlists.
    pub fn execlists(&self, engine: Engine) -> bool {
        engines::execlists(&self.cells, engine)
    }

    /// What fence `index` holds.
    pub fn fence(&self, index: u8) -> u64 {
        fence::value(&self.cells, index)
    }

    /// The display, and the registers that it works on.
    pub fn display(&mut self) -> (&mut Display, &mut Cells) {
        (&mut self.display, &mut self.cells)
    }

    /// The declarations.
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// What was accessed without being declared.
    pub const fn unknown(&self) -> &Unknown {
        &self.unknown
    }
}
