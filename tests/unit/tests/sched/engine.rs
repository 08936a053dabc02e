// SPDX-License-Identifier: GPL-2.0

//! An engine that serves a queue, and guests that submit.

use super::ids;
use unit::model::partition::{VgpuId, MAX_VGPUS};
use unit::model::sched::{Policy, RunQueue, Step};

/// A guest. Times are in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guest {
    pub(super) policy: Policy,
    /// The shortest and longest of its pieces of work; `u64::MAX` never ends.
    pub(super) shortest: u64,
    pub(super) longest: u64,
    /// How long it thinks between the end of a piece and the next submission.
    pub(super) thinks: u64,
    /// How long the host takes to prepare a piece.
    pub(super) preparation: u64,
    /// Whether its pieces let themselves be overtaken.
    pub(super) polite: bool,
}

impl Guest {
    /// One that always has work, of pieces that long.
    pub(super) fn busy(policy: Policy, length: u64) -> Self {
        Self {
            policy,
            shortest: length,
            longest: length,
            thinks: 0,
            preparation: PREPARATION,
            polite: true,
        }
    }
}

/// How long a fast host takes to prepare a piece.
const PREPARATION: u64 = 20_000;

#[derive(Clone, Copy)]
struct Piece {
    who: usize,
    aside: bool,
    number: u64,
    left: u64,
    used: u64,
    begun: bool,
}

pub(super) struct Engine {
    pub(super) queue: RunQueue,
    ids: [VgpuId; MAX_VGPUS],
    guests: Vec<Guest>,
    now: u64,
    pieces: Vec<Piece>,
    /// Which piece the engine is in the middle of, and cannot leave.
    held: Option<u64>,
    preempts: bool,
    started: u64,
    /// When each guest's next piece is ready; `None` while the GPU has one.
    due: Vec<Option<u64>>,
    submitted: Vec<u64>,
    seed: u64,
    /// What each had of the engine.
    pub(super) used: Vec<u64>,
    pub(super) evicted: Vec<u64>,
    /// The longest that a piece of each waited for the engine.
    pub(super) delay: Vec<u64>,
    /// For how long nothing was executed, although work was ready.
    pub(super) idle: u64,
}

impl Engine {
    pub(super) fn new(guests: &[Guest], preempts: bool, host_percent: u8) -> Self {
        let (mut queue, ids) = (RunQueue::new(preempts, host_percent).unwrap(), ids());
        for (id, guest) in ids.iter().zip(guests) {
            queue.add(*id, guest.policy);
        }
        let many = guests.len();
        Self {
            queue,
            ids,
            guests: guests.to_vec(),
            now: 0,
            pieces: Vec::new(),
            held: None,
            preempts,
            started: 0,
            due: vec![Some(0); many],
            submitted: vec![0; many],
            seed: 1,
            used: vec![0; many],
            evicted: vec![0; many],
            delay: vec![0; many],
            idle: 0,
        }
    }

    fn length(&mut self, who: usize) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let Guest {
            shortest, longest, ..
        } = self.guests[who];
        let span = longest - shortest;
        if span == 0 {
            shortest
        } else {
            shortest + (self.seed >> 20) % span
        }
    }

    fn who(&self, id: VgpuId) -> usize {
        self.ids.iter().position(|&other| other == id).unwrap()
    }

    /// The piece that is executed.
    fn current(&self) -> Option<usize> {
        let number = self
            .held
            .filter(|held| self.pieces.iter().any(|piece| piece.number == *held));
        number
            .and_then(|number| self.pieces.iter().position(|piece| piece.number == number))
            .or_else(|| {
                let all = 0..self.pieces.len();
                all.min_by_key(|&at| (self.pieces[at].aside, self.pieces[at].number))
            })
    }

    fn end(&mut self, at: usize, ended: bool) {
        let piece = self.pieces.remove(at);
        let id = self.ids[piece.who];
        let guest = self.guests[piece.who];
        let _ = self.queue.expect(id, guest.thinks == 0);
        self.queue.landed(id, Some(piece.used), self.now);
        self.evicted[piece.who] += u64::from(ended);
        let due = self.now + guest.thinks.max(guest.preparation);
        self.due[piece.who] = Some(due);
        self.submitted[piece.who] = due;
    }

    fn begin(&mut self) {
        if let Some(at) = self.current() {
            let piece = &mut self.pieces[at];
            if !piece.begun {
                piece.begun = true;
                let (who, waited) = (piece.who, self.now - self.submitted[piece.who]);
                self.delay[who] = self.delay[who].max(waited);
            }
            let polite = self.preempts && self.guests[piece.who].polite;
            self.held = (!polite).then_some(piece.number);
            let id = self.ids[piece.who];
            self.queue.begun(id, self.now);
        }
    }

    fn set_aside(&mut self, id: VgpuId, aside: bool) {
        let who = self.who(id);
        let piece = self.pieces.iter_mut().find(|piece| piece.who == who);
        piece.expect("the GPU has it").aside = aside;
    }

    /// Does what the queue says; returns when to ask again.
    fn serve(&mut self) -> Option<u64> {
        for _ in 0..100 {
            self.begin();
            match self.queue.next(self.now) {
                Step::Start(id) => {
                    let who = self.who(id);
                    assert_eq!(self.due[who].take().map(|due| due <= self.now), Some(true));
                    let left = self.length(who);
                    self.pieces.push(Piece {
                        who,
                        aside: false,
                        number: self.started,
                        left,
                        used: 0,
                        begun: false,
                    });
                    self.started += 1;
                }
                Step::GiveWay(id) => self.set_aside(id, true),
                Step::BringBack(id) => self.set_aside(id, false),
                Step::Evict(id) => {
                    let who = self.who(id);
                    let at = self.pieces.iter().position(|piece| piece.who == who);
                    self.end(at.expect("the GPU has it"), true);
                }
                Step::Wait(wait) => return wait.map(|wait| self.now + wait),
            }
        }
        panic!("the queue never comes to rest");
    }

    /// Runs for so many nanoseconds.
    pub(super) fn run(&mut self, nanos: u64) {
        let until = self.now + nanos;
        let mut rounds = 0;
        while self.now < until {
            rounds += 1;
            assert!(rounds < nanos / 4_000, "the queue asks too often");
            for who in 0..self.guests.len() {
                if self.due[who].is_some_and(|due| due <= self.now) {
                    self.queue.ready(self.ids[who]);
                }
            }
            let alarm = self.serve();
            let current = self.current();
            let later = |at: &u64| *at > self.now;
            let events = self.due.iter().flatten().copied().filter(later);
            let end = current.map(|at| self.now.saturating_add(self.pieces[at].left));
            let next = events
                .chain(alarm)
                .chain(end)
                .min()
                .unwrap_or(until)
                .min(until);
            let passed = next - self.now;
            match current {
                Some(at) => {
                    let piece = &mut self.pieces[at];
                    piece.left -= passed;
                    piece.used += passed;
                    self.used[piece.who] += passed;
                }
                None if self.due.iter().flatten().any(|due| *due <= self.now) => {
                    self.idle += passed
                }
                None => {}
            }
            self.now = next;
            if let Some(at) = current.filter(|&at| self.pieces[at].left == 0) {
                self.end(at, false);
            }
        }
    }
}
