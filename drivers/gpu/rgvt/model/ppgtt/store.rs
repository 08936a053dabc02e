// SPDX-License-Identifier: GPL-2.0

//! The shadow tables of one virtual GPU, by number and by what they are the shadow of.

use super::{
    buckets::Buckets,
    table::{Key, Source, Table, TableId},
    Seam,
};
use crate::{
    hw::addr::Gfn,
    model::{bits::Set, seam::edquot},
};
use kernel::{
    alloc::{flags::GFP_KERNEL, KBox, KVVec},
    error::{code::EINVAL, Result},
};

/// The tables.
pub(super) struct Store<S: Seam> {
    tables: KVVec<Option<KBox<Table<S>>>>,
    /// Numbers that name a table.
    used: Set,
    /// Tables that can be found.
    buckets: Buckets,
    limit: u32,
}

impl<S: Seam> Store<S> {
    /// A store of at most `limit` tables, which are found by what depends on `secret`.
    pub(super) fn new(limit: u32, secret: u64) -> Result<Self> {
        Ok(Self {
            tables: KVVec::new(),
            used: Set::empty(limit)?,
            buckets: Buckets::new(limit, secret)?,
            limit,
        })
    }

    pub(super) fn len(&self) -> u32 {
        self.used.len()
    }

    pub(super) fn get(&self, id: TableId) -> Option<&Table<S>> {
        self.tables.get(position(id)?)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, id: TableId) -> Option<&mut Table<S>> {
        self.tables.get_mut(position(id)?)?.as_deref_mut()
    }

    /// The table with the least number that is at least `from`.
    pub(super) fn next(&self, from: u32) -> Option<TableId> {
        self.used.next(from).map(TableId)
    }

    /// Makes a table for `source`. It can be found if it is the shadow of a page.
    pub(super) fn make(&mut self, seam: &S, source: Source) -> Result<TableId> {
        let number = self.used.first_absent().filter(|&n| n < self.limit);
        let id = number.map(TableId).ok_or_else(edquot)?;
        let position = position(id).ok_or(EINVAL)?;
        if position >= self.tables.len() {
            self.tables.push(None, GFP_KERNEL)?;
        }
        let mut table = KBox::new(Table::new(seam, source)?, GFP_KERNEL)?;
        let place = self.tables.get_mut(position).ok_or(EINVAL)?;
        if let Source::Guest(key) = source {
            if let Some(bucket) = self.buckets.head(key.gfn) {
                table.next = bucket.replace(id);
            }
        }
        *place = Some(table);
        self.used.insert(id.0);
        Ok(id)
    }

    /// The shadow of `key`.
    pub(super) fn find(&self, key: Key) -> Option<TableId> {
        let source = Source::Guest(key);
        let matches = |&id: &TableId| self.get(id).is_some_and(|table| table.source == source);
        self.hashed_as(key.gfn).find(matches)
    }

    /// The tables that can be found and whose hash is that of `gfn`: among them all shadows of that
    /// page.
    pub(super) fn hashed_as(&self, gfn: Gfn) -> impl Iterator<Item = TableId> + '_ {
        core::iter::successors(self.first_hashed_as(gfn), |&id| self.get(id)?.next)
    }

    /// The first of these; the others follow by `next`.
    pub(super) fn first_hashed_as(&self, gfn: Gfn) -> Option<TableId> {
        self.buckets.first(gfn)
    }

    /// Makes a table one that cannot be found any more.
    pub(super) fn hide(&mut self, id: TableId) {
        let Some(table) = self.get_mut(id) else {
            return;
        };
        let next = table.next.take();
        let Source::Guest(key) = table.source else {
            return;
        };
        if let Some(bucket) = self.buckets.head(key.gfn) {
            if *bucket == Some(id) {
                *bucket = next;
                return;
            }
        }
        let before = |&other: &TableId| self.get(other).is_some_and(|t| t.next == Some(id));
        let before = self.hashed_as(key.gfn).find(before);
        if let Some(before) = before.and_then(|before| self.get_mut(before)) {
            before.next = next;
        }
    }

    /// Frees a table that cannot be found.
    pub(super) fn free(&mut self, id: TableId) {
        if let Some(place) = position(id).and_then(|at| self.tables.get_mut(at)) {
            *place = None;
        }
        self.used.remove(id.0);
    }

    /// Frees all.
    pub(super) fn clear(&mut self) {
        self.tables.clear();
        self.used.fill(false);
        self.buckets.clear();
    }
}

fn position(id: TableId) -> Option<usize> {
    usize::try_from(id.0).ok()
}
