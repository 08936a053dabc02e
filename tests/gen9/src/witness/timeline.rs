// SPDX-License-Identifier: GPL-2.0

//! Which context each engine worked for, how long, and how much it did.
//!
//! Times are nanoseconds since the witness was made; the caller reads the clock.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::report::{ContextReport, EngineReport, Usage};
use super::{ContextKey, lock};
use crate::engine::EngineId;

/// Contexts that are told apart on each engine.
const CONTEXTS: usize = 1024;
/// Buckets of the histogram of idle gaps: the last one takes what is longer than 2^22 us (4 s).
const GAPS: usize = 24;
/// What [`Lane::current`] holds when no context is in: not a key, since images are page-aligned.
const NOBODY: u64 = u64::MAX;

/// All engines.
pub struct Timeline {
    lanes: [Lane; EngineId::ALL.len()],
}

/// One engine. In cache lines of its own, since each engine's thread writes its lane all the time.
#[repr(align(128))]
struct Lane {
    /// Packed key of the context that is in.
    current: AtomicU64,
    /// Commands since the start; never reset.
    commands: AtomicU64,
    /// Dwords of these commands.
    dwords: AtomicU64,
    /// Those of them that draw.
    draws: AtomicU64,
    history: Mutex<History>,
}

/// What an engine did since `since`.
#[derive(Default)]
struct History {
    since: u64,
    running: Option<Stay>,
    /// When the last context went out.
    idle_since: u64,
    switches: u64,
    restores: u64,
    gaps: [u64; GAPS],
    contexts: HashMap<ContextKey, Usage>,
    /// Contexts that found no room in `contexts`, together.
    other: Usage,
}

/// A context that is in.
#[derive(Clone, Copy)]
struct Stay {
    key: ContextKey,
    since: u64,
    /// The lane's counts when it came.
    commands: u64,
    dwords: u64,
    draws: u64,
}

impl Timeline {
    /// Idle engines, at time zero.
    pub fn new() -> Self {
        Self {
            lanes: std::array::from_fn(|_| Lane {
                current: AtomicU64::new(NOBODY),
                commands: AtomicU64::new(0),
                dwords: AtomicU64::new(0),
                draws: AtomicU64::new(0),
                history: Mutex::default(),
            }),
        }
    }

    /// The context that is in.
    pub fn current(&self, engine: EngineId) -> Option<ContextKey> {
        match self.lane(engine).current.load(Ordering::Relaxed) {
            NOBODY => None,
            // CAST: the halves of the packed key.
            packed => Some(ContextKey {
                id: (packed >> 32) as u32,
                lrca: packed as u32,
            }),
        }
    }

    /// A context comes in, in place of the one before it, if any.
    pub fn context_in(&self, engine: EngineId, key: ContextKey, now: u64) {
        let lane = self.lane(engine);
        let mut history = lock(&lane.history);
        match history.running {
            Some(stay) if stay.key == key => {
                history.restores += 1;
                return;
            }
            Some(_) => lane.end(&mut history, now),
            None => history.end_gap(now),
        }
        history.switches += 1;
        history.usage(key).switches += 1;
        history.running = Some(lane.stay(key, now));
        lane.current.store(
            u64::from(key.id) << 32 | u64::from(key.lrca),
            Ordering::Relaxed,
        );
    }

    /// The engine has no context any more.
    pub fn context_out(&self, engine: EngineId, now: u64) {
        let lane = self.lane(engine);
        let mut history = lock(&lane.history);
        lane.current.store(NOBODY, Ordering::Relaxed);
        lane.end(&mut history, now);
    }

    /// A command of the context that is in.
    pub fn command(&self, engine: EngineId, dwords: u32) {
        let lane = self.lane(engine);
        lane.commands.fetch_add(1, Ordering::Relaxed);
        lane.dwords.fetch_add(dwords.into(), Ordering::Relaxed);
    }

