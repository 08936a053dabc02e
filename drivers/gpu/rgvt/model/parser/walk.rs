// SPDX-License-Identifier: GPL-2.0

//! The way of the audit through commands, of which more may come.

use super::{
    auditor::{Auditor, Next},
    guest::{Guest, RegisterPolicy},
    stream::{Audited, Findings, Rejected, Why},
    Place,
};
use crate::hw::command::field;
use core::ops::DerefMut;

/// How far the audit has come.
pub(super) struct Walk<'g, R> {
    auditor: Auditor<'g, R>,
    /// Where the next command begins; may be past what there is as yet.
    at: usize,
    next: Next,
}

impl<'g, R: RegisterPolicy> Walk<'g, R> {
    /// At the beginning.
    pub(super) fn new(place: Place, guest: &'g Guest<'g, R>) -> Self {
        Self {
            auditor: Auditor::new(place, guest),
            at: 0,
            next: Next::Command,
        }
    }

    /// Audits the commands that are whole in `words`, which begin where they did before. Each dword is looked
    /// at once.
    pub(super) fn go_on(&mut self, words: &mut [u32]) -> Result<(), Rejected> {
        while self.next == Next::Command {
            let rest = words.get_mut(self.at..).unwrap_or_default();
            let Some(&header) = rest.first() else {
                break;
            };
            match self.auditor.command(self.at, rest) {
                Ok((length, next)) => {
                    self.at = self.at.saturating_add(length);
                    self.next = next;
                }
                Err(Why::Truncated) => break,
                Err(why) => return Err(Rejected::new(self.at, header, why)),
            }
        }
        Ok(())
    }

    /// The length of the batch, if its end was met.
    pub(super) fn end(&self) -> Option<usize> {
        (self.next == Next::End).then_some(self.at)
    }

    /// There is no more, of which the first `guests` dwords are the guest's. What follows the end of a batch is
    /// overwritten.
    pub(super) fn finish(&self, words: &mut [u32], guests: usize) -> Result<(), Rejected> {
        let left = words.get(self.at..guests).unwrap_or_default();
        if let (Next::Command, Some(&header)) = (self.next, left.first()) {
            return Err(Rejected::new(self.at, header, Why::Truncated));
        }
        if self.auditor.place.ends() {
            let rest = words.get_mut(self.at..).unwrap_or_default();
            if self.next == Next::Command || rest.is_empty() {
                return Err(Rejected::new(self.at, field::NOOP, Why::Endless));
            }
            rest.fill(field::BATCH_END);
        }
        Ok(())
    }

    /// Says that `words`, which were walked through, are audited.
    pub(super) fn audited<W: DerefMut<Target = [u32]>>(self, words: W) -> Audited<W> {
        let (findings, starts) = self.auditor.finish();
        let findings = Findings {
            dwords: self.at,
            ..findings
        };
        Audited::new(words, findings, starts)
    }
}
