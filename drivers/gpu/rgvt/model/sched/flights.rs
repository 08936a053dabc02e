// SPDX-License-Identifier: GPL-2.0

//! The pieces of work that the GPU has.

use super::{
    entity::{Entity, Flight},
    RunQueue, Step, PATIENCE,
};
use crate::model::partition::VgpuId;

impl RunQueue {
    /// The engine is known, now, to have begun with the piece of this virtual GPU, or to have come back to it.
    pub fn begun(&mut self, id: VgpuId, now: u64) {
        if let Some(flight) = self.flight(id) {
            flight.begun = true;
            flight.back = false;
            if self.holder.is_some_and(|(holder, _)| holder == id) {
                self.runs = Some(id);
                self.made_way(now);
            }
        }
    }

    /// Whose piece should be executed.
    pub fn holder(&self) -> Option<VgpuId> {
        self.holder.map(|(id, _)| id)
    }

    /// Whose piece should be executed, if the engine is not known to have begun with it.
    pub fn not_begun(&self) -> Option<VgpuId> {
        self.should_run(|flight| !flight.begun)
    }

    /// Whose piece should be executed again, if the engine is not known to have come back to it.
    pub fn not_back(&self) -> Option<VgpuId> {
        self.should_run(|flight| flight.begun && flight.back)
    }

    /// Whose piece should be executed, if that is so of it.
    fn should_run(&self, so: impl FnOnce(&Flight) -> bool) -> Option<VgpuId> {
        let (id, _) = self.holder?;
        so(self.find(id)?.flight.as_ref()?).then_some(id)
    }

    /// Whose piece is to be ended because it has not made way in time, unless it is [spared](Self::spare).
    pub fn late(&self, now: u64) -> Option<VgpuId> {
        // While nobody is to have the engine nobody waits for it.
        let (holder, _) = self.holder?;
        self.find_aloft(|id, flight| {
            let deadline = flight.deadline.filter(|_| id != holder);
            deadline.is_some_and(|deadline| deadline <= now)
        })
    }

    /// The first of those of which the GPU has a piece that is so.
    fn find_aloft(&self, so: impl Fn(VgpuId, &Flight) -> bool) -> Option<VgpuId> {
        let mut flights = self
            .aloft()
            .filter_map(|entity| Some((entity.id, entity.flight.as_ref()?)));
        flights
            .find(|&(id, flight)| so(id, flight))
            .map(|(id, _)| id)
    }

    /// That piece has made way, though not for the one that should be executed: it has all of the time again.
    pub fn spare(&mut self, id: VgpuId, now: u64) {
        if let Some(entity) = self.entity(id) {
            let time = entity.time_to_make_way();
            if let Some(flight) = &mut entity.flight {
                flight.deadline = Some(now.saturating_add(time));
            }
        }
    }

    /// The GPU could not be given the piece after all.
    pub fn cancel(&mut self, id: VgpuId) {
        if let Some(entity) = self.entity(id) {
            entity.flight = None;
        }
        self.find_holder();
        self.find_floor();
    }

    /// The piece that the GPU had of this virtual GPU is over; it took `used` nanoseconds, if that is known.
    /// Returns how many are counted.
    pub fn landed(&mut self, id: VgpuId, used: Option<u64>, now: u64) -> u64 {
        self.pass(now);
        let now = self.now;
        let Some(entity) = self.entity(id) else {
            return 0;
        };
        let begun = entity.flight.as_ref().is_some_and(|flight| flight.begun);
        entity.gone(now);
        let counted = entity.land(used);
        if entity.more && !entity.ready {
            entity.awaited = Some(now.saturating_add(PATIENCE));
        }
        if self.holder.is_some_and(|(holder, _)| holder == id) {
            self.made_way(now);
        }
        // Nobody noticed that it had the engine.
        if let Some(runs) = self.runs.filter(|&runs| !begun && runs != id) {
            if let Some(entity) = self.entity(runs) {
                entity.refund(counted);
            }
        }
        self.find_holder();
        self.find_floor();
        counted
    }

    /// The next virtual GPU of which the GPU has a piece, behind `last` in the order of their numbers.
    pub fn next_aloft(&self, last: Option<VgpuId>) -> Option<VgpuId> {
        let ids = self.aloft().map(|entity| entity.id);
        ids.filter(|&id| Some(id) > last).min()
    }

