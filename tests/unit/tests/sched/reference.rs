// SPDX-License-Identifier: GPL-2.0

//! Against a naive reference: virtual times that begin at 0 and never end, and everything looked up anew.

use std::collections::BTreeMap;

use super::{ids, weight};
use proptest::prelude::*;

use unit::model::sched::{Policy, RunQueue, Step, CREDIT, PATIENCE};

/// How many take part.
const GUESTS: usize = 7;

#[derive(Clone, Debug)]
enum Event {
    Ready(usize),
    Unready(usize),
    Expect(usize, bool),
    Begun,
    Next(u64),
    /// The piece of the one that should be executed is over.
    Landed(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let who = || 0..GUESTS;
    let event = prop_oneof![
        6 => who().prop_map(Event::Ready),
        1 => who().prop_map(Event::Unready),
        2 => (who(), any::<bool>()).prop_map(|(id, more)| Event::Expect(id, more)),
        6 => Just(Event::Begun),
        12 => (0_u64..3_000_000).prop_map(Event::Next),
        5 => (20_000_u64..3_000_000).prop_map(Event::Landed),
    ];
    prop::collection::vec(event, 1..300)
}

#[derive(Clone, Default)]
struct Flight {
    number: u64,
    charged: u128,
    begun: bool,
    aside: bool,
    back: bool,
}

#[derive(Clone, Default)]
struct Guest {
    weight: u128,
    priority: i8,
    time: i128,
    last: u128,
    ready: bool,
    more: bool,
    awaited: Option<u64>,
    flight: Option<Flight>,
}

/// Virtual time of so many nanoseconds, in the queue's units.
fn units(nanos: u128, weight: u128) -> i128 {
    (nanos * 1024 / weight) as i128
}

#[derive(Default)]
struct Reference {
    guests: BTreeMap<usize, Guest>,
    now: u64,
    holder: Option<(usize, u64)>,
    runs: Option<usize>,
    waits_for: Option<usize>,
    pieces: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Start(usize),
    GiveWay(usize),
    BringBack(usize),
    Wait,
}

impl Reference {
    fn guest(&mut self, id: usize) -> &mut Guest {
        self.guests.get_mut(&id).unwrap()
    }

    /// Greater goes first.
    fn claim(&self, id: usize) -> (i8, i128) {
        let guest = &self.guests[&id];
        (guest.priority, -guest.time)
    }

    fn aloft(&self) -> Vec<usize> {
        let all = self.guests.iter();
        all.filter(|(_, guest)| guest.flight.is_some())
            .map(|(id, _)| *id)
            .collect()
    }

    /// The first of those with the greatest claim.
    fn first(&self, all: impl IntoIterator<Item = usize>) -> Option<usize> {
        all.into_iter()
            .fold(None, |best: Option<usize>, id| match best {
                Some(best) if self.claim(best) >= self.claim(id) => Some(best),
                _ => Some(id),
            })
    }

    fn settle(&mut self) {
        let active =
            |guest: &&Guest| guest.flight.is_some() || guest.ready || guest.awaited.is_some();
        let times = self.guests.values().filter(active).map(|guest| guest.time);
        let Some(floor) = times.min() else {
            return;
        };
        for guest in self.guests.values_mut() {
            guest.time = guest.time.max(floor - units(CREDIT.into(), guest.weight));
        }
    }

    fn find_holder(&mut self) {
        let flight = |id: &usize| self.guests[id].flight.clone().unwrap();
        let front = self.aloft().into_iter().filter(|id| !flight(id).aside);
        let front = front.min_by_key(|id| flight(id).number);
        if front != self.holder.map(|(id, _)| id) {
            self.holder = front.map(|id| (id, self.now));
        }
        let still = self.runs.filter(|id| self.aloft().contains(id));
        self.runs = match front {
            Some(id) if flight(&id).begun || still.is_none() => Some(id),
            _ => still.or(self.aloft().first().copied()),
        };
    }

    fn charge(&mut self, id: usize, nanos: u128) {
        let guest = self.guest(id);
        guest.time += units(nanos, guest.weight);
        if let Some(flight) = &mut guest.flight {
            flight.charged += nanos;
        }
    }

    fn refund(&mut self, id: usize, nanos: u128) {
        let guest = self.guest(id);
        let Some(flight) = &mut guest.flight else {
            return;
        };
        let nanos = nanos.min(flight.charged);
        flight.charged -= nanos;
        guest.time -= units(nanos, guest.weight);
    }

    fn pass(&mut self, now: u64) {
        let passed = now - self.now;
        self.now = now;
        if let Some(id) = self.runs.or(self.waits_for) {
            self.charge(id, passed.into());
        }
        for guest in self.guests.values_mut() {
            guest.awaited = guest.awaited.filter(|until| now < *until);
        }
        self.settle();
    }

    fn start(&mut self, id: usize) -> Answer {
        let number = self.pieces;
        self.pieces += 1;
        let guest = self.guest(id);
        (guest.ready, guest.awaited) = (false, None);
        guest.flight = Some(Flight {
            number,
            ..Flight::default()
        });
        self.find_holder();
        Answer::Start(id)
    }

    fn awaited(&self) -> Option<usize> {
        let all = self.guests.iter();
        self.first(
            all.filter(|(_, guest)| guest.awaited.is_some())
                .map(|(id, _)| *id),
        )
    }

    /// It may have the time until the next piece of another is ready.
    fn fills(&self, id: usize) -> bool {
        let (claim, awaited) = (self.claim(id), self.awaited());
        let awaited = awaited.map(|awaited| self.claim(awaited));
        awaited.is_some_and(|awaited| awaited.0 == claim.0 && awaited > claim)
    }

