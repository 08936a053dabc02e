// SPDX-License-Identifier: GPL-2.0

//! What became of a virtual GPU's work, counted from its creation on.
//!
//! Nothing is locked to count or to look, so that who looks does not wait for a guest's memory.

use kernel::{
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    time::Delta,
};

use super::Vgpu;
use crate::hw::engine::Engine;

/// The numbers of one engine.
#[derive(Clone, Copy)]
pub(crate) struct Statistics {
    /// Nanoseconds that its work had the engine.
    pub(crate) busy_ns: u64,
    /// Nanoseconds that pieces of its work waited, from their submission until the engine got them.
    pub(crate) wait_ns: u64,
    /// Pieces of work that are done.
    pub(crate) workloads: u64,
    /// How often a piece had to make way for another's, as its slice was over or its priority lower.
    pub(crate) preemptions: u64,
    /// Pieces that were ended, by us or because the engine hung.
    pub(crate) resets: u64,
    /// Bytes of commands that were looked at before they ran.
    pub(crate) audited_bytes: u64,
    /// Pieces that were refused.
    pub(crate) rejected: u64,
}

/// The same while it is being counted.
pub(super) struct Counters {
    busy_ns: Atomic<u64>,
    wait_ns: Atomic<u64>,
    workloads: Atomic<u64>,
    preemptions: Atomic<u64>,
    resets: Atomic<u64>,
    audited_bytes: Atomic<u64>,
    rejected: Atomic<u64>,
}

impl Counters {
    const fn new() -> Self {
        Self {
            busy_ns: Atomic::new(0),
            wait_ns: Atomic::new(0),
            workloads: Atomic::new(0),
            preemptions: Atomic::new(0),
            resets: Atomic::new(0),
            audited_bytes: Atomic::new(0),
            rejected: Atomic::new(0),
        }
    }

    /// Work had the engine for so many nanoseconds.
    pub(super) fn busy(&self, nanos: u64) {
        self.busy_ns.add(nanos, Relaxed);
    }

    /// A piece of work waited for so long.
    pub(super) fn waited(&self, time: Delta) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(0);
        self.wait_ns.add(nanos, Relaxed);
    }

    /// A piece of work is done.
    pub(super) fn done(&self) {
        self.workloads.add(1, Relaxed);
    }

    /// A piece of work had to make way.
    pub(super) fn preempted(&self) {
        self.preemptions.add(1, Relaxed);
    }

    /// A piece of work was ended.
    pub(super) fn reset(&self) {
        self.resets.add(1, Relaxed);
    }

    /// So many dwords of commands were looked at.
    pub(super) fn audited(&self, dwords: usize) {
        let dwords = u64::try_from(dwords).unwrap_or(0);
        self.audited_bytes.add(dwords.saturating_mul(4), Relaxed);
    }

    /// A piece of work was refused.
    pub(super) fn rejected(&self) {
        self.rejected.add(1, Relaxed);
    }

    fn read(&self) -> Statistics {
        Statistics {
            busy_ns: self.busy_ns.load(Relaxed),
            wait_ns: self.wait_ns.load(Relaxed),
            workloads: self.workloads.load(Relaxed),
            preemptions: self.preemptions.load(Relaxed),
            resets: self.resets.load(Relaxed),
            audited_bytes: self.audited_bytes.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
        }
    }
}

/// The counters of all engines, also of those that the GPU does not have.
pub(super) struct AllCounters([Counters; Engine::ALL.len()]);

impl AllCounters {
    pub(super) const fn new() -> Self {
        Self([const { Counters::new() }; Engine::ALL.len()])
    }

    pub(super) fn of(&self, engine: Engine) -> &Counters {
        let [rcs, bcs, vcs0, vcs1, vecs] = &self.0;
        match engine {
            Engine::Rcs => rcs,
            Engine::Bcs => bcs,
            Engine::Vcs0 => vcs0,
            Engine::Vcs1 => vcs1,
            Engine::Vecs => vecs,
        }
    }
}

impl Vgpu {
    /// The engines of the GPU, in order.
    pub(crate) fn engines(&self) -> impl Iterator<Item = Engine> + '_ {
        self.gpu().runners().map(|runner| runner.engine())
    }

    /// What became of the work for an engine so far.
    pub(crate) fn statistics(&self, engine: Engine) -> Statistics {
        self.counters.of(engine).read()
    }
}
