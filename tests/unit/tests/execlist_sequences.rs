// SPDX-License-Identifier: GPL-2.0

//! The submission port under long random sequences: against a naive reference, and between a guest
//! that keeps books as i915 does and a host that runs the work.

use std::collections::VecDeque;

use proptest::prelude::*;
use unit::hw::execlist::{CsbEntry, ELSP};
use unit::model::execlist::{Effects, Execlists, Refused, Ticket, Work, Written};

fn context(id: u64) -> u64 {
    id << 32 | id << 12 | 0x101
}

fn submit(port: &mut Execlists, contexts: &[u64]) -> Result<Effects, Refused> {
    let descriptor = |at: usize| contexts.get(at).map_or(0, |&id| context(id));
    let mut last = Written::Noted;
    for at in [1, 0] {
        for value in [descriptor(at) >> 32, descriptor(at)] {
            assert_eq!(last, Written::Noted);
            last = port.write(ELSP, value as u32).unwrap();
        }
    }
    match last {
        Written::Submitted(effects) => Ok(effects),
        Written::Refused(refused) => Err(refused),
        Written::Noted => panic!("the submission is whole"),
    }
}

/// One or two different contexts out of four.
fn contexts() -> impl Strategy<Value = Vec<u64>> {
    (1_u64..5, 0_u64..5).prop_map(|(first, second)| match second {
        0 => vec![first],
        second if second == first => vec![first],
        second => vec![first, second],
    })
}

#[derive(Clone, Debug)]
enum Step {
    Submit(Vec<u64>),
    /// Start, complete or fail the piece of work with this position among all that were queued.
    Start(prop::sample::Index),
    Complete(prop::sample::Index),
    Fail(prop::sample::Index),
    Reset,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let recent = any::<prop::sample::Index>;
    let step = prop_oneof![
        8 => contexts().prop_map(Step::Submit),
        8 => recent().prop_map(Step::Start),
        8 => recent().prop_map(Step::Complete),
        1 => recent().prop_map(Step::Fail),
        1 => Just(Step::Reset),
    ];
    prop::collection::vec(step, 1..120)
}

/// The reference: the submission that runs as a list of contexts, each with its list of work, and
/// the rules of the module's documentation read off one by one.
#[derive(Default)]
struct Naive {
    contexts: Vec<(u64, Vec<(Ticket, Stage)>)>,
    waiting: Option<Vec<u64>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Queued,
    Started,
    Dead,
}

/// What a step does, in the reference's words: tickets dropped, contexts queued, entries reported.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    cancel: Vec<Ticket>,
    queue: Vec<u64>,
    reports: Vec<(u64, &'static str)>,
}

impl Naive {
    fn submit(&mut self, contexts: Vec<u64>) -> Option<Outcome> {
        if self.waiting.is_some() {
            return None;
        }
        self.waiting = Some(contexts);
        Some(self.take_over(Outcome::default()))
    }

    fn take_over(&mut self, mut outcome: Outcome) -> Outcome {
        let Some(new) = self.waiting.clone() else {
            return outcome;
        };
        let all: Vec<(Ticket, Stage)> = self
            .contexts
            .iter()
            .flat_map(|context| context.1.clone())
            .collect();
        let Some((&head, tail)) = all.split_first() else {
            self.waiting = None;
            outcome.queue.clone_from(&new);
            outcome.reports.push((0, "in"));
            self.contexts = new.into_iter().map(|id| (id, Vec::new())).collect();
            return outcome;
        };
        let same = self.contexts[0].0 == new[0];
        let keep = match head.1 {
            Stage::Queued => false,
            Stage::Started if same => true,
            _ => return outcome,
        };
        if tail.iter().any(|piece| piece.1 == Stage::Started) {
            return outcome;
        }
        let old = self.contexts[0].0;
        self.waiting = None;
        outcome.cancel.extend(tail.iter().map(|piece| piece.0));
        if !keep {
            outcome.cancel.push(head.0);
        }
        outcome.queue.clone_from(&new);
        outcome
            .reports
            .push((old, if same { "restored" } else { "preempted" }));
        self.contexts = new.into_iter().map(|id| (id, Vec::new())).collect();
        if keep {
            self.contexts[0].1.push(head);
        }
        outcome
    }

    /// The model's tickets for the work that the reference wants queued.
    fn name(&mut self, tickets: Vec<Ticket>) {
        for (context, ticket) in self.contexts.iter_mut().zip(tickets) {
            context.1.push((ticket, Stage::Queued));
        }
    }