    fn next(&mut self, now: u64) -> Answer {
        self.pass(now);
        self.waits_for = None;
        let ready = self
            .guests
            .iter()
            .filter(|(_, guest)| guest.ready && guest.flight.is_none());
        let ready = self.first(ready.map(|(id, _)| *id));
        let Some((holder, since)) = self.holder else {
            let back = self.first(self.aloft());
            let Some(next) = self.first(back.into_iter().chain(ready)) else {
                return Answer::Wait;
            };
            let starts = back != Some(next);
            let fills = starts && self.fills(next);
            let awaited = self.awaited().filter(|_| !fills);
            if let Some(awaited) = awaited.filter(|&awaited| self.claim(awaited) > self.claim(next))
            {
                self.waits_for = Some(awaited);
                return Answer::Wait;
            }
            if starts {
                return self.start(next);
            }
            let flight = self.guest(next).flight.as_mut().unwrap();
            (flight.aside, flight.back) = (false, true);
            self.find_holder();
            if ready.is_none() && self.aloft().len() == 1 {
                self.holder = Some((next, 0));
            }
            return Answer::BringBack(next);
        };

        let guest = self.guests[&holder].clone();
        let flight = guest.flight.unwrap();
        let claim = self.claim(holder);
        let over = now - since >= 2_000_000 && flight.begun && !flight.back;
        let mut others = self.aloft();
        others.retain(|&id| id != holder);
        let mut rivals = others.iter().copied().chain(ready);
        let fills = flight.begun && self.fills(holder);
        if rivals.any(|id| self.claim(id).0 > claim.0 || over && self.claim(id) > claim) || fills {
            self.guest(holder).flight.as_mut().unwrap().aside = true;
            self.find_holder();
            return Answer::GiveWay(holder);
        }
        if over && (ready.is_some() || !others.is_empty()) {
            self.holder = Some((holder, now));
        }
        match ready {
            Some(id) if others.is_empty() && self.claim(id).0 == claim.0 => self.start(id),
            _ => Answer::Wait,
        }
    }

    fn landed(&mut self, id: usize, used: u64, now: u64) {
        self.pass(now);
        let flight = self.guest(id).flight.clone().unwrap();
        let used = u128::from(used);
        match used.checked_sub(flight.charged) {
            Some(missing) => self.charge(id, missing),
            None => self.refund(id, flight.charged - used),
        }
        let guest = self.guest(id);
        guest.flight = None;
        guest.last = used;
        if guest.more && !guest.ready {
            guest.awaited = Some(now + PATIENCE);
        }
        if let Some(runs) = self.runs.filter(|&runs| !flight.begun && runs != id) {
            self.refund(runs, used);
        }
        self.find_holder();
        self.settle();
    }
}

proptest! {
    #[test]
    fn the_same_as_the_reference(
        events in events(),
        weights in prop::array::uniform7(1_u16..20),
        priorities in prop::array::uniform7(0_i8..2),
    ) {
        let (mut queue, mut reference, ids) = (RunQueue::new(true, 0).unwrap(), Reference::default(), ids::<GUESTS>());
        for (at, (value, priority)) in weights.into_iter().zip(priorities).enumerate() {
            // Nothing is ended here.
            let policy = Policy { priority, preempt_timeout_us: u32::MAX, ..weight(value) };
            queue.add(ids[at], policy);
            let guest = Guest { weight: value.into(), priority, ..Guest::default() };
            reference.guests.insert(at, guest);
        }
        let mut now = 0;
        for event in &events {
            match *event {
                Event::Ready(id) => {
                    queue.ready(ids[id]);
                    let guest = reference.guest(id);
                    (guest.ready, guest.awaited) = (true, None);
                }
                Event::Unready(id) => {
                    queue.unready(ids[id]);
                    reference.guest(id).ready = false;
                    reference.settle();
                }
                Event::Expect(id, more) => {
                    let stands_down = queue.expect(ids[id], more);
                    let guest = reference.guest(id);
                    let waited_for = guest.more || guest.awaited.is_some();
                    prop_assert_eq!(stands_down, waited_for && !more);
                    guest.more = more;
                    guest.awaited = guest.awaited.filter(|_| more);
                    reference.settle();
                }
                Event::Begun => if let Some(id) = queue.not_begun().or(queue.not_back()) {
                    queue.begun(id, now);
                    let id = ids.iter().position(|other| *other == id).unwrap();
                    prop_assert_eq!(Some(id), reference.holder.map(|(id, _)| id));
                    let flight = reference.guest(id).flight.as_mut().unwrap();
                    (flight.begun, flight.back) = (true, false);
                    reference.runs = Some(id);
                },
                Event::Next(passed) => {
                    now += passed;
                    let who = |id| ids.iter().position(|other| *other == id).unwrap();
                    let answer = match queue.next(now) {
                        Step::Start(id) => Answer::Start(who(id)),
                        Step::GiveWay(id) => Answer::GiveWay(who(id)),
                        Step::BringBack(id) => Answer::BringBack(who(id)),
                        Step::Wait(_) => Answer::Wait,
                        Step::Evict(id) => return Err(TestCaseError::fail(format!("{id:?} evicted"))),
                    };
                    prop_assert_eq!(answer, reference.next(now), "at {}", now);
                }
                Event::Landed(used) => if let Some((id, _)) = reference.holder {
                    queue.landed(ids[id], Some(used), now);
                    reference.landed(id, used, now);
                },
            }
        }
    }
}
