// SPDX-License-Identifier: GPL-2.0

//! Forcewake: the guest asks for a power domain to stay awake, and waits for the answer.
//!
//! A virtual GPU's registers are always awake, so the answer is there at once. Bits 15:0 of a request
//! are one client each; the acknowledge repeats them (intel_uncore.c).

use super::{
    behaviour::Behaviour,
    cells::{masked, Cells},
    platforms::Platforms,
    span::Span,
};
use crate::hw::addr::MmioOffset;

/// A power domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// The render engine (FORCEWAKE_RENDER_GEN9).
    Render,
    /// What is around the engines (FORCEWAKE_GT_GEN9); on Gen8 the whole GT (FORCEWAKE_MT).
    Gt,
    /// The video engines (FORCEWAKE_MEDIA_GEN9).
    Media,
}

impl Domain {
    /// Offsets of the request and of its acknowledge.
    const fn registers(self) -> (u32, u32) {
        match self {
            Domain::Render => (0xa278, 0x0d84),
            Domain::Gt => (0xa188, 0x13_0044),
            Domain::Media => (0xa270, 0x0d88),
        }
    }

    const fn request(self) -> Span {
        Span::special(self.registers().0, Behaviour::ForceWake(self))
    }

    const fn acknowledge(self) -> Span {
        Span::constant(self.registers().1, 0)
    }
}

/// The registers.
pub const TABLE: &[Span] = &[
    Domain::Render.acknowledge().on(Platforms::GEN9),
    Domain::Media.acknowledge().on(Platforms::GEN9),
    Domain::Gt.request(),
    // FORCEWAKE, of generations before
    Span::plain(0xa18c),
    Domain::Media.request().on(Platforms::GEN9),
    Domain::Render.request().on(Platforms::GEN9),
    Domain::Gt.acknowledge(),
    // FORCEWAKE_ACK, of generations before
    Span::constant(0x13_0090, 0),
];

/// A guest's write to a request.
pub(super) fn write(cells: &mut Cells, domain: Domain, value: u32) {
    let (request, acknowledge) = domain.registers();
    let request = MmioOffset::new(request);
    let asked = masked(cells.get(request), value);
    cells.set(request, asked);
    cells.set(MmioOffset::new(acknowledge), asked);
}
