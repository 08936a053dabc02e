// SPDX-License-Identifier: GPL-2.0

//! The secret under which the engine's state is sealed.

use crate::rust::siphash::Key;

/// The key of one engine of one virtual GPU. State that was saved for another does not pass.
pub(crate) struct Sealer(Key);

impl Sealer {
    /// A key that nobody knows.
    pub(crate) fn new() -> Self {
        Self(Key::random())
    }

    /// The hash of an engine's state under the key.
    pub(crate) fn hash(&self, state: &[u8]) -> u64 {
        self.0.hash(state)
    }
}
