// SPDX-License-Identifier: GPL-2.0

//! How a shadow table becomes what the guest's is.

use super::{
    entry::{Attributes, Entry},
    table::{Key, Source, TableId, Target},
    Seam, Tables,
};
use crate::{
    hw::{
        addr::{Gfn, PAGE_SIZE},
        gtt::{Level, ENTRIES_IN_PAGE},
    },
    model::seam::TablePage,
};
use kernel::{
    alloc::{flags::GFP_KERNEL, KVVec},
    error::{
        code::{EAGAIN, EFAULT, EINVAL},
        Result,
    },
};

/// What a new table costs, in entries: it is allocated, mapped for the GPU and tracked.
const TABLE_WORK: u32 = 16;

/// A copy of a guest's table for each level, as a table is looked at while one above it is.
pub(super) struct Images([KVVec<u8>; 4]);

impl Images {
    pub(super) fn new() -> Result<Self> {
        let bytes = usize::try_from(PAGE_SIZE).map_err(|_| EINVAL)?;
        let image = || KVVec::from_elem(0, bytes, GFP_KERNEL);
        Ok(Self([image()?, image()?, image()?, image()?]))
    }

    fn of(&mut self, level: Level) -> &mut KVVec<u8> {
        let [pte, pde, pdpe, pml4e] = &mut self.0;
        match level {
            Level::Pte => pte,
            Level::Pde => pde,
            Level::Pdpe => pdpe,
            Level::Pml4e => pml4e,
        }
    }
}

/// What an entry of the shadow is to be, and whether all below it could be done.
struct Resolved<P> {
    target: Target<P>,
    shadow: u64,
    below: Result,
}

impl<P> Resolved<P> {
    fn new(target: Target<P>, shadow: Option<u64>) -> Self {
        Self {
            target,
            shadow: shadow.unwrap_or(0),
            below: Ok(()),
        }
    }
}

impl<S: Seam> Tables<S> {
    /// Brings all tables up to date. After an error the rest is still dirty.
    ///
    /// From the top: the page of a table that one above no longer points to may be anything by now, and what that
    /// would mean as a table is not to be found out.
    pub(super) fn refresh_all(&mut self) -> Result {
        if self.seam.lost_tracks() {
            self.watch_none();
        }
        self.dirty.insert_all(&self.unwatched);
        for level in [Level::Pml4e, Level::Pdpe, Level::Pde, Level::Pte] {
            let mut from = 0;
            while let Some(number) = self.dirty.next(from) {
                from = number.saturating_add(1);
                let id = TableId(number);
                let table = self.store.get(id);
                if table.is_none_or(|table| table.source.level() == level) {
                    self.refresh(id)?;
                }
            }
        }
        Ok(())
    }

    /// Takes no table for watched any more, until it is read as a whole.
    fn watch_none(&mut self) {
        let mut from = 0;
        while let Some(id) = self.store.next(from) {
            from = id.0.saturating_add(1);
            let table = self.store.get_mut(id);
            let table = table.filter(|table| table.references > 0 && table.track.is_some());
            if let Some(table) = table {
                table.track = None;
                self.unwatched.insert(id.0);
            }
        }
    }

    /// Brings a table up to date, and all below it that are new.
    ///
    /// Calls itself for the level below, so no more than 4 deep.
    fn refresh(&mut self, id: TableId) -> Result {
        if let Some(table) = self.store.get(id) {
            let source = table.source;
            let mut image = core::mem::take(self.images.of(source.level()));
            let done = match source {
                Source::Guest(key) => self.read(id, key, &mut image),
                Source::Split(_) => Ok(true),
            };
            let done = match done {
                Ok(true) => self.update_dirty(id, source, &image),
                Ok(false) => self.empty_later(id),
                Err(error) => Err(error),
            };
            *self.images.of(source.level()) = image;
            done?;
        }
        self.dirty.remove(id.0);
        Ok(())
    }

    /// Reads the dirty entries of the guest's table; false if it is not the guest's memory.
    fn read(&mut self, id: TableId, key: Key, image: &mut [u8]) -> Result<bool> {
        let unwatched = self.unwatched.contains(id.0);
        let table = self.store.get_mut(id).ok_or(EINVAL)?;
        if unwatched {
            table.dirty.fill(true);
            if table.track.is_none() {
                // Before it is read, so that no write is missed.
                table.track = self.seam.track(key.gfn).ok();
            }
        }
        let Some((start, end)) = table.dirty_bytes() else {
            return Ok(true);
        };
        let offset = u64::try_from(start).map_err(|_| EINVAL)?;
        let from = key.gfn.phys().and_then(|phys| phys.checked_add(offset));
        let (Some(from), Some(into)) = (from, image.get_mut(start..end)) else {
            return Ok(false);
        };
        table.told = 0;
        self.statistics.read = self.statistics.read.saturating_add(1);
        let read = self.seam.read(from, into).is_ok();
        if read && table.track.is_some() {
            self.unwatched.remove(id.0);
        }
        Ok(read)
    }

    /// Brings the dirty entries of a table up to date.
    fn update_dirty(&mut self, id: TableId, source: Source, image: &[u8]) -> Result {
        let mut from = 0;
        loop {
            let table = self.store.get_mut(id).ok_or(EINVAL)?;
            let Some((index, entry)) = table.next_change(image, from) else {
                return Ok(());
            };
            from = index.saturating_add(1);
            let below = self.update(id, source, index, entry)?;
            if let Some(table) = self.store.get_mut(id) {
                table.dirty.remove(index);
            }
            below?;
        }
    }