    fn set(&mut self, ticket: Ticket, from: &[Stage], to: Stage) -> bool {
        for (_, work) in &mut self.contexts {
            for piece in work {
                if piece.0 == ticket && from.contains(&piece.1) {
                    piece.1 = to;
                    return true;
                }
            }
        }
        false
    }

    /// Whether work that will never be done is before this.
    fn hangs_before(&self, ticket: Ticket) -> bool {
        let work = self.contexts.iter().flat_map(|context| &context.1);
        let mut before = work.take_while(|piece| piece.0 != ticket);
        before.any(|piece| piece.1 == Stage::Dead)
    }

    fn complete(&mut self, ticket: Ticket) -> Outcome {
        let mut outcome = Outcome::default();
        match self.contexts.first_mut() {
            Some((_, work)) if work[0] == (ticket, Stage::Started) => work.remove(0),
            _ => return outcome,
        };
        if self.contexts[0].1.is_empty() {
            let (id, _) = self.contexts.remove(0);
            let what = if self.contexts.is_empty() {
                "last"
            } else {
                "switched"
            };
            outcome.reports.push((id, what));
        }
        self.take_over(outcome)
    }

    fn reset(&mut self) -> Outcome {
        let cancel = self
            .contexts
            .drain(..)
            .flat_map(|context| context.1)
            .map(|piece| piece.0);
        let outcome = Outcome {
            cancel: cancel.collect(),
            ..Outcome::default()
        };
        self.waiting = None;
        outcome
    }
}

fn words(entry: CsbEntry) -> (u64, &'static str) {
    let what = match entry.into_raw() & 0xffff_ffff {
        0x0001 => "in",
        0x0002 => "preempted",
        0x8002 => "restored",
        0x0014 => "switched",
        0x0018 => "last",
        other => panic!("no such entry: {other:#x}"),
    };
    (entry.id().get(), what)
}

fn outcome(effects: &Effects) -> Outcome {
    Outcome {
        cancel: effects.cancel.iter().collect(),
        queue: effects
            .queue
            .iter()
            .map(|work| work.descriptor.id().get())
            .collect(),
        reports: effects
            .reports
            .iter()
            .map(|report| words(report.entry))
            .collect(),
    }
}

fn tickets(effects: &Effects) -> Vec<Ticket> {
    effects.queue.iter().map(|work| work.ticket).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn agrees_with_the_rules(steps in steps()) {
        let mut port = Execlists::new();
        let mut naive = Naive::default();
        let mut known: VecDeque<Ticket> = VecDeque::new();
        for step in steps {
            let pick = |index: prop::sample::Index| {
                (!known.is_empty()).then(|| known[index.index(known.len())])
            };
            let (effects, mut expected) = match step {
                Step::Submit(contexts) => {
                    let result = submit(&mut port, &contexts);
                    match naive.submit(contexts) {
                        Some(expected) => (result.unwrap(), expected),
                        None => {
                            prop_assert_eq!(result, Err(Refused::Full));
                            continue;
                        }
                    }
                }
                Step::Start(index) => {
                    if let Some(ticket) = pick(index) {
                        let hangs = naive.hangs_before(ticket);
                        let may = !hangs && naive.set(ticket, &[Stage::Queued], Stage::Started);
                        prop_assert_eq!(port.start(ticket), may);
                    }
                    continue;
                }
                Step::Complete(index) => match pick(index) {
                    Some(ticket) => (port.complete(ticket), naive.complete(ticket)),
                    None => continue,
                },
                Step::Fail(index) => {
                    if let Some(ticket) = pick(index) {
                        naive.set(ticket, &[Stage::Queued, Stage::Started], Stage::Dead);
                        port.fail(ticket);
                    }
                    continue;
                }
                Step::Reset => (port.reset(), naive.reset()),
            };
            naive.name(tickets(&effects));
            known.extend(tickets(&effects));
            // Tickets of long ago need no trial.
            while known.len() > 6 {
                known.pop_front();
            }
            let mut found = outcome(&effects);
            found.cancel.sort();
            expected.cancel.sort();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(port.idle(), naive.contexts.is_empty());
        }
    }
}

/// A guest that keeps books as i915 does: what it believes to be in, and what it submitted since.
#[derive(Default)]
struct Guest {
    inside: VecDeque<u64>,
    submitted: Option<Vec<u64>>,
}

