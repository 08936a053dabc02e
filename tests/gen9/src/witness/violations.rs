// SPDX-License-Identifier: GPL-2.0

//! What must not happen and did, kept in the order in which it happened.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use serde::Serialize;

use super::{ContextKey, lock};
use crate::addr::{Access, Gma, Space};
use crate::engine::EngineId;

/// Records kept; older ones make room.
pub const KEPT: usize = 4096;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A context touched what is granted to somebody else only.
    Trespass,
    /// A context of a strict grant touched what is granted to nobody.
    Escape,
    /// An access through an invalid page table entry, or to a bus address without memory.
    InvalidPte,
    /// A command that the engine does not know.
    UnknownCommand,
    /// The machine accessed the aperture where no GGTT entry is valid.
    ApertureInvalid,
}

/// Which kind of grant an access broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A range of the GGTT.
    Ggtt,
    /// Memory, by its address on the bus.
    Pages,
}

/// What an address is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The GGTT.
    Ggtt,
    /// The PPGTT of the context.
    Ppgtt,
    /// The start of BAR2, which shows the start of the GGTT.
    Aperture,
}

/// One record.
#[derive(Clone, Debug, Serialize)]
pub struct Violation {
    /// Position among all violations since start, from zero. A gap means lost records.
    pub seq: u64,
    /// Microseconds since the device started.
    pub time_us: u64,
    /// What happened.
    pub kind: Kind,
    /// Engine that did it; none when it was the machine.
    pub engine: Option<EngineId>,
    /// ID of the context that was in.
    pub context: Option<u32>,
    /// GGTT address of that context's image.
    pub lrca: Option<u32>,
    /// What `addr` is relative to.
    pub space: Origin,
    /// First byte of the access.
    pub addr: u64,
    /// Where the access went on the bus, where that is known.
    pub dma: Option<u64>,
    /// `"read"` or `"write"`.
    pub access: &'static str,
    /// Bytes of the access, where that is known.
    pub len: Option<u32>,
    /// First dword of an unknown command.
    pub header: Option<u32>,
    /// Which kind of grant was broken, for trespass and escape.
    pub resource: Option<Resource>,
    /// Trespass: whose grant was touched. Escape: whose context it was.
    pub grant: Option<String>,
}

impl Violation {
    /// A record without an address yet.
    pub fn new(
        kind: Kind,
        time_us: u64,
        engine: Option<EngineId>,
        context: Option<ContextKey>,
    ) -> Self {
        Self {
            seq: 0,
            time_us,
            kind,
            engine,
            context: context.map(|key| key.id),
            lrca: context.map(|key| key.lrca),
            space: Origin::Aperture,
            addr: 0,
            dma: None,
            access: "read",
            len: None,
            header: None,
            resource: None,
            grant: None,
        }
    }

    /// The same with the address and direction of the access.
    pub fn with_access(self, at: Gma, access: Access) -> Self {
        Self {
            space: match (self.kind, at.space) {
                (Kind::ApertureInvalid, _) => Origin::Aperture,
                (_, Space::Global) => Origin::Ggtt,
                (_, Space::PerProcess) => Origin::Ppgtt,
            },
            addr: at.addr,
            access: match access {
                Access::Read => "read",
                Access::Write => "write",
            },
            ..self
        }
    }
}

/// The records that a client asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// Violations since the last clear, by kind, kept or not.
    pub totals: BTreeMap<Kind, u64>,
    /// Records that made room for newer ones since the last clear.
    pub dropped: u64,
    /// What to give as `since` to go on after these records.
    pub next: u64,
    /// The records, oldest first.
    pub records: Vec<Violation>,
}

#[derive(Default)]
struct Log {
    next: u64,
    dropped: u64,
    totals: BTreeMap<Kind, u64>,
    records: VecDeque<Violation>,
}

/// All records. Taking the lock is fine: nothing that works as it should comes here.
#[derive(Default)]
pub struct Violations(Mutex<Log>);

impl Violations {
    /// Keeps a record, and gives it its position.
    pub fn record(&self, mut violation: Violation) {
        let mut log = lock(&self.0);
        violation.seq = log.next;
        tracing::debug!("{violation:?}");
        log.next += 1;
        *log.totals.entry(violation.kind).or_default() += 1;
        if log.records.len() == KEPT {
            log.records.pop_front();
            log.dropped += 1;
        }
        log.records.push_back(violation);
    }

    /// At most `max` records from position `since` on; with `clear`, forgets all records after.
    pub fn page(&self, since: u64, max: usize, clear: bool) -> Page {
        let mut log = lock(&self.0);
        let records: Vec<_> = log
            .records
            .iter()
            .filter(|record| record.seq >= since)
            .take(max)
            .cloned()
            .collect();
        let page = Page {
            totals: log.totals.clone(),
            dropped: log.dropped,
            next: records
                .last()
                .map_or(log.next.min(since), |last| last.seq + 1),
            records,
        };
        if clear {
            *log = Log {
                next: log.next,
                ..Log::default()
            };
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid(addr: u64) -> Violation {
        Violation::new(Kind::InvalidPte, 0, Some(EngineId::Rcs), None)
            .with_access(Gma::per_process(addr), Access::Write)
    }

    #[test]
    fn the_newest_are_kept_and_all_are_counted() {
        let violations = Violations::default();
        for i in 0..KEPT as u64 + 5 {
            violations.record(invalid(i));
        }
        let page = violations.page(0, usize::MAX, false);
        assert_eq!(
            page.totals,
            BTreeMap::from([(Kind::InvalidPte, KEPT as u64 + 5)])
        );
        assert_eq!((page.dropped, page.records.len()), (5, KEPT));
        assert_eq!((page.records[0].seq, page.records[0].addr), (5, 5));
        assert_eq!(page.next, KEPT as u64 + 5);
    }

    #[test]
    fn pages_follow_each_other_and_clear_keeps_positions() {
        let violations = Violations::default();
        (0..5).for_each(|i| violations.record(invalid(i)));
        let positions = |page: &Page| page.records.iter().map(|r| r.seq).collect::<Vec<_>>();
        let first = violations.page(0, 3, false);
        assert_eq!((positions(&first), first.next), (vec![0, 1, 2], 3));
        let second = violations.page(first.next, 3, true);
        assert_eq!((positions(&second), second.next), (vec![3, 4], 5));
        violations.record(invalid(9));
        let third = violations.page(second.next, 3, false);
        assert_eq!((positions(&third), third.next), (vec![5], 6));
        assert_eq!(third.totals, BTreeMap::from([(Kind::InvalidPte, 1)]));
        let fourth = violations.page(third.next, 3, false);
        assert_eq!((positions(&fourth), fourth.next), (vec![], 6));
    }
}
