// SPDX-License-Identifier: GPL-2.0

//! Knows a batch that only waits: it jumps in a circle and does nothing that could be seen.
//!
//! Such batches end when somebody overwrites a command of theirs. The hardware reads them over and
//! over; here that would take a processor of the host from the machine whose write it waits for.

use super::Step;
use super::decode::Action;
use crate::addr::Gma;

/// What is known of the circle that a batch may be in.
///
/// Where a jump went is remembered until another goes there. If none does, the circle lies further
/// on or is longer, so a later jump is remembered instead, for twice as many (R. P. Brent's
/// algorithm).
#[derive(Default)]
pub struct Spin {
    /// Where the jump went that is remembered, if one did since something was done.
    anchor: Option<Gma>,
    /// Jumps since then.
    jumps: u32,
    /// After how many of them another is remembered.
    patience: u32,
    /// Circles closed since then.
    rounds: u32,
    /// The context could have been preempted since the last of them.
    arbitrated: bool,
}

impl Spin {
    /// Takes note of a command that ran. `jumped` is where it jumped to, `arbitration` whether it
    /// allows preemption. [`Step::Spun`] when it closes a circle that has done nothing.
    pub fn note(&mut self, action: Action, jumped: Option<Gma>, arbitration: bool) -> Option<Step> {
        match (action, jumped) {
            (
                Action::Noop | Action::ArbCheck | Action::ConditionalEnd | Action::SemaphoreWait,
                _,
            ) => {
                self.arbitrated |= arbitration;
                None
            }
            (Action::BatchStart, None) => None,
            (Action::BatchStart, _) if self.anchor == jumped => {
                self.jumps = 0;
                self.rounds = self.rounds.saturating_add(1);
                Some(Step::Spun {
                    rounds: self.rounds,
                    arbitration: std::mem::take(&mut self.arbitrated),
                })
            }
            (Action::BatchStart, _) => {
                self.jumps += 1;
                if self.jumps >= self.patience {
                    *self = Self {
                        anchor: jumped,
                        patience: self.patience.saturating_mul(2).max(1),
                        ..Self::default()
                    };
                }
                None
            }
            _ => {
                *self = Self::default();
                None
            }
        }
    }
}
