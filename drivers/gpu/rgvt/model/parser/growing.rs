// SPDX-License-Identifier: GPL-2.0

//! The audit of a batch while it is copied: nobody knows how long it is who has not looked at all before its end.

use super::{
    guest::{Guest, RegisterPolicy},
    stream::{Audited, Rejected, Why},
    walk::Walk,
    Place,
};
use kernel::alloc::{flags::GFP_KERNEL, KVVec};
use kernel::error::Result as KernelResult;

/// The most dwords that are copied at once: a page of them.
const STEP: usize = 1024;

/// What the copy is extended by, to be read over.
static NOTHING: [u32; STEP] = [0; STEP];

/// A private copy of a batch, of which what is there is audited.
pub struct Growing<'g, R> {
    words: KVVec<u32>,
    walk: Walk<'g, R>,
}

impl<'g, R: RegisterPolicy> Growing<'g, R> {
    /// Nothing of a batch at `place`.
    pub fn new(place: Place, guest: &'g Guest<'g, R>) -> Self {
        Self {
            words: KVVec::new(),
            walk: Walk::new(place, guest),
        }
    }

    /// Has `read` copy `dwords` more, a page at most.
    pub fn copy(
        &mut self,
        dwords: usize,
        read: impl FnOnce(&mut [u32]) -> KernelResult,
    ) -> KernelResult {
        let old = self.words.len();
        let more = NOTHING.get(..dwords).unwrap_or(&NOTHING);
        // One more dword is for what follows the end.
        self.words
            .reserve(more.len().saturating_add(1), GFP_KERNEL)?;
        self.words.extend_from_slice(more, GFP_KERNEL)?;
        read(self.words.get_mut(old..).unwrap_or_default())
    }

    /// Audits what was copied since, but for a last command that is not there as a whole. Says whether the
    /// batch ends there.
    pub fn audit(&mut self) -> Result<bool, Rejected> {
        self.walk.go_on(&mut self.words)?;
        Ok(self.walk.end().is_some())
    }

    /// What was audited, up to the end of the batch and one dword more.
    pub fn finish(self) -> Result<Audited<KVVec<u32>>, Rejected> {
        let Self { mut words, walk } = self;
        if let Some(end) = walk.end() {
            words.truncate(end);
            words
                .push(0, GFP_KERNEL)
                .map_err(|_| Rejected::new(end, 0, Why::Memory))?;
        }
        let guests = words.len();
        walk.finish(&mut words, guests)?;
        Ok(walk.audited(words))
    }
}
