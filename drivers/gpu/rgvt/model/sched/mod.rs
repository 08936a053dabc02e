// SPDX-License-Identifier: GPL-2.0

//! Whose work an engine runs next: a queue of virtual GPUs for each engine, fair by weight.
//!
//! Each virtual GPU has a virtual time, which advances by the time that its work had the engine over
//! its weight. Of those that have work the lowest is next. So the engine is never idle while there is
//! work, and those that always have some get its time in proportion to their weights. A piece of work
//! runs to its end, however long it is; it counts when it is over.
//!
//! While one piece runs another may wait behind it on the GPU, so that the engine goes on at once
//! ([`SLOTS`]). It is not one of the same virtual GPU, which would build on what the first one leaves
//! behind. And if the virtual GPU that runs is to be next again, nothing is put behind it: two virtual
//! GPUs that always have work would take turns else, whatever their weights.
//!
//! The host's own work is not in here: i915 puts it and ours in order.

mod entity;
mod policy;

pub use entity::Weight;
pub use policy::Policy;

use super::partition::{VgpuId, MAX_VGPUS};
use entity::Entity;

/// How many pieces of work are with the GPU at once, for one engine: one runs, one waits.
pub const SLOTS: usize = 2;

/// The queue of one engine.
#[derive(Clone, Debug)]
pub struct RunQueue {
    entities: [Option<Entity>; MAX_VGPUS],
}

impl RunQueue {
    /// A queue without virtual GPUs.
    pub const fn new() -> Self {
        Self {
            entities: [const { None }; MAX_VGPUS],
        }
    }

    /// Enters a virtual GPU, which has no work yet. If it is there already, only how it is served changes.
    pub fn add(&mut self, id: VgpuId, policy: Policy) {
        if self.entity(id).is_some() {
            self.set_policy(id, policy);
        } else if let Some(place) = self.entities.iter_mut().find(|place| place.is_none()) {
            // There are as many places as IDs.
            *place = Some(Entity::new(id, policy));
        }
    }

    /// Forgets a virtual GPU, which has nothing with the GPU any more.
    pub fn remove(&mut self, id: VgpuId) {
        let has_id = |place: &&mut Option<Entity>| place.as_ref().is_some_and(|e| e.id == id);
        if let Some(place) = self.entities.iter_mut().find(has_id) {
            *place = None;
        }
        self.advance();
    }

    /// The virtual GPU is served as `policy` says from now on. What was charged before stays as it was.
    pub fn set_policy(&mut self, id: VgpuId, policy: Policy) {
        if let Some(entity) = self.entity(id) {
            entity.policy = policy;
        }
        self.advance();
    }

    /// The virtual GPU has work that is not with the GPU.
    pub fn wake(&mut self, id: VgpuId) {
        if let Some(entity) = self.entity(id) {
            entity.waiting = true;
        }
    }

    /// All work of the virtual GPU is with the GPU, or it has none.
    pub fn sleep(&mut self, id: VgpuId) {
        if let Some(entity) = self.entity(id) {
            entity.waiting = false;
        }
        self.advance();
    }

    /// The virtual GPU of which one piece of work is to be handed to the GPU now, if any.
    /// [`RunQueue::charge`] says when it is over.
    #[must_use]
    pub fn pick(&mut self) -> Option<VgpuId> {
        let on_gpu = self.active().filter(|entity| entity.on_gpu);
        if on_gpu.clone().count() >= SLOTS {
            return None;
        }
        let again = on_gpu
            .filter(|entity| entity.ready())
            .map(Entity::expected)
            .min();
        let next = self
            .entities
            .iter_mut()
            .flatten()
            .filter(|entity| entity.ready() && !entity.on_gpu)
            .min_by_key(|entity| entity.lead)?;
        if again.is_some_and(|again| again < next.lead) {
            return None;
        }
        next.on_gpu = true;
        Some(next.id)
    }

    /// The piece of work that the virtual GPU had with the GPU is over; it had the engine for so many
    /// nanoseconds, 0 if it never ran.
    pub fn charge(&mut self, id: VgpuId, nanoseconds: u64) {
        let Some(entity) = self.entity(id).filter(|entity| entity.on_gpu) else {
            return;
        };
        entity.charge(nanoseconds);
        // It still takes part: if it is alone, others will begin where it is now.
        self.advance();
        if let Some(entity) = self.entity(id) {
            entity.on_gpu = false;
        }
        self.advance();
    }

    /// Keeps the lowest virtual time of those that have work at 0.
    fn advance(&mut self) {
        let Some(lowest) = self.active().map(|entity| entity.lead).min() else {
            return;
        };
        for entity in self.entities.iter_mut().flatten() {
            entity.lead = entity.lead.saturating_sub(lowest);
        }
    }

    fn active(&self) -> impl Iterator<Item = &Entity> + Clone {
        self.entities
            .iter()
            .flatten()
            .filter(|entity| entity.active())
    }

    fn entity(&mut self, id: VgpuId) -> Option<&mut Entity> {
        self.entities
            .iter_mut()
            .flatten()
            .find(|entity| entity.id == id)
    }
}

impl Default for RunQueue {
    fn default() -> Self {
        Self::new()
    }
}
