// SPDX-License-Identifier: GPL-2.0

//! Accesses to registers that no table has.

use crate::hw::addr::MmioOffset;

/// How many of the offsets are kept.
const KEPT: usize = 32;

/// What a guest accessed without being known here: a count, and the first offsets.
#[derive(Clone, Debug)]
pub struct Unknown {
    count: u64,
    kept: usize,
    first: [MmioOffset; KEPT],
}

impl Unknown {
    pub(super) const fn new() -> Self {
        Self {
            count: 0,
            kept: 0,
            first: [MmioOffset::new(0); KEPT],
        }
    }

    /// Accesses so far; stays at the end of its range.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The first offsets that were accessed, each once, in order.
    pub fn first(&self) -> &[MmioOffset] {
        self.first.get(..self.kept).unwrap_or_default()
    }

    /// Counts an access. True if the offset is a new one, and is kept.
    pub(super) fn note(&mut self, at: MmioOffset) -> bool {
        self.count = self.count.saturating_add(1);
        if self.first().contains(&at) {
            return false;
        }
        let Some(place) = self.first.get_mut(self.kept) else {
            return false;
        };
        *place = at;
        self.kept = self.kept.saturating_add(1);
        true
    }
}
