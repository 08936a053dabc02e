// SPDX-License-Identifier: GPL-2.0

//! Resets that the guest asks for (intel_reset.c: gen6_hw_domain_reset).

use super::{
    behaviour::Behaviour,
    engines::EngineSet,
    span::{Commands, Span},
};
use crate::hw::{addr::MmioOffset, engine::Engine};

/// GEN6_GRDOM_FULL: everything but the display.
const FULL: u32 = 1 << 0;

/// GS_MIA_IN_RESET: the microcontroller has not been loaded. A guest looks for it after it has
/// reset the microcontroller, and there is none that it could load.
const MICROCONTROLLER_IN_RESET: u32 = 1 << 0;

/// The registers below this are the GT's; the display's are above.
pub(super) const GT_END: u32 = 0x4_0000;

/// GEN6_GDRST.
const GDRST: u32 = 0x941c;

/// The registers.
pub const TABLE: &[Span] = &[
    Span::special(GDRST, Behaviour::Reset).commands(Commands::Refuse),
    // GUC_STATUS
    Span::constant(0xc000, MICROCONTROLLER_IN_RESET),
];

/// What is to be reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the GT: engines, and the registers around them.
    Gt,
    /// Engines.
    Engines(EngineSet),
}

/// Whether a write of `register` may ask for a reset.
pub fn is_at(register: MmioOffset) -> bool {
    register.get() == GDRST
}

/// What a write to GEN6_GDRST asks for. `None` if that is nothing that a virtual GPU has.
pub(super) fn scope(value: u32) -> Option<Scope> {
    if value & FULL != 0 {
        return Some(Scope::Gt);
    }
    let engines = Engine::ALL
        .iter()
        .filter(|engine| value & engine.reset_bit() != 0)
        .fold(EngineSet::NONE, |set, &engine| set.with(engine));
    (!engines.is_empty()).then_some(Scope::Engines(engines))
}
