// SPDX-License-Identifier: GPL-2.0

//! The display: what a driver polls and waits for when it brings up power, clocks, a DisplayPort
//! link and pipes, and the vblanks that follow. What is scanned out goes nowhere; its checksum is taken
//! when a driver wants it.
//!
//! Registers without behaviour are plain memory and are not named here. Three pipes and digital
//! ports A to E exist on each device; the one monitor hangs on port B ([`MONITOR_PORT`]).

mod aux;
mod clocks;
mod color;
mod crc;
mod csc;
mod ddc;
mod ddi;
mod dpcd;
mod edid;
mod fbc;
mod gamma;
mod gmbus;
mod hotplug;
mod layer;
mod palette;
mod panel;
mod picture;
mod pipe;
mod plane;
mod power;
mod sbi;
mod scan;
mod sink;
mod straps;
mod surface;
mod timing;
mod vblank;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::ValueEnum;
use serde::Serialize;

use crate::regs::Block;

/// What is plugged into the first external port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Monitor {
    /// Nothing.
    None,
    /// A DisplayPort monitor of 1024x768, which can do up to 1920x1080.
    #[default]
    Dp,
}

/// Number of pipes, and of the transcoders that are not for embedded panels.
const PIPES: usize = 3;

/// Digital ports A to E.
const PORTS: u32 = 5;

/// Where the monitor is: port B. A driver without a video BIOS table takes port A for an embedded
/// panel (i915: `init_vbt_missing_defaults`).
const MONITOR_PORT: u32 = 1;

/// The units of the display.
pub fn blocks(monitor: Monitor) -> Vec<Arc<dyn Block>> {
    let palettes = Arc::new(palette::Palettes::default());
    vec![
        Arc::new(straps::Straps),
        Arc::new(power::Power),
        Arc::new(clocks::Clocks),
        Arc::new(ddi::Ports),
        Arc::new(aux::Channels::new(monitor)),
        Arc::new(gmbus::Gmbus),
        Arc::new(hotplug::Hotplug::new(monitor)),
        Arc::new(panel::Panel),
        palettes.clone(),
        Arc::new(fbc::Fbc),
        Arc::new(sbi::Sideband::default()),
        Arc::new(pipe::Pipes::new(palettes)),
    ]
}

/// Locks state that stays consistent even if a holder panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
