// SPDX-License-Identifier: GPL-2.0

//! The registers that do more than keep what is written.

use super::{display, engines, forcewake::Domain};
use crate::hw::engine::Engine;

/// What kind of register it is. [`super::Registers::read`] and [`super::Registers::write`] say what
/// each does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// In the block of an engine.
    Engine(engines::Register),
    /// Asks for a power domain to stay awake.
    ForceWake(Domain),
    /// Asks for a frequency of the GT.
    Frequency,
    /// Gives an order to the power controller's firmware.
    Mailbox,
    /// Resets engines.
    Reset,
    /// Invalidates the look-aside buffer of an engine's translations.
    InvalidateTlb(Engine),
    /// Flushes what was written to the GGTT.
    FlushGgtt,
    /// Says whether page tables may have pages of 64 KiB.
    PageSizes,
    /// Half of a fence.
    Fence,
    /// Of the display.
    Display(display::Register),
}
