// SPDX-License-Identifier: GPL-2.0

//! What the control socket answers: the shape of the JSON. Times are in nanoseconds where a name
//! ends in `_ns`, in microseconds where it ends in `_us`; what has no unit is a count. Addresses
//! are byte addresses.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use serde::Serialize;

use super::State;
use super::violations::Page;
use crate::engine::EngineId;

pub use super::grants::GrantReport;

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub struct Dump {
    /// Time since the device started.
    pub uptime_ns: u64,
    /// Register accesses that trapped.
    pub registers: RegisterReport,
    /// Writes to GGTT entries that trapped. None when the table is mapped into the machine.
    pub pte_writes: u64,
    /// One entry an engine.
    pub engines: Vec<EngineReport>,
    /// Interrupts delivered, by kind.
    pub interrupts: BTreeMap<&'static str, u64>,
    /// Other events, by name.
    pub notes: BTreeMap<&'static str, u64>,
    /// All violations that are kept.
    pub violations: Page,
    /// What was declared.
    pub grants: Vec<GrantReport>,
    /// Faults that were planted.
    pub faults: FaultReport,
}

impl Dump {
    pub(super) fn of(state: &State) -> Self {
        let now = state.now();
        Self {
            uptime_ns: now,
            registers: RegisterReport::of(state, usize::MAX),
            pte_writes: state.pte_writes.load(Ordering::Relaxed),
            engines: state.timeline.report(now),
            interrupts: state.interrupts.counts(),
            notes: state.notes.counts(),
            violations: state.violations.page(0, usize::MAX, false),
            grants: state.grants.report(),
            faults: state.faults.report(),
        }
    }
}

/// Trapped accesses to registers.
#[derive(Clone, Debug, Serialize)]
pub struct RegisterReport {
    /// Reads of all registers.
    pub reads: u64,
    /// Writes to all registers.
    pub writes: u64,
    /// Accesses beyond the last register; not in `reads` and `writes`.
    pub outside: u64,
    /// The registers with the most accesses, those first.
    pub top: Vec<RegisterCount>,
}

impl RegisterReport {
    /// With the `n` registers that were accessed most.
    pub(super) fn of(state: &State, n: usize) -> Self {
        let mut top = state.registers.accessed();
        let sum =
            |of: fn(&RegisterCount) -> u32| top.iter().map(|count| u64::from(of(count))).sum();
        let (reads, writes) = (sum(|count| count.reads), sum(|count| count.writes));
        // Stable, so that equals stay in the order of their offsets.
        top.sort_by_key(|count| {
            std::cmp::Reverse(u64::from(count.reads) + u64::from(count.writes))
        });
        top.truncate(n);
        Self {
            reads,
            writes,
            outside: state.registers.outside(),
            top,
        }
    }
}

/// Accesses to one register.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RegisterCount {
    /// Byte offset in BAR0.
    pub offset: u32,
    /// Reads.
    pub reads: u32,
    /// Writes.
    pub writes: u32,
}

/// What one engine did since the counters were reset.
#[derive(Clone, Debug, Serialize)]
pub struct EngineReport {
    /// The engine.
    pub engine: EngineId,
    /// ID of the context that is in.
    pub running: Option<u32>,
    /// Time since the counters were reset.
    pub elapsed_ns: u64,
    /// Time with a context in.
    pub busy_ns: u64,
    /// Time without one.
    pub idle_ns: u64,
    /// Idle gaps that ended, by length: entry 0 is under 1 us, entry `i` from 2^(i-1) us up to
    /// 2^i us, the last one all that are longer.
    pub idle_gaps: [u64; 24],
    /// Times that a context came in that was not in before.
    pub switches: u64,
    /// Times that the context that was in came in again (lite restore).
    pub restores: u64,
    /// Commands with a context in.
    pub commands: u64,
    /// Bytes of these commands.
    pub bytes: u64,
    /// Those of these commands that draw.
    pub draws: u64,
    /// One entry a context, by ID.
    pub contexts: Vec<ContextReport>,
    /// Contexts that came when the list was full, together.
    pub other: Usage,
}

/// What one engine did for one context.
#[derive(Clone, Debug, Serialize)]
pub struct ContextReport {
    /// ID that the driver gave it: bits 63:32 of its descriptor.
    pub id: u32,
    /// GGTT address of its image.
    pub lrca: u32,
    /// What it used.
    #[serde(flatten)]
    pub usage: Usage,
}

/// An account of GPU time and work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Times that it came in.
    pub switches: u64,
    /// Time that it was in.
    pub busy_ns: u64,
    /// Commands executed.
    pub commands: u64,
    /// Bytes of these commands.
    pub bytes: u64,
    /// Those of these commands that draw, or start shaders otherwise, and were not predicated off.
    pub draws: u64,
}

impl Usage {
    pub(super) fn add(&mut self, more: &Self) {
        self.switches += more.switches;
        self.busy_ns += more.busy_ns;
        self.commands += more.commands;
        self.bytes += more.bytes;
        self.draws += more.draws;
    }
}

/// How often a fault is still to strike, and struck since start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FaultCount {
    /// Still to strike.
    pub armed: u32,
    /// Struck.
    pub fired: u64,
}

/// A register that is faulty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RegisterFault {
    /// Offset.
    pub register: u32,
    /// Forcewake: requests still to be ignored. Stuck: what it reads as.
    pub value: u32,
}

/// All planted faults.
#[derive(Clone, Debug, Serialize)]
pub struct FaultReport {
    /// Hangs by engine.
    pub hangs: BTreeMap<EngineId, FaultCount>,
    /// Hangs in batches of a context's restore, by engine.
    pub restore_hangs: BTreeMap<EngineId, FaultCount>,
    /// Lost interrupts by engine.
    pub lost_interrupts: BTreeMap<EngineId, FaultCount>,
    /// Acknowledge registers that are armed.
    pub forcewake: Vec<RegisterFault>,
    /// Forcewake requests that were ignored, of all domains.
    pub forcewake_fired: u64,
    /// Registers that are stuck.
    pub stuck_registers: Vec<RegisterFault>,
}
