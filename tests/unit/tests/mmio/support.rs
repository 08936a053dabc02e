// SPDX-License-Identifier: GPL-2.0

//! A virtual GPU's registers, and a host that counts reads.

use std::cell::Cell;

pub use super::maps::*;
pub use unit::hw::{
    addr::{Bytes, GmaRange, GuestGma, HostGma, MmioOffset},
    engine::Engine,
    irq,
    platform::Platform,
    pvinfo,
};
pub use unit::model::{
    execlist::Execlists,
    mmio::{
        access::{Access, BadShape},
        cells::SPACE,
        display::{Display, Nanos},
        engines::{self, EngineSet},
        fence,
        leftovers::{leftovers, Back},
        nonpriv,
        reset::Scope,
        span::{Initial, Policy, Unit},
        table::Map,
        Effect, Registers,
    },
    parser::{RegisterPolicy, Verdict},
    partition::Share,
    seam::HostMmio,
};

pub const MAILBOX: u32 = 0x13_8124;
pub const DATA: u32 = 0x13_8128;
pub const CAPABILITIES: u32 = 0x14_5998;
pub const FUSE2: u32 = 0x9120;

/// A host whose registers count the reads of them.
#[derive(Default)]
pub struct Host {
    pub reads: Cell<u32>,
}

impl HostMmio for Host {
    fn read(&self, at: MmioOffset) -> u32 {
        self.reads.set(self.reads.get() + 1);
        at.get() ^ 0x5a5a_0000
    }
}

/// What the host had when the virtual GPU was made.
pub fn snapshot(at: MmioOffset) -> u32 {
    match at.get() {
        CAPABILITIES => 0x0007_0717,
        other => other ^ 0xc0de_0000,
    }
}

/// The display's time.
pub fn now() -> Nanos {
    Nanos(1)
}

pub struct Machine {
    pub registers: Registers,
    pub host: Host,
}

impl Machine {
    pub fn new(platform: Platform) -> Self {
        let display = Display::new(platform, None).unwrap();
        Self {
            registers: Registers::new(map(platform), boxed(display), snapshot).unwrap(),
            host: Host::default(),
        }
    }

    pub fn read(&mut self, at: u32) -> u32 {
        self.registers
            .read(MmioOffset::new(at), &self.host, now)
            .unwrap()
    }

    pub fn write(&mut self, at: u32, value: u32) -> Effect {
        self.registers.write(MmioOffset::new(at), value, now)
    }

    /// A write that asks nothing of the outside.
    pub fn set(&mut self, at: u32, value: u32) {
        assert_eq!(self.write(at, value), Effect::None, "{at:#x}");
    }
}

pub fn skylake() -> Machine {
    Machine::new(Platform::Skylake)
}
