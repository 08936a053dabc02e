// SPDX-License-Identifier: GPL-2.0

//! The witness: what a test can learn about the device from outside, and the faults that it can
//! plant.
//!
//! Every unit reports to it from its own thread. What is called for each register access or
//! command costs a few atomic operations and takes no lock that another engine takes.

mod control;
mod counters;
mod grants;
mod inject;
mod ranges;
pub mod report;
mod server;
#[cfg(test)]
mod tests;
mod timeline;
mod violations;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::addr::{Access, Dma, Gma, Space};
use crate::engine::EngineId;
use counters::{Named, Registers};
use grants::Grants;
use inject::Faults;
use timeline::Timeline;
use violations::Violations;

pub use grants::{Claim, GrantError, GrantRequest, Strict};
pub use inject::{Injection, InjectionError};
pub use ranges::Extent;
pub use server::Server;
pub use violations::{Kind, Origin, Violation};

/// What tells two contexts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContextKey {
    /// Bits 63:32 of the context descriptor: the ID that the driver gave it.
    pub id: u32,
    /// GGTT address of the context image, in bytes (descriptor bits 31:12).
    pub lrca: u32,
}

/// The witness of one device.
pub struct Witness {
    state: Arc<State>,
}

/// What the device's threads and the clients of the control socket share.
struct State {
    started: Instant,
    registers: Registers,
    pte_writes: AtomicU64,
    interrupts: Named,
    notes: Named,
    timeline: Timeline,
    grants: Grants,
    violations: Violations,
    faults: Faults,
}

impl State {
    /// Nanoseconds since the witness was made.
    fn now(&self) -> u64 {
        // CAST: 64 bits of nanoseconds last for 584 years.
        self.started.elapsed().as_nanos() as u64
    }

    /// A record of something that happens now, on an engine or without one.
    fn violation(&self, kind: Kind, engine: Option<EngineId>) -> Violation {
        let context = engine.and_then(|engine| self.timeline.current(engine));
        Violation::new(kind, self.now() / 1000, engine, context)
    }

    fn reset_counters(&self) {
        self.registers.reset();
        self.pte_writes.store(0, Ordering::Relaxed);
        self.interrupts.reset();
        self.notes.reset();
        self.timeline.reset(self.now());
    }
}

impl Default for Witness {
    fn default() -> Self {
        Self::new()
    }
}

impl Witness {
    /// A witness that has seen nothing, without grants or faults.
    pub fn new() -> Self {
        Self {
            state: Arc::new(State {
                started: Instant::now(),
                registers: Registers::new(),
                pte_writes: AtomicU64::new(0),
                interrupts: Named::new(),
                notes: Named::new(),
                timeline: Timeline::new(),
                grants: Grants::default(),
                violations: Violations::default(),
                faults: Faults::default(),
            }),
        }
    }

    /// Counts an access of the machine to the register at `offset` that trapped.
    pub fn register(&self, offset: u32, access: Access) {
        self.state.registers.count(offset, access);
    }

    /// Counts a write of the machine to a GGTT entry that trapped. Writes through a mapping of the
    /// table are not seen by anybody.
    pub fn pte_write(&self) {
        self.state.pte_writes.fetch_add(1, Ordering::Relaxed);
    }

    /// The value that a test made the register at `offset` stick to.
    pub fn stuck_register(&self, offset: u32) -> Option<u32> {
        self.state.faults.stuck_register(offset)
    }

    /// Whether the engine is to hang now. Uses up one armed fault.
    pub fn hang_injected(&self, engine: EngineId) -> bool {
        self.state.faults.hang(engine)
    }

    /// Whether the engine is to hang now, as it runs a batch of a context's restore. Uses up one armed fault.
    pub fn hang_in_restore(&self, engine: EngineId) -> bool {
        self.state.faults.hang_restore(engine)
    }

    /// Whether the forcewake acknowledge register at `ack_offset` is to keep its value although a
    /// request changed. Uses up one armed fault.
    pub fn forcewake_stuck(&self, ack_offset: u32) -> bool {
        self.state.faults.forcewake(ack_offset)
    }