    /// The command of which [`Timeline::command`] will tell draws.
    pub fn draw(&self, engine: EngineId) {
        self.lane(engine).draws.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets the past; contexts that are in stay in.
    pub fn reset(&self, now: u64) {
        for lane in &self.lanes {
            let mut history = lock(&lane.history);
            let running = history.running.map(|stay| lane.stay(stay.key, now));
            *history = History {
                since: now,
                idle_since: now,
                running,
                ..History::default()
            };
        }
    }

    /// What each engine did until `now`.
    pub fn report(&self, now: u64) -> Vec<EngineReport> {
        EngineId::ALL
            .iter()
            .map(|&engine| self.lane(engine).report(engine, now))
            .collect()
    }

    fn lane(&self, engine: EngineId) -> &Lane {
        &self.lanes[engine.index()]
    }
}

impl Lane {
    fn stay(&self, key: ContextKey, since: u64) -> Stay {
        Stay {
            key,
            since,
            commands: self.commands.load(Ordering::Relaxed),
            dwords: self.dwords.load(Ordering::Relaxed),
            draws: self.draws.load(Ordering::Relaxed),
        }
    }

    /// What the context that is in did since it came.
    fn used(&self, stay: &Stay, now: u64) -> Usage {
        let current = self.stay(stay.key, now);
        Usage {
            switches: 0,
            busy_ns: now.saturating_sub(stay.since),
            commands: current.commands.wrapping_sub(stay.commands),
            bytes: 4 * current.dwords.wrapping_sub(stay.dwords),
            draws: current.draws.wrapping_sub(stay.draws),
        }
    }

    fn end(&self, history: &mut History, now: u64) {
        if let Some(stay) = history.running.take() {
            let used = self.used(&stay, now);
            history.usage(stay.key).add(&used);
            history.idle_since = now;
        }
    }

    fn report(&self, engine: EngineId, now: u64) -> EngineReport {
        let history = lock(&self.history);
        let mut contexts = history.contexts.clone();
        let mut other = history.other;
        if let Some(stay) = &history.running {
            let usage = contexts.get_mut(&stay.key).unwrap_or(&mut other);
            usage.add(&self.used(stay, now));
        }
        let mut total = other;
        contexts.values().for_each(|usage| total.add(usage));
        let mut contexts: Vec<_> = contexts
            .into_iter()
            .map(|(key, usage)| ContextReport {
                id: key.id,
                lrca: key.lrca,
                usage,
            })
            .collect();
        contexts.sort_unstable_by_key(|context| (context.id, context.lrca));
        let elapsed_ns = now.saturating_sub(history.since);
        EngineReport {
            engine,
            running: history.running.map(|stay| stay.key.id),
            elapsed_ns,
            busy_ns: total.busy_ns,
            idle_ns: elapsed_ns.saturating_sub(total.busy_ns),
            idle_gaps: history.gaps,
            switches: history.switches,
            restores: history.restores,
            commands: total.commands,
            bytes: total.bytes,
            draws: total.draws,
            contexts,
            other,
        }
    }
}

impl History {
    /// The account of a context, or that of all others when there are too many.
    fn usage(&mut self, key: ContextKey) -> &mut Usage {
        if self.contexts.len() >= CONTEXTS && !self.contexts.contains_key(&key) {
            return &mut self.other;
        }
        self.contexts.entry(key).or_default()
    }

