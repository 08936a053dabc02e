// SPDX-License-Identifier: GPL-2.0

//! The engine's state in an image, and the seal that says who saved it.

use super::{Context, StatePage};
use crate::hw::context::{engine_dwords, engine_pages, STATE_DWORDS, UNUSED};
use crate::hw::engine::Engine;
use crate::hw::platform::Platform;
use core::ops::Range;

/// Which parts of an image are the engine's state. They are opaque: copied as they are, or not at all.
#[derive(Clone, Debug)]
pub struct EngineState {
    dwords: &'static [(u16, u16)],
    pages: Range<u64>,
}

impl EngineState {
    /// That of an engine.
    pub fn of(platform: Platform, engine: Engine) -> Self {
        Self {
            dwords: engine_dwords(platform, engine),
            pages: engine_pages(platform, engine),
        }
    }

    /// Dwords of the page of registers, in order.
    pub fn dwords(&self) -> impl Iterator<Item = u16> {
        self.dwords.iter().flat_map(|&(first, end)| first..end)
    }

    /// The same as runs of them.
    pub fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        let runs = self.dwords.iter();
        runs.map(|&(first, end)| first.into()..end.into())
    }

    /// Whole pages of the image.
    pub fn pages(&self) -> Range<u64> {
        self.pages.clone()
    }

    /// Clears what is not the engine's state: what is left, with [`EngineState::pages`] behind it, is
    /// what a seal is a hash of.
    pub fn isolate(&self, page: &mut StatePage) {
        for dword in 0..STATE_DWORDS {
            let inside = |&(first, end): &(u16, u16)| (first..end).contains(&dword);
            if !self.dwords.iter().any(inside) {
                page.set(dword, 0);
            }
        }
    }
}

/// A hash of the engine's state of an image under a key that is secret and belongs to one engine of one
/// virtual GPU. In the image it is part of three commands that do nothing, in a place that drivers leave
/// alone and copy along with the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal(u64);

/// The number in an MI_NOOP: bits 21:0, without bit 22, which would have it written to a register.
const NOOP_BITS: u32 = 22;
const NOOP_MASK: u64 = (1 << NOOP_BITS) - 1;

impl Seal {
    /// The seal that stands for a hash.
    pub const fn new(hash: u64) -> Self {
        Self(hash)
    }

    /// The seal of an image, genuine or not; `None` if it has none.
    pub fn of(page: &StatePage) -> Option<Self> {
        let hash = Self::places().try_fold(0, |hash, (dword, shift)| {
            let number = u64::from(page.get(dword));
            let shifted = number.checked_shl(shift)?;
            let whole = number <= NOOP_MASK && shifted >> shift == number;
            whole.then_some(hash | shifted)
        })?;
        // An image that was never sealed is zero there.
        (hash != 0).then_some(Self(hash))
    }

    /// Dwords of the page of registers, and their values, that put the seal on an image.
    pub fn registers(self) -> impl Iterator<Item = (u16, u32)> {
        Self::places().filter_map(move |(dword, shift)| {
            let number = self.0.checked_shr(shift)? & NOOP_MASK;
            Some((dword, u32::try_from(number).ok()?))
        })
    }

    fn places() -> impl Iterator<Item = (u16, u32)> {
        UNUSED.zip([0, NOOP_BITS, 2 * NOOP_BITS])
    }
}

/// Where the state comes from that the engine is to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The host's image holds it.
    Resident,
    /// The guest's image, if the hash of what was copied from there is this seal's; the host's default
    /// state otherwise.
    Guest(Seal),
    /// The host's default state: the context holds none yet, or none that the engine saved.
    Default,
}

impl Origin {
    /// For a context of which `page` is the page of registers. `resident` is the seal of what the
    /// host's image holds, from when it was last saved; `None` if it is something else.
    pub fn of(context: &Context, page: &StatePage, resident: Option<Seal>) -> Self {
        match Seal::of(page) {
            _ if context.inhibited => Self::Default,
            Some(seal) if resident == Some(seal) => Self::Resident,
            Some(seal) => Self::Guest(seal),
            None => Self::Default,
        }
    }
}
