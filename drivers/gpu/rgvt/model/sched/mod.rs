// SPDX-License-Identifier: GPL-2.0

//! Whose work an engine runs next: a queue of virtual GPUs for each engine.
//!
//! Each virtual GPU has a virtual time, which advances by the time that its work had the engine over
//! its weight. Of those that have work the lowest goes first, unless a [`Policy`] says otherwise. So the
//! engine is never idle while there is work, and those that always have some get its time in proportion to
//! their weights.
//!
//! The GPU is given pieces of work. What it was given cannot be taken back, but it can be told to make way:
//! then the GPU executes others first, and leaves it in its middle for that, if the hardware can. Whose slice
//! is over, and is not the first any more, makes way, and so does whoever has the lower priority. What has
//! not made way in time is to be ended.
//!
//! While one piece runs another may wait behind it on the GPU, so that the engine goes on at once. It is
//! not one of the same virtual GPU, which would build on what the first one leaves behind. So if the
//! virtual GPU that runs is to be next again, another's piece fills the time until its next one is ready, and
//! makes way then at once: two that always have work would take turns else, whatever their weights. If the
//! hardware cannot leave a piece in its middle, nothing is put behind, and the next piece is waited for a little
//! ([`PATIENCE`]).
//!
//! Who has no work for a while, be it because the host has not prepared it yet, may catch up with the others
//! later, but not for long ([`CREDIT`]).
//!
//! Time is the caller's to tell, in nanoseconds from any beginning. The host's own work is not in here:
//! i915 puts it and ours in order. But all virtual GPUs together can be kept from taking more than a part
//! of the engine.

mod bucket;
mod entity;
mod flights;
mod policy;

pub use entity::Weight;
pub use policy::Policy;

use super::partition::{VgpuId, MAX_VGPUS};
use bucket::Bucket;
use core::cmp::Reverse;
use entity::Entity;
use kernel::prelude::*;

/// How long the next piece of a virtual GPU is waited for if its turn goes on, in nanoseconds. If nobody can
/// have the engine meanwhile, the time is charged to it.
pub const PATIENCE: u64 = 2_000_000;

/// How much of an engine's time a virtual GPU can have later instead of when it had no work, in nanoseconds.
pub const CREDIT: u64 = 20_000_000;

/// How long it takes to end a piece of a virtual GPU's work, in nanoseconds, as long as none was: it needs a reset of the
/// engine. Rather too long, which costs the one that does not make way, than too short, which costs the others.
pub const ENDING: u64 = 30_000_000;

/// How many pieces of work i915 has at once, if the GPU cannot leave one in its middle: one runs, one waits.
pub const SLOTS: usize = 2;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The GPU is to be given the piece that this virtual GPU has ready.
    Start(VgpuId),
    /// The piece of this virtual GPU that the GPU has is to make way for others.
    GiveWay(VgpuId),
    /// The piece of this virtual GPU that had made way comes first again, with those that never did.
    BringBack(VgpuId),
    /// The piece of this virtual GPU that the GPU has is to be ended: it does not make way, or has had the
    /// engine for too long.
    Evict(VgpuId),
    /// Nothing, until something happens or so many nanoseconds have passed.
    Wait(Option<u64>),
}

/// The queue of one engine.
#[derive(Debug)]
pub struct RunQueue {
    entities: KVec<Entity>,
    /// What all of them together may have; `None` if all.
    together: Option<Bucket>,
    /// The GPU can leave a piece in its middle for another.
    preempts: bool,
    /// For how long a piece may have the engine in all, in nanoseconds.
    limit: Option<u64>,
    now: u64,
    /// Whose piece the GPU should execute, and when its slice began.
    holder: Option<(VgpuId, u64)>,
    /// Whose piece it executes, as far as is known.
    runs: Option<VgpuId>,
    /// For whom the engine is kept idle.
    waits_for: Option<VgpuId>,
    pieces: u64,
}

impl RunQueue {
    /// A queue without virtual GPUs, which leave `host_percent` of the engine to the host. The GPU can leave a
    /// piece in its middle if it `preempts`.
    pub fn new(preempts: bool, host_percent: u8) -> Result<Self> {
        let percent = 100_u8.saturating_sub(host_percent);
        Ok(Self {
            entities: KVec::with_capacity(MAX_VGPUS, GFP_KERNEL)?,
            together: (percent < 100).then(|| Bucket::new(percent, 0)),
            preempts,
            limit: None,
            now: 0,
            holder: None,
            runs: None,
            waits_for: None,
            pieces: 0,
        })
    }

