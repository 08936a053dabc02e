// SPDX-License-Identifier: GPL-2.0

//! Over long times: shares, idle engines, starvation.

use std::collections::VecDeque;

use super::{ids, weight};
use proptest::prelude::*;
use unit::model::partition::{VgpuId, MAX_VGPUS};
use unit::model::sched::{RunQueue, SLOTS};

/// A guest: its weight, and the shortest and longest of its pieces of work, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Guest {
    weight: u16,
    shortest: u64,
    longest: u64,
}

fn guests(least: usize) -> impl Strategy<Value = Vec<Guest>> {
    let length = 10_000_u64..2_000_000;
    let guest = (1_u16..17, length.clone(), length).prop_map(|(weight, a, b)| Guest {
        weight,
        shortest: a.min(b),
        longest: a.max(b),
    });
    prop::collection::vec(guest, least..=MAX_VGPUS)
}

/// An engine that takes work in the order in which it gets it.
struct Engine {
    queue: RunQueue,
    ids: [VgpuId; MAX_VGPUS],
    lengths: Vec<(u64, u64)>,
    given: VecDeque<(usize, u64)>,
    seed: u64,
}

impl Engine {
    fn new(guests: &[Guest], seed: u64) -> Self {
        let (mut queue, ids) = (RunQueue::new(), ids::<MAX_VGPUS>());
        for (id, guest) in ids.iter().zip(guests) {
            queue.add(*id, weight(guest.weight));
        }
        let lengths = guests.iter().map(|guest| (guest.shortest, guest.longest));
        Self {
            queue,
            ids,
            lengths: lengths.collect(),
            given: VecDeque::new(),
            seed: seed | 1,
        }
    }

    fn random(&mut self) -> u64 {
        // Marsaglia's xorshift.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    /// Fills the slots.
    fn feed(&mut self) {
        while let Some(id) = self.queue.pick() {
            let guest = self.ids.iter().position(|&known| known == id).unwrap();
            assert!(self.given.iter().all(|&(other, _)| other != guest));
            let (shortest, longest) = self.lengths[guest];
            let length = shortest + self.random() % (longest - shortest + 1);
            self.given.push_back((guest, length));
            assert!(self.given.len() <= SLOTS);
        }
    }

    /// Runs a piece to its end: whose it was, and how long it took.
    fn run(&mut self) -> Option<(usize, u64)> {
        let (guest, length) = self.given.pop_front()?;
        self.queue.charge(self.ids[guest], length);
        Some((guest, length))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn shares_follow_weights(guests in guests(1), seed in any::<u64>()) {
        let mut engine = Engine::new(&guests, seed);
        for (id, _) in engine.ids.into_iter().zip(&guests) {
            engine.queue.wake(id);
        }
        let mut used = vec![0_u64; guests.len()];
        // Long enough that one piece of the lightest is little.
        let weights: u64 = guests.iter().map(|guest| u64::from(guest.weight)).sum();
        while used.iter().sum::<u64>() < 2_000_000 * 100 * weights {
            engine.feed();
            let (guest, length) = engine.run().expect("the engine is never idle");
            used[guest] += length;
        }
        let total = used.iter().sum::<u64>() as f64;
        for (guest, used) in guests.iter().zip(&used) {
            let fair = total * f64::from(guest.weight) / weights as f64;
            let off = (*used as f64 - fair).abs() / fair;
            prop_assert!(off < 0.02, "{guest:?}: {used} of {total}, fair were {fair}");
        }
    }

    /// Guests come and go as they like. Nobody with work waits for ever, and no engine is idle.
    #[test]
    fn nobody_starves(guests in guests(2), seed in any::<u64>()) {
        let mut engine = Engine::new(&guests, seed);
        let weights: u64 = guests.iter().map(|guest| u64::from(guest.weight)).sum();
        let mut waits = vec![None; guests.len()];
        for _ in 0..3000 {
            for (id, wait) in engine.ids.into_iter().zip(&mut waits) {
                match engine.random() % 8 {
                    0 => {
                        engine.queue.sleep(id);
                        *wait = None;
                    }
                    1 | 2 => {
                        engine.queue.wake(id);
                        wait.get_or_insert(0_u64);
                    }
                    _ => {}
                }
            }
            engine.feed();
            let Some((guest, length)) = engine.run() else {
                prop_assert!(waits.iter().all(Option::is_none), "idle, and there is work");
                continue;
            };
            for wait in waits.iter_mut().flatten() {
                *wait += length;
            }
            if let Some(wait) = &mut waits[guest] {
                *wait = 0;
            }
            // A piece of everyone, as often as its weight allows, and the one of its own before.
            for (guest, wait) in guests.iter().zip(&waits) {
                let bound = 4 * 2_000_000 * (weights / u64::from(guest.weight) + weights);
                prop_assert!(wait.unwrap_or(0) < bound, "{guest:?} waits for {wait:?} ns");
            }
        }
    }
}
