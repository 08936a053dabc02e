// SPDX-License-Identifier: GPL-2.0

//! How much memory a virtual GPU has: what is pinned of its guest's, and the host's own.

use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

use crate::model::seam::edquot;

/// Pages of 4 KiB in a MiB.
const PAGES_IN_MIB: u64 = 256;

/// A virtual GPU's account of pages of 4 KiB. It outlives the guests, which come and go.
///
/// Everybody can look at any time; the guest's pages are added and taken away with the lock on its pins held.
pub(crate) struct Account {
    quota_mib: Atomic<u32>,
    pages: Atomic<u64>,
    tables: Atomic<u64>,
}

impl Account {
    /// Nothing pinned, and up to `quota_mib` MiB allowed.
    pub(crate) fn new(quota_mib: u32) -> Self {
        Self {
            quota_mib: Atomic::new(quota_mib),
            pages: Atomic::new(0),
            tables: Atomic::new(0),
        }
    }

    /// How many MiB may be pinned.
    pub(crate) fn quota_mib(&self) -> u32 {
        self.quota_mib.load(Relaxed)
    }

    /// Allows so many MiB from now on. What is pinned already stays.
    pub(crate) fn set_quota_mib(&self, mib: u32) {
        self.quota_mib.store(mib, Relaxed);
    }

    /// How many pages are pinned.
    pub(crate) fn pages(&self) -> u64 {
        self.pages.load(Relaxed)
    }

    /// How many pages of the host's there are for shadow page tables.
    pub(crate) fn tables(&self) -> u64 {
        self.tables.load(Relaxed)
    }

    /// There is one more of these.
    pub(super) fn add_table(&self) {
        self.tables.add(1, Relaxed);
    }

    /// There is one less.
    pub(super) fn remove_table(&self) {
        self.tables.fetch_sub(1, Relaxed);
    }

    /// Makes room for `count` more pages of the guest's. EDQUOT if that is more than allowed.
    pub(super) fn add(&self, count: u64) -> Result {
        let total = self.pages().saturating_add(count);
        if total > u64::from(self.quota_mib()).saturating_mul(PAGES_IN_MIB) {
            return Err(edquot());
        }
        self.pages.store(total, Relaxed);
        Ok(())
    }

    /// `count` pages are pinned no more, or could not be.
    pub(super) fn remove(&self, count: u64) {
        self.pages
            .store(self.pages().saturating_sub(count), Relaxed);
    }
}