    /// The same, in which a piece has the engine for at most so many nanoseconds, and is to be ended then.
    pub fn with_limit(self, limit: u64) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    /// Enters a virtual GPU, which has no work yet. If it is there already, only how it is served changes.
    pub fn add(&mut self, id: VgpuId, policy: Policy) {
        let now = self.now;
        if self.entity(id).is_some() {
            self.set_policy(id, policy);
        } else {
            // There is room, as much as there are IDs.
            let _ = self.entities.push(Entity::new(id, policy, now), GFP_KERNEL);
        }
    }

    /// Forgets a virtual GPU, of which the GPU has nothing any more.
    pub fn remove(&mut self, id: VgpuId) {
        self.entities.retain(|entity| entity.id != id);
        self.find_holder();
        self.find_floor();
    }

    /// The virtual GPU is served as `policy` says from now on.
    pub fn set_policy(&mut self, id: VgpuId, policy: Policy) {
        let now = self.now;
        if let Some(entity) = self.entity(id) {
            entity.set_policy(policy, now);
        }
        self.find_floor();
    }

    /// A piece of the virtual GPU's work can be handed to the GPU at once.
    pub fn ready(&mut self, id: VgpuId) {
        if let Some(entity) = self.entity(id) {
            entity.ready = true;
            entity.awaited = None;
        }
    }

    /// No piece of its work can be handed to the GPU now.
    pub fn unready(&mut self, id: VgpuId) {
        if let Some(entity) = self.entity(id) {
            entity.ready = false;
        }
        self.find_floor();
    }

    /// Whether the virtual GPU has work beside what is ready and what the GPU has. Says whether others may go on
    /// because it has no more.
    #[must_use]
    pub fn expect(&mut self, id: VgpuId, more: bool) -> bool {
        let mut stands_down = false;
        if let Some(entity) = self.entity(id) {
            let had_more = core::mem::replace(&mut entity.more, more);
            if !more {
                stands_down = entity.awaited.take().is_some() || had_more;
            }
        }
        self.find_floor();
        stands_down
    }

    /// Says what is to be done; to be asked again until that is [`Step::Wait`]. What is answered is held to be
    /// done.
    #[must_use]
    pub fn next(&mut self, now: u64) -> Step {
        self.pass(now);
        self.waits_for = None;
        if let Some(id) = self.overdue() {
            return Step::Evict(id);
        }
        self.step().unwrap_or_else(|| Step::Wait(self.wait()))
    }

    /// What is to be handed over or overtaken, if anything.
    fn step(&mut self) -> Option<Step> {
        let room = self.preempts || self.aloft().count() < SLOTS;
        let room = room && self.together.as_ref().is_none_or(Bucket::any);
        let ready = self.best(|entity| room && entity.ready && entity.flight.is_none());
        let Some((holder, since)) = self.holder else {
            return self.choose(ready.map(|entity| entity.id));
        };

        let runs = self.find(holder)?;
        let claim = runs.claim();
        // While the engine does not execute it, its slice has not begun.
        let over = self.now.saturating_sub(since) >= runs.slice() && runs.flight?.executes();
        let overtakes = |entity: &Entity| {
            let other = entity.claim();
            other.class > claim.class || over && other > claim
        };
        let others = || self.aloft().filter(|entity| entity.id != holder);
        let alone = others().next().is_none();
        // What only fills the time of another makes way when that is ready, not later.
        let fills = runs.flight?.begun && self.may_fill(runs, self.awaited());
        if others().any(overtakes) || ready.is_some_and(overtakes) || fills {
            return Some(self.give_way(holder));
        }

        // It stays what runs, and another may wait behind it.
        let behind = ready.filter(|ready| {
            let again = !self.preempts && runs.more && runs.claim_after() > ready.claim();
            alone && !again && ready.claim().class == claim.class
        });
        let behind = behind.map(|entity| entity.id);
        let contended = ready.is_some() || !alone;
        if over && contended {
            self.holder = Some((holder, self.now));
        }
        behind.map(|id| self.start(id))
    }

