// SPDX-License-Identifier: GPL-2.0

//! A guest's context image, as far as the host needs it.
//!
//! To the engine an image is a list of commands, which it runs with the ring's privileges when it
//! loads the context: first the registers of the ring at fixed places, then the state that the engine
//! saved, in a form that only the engine knows. A guest that wrote those commands would own the host.
//! So the host runs an image of its own, in which
//!
//! - the registers of the ring are the host's. Of the guest's image their values are read
//!   ([`Context`]), audited, and turned into a request of the host's, and into copies of the batches
//!   that run while the context is restored ([`Restore`]);
//! - the engine's state is one that the engine itself saved for this virtual GPU ([`EngineState`]), or
//!   the host's default.
//!
//! The store of the state is the guest's image nevertheless. Nobody tells when a context ends, drivers
//! move idle images about in the GGTT, put new ones at old addresses, and make new contexts out of
//! copies of an old one; none of that has to be followed. After each piece of work, before it is
//! reported, the state goes to the guest's image with a [`Seal`]: a hash of it under a secret key. When
//! the context comes back, its seal tells where to take the state from ([`Origin`]).

mod context;
mod restore;
mod ring;
mod state;

pub use context::{Batch, Context, Invalid, Roots};
pub use restore::Restore;
pub use ring::{Pending, Ring, Span};
pub use state::{EngineState, Origin, Seal};

use crate::hw::addr::PAGE_SHIFT;
use core::ops::Range;

const BYTES: usize = 1 << PAGE_SHIFT;

/// A private copy of the page of registers of an image.
#[derive(Clone, PartialEq, Eq)]
pub struct StatePage([u8; BYTES]);

impl StatePage {
    /// A page of zeros.
    pub const fn new() -> Self {
        Self([0; BYTES])
    }

    /// The page as it is in memory.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The page, to be filled.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// A dword; 0 past the end.
    pub fn get(&self, dword: u16) -> u32 {
        let bytes = self.0.get(place(dword)).and_then(<[u8]>::first_chunk);
        bytes.copied().map_or(0, u32::from_le_bytes)
    }

    /// A run of dwords, as bytes; `None` if it goes past the end.
    pub fn run(&self, dwords: Range<usize>) -> Option<&[u8]> {
        let byte = |dword: usize| dword.saturating_mul(4);
        self.0.get(byte(dwords.start)..byte(dwords.end))
    }

    /// Sets a dword. What is past the end is dropped.
    pub fn set(&mut self, dword: u16, value: u32) {
        if let Some(bytes) = self.0.get_mut(place(dword)) {
            bytes.copy_from_slice(&value.to_le_bytes());
        }
    }
}

impl Default for StatePage {
    fn default() -> Self {
        Self::new()
    }
}

fn place(dword: u16) -> Range<usize> {
    let start = usize::from(dword).saturating_mul(4);
    start..start.saturating_add(4)
}
