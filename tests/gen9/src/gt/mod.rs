// SPDX-License-Identifier: GPL-2.0

//! The GT outside its command streamers: interrupts, power, the power controller's mailbox,
//! resets, and the registers that only identify or tune the device.

mod forcewake;
mod fuses;
mod irq;
mod mchbar;
mod misc;
mod pcode;
mod power;
mod rc6;
mod reset;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use irq::{DisplayIrq, Interrupts};

use crate::platform::{Device, Platform};
use crate::regs::Block;

/// The units of the GT, but for [`Interrupts`], which the device itself owns.
pub fn blocks() -> Vec<Arc<dyn Block>> {
    vec![
        Arc::new(power::Power::default()),
        Arc::new(pcode::Pcode::default()),
        Arc::new(reset::Reset),
        Arc::new(fuses::Fuses),
        Arc::new(mchbar::Mchbar),
        Arc::new(misc::Misc),
    ]
}

/// A value that differs between the devices.
#[derive(Clone, Copy, Debug)]
struct PerDevice<T> {
    bdw: T,
    skl: T,
    kbl: T,
    cfl: T,
}

impl<T: Copy> PerDevice<T> {
    /// The same on each device.
    const fn all(value: T) -> Self {
        Self {
            bdw: value,
            skl: value,
            kbl: value,
            cfl: value,
        }
    }

    /// One value for Gen8, one for Gen9.
    const fn by_generation(gen8: T, gen9: T) -> Self {
        Self {
            bdw: gen8,
            skl: gen9,
            kbl: gen9,
            cfl: gen9,
        }
    }

    /// The value of this device.
    const fn on(&self, platform: &Platform) -> T {
        match platform.device {
            Device::Bdw => self.bdw,
            Device::Skl => self.skl,
            Device::Kbl => self.kbl,
            Device::Cfl => self.cfl,
        }
    }
}

/// A register that holds a value at power-on and is memory from then on.
type Preset = (u32, PerDevice<u32>);