    /// Whether this interrupt of the engine is to be lost. Uses up one armed fault.
    pub fn interrupt_lost(&self, engine: EngineId) -> bool {
        self.state.faults.interrupt(engine)
    }

    /// The engine starts to work for a context. To be called before the first access on the
    /// context's behalf, the load of its image included.
    pub fn context_in(&self, engine: EngineId, context: ContextKey) {
        self.state
            .timeline
            .context_in(engine, context, self.state.now());
    }

    /// The engine has no context any more. Needless when another one follows at once.
    pub fn context_out(&self, engine: EngineId) {
        self.state.timeline.context_out(engine, self.state.now());
    }

    /// Counts a command of `dwords` dwords for the context that is in.
    pub fn command(&self, engine: EngineId, dwords: u32) {
        self.state.timeline.command(engine, dwords);
    }

    /// Counts that one more command draws, of which [`Witness::command`] will tell.
    pub fn draw(&self, engine: EngineId) {
        self.state.timeline.draw(engine);
    }

    /// Checks an access of `len` bytes for the context that is in against the grants. The bytes at
    /// `dma` must be contiguous; accesses of the engine on its own behalf (its status page) are not
    /// to be reported.
    pub fn access(&self, engine: EngineId, at: Gma, dma: Dma, access: Access, len: u32) {
        if !self.state.grants.declared() {
            return;
        }
        let context = self.state.timeline.current(engine);
        let Some(breach) = self.state.grants.check(context, at, dma, len) else {
            return;
        };
        self.state.violations.record(Violation {
            resource: Some(breach.resource),
            grant: Some(breach.grant),
            dma: Some(dma.0),
            len: Some(len),
            ..self
                .state
                .violation(breach.kind, Some(engine))
                .with_access(at, access)
        });
    }

    /// An access through an invalid page table entry, or to a bus address without memory.
    pub fn invalid(&self, engine: EngineId, at: Gma, access: Access) {
        let violation = self.state.violation(Kind::InvalidPte, Some(engine));
        self.state
            .violations
            .record(violation.with_access(at, access));
    }

    /// The engine met a command that it does not know, at `at`.
    pub fn unknown_command(&self, engine: EngineId, header: u32, at: Gma) {
        tracing::warn!("{engine:?}: unknown command {header:#010x} at {at}");
        let violation = self.state.violation(Kind::UnknownCommand, Some(engine));
        self.state.violations.record(Violation {
            header: Some(header),
            ..violation.with_access(at, Access::Read)
        });
    }

    /// The machine accessed the aperture at byte `offset` of BAR2, where no entry is valid.
    pub fn aperture_invalid(&self, offset: u64, access: Access) {
        let violation = self.state.violation(Kind::ApertureInvalid, None);
        let at = Gma {
            space: Space::Global,
            addr: offset,
        };
        self.state
            .violations
            .record(violation.with_access(at, access));
    }

    /// Counts an interrupt that was delivered.
    pub fn interrupt(&self, kind: &'static str) {
        self.state.interrupts.count(kind);
    }

    /// Counts an event that has a name only. Names beyond the first 128 are counted together.
    pub fn note(&self, name: &'static str) {
        self.state.notes.count(name);
    }

    /// Declares what belongs to a name, or adds to it.
    ///
    /// # Errors
    /// When the request contradicts itself or another grant.
    pub fn grant(&self, request: &GrantRequest) -> Result<(), GrantError> {
        self.state.grants.add(request)
    }

    /// Plants a fault.
    ///
    /// # Errors
    /// When the fault names a register that cannot exist, or there are too many.
    pub fn inject(&self, injection: &Injection) -> Result<(), InjectionError> {
        self.state.faults.arm(injection)
    }

    /// Everything that has been seen.
    pub fn report(&self) -> report::Dump {
        report::Dump::of(&self.state)
    }

    /// Answers requests on a unix socket at `path` until the [`Server`] is dropped. A socket file
    /// that nobody listens on is replaced.
    ///
    /// # Errors
    /// When the socket cannot be made, or another program listens on it.
    pub fn serve(&self, path: &Path) -> io::Result<Server> {
        Server::start(path, self.state.clone())
    }
}

/// Takes a lock whose data are valid at any time, so that a panic elsewhere does not spread.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
