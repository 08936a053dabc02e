// SPDX-License-Identifier: GPL-2.0

//! Knows a batch that only waits: it jumps in a circle and does nothing that could be seen.
//!
//! Such batches end when somebody overwrites a command of theirs. The hardware reads them over and
//! over; here that would take a processor of the host from the machine whose write it waits for.

use super::Step;
use super::decode::Action;
use crate::addr::Gma;

/// What is known of the circle that a batch may be in.
#[derive(Default)]
pub struct Spin {
    /// Where the first jump went since something was done.
    first: Option<Gma>,
    /// Circles closed since then.
    rounds: u32,
    /// The context could have been preempted since that jump.
    arbitrated: bool,
}

impl Spin {
    /// Takes note of a command that ran. `jumped` is where it jumped to, `arbitration` whether it
    /// allows preemption. [`Step::Spun`] when it closes a circle that has done nothing.
    pub fn note(&mut self, action: Action, jumped: Option<Gma>, arbitration: bool) -> Option<Step> {
        match action {
            Action::Noop | Action::ArbCheck | Action::ConditionalEnd | Action::SemaphoreWait => {
                self.arbitrated |= arbitration;
                None
            }
            Action::BatchStart if self.first.is_some() && self.first == jumped => {
                self.rounds = self.rounds.saturating_add(1);
                Some(Step::Spun {
                    rounds: self.rounds,
                    arbitration: std::mem::take(&mut self.arbitrated),
                })
            }
            // Further on in a circle of more than one jump.
            Action::BatchStart if self.first.is_some() => None,
            Action::BatchStart => {
                *self = Self {
                    first: jumped,
                    ..Self::default()
                };
                None
            }
            _ => {
                self.first = None;
                None
            }
        }
    }
}