    /// The virtual GPUs of which the GPU has a piece.
    pub(super) fn aloft(&self) -> impl Iterator<Item = &Entity> + Clone {
        let entities = self.entities.iter();
        entities.filter(|entity| entity.flight.is_some())
    }

    fn flight(&mut self, id: VgpuId) -> Option<&mut Flight> {
        self.entity(id)?.flight.as_mut()
    }

    /// The GPU is given a piece.
    pub(super) fn start(&mut self, id: VgpuId) -> Step {
        self.begin_to_wait();
        let number = self.pieces;
        self.pieces = number.wrapping_add(1);
        if let Some(entity) = self.entity(id) {
            entity.ready = false;
            entity.awaited = None;
            entity.flight = Some(Flight {
                number,
                charged: 0,
                begun: false,
                aside: false,
                back: false,
                deadline: None,
                ended: false,
                ends: None,
            });
        }
        self.find_holder();
        Step::Start(id)
    }

    /// The piece of this virtual GPU is to make way. If it does not it is ended so early that the engine is free when
    /// its time is over.
    pub(super) fn give_way(&mut self, id: VgpuId) -> Step {
        let now = self.now;
        if let Some(entity) = self.entity(id) {
            let time = entity.time_to_make_way();
            if let Some(flight) = &mut entity.flight {
                flight.aside = true;
                flight.deadline = Some(now.saturating_add(time));
            }
        }
        self.find_holder();
        Step::GiveWay(id)
    }

    /// The piece of this virtual GPU comes first again. If it does because nobody else is there, it has had
    /// its slice.
    pub(super) fn bring_back(&mut self, id: VgpuId, alone: bool) -> Step {
        self.begin_to_wait();
        if let Some(flight) = self.flight(id) {
            flight.aside = false;
            flight.back = true;
            flight.deadline = None;
        }
        self.find_holder();
        if alone {
            self.holder = Some((id, 0));
        }
        Step::BringBack(id)
    }

    /// Somebody is about to wait for the engine, if nobody does yet: who is to make way has all of the time for it from
    /// now on.
    fn begin_to_wait(&mut self) {
        let now = self.now;
        if self.holder.is_some() {
            return;
        }
        for entity in self.entities.iter_mut() {
            let time = entity.time_to_make_way();
            if let Some(deadline) = entity
                .flight
                .as_mut()
                .and_then(|flight| flight.deadline.as_mut())
            {
                *deadline = now.saturating_add(time);
            }
        }
    }

    /// What should be executed was, so nobody else is in its way any more.
    fn made_way(&mut self, now: u64) {
        for entity in self.entities.iter_mut() {
            entity.gone(now);
            if let Some(flight) = &mut entity.flight {
                flight.deadline = None;
            }
        }
    }

    /// A piece that is to be ended. It is told once.
    pub(super) fn overdue(&mut self) -> Option<VgpuId> {
        let now = self.now;
        let long = |limit| self.find_aloft(|_, flight| flight.charged >= limit && !flight.ended);
        let id = self.late(now).or_else(|| self.limit.and_then(long))?;

        let flight = self.flight(id)?;
        flight.deadline = None;
        flight.ended = true;
        flight.ends = Some(now);
        Some(id)
    }

    /// Finds out whose piece the GPU should execute, and whose it does.
    pub(super) fn find_holder(&mut self) {
        let pieces = self.aloft();
        let pieces = pieces.filter_map(|entity| {
            let flight = entity.flight.as_ref()?;
            (!flight.aside).then_some((flight.number, flight.begun, entity.id))
        });
        let first = pieces.min_by_key(|&(number, ..)| number);
        let first = first.map(|(_, begun, id)| (begun, id));
        if first.map(|(_, id)| id) != self.holder.map(|(id, _)| id) {
            self.holder = first.map(|(_, id)| (id, self.now));
        }
        let begun = first.filter(|&(begun, _)| begun);
        let still = self.aloft().find(|entity| Some(entity.id) == self.runs);
        let any = self.aloft().next();
        // If it is not known to have begun, the engine is not known to have left the other.
        let first = begun.or(first.filter(|_| still.is_none()));
        self.runs = first
            .map(|(_, id)| id)
            .or(still.or(any).map(|entity| entity.id));
    }
}