    fn end_gap(&mut self, now: u64) {
        let us = now.saturating_sub(self.idle_since) / 1000;
        let bucket = us.checked_ilog2().map_or(0, |log| log as usize + 1);
        self.gaps[bucket.min(GAPS - 1)] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ContextKey = ContextKey {
        id: 1,
        lrca: 0x1000,
    };
    const B: ContextKey = ContextKey {
        id: 2,
        lrca: 0x2000,
    };
    const RCS: EngineId = EngineId::Rcs;

    fn rcs(timeline: &Timeline, now: u64) -> EngineReport {
        timeline.report(now).swap_remove(RCS.index())
    }

    /// Switches, busy time, commands and bytes by context ID.
    fn usage(report: &EngineReport) -> Vec<(u32, [u64; 4])> {
        let of = |u: &Usage| [u.switches, u.busy_ns, u.commands, u.bytes];
        report
            .contexts
            .iter()
            .map(|c| (c.id, of(&c.usage)))
            .collect()
    }

    #[test]
    fn time_and_commands_go_to_the_context_that_is_in() {
        let timeline = Timeline::new();
        timeline.context_in(RCS, A, 5_000);
        assert_eq!(timeline.current(RCS), Some(A));
        assert_eq!(timeline.current(EngineId::Bcs), None);
        timeline.command(RCS, 3);
        timeline.context_in(RCS, A, 6_000);
        timeline.context_in(RCS, B, 10_000);
        timeline.command(RCS, 1);
        timeline.command(RCS, 1);
        timeline.context_out(RCS, 12_000);
        assert_eq!(timeline.current(RCS), None);
        timeline.context_in(RCS, A, 20_000);
        timeline.command(RCS, 1);
        // The context that is still in counts as well.
        let report = rcs(&timeline, 21_000);
        assert_eq!(
            usage(&report),
            [(1, [2, 6_000, 2, 16]), (2, [1, 2_000, 2, 8])]
        );
        assert_eq!(
            (report.switches, report.restores, report.running),
            (3, 1, Some(1))
        );
        assert_eq!(
            (report.busy_ns, report.idle_ns, report.elapsed_ns),
            (8_000, 13_000, 21_000)
        );
        assert_eq!((report.commands, report.bytes), (4, 24));
        // Gaps of 5 us and 8 us: buckets 4..8 and 8..16.
        assert_eq!((report.idle_gaps[3], report.idle_gaps[4]), (1, 1));
        assert_eq!(report.idle_gaps.iter().sum::<u64>(), 2);
        assert_eq!(
            timeline.report(21_000)[EngineId::Bcs.index()].idle_ns,
            21_000
        );
    }

    #[test]
    fn draws_go_to_the_context_that_is_in() {
        let timeline = Timeline::new();
        timeline.context_in(RCS, A, 0);
        timeline.draw(RCS);
        timeline.context_in(RCS, B, 1);
        timeline.draw(RCS);
        timeline.draw(RCS);
        let of = |now| -> Vec<_> {
            let report = rcs(&timeline, now);
            report.contexts.iter().map(|c| c.usage.draws).collect()
        };
        assert_eq!(of(2), [1, 2]);
        assert_eq!(rcs(&timeline, 2).draws, 3);
        timeline.reset(3);
        timeline.draw(RCS);
        timeline.context_out(RCS, 4);
        assert_eq!(of(5), [1]);
    }

    #[test]
    fn reset_starts_a_new_account_for_what_runs() {
        let timeline = Timeline::new();
        timeline.context_in(RCS, A, 0);
        timeline.command(RCS, 9);
        timeline.reset(1_000);
        timeline.command(RCS, 1);
        let report = rcs(&timeline, 3_000);
        assert_eq!(
            (report.elapsed_ns, report.busy_ns, report.idle_ns),
            (2_000, 2_000, 0)
        );
        assert_eq!((report.commands, report.bytes, report.switches), (1, 4, 0));
        timeline.context_out(RCS, 3_000);
        assert_eq!(usage(&rcs(&timeline, 4_000)), [(1, [0, 2_000, 1, 4])]);
    }

    #[test]
    fn too_many_contexts_share_an_account() {
        let timeline = Timeline::new();
        let extra = 3;
        for i in 0..CONTEXTS as u32 + extra {
            timeline.context_in(RCS, ContextKey { id: i, lrca: 0 }, i.into());
            timeline.command(RCS, 1);
        }
        let now = CONTEXTS as u64 + u64::from(extra);
        let report = rcs(&timeline, now);
        assert_eq!(report.contexts.len(), CONTEXTS);
        let expected = Usage {
            switches: 3,
            busy_ns: 3,
            commands: 3,
            bytes: 12,
            draws: 0,
        };
        assert_eq!(report.other, expected);
        assert_eq!((report.busy_ns, report.commands), (now, now));
        timeline.context_out(RCS, now);
        assert_eq!(rcs(&timeline, now).other, expected);
    }

    #[test]
    fn an_end_without_a_start_is_harmless() {
        let timeline = Timeline::new();
        timeline.context_out(RCS, 10);
        timeline.command(RCS, 1);
        let report = rcs(&timeline, 20);
        assert_eq!(
            (report.busy_ns, report.commands, report.switches),
            (0, 0, 0)
        );
    }
}
