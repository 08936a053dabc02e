// SPDX-License-Identifier: GPL-2.0

//! Against a naive reference.

use std::collections::HashMap;

use super::{ids, weight};
use proptest::prelude::*;
use unit::model::partition::MAX_VGPUS;
use unit::model::sched::{RunQueue, SLOTS};

#[derive(Clone, Debug)]
enum Step {
    Add(usize, u16),
    Remove(usize),
    SetWeight(usize, u16),
    Wake(usize),
    Sleep(usize),
    Pick,
    Charge(usize, u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..MAX_VGPUS;
    let step = prop_oneof![
        2 => (who(), 1_u16..20).prop_map(|(id, weight)| Step::Add(id, weight)),
        1 => who().prop_map(Step::Remove),
        1 => (who(), 1_u16..20).prop_map(|(id, weight)| Step::SetWeight(id, weight)),
        6 => who().prop_map(Step::Wake),
        3 => who().prop_map(Step::Sleep),
        9 => Just(Step::Pick),
        9 => (who(), 0_u64..3_000_000).prop_map(|(id, used)| Step::Charge(id, used)),
    ];
    prop::collection::vec(step, 1..400)
}

#[derive(Default)]
struct Entity {
    weight: u128,
    time: u128,
    last: u128,
    waiting: bool,
    on_gpu: bool,
}

/// The rules of the module's documentation with virtual times that begin at 0 and never end.
#[derive(Default)]
struct Reference {
    entities: HashMap<usize, Entity>,
    floor: u128,
    /// In the order in which they were entered, with the gaps that others left.
    places: Vec<Option<usize>>,
}

impl Reference {
    fn time(&self, id: usize) -> u128 {
        self.entities[&id].time.max(self.floor)
    }

    fn advance(&mut self) {
        let active = self.entities.values().filter(|e| e.waiting || e.on_gpu);
        if let Some(lowest) = active.map(|e| e.time.max(self.floor)).min() {
            self.floor = self.floor.max(lowest);
        }
        for entity in self.entities.values_mut() {
            entity.time = entity.time.max(self.floor);
        }
    }

    fn pick(&mut self) -> Option<usize> {
        let on_gpu: Vec<_> = self.entities.values().filter(|e| e.on_gpu).collect();
        if on_gpu.len() >= SLOTS {
            return None;
        }
        let again = on_gpu.iter().filter(|e| e.waiting);
        let again = again.map(|e| e.time + e.last).min();
        let mut next: Option<usize> = None;
        for id in self.places.iter().flatten() {
            let entity = &self.entities[id];
            let better = next.is_none_or(|next| self.time(*id) < self.time(next));
            if entity.waiting && !entity.on_gpu && better {
                next = Some(*id);
            }
        }
        let next = next.filter(|&next| again.is_none_or(|again| self.time(next) <= again))?;
        self.entities.get_mut(&next).unwrap().on_gpu = true;
        Some(next)
    }

    fn step(&mut self, step: &Step) -> Option<usize> {
        match *step {
            Step::Add(id, weight) => {
                let weight = u128::from(weight);
                if let Some(entity) = self.entities.get_mut(&id) {
                    entity.weight = weight;
                } else {
                    let time = self.floor;
                    let entity = Entity {
                        weight,
                        time,
                        ..Entity::default()
                    };
                    self.entities.insert(id, entity);
                    match self.places.iter_mut().find(|place| place.is_none()) {
                        Some(place) => *place = Some(id),
                        None => self.places.push(Some(id)),
                    }
                }
            }
            Step::Remove(id) => {
                self.entities.remove(&id);
                for place in &mut self.places {
                    *place = place.filter(|&other| other != id);
                }
                self.advance();
            }
            Step::SetWeight(id, weight) => {
                if let Some(entity) = self.entities.get_mut(&id) {
                    entity.weight = u128::from(weight);
                }
            }
            Step::Wake(id) => {
                if let Some(entity) = self.entities.get_mut(&id) {
                    entity.waiting = true;
                }
            }
            Step::Sleep(id) => {
                if let Some(entity) = self.entities.get_mut(&id) {
                    entity.waiting = false;
                }
                self.advance();
            }
            Step::Pick => return self.pick(),
            Step::Charge(id, used) => {
                if self.entities.get(&id).is_some_and(|e| e.on_gpu) {
                    let entity = self.entities.get_mut(&id).unwrap();
                    entity.last = u128::from(used.max(10_000)) * 1024 / entity.weight;
                    entity.time += entity.last;
                    self.advance();
                    self.entities.get_mut(&id).unwrap().on_gpu = false;
                    self.advance();
                }
            }
        }
        None
    }
}

proptest! {
    #[test]
    fn the_same_as_the_reference(steps in steps()) {
        let (mut queue, mut reference, ids) = (RunQueue::new(), Reference::default(), ids::<MAX_VGPUS>());
        for step in &steps {
            let expected = reference.step(step).map(|id| ids[id]);
            let picked = match *step {
                Step::Add(id, value) => {
                    queue.add(ids[id], weight(value));
                    None
                }
                Step::Remove(id) => {
                    queue.remove(ids[id]);
                    None
                }
                Step::SetWeight(id, value) => {
                    queue.set_policy(ids[id], weight(value));
                    None
                }
                Step::Wake(id) => {
                    queue.wake(ids[id]);
                    None
                }
                Step::Sleep(id) => {
                    queue.sleep(ids[id]);
                    None
                }
                Step::Pick => queue.pick(),
                Step::Charge(id, used) => {
                    queue.charge(ids[id], used);
                    None
                }
            };
            prop_assert_eq!(picked, expected, "{:?}", step);
        }
    }
}
