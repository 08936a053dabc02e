// SPDX-License-Identifier: GPL-2.0

//! How often a guest's accesses had to be served, counted from the virtual GPU's creation on.
//!
//! Each is an access such as a bus has, of which one call of user space's can be several.

use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};

use super::Vgpu;

/// A number that grows.
pub(super) struct Counter(Atomic<u64>);

impl Counter {
    const fn new() -> Self {
        Self(Atomic::new(0))
    }

    /// There was one more.
    pub(super) fn count(&self) {
        self.0.add(1, Relaxed);
    }
}

/// The accesses by kind.
pub(super) struct Exits {
    pub(super) config_reads: Counter,
    pub(super) config_writes: Counter,
    pub(super) register_reads: Counter,
    pub(super) register_writes: Counter,
    pub(super) ggtt_reads: Counter,
    pub(super) ggtt_writes: Counter,
    pub(super) aperture_reads: Counter,
    pub(super) aperture_writes: Counter,
    pub(super) page_table_writes: Counter,
}

impl Exits {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self {
            config_reads: Counter::new(),
            config_writes: Counter::new(),
            register_reads: Counter::new(),
            register_writes: Counter::new(),
            ggtt_reads: Counter::new(),
            ggtt_writes: Counter::new(),
            aperture_reads: Counter::new(),
            aperture_writes: Counter::new(),
            page_table_writes: Counter::new(),
        }
    }
}

impl Vgpu {
    /// How many accesses there were, by the name of their kind.
    pub(crate) fn exits(&self) -> impl Iterator<Item = (&'static str, u64)> + use<'_> {
        let exits = &self.exits;

        [
            ("config_reads", &exits.config_reads),
            ("config_writes", &exits.config_writes),
            ("register_reads", &exits.register_reads),
            ("register_writes", &exits.register_writes),
            ("ggtt_reads", &exits.ggtt_reads),
            ("ggtt_writes", &exits.ggtt_writes),
            ("aperture_reads", &exits.aperture_reads),
            ("aperture_writes", &exits.aperture_writes),
            ("page_table_writes", &exits.page_table_writes),
        ]
        .into_iter()
        .map(|(name, counter)| (name, counter.0.load(Relaxed)))
    }
}
