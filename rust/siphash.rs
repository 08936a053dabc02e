// SPDX-License-Identifier: GPL-2.0

//! SipHash: a hash under a secret key, which who does not know the key cannot make.
//!
//! C header: [`include/linux/siphash.h`](srctree/include/linux/siphash.h)

use super::{
    bindings,
    random::random, //
};

/// A secret key.
pub(crate) struct Key([u64; 2]);

impl Key {
    /// A key of random bits.
    pub(crate) fn random() -> Self {
        Self([random(), random()])
    }

    /// The hash of `data`.
    pub(crate) fn hash(&self, data: &[u8]) -> u64 {
        // SAFETY: `data` is valid for its length, and the key is the two numbers that the function reads.
        unsafe { bindings::rgvt_siphash(data.as_ptr().cast(), data.len(), self.0.as_ptr()) }
    }
}