    /// Chooses whose piece comes first: that of `ready`, or one that the GPU has already.
    fn choose(&mut self, ready: Option<VgpuId>) -> Option<Step> {
        let back = self.aloft().min_by_key(|entity| Reverse(entity.claim()));
        let ready = ready.and_then(|id| self.find(id));
        let both = Iterator::chain(back.into_iter(), ready);
        // Who is there already comes first, so that nobody is left in the middle for one like it.
        let next = both.min_by_key(|entity| Reverse(entity.claim()))?;
        let awaited = self.awaited();
        let starts = next.flight.is_none();
        let fills = starts && self.may_fill(next, awaited);
        if let Some(awaited) = awaited.filter(|awaited| awaited.claim() > next.claim() && !fills) {
            self.waits_for = Some(awaited.id);
            return None;
        }
        let id = next.id;
        let alone = ready.is_none() && self.aloft().nth(1).is_none();
        Some(match starts {
            true => self.start(id),
            false => self.bring_back(id, alone),
        })
    }

    /// Of those whose next piece is waited for, the first.
    fn awaited(&self) -> Option<&Entity> {
        self.best(|entity| entity.awaited.is_some() && !entity.ready)
    }

    /// Whether `entity` may have the time until the next piece of `awaited` is ready, and no more. Not if its
    /// priority is lower: it may not be as quick to make way as it should.
    fn may_fill(&self, entity: &Entity, awaited: Option<&Entity>) -> bool {
        let (claim, other) = (entity.claim(), awaited.map(Entity::claim));
        self.preempts && other.is_some_and(|other| other > claim && other.class == claim.class)
    }

    /// Lets time pass until `now`, and charges it.
    fn pass(&mut self, now: u64) {
        let passed = now.saturating_sub(self.now);
        self.now = self.now.max(now);
        let charged = self.runs.or(self.waits_for);
        if let Some(entity) = charged.and_then(|id| self.entity(id)) {
            entity.charge(passed);
        }
        if let Some(together) = &mut self.together {
            together.fill(now);
            if self.holder.is_some() {
                together.take(passed);
            }
        }
        for entity in self.entities.iter_mut() {
            entity.fill(now);
        }
        self.find_floor();
    }

    /// In how many nanoseconds to ask again, though nothing happens.
    fn wait(&self) -> Option<u64> {
        let until = |at: u64| at.saturating_sub(self.now).max(1);
        let caps = self.entities.iter().filter_map(Entity::wait);
        let patience = self.waits_for.and_then(|id| self.find(id)?.awaited);
        let deadlines = self.aloft().filter(|_| self.holder.is_some());
        let deadlines = deadlines.filter_map(|entity| entity.flight?.deadline);
        let end = self.limit.and_then(|limit| {
            let flight = self.find(self.runs?)?.flight?;
            (!flight.ended).then(|| limit.saturating_sub(flight.charged))
        });

        let held = |entity: &Entity| entity.ready && entity.may_start() && entity.flight.is_none();
        let any_ready = self.entities.iter().any(held);
        let contended = any_ready || self.aloft().count() > 1;
        let slice = self.holder.filter(|_| contended).and_then(|(id, since)| {
            let slice = self.find(id)?.slice();
            let end = since.saturating_add(slice);
            // What has not begun by then may have a slice later.
            Some(if end > self.now {
                end
            } else {
                self.now.saturating_add(slice)
            })
        });
        // While somebody has the engine more is taken than comes in, and the end of that is told.
        let fills = any_ready && self.holder.is_none();
        let together = self.together.as_ref().filter(|_| fills);
        let together = together.filter(|bucket| !bucket.any()).map(Bucket::wait);

        let moments = Iterator::chain(deadlines, [patience, slice].into_iter().flatten());
        let end = end.map(|end| end.max(1));
        let waits = Iterator::chain(caps, [together, end].into_iter().flatten());
        Iterator::chain(moments.map(until), waits).min()
    }

    /// Keeps the lowest virtual time of those that have work at 0.
    fn find_floor(&mut self) {
        let active = self.entities.iter().filter(|e| e.active());
        let Some(lowest) = active.map(|entity| entity.lead).min() else {
            return;
        };
        for entity in self.entities.iter_mut() {
            entity.settle(lowest);
        }
    }

    /// Of those that may begin something and are `wanted`, the first.
    fn best(&self, wanted: impl Fn(&Entity) -> bool) -> Option<&Entity> {
        self.entities
            .iter()
            .filter(|entity| entity.may_start() && wanted(entity))
            .min_by_key(|entity| Reverse(entity.claim()))
    }

    fn find(&self, id: VgpuId) -> Option<&Entity> {
        let mut entities = self.entities.iter();
        entities.find(|entity| entity.id == id)
    }

    fn entity(&mut self, id: VgpuId) -> Option<&mut Entity> {
        let mut entities = self.entities.iter_mut();
        entities.find(|entity| entity.id == id)
    }
}
