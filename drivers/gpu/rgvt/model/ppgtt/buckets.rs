// SPDX-License-Identifier: GPL-2.0

//! Where the tables that are the shadow of a page are found.

use super::table::TableId;
use crate::hw::addr::Gfn;
use kernel::{
    alloc::{flags::GFP_KERNEL, KVVec},
    error::{code::EINVAL, Result},
};

/// The first table of each hash; the others are linked from there on.
///
/// The guest chooses the pages. So that it cannot choose them to have the same hash, and lookups long, that
/// comes of a number which it does not know.
///
/// # Invariants
///
/// The number of `heads` is a power of two, and `bits` its logarithm; `factor` is odd.
pub(super) struct Buckets {
    heads: KVVec<Option<TableId>>,
    bits: u32,
    factor: u64,
}

impl Buckets {
    /// Empty buckets for up to `limit` tables, which depend on `secret`.
    pub(super) fn new(limit: u32, secret: u64) -> Result<Self> {
        let count = limit.checked_next_power_of_two().ok_or(EINVAL)?;
        let heads = usize::try_from(count).map_err(|_| EINVAL)?;
        // INVARIANT: It was made one; a power of two has as many zeros at its end; the lowest bit is set.
        Ok(Self {
            heads: KVVec::from_elem(None, heads, GFP_KERNEL)?,
            bits: count.trailing_zeros(),
            factor: secret | 1,
        })
    }

    /// The highest bits of the product. For any two pages, one factor in half as many as there are buckets makes them
    /// alike, at most (Dietzfelbinger et al., "A Reliable Randomized Algorithm for the Closest-Pair Problem", 1997).
    fn hash(&self, gfn: Gfn) -> Option<usize> {
        let product = gfn.get().wrapping_mul(self.factor);
        // All bits are shifted out if there is one bucket.
        let top = product.checked_shr(u64::BITS.saturating_sub(self.bits));
        usize::try_from(top.unwrap_or(0)).ok()
    }

    /// The first table whose hash is that of `gfn`.
    pub(super) fn first(&self, gfn: Gfn) -> Option<TableId> {
        self.heads.get(self.hash(gfn)?).copied().flatten()
    }

    /// The place where that is noted.
    pub(super) fn head(&mut self, gfn: Gfn) -> Option<&mut Option<TableId>> {
        let bucket = self.hash(gfn)?;
        self.heads.get_mut(bucket)
    }

    /// Empties all.
    pub(super) fn clear(&mut self) {
        self.heads.fill(None);
    }
}