impl Guest {
    fn process(&mut self, entry: CsbEntry) -> Result<(), TestCaseError> {
        let id = entry.id().get();
        if entry.idle_to_active() || entry.preempted() {
            prop_assert_eq!(entry.preempted(), !self.inside.is_empty());
            if entry.preempted() {
                prop_assert_eq!(self.inside.front(), Some(&id));
            }
            let new = self.submitted.take();
            prop_assert!(new.is_some(), "acknowledged what was not submitted");
            self.inside = new.unwrap_or_default().into();
        } else {
            prop_assert!(entry.complete());
            prop_assert_eq!(self.inside.pop_front(), Some(id));
            prop_assert_eq!(entry.active_to_idle(), self.inside.is_empty());
            prop_assert_eq!(entry.element_switch(), !self.inside.is_empty());
        }
        Ok(())
    }
}

/// A host that starts work in order, with up to two pieces on the GPU.
#[derive(Default)]
struct Host {
    queue: VecDeque<Work>,
    gpu: VecDeque<Work>,
    /// The context that was not saved when the last piece was done, since the next one goes on with it.
    ahead: Option<u64>,
}

impl Host {
    fn carry_out(&mut self, effects: &Effects, guest: &mut Guest) -> Result<(), TestCaseError> {
        for ticket in effects.cancel.iter() {
            let is_it = |work: &Work| work.ticket == ticket;
            prop_assert!(
                !self.gpu.iter().any(is_it),
                "what runs cannot be taken back"
            );
            prop_assert!(self.queue.iter().any(is_it));
            self.queue.retain(|work| !is_it(work));
        }
        for work in effects.queue.iter() {
            prop_assert!(self.queue.iter().all(|queued| queued.ticket < work.ticket));
            self.queue.push_back(work);
        }
        if !effects.cancel.is_empty() {
            self.catch_up();
        }
        for report in effects.reports.iter() {
            let inside = (self.ahead, guest.inside.front().copied());
            guest.process(report.entry)?;
            if let (Some(ahead), Some(before)) = inside {
                prop_assert_eq!(ahead, before);
                let now = guest.inside.front().copied();
                prop_assert_eq!(now, Some(ahead), "the guest thinks that it was saved");
            }
        }
        Ok(())
    }

    /// The context of the next piece.
    fn next(&self) -> Option<u64> {
        let next = self.gpu.front().or(self.queue.front());
        next.map(|work| work.descriptor.id().get())
    }

    /// Saves the context that was not, if the next piece does not go on with it.
    fn catch_up(&mut self) {
        let next = self.next();
        self.ahead = self.ahead.filter(|&ahead| next == Some(ahead));
    }

    fn start(&mut self, port: &mut Execlists) -> Result<(), TestCaseError> {
        if self.gpu.len() < 2 {
            if let Some(work) = self.queue.pop_front() {
                prop_assert!(port.start(work.ticket));
                self.gpu.push_back(work);
            }
        }
        Ok(())
    }

    fn complete(&mut self, port: &mut Execlists, guest: &mut Guest) -> Result<(), TestCaseError> {
        let Some(work) = self.gpu.pop_front() else {
            return Ok(());
        };
        self.ahead = Some(work.descriptor.id().get());
        self.catch_up();
        self.carry_out(&port.complete(work.ticket), guest)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn guest_and_host_get_along(
        steps in prop::collection::vec(prop_oneof![
            contexts().prop_map(Some),
            Just(None),
        ], 1..120),
        choices in prop::collection::vec(any::<bool>(), 120),
    ) {
        let mut port = Execlists::new();
        let (mut guest, mut host) = (Guest::default(), Host::default());
        for (step, choice) in steps.into_iter().zip(choices) {
            match step {
                // i915 submits nothing before the last submission was acknowledged.
                Some(contexts) if guest.submitted.is_none() => {
                    guest.submitted = Some(contexts.clone());
                    let effects = submit(&mut port, &contexts);
                    prop_assert!(effects.is_ok());
                    host.carry_out(&effects.unwrap(), &mut guest)?;
                }
                _ if choice => host.start(&mut port)?,
                _ => host.complete(&mut port, &mut guest)?,
            }
        }
        // All comes to an end when the GPU is let run.
        for _ in 0..8 {
            host.start(&mut port)?;
            host.complete(&mut port, &mut guest)?;
        }
        prop_assert!(port.idle());
        prop_assert!(guest.inside.is_empty() && guest.submitted.is_none());
    }
}