    /// Makes entry `index` the shadow of `guest`. The inner result is about the tables below, which
    /// are in place even if they are not complete.
    fn update(&mut self, id: TableId, source: Source, index: u32, guest: u64) -> Result<Result> {
        let slot = self.store.get_mut(id).and_then(|table| table.slot(index));
        let leaves = slot.is_some_and(|slot| matches!(slot.target, Target::Page(_)));
        self.work = self.work.checked_sub(1).ok_or(EAGAIN)?;
        self.reserve_retired(leaves.into())?;
        let resolved = self.resolve(Entry::decode(source.level(), guest, self.pages_64k), guest)?;

        self.set(id, index, resolved.shadow);
        let table = self.store.get_mut(id).ok_or(EINVAL)?;
        table.filled |= guest != 0;
        let slot = table.slot(index).ok_or(EINVAL)?;
        let before = core::mem::replace(&mut slot.guest, guest);
        let target = core::mem::replace(&mut slot.target, resolved.target);
        self.retire(target, source, before);
        Ok(resolved.below)
    }

    fn set(&mut self, id: TableId, index: u32, shadow: u64) {
        self.statistics.set = self.statistics.set.saturating_add(1);
        if let (Some(table), Ok(index)) = (self.store.get_mut(id), u16::try_from(index)) {
            table.page.set(index, shadow);
        }
    }

    /// Gets hold of what `entry`, which is `guest`, points to.
    fn resolve(&mut self, entry: Entry, guest: u64) -> Result<Resolved<S::Pin>> {
        match entry {
            Entry::Absent => Ok(Resolved::new(Target::None, None)),
            Entry::Page(gfn, attributes) => self.page(gfn, attributes),
            Entry::Huge(attributes) => {
                let id = self.make(Source::Split(guest))?;
                Ok(self.table(id, attributes))
            }
            Entry::Table(key, attributes) => {
                let id = self.refer(key)?;
                Ok(self.table(id, attributes))
            }
        }
    }

    fn page(&mut self, gfn: Gfn, attributes: Attributes) -> Result<Resolved<S::Pin>> {
        let scratch = || {
            let shadow = attributes.page(self.scratch.address());
            Resolved::new(Target::Scratch, shadow)
        };
        match self.seam.pin(gfn) {
            Ok((pin, address)) => Ok(match attributes.page(address) {
                Some(shadow) => Resolved::new(Target::Page(pin), Some(shadow)),
                None => scratch(),
            }),
            Err(EFAULT) => Ok(scratch()),
            Err(error) => Err(error),
        }
    }

    /// An entry that points to the table `id`, which becomes complete first if it is new.
    fn table(&mut self, id: TableId, attributes: Attributes) -> Resolved<S::Pin> {
        let new = self.dirty.contains(id.0);
        let below = if new { self.refresh(id) } else { Ok(()) };
        Resolved {
            below,
            ..Resolved::new(Target::Table(id), attributes.table(self.address(id)))
        }
    }

    /// A reference to the shadow of `key`, which is made if there is none.
    pub(super) fn refer(&mut self, key: Key) -> Result<TableId> {
        let Some(id) = self.store.find(key) else {
            let id = self.make(Source::Guest(key))?;
            self.unwatched.insert(id.0);
            return Ok(id);
        };
        let table = self.store.get_mut(id).ok_or(EINVAL)?;
        table.references = table.references.checked_add(1).ok_or(EINVAL)?;
        Ok(id)
    }

    fn make(&mut self, source: Source) -> Result<TableId> {
        let id = self.store.make(&self.seam, source)?;
        self.work = self.work.saturating_sub(TABLE_WORK);
        self.dirty.insert(id.0);
        Ok(id)
    }

    /// Empties a table whose page is not the guest's memory.
    fn empty_later(&mut self, id: TableId) -> Result {
        // Nobody tells when the page becomes memory, so this happens at each hold until then.
        if self.store.get(id).is_some_and(|table| table.filled) {
            let count = usize::try_from(ENTRIES_IN_PAGE).map_err(|_| EINVAL)?;
            self.reserve_retired(count)?;
        }
        self.unwatched.insert(id.0);
        if let Some(table) = self.store.get_mut(id) {
            // Memory that comes to be there later is tracked anew.
            table.track = None;
        }
        self.empty(id);
        Ok(())
    }

    /// Empties a table. There is room to retire all that it holds, unless the GPU was stopped.
    pub(super) fn empty(&mut self, id: TableId) {
        let filled = self.store.get_mut(id).map(|table| &mut table.filled);
        if !filled.is_some_and(core::mem::take) {
            return;
        }
        for index in 0..ENTRIES_IN_PAGE {
            let Some(table) = self.store.get_mut(id) else {
                return;
            };
            let source = table.source;
            let Some(slot) = table.slot(index) else {
                return;
            };
            let before = core::mem::replace(&mut slot.guest, 0);
            let target = core::mem::replace(&mut slot.target, Target::None);
            if before != 0 {
                self.set(id, index, 0);
                self.retire(target, source, before);
            }
        }
    }
}
