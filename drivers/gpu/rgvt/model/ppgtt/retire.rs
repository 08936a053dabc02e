// SPDX-License-Identifier: GPL-2.0

//! What is no longer in the shadow, but which the GPU may know.
//!
//! Time is counted in holds. What leaves the shadow at a time may be known to whatever was held then, or
//! before, and is not released yet; what is held later has not seen it.

use super::{
    entry::Entry,
    table::{Source, Table, TableId, Target},
    Seam, Tables,
};
use crate::{
    hw::{
        addr::Gfn,
        gtt::{Level, ENTRIES_IN_PAGE},
    },
    model::{bits::Set, seam::TablePage},
};
use kernel::{
    alloc::{flags::GFP_KERNEL, KVVec},
    error::{code::EBUSY, Result},
};

/// A stretch of the guest's memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) first: Gfn,
    pub(super) pages: u64,
}

impl Range {
    fn has(self, page: Gfn) -> bool {
        let at = page.checked_sub(self.first);
        at.is_some_and(|at| at < self.pages)
    }
}

/// A pin that left the shadow.
struct RetiredPin<P> {
    at: u64,
    page: Option<Gfn>,
    _pin: P,
}

/// What left the shadow.
pub(super) struct Retired<P> {
    pins: KVVec<RetiredPin<P>>,
    pub(super) tables: Set,
}

impl<P> Retired<P> {
    pub(super) fn new(tables: u32) -> Result<Self> {
        Ok(Self {
            pins: KVVec::new(),
            tables: Set::empty(tables)?,
        })
    }

    /// Gives up the pins in `range` at once.
    pub(super) fn take(&mut self, range: Range) {
        self.pins
            .retain(|pin| pin.page.is_some_and(|page| !range.has(page)));
    }

    pub(super) fn clear(&mut self) {
        self.pins.clear();
        self.tables.fill(false);
    }
}

impl<S: Seam> Tables<S> {
    /// Whether anything is kept for what runs.
    pub(super) fn keeps_retired(&self) -> bool {
        !self.retired.pins.is_empty() || !self.retired.tables.is_empty()
    }

    /// Room for `count` pins to be retired. EBUSY if they are too many before what runs is done.
    pub(super) fn reserve_retired(&mut self, count: usize) -> Result {
        if self.held.is_empty() || count == 0 {
            return Ok(());
        }
        let limit = usize::try_from(self.config.retired).unwrap_or(usize::MAX);
        if self.retired.pins.len().saturating_add(count) > limit {
            return Err(EBUSY);
        }
        Ok(self.retired.pins.reserve(count, GFP_KERNEL)?)
    }

    /// Retires what an entry pointed to. `guest` is the entry as the guest has it, in a table of
    /// `source`. There is room for it, unless the GPU was stopped.
    pub(super) fn retire(&mut self, target: Target<S::Pin>, source: Source, guest: u64) {
        match target {
            Target::None | Target::Scratch | Target::Taken => {}
            Target::Table(id) => self.unrefer(id),
            Target::Page(_) if self.held.is_empty() => {}
            Target::Page(pin) => {
                let page = Entry::decode(source.level(), guest, self.pages_64k).page();
                let pin = RetiredPin {
                    at: self.now,
                    page,
                    _pin: pin,
                };
                // Fails where there is no room: then the GPU was stopped, and nothing knows the page.
                let _ = self.retired.pins.push(pin, GFP_KERNEL);
            }
        }
    }

    /// Takes a reference to a table away, and retires it if that was the last.
    ///
    /// Calls itself for the level below, so no more than 4 deep.
    pub(super) fn unrefer(&mut self, id: TableId) {
        let Some(table) = self.store.get_mut(id) else {
            return;
        };
        table.references = table.references.saturating_sub(1);
        if table.references > 0 {
            return;
        }
        table.track = None;
        table.retired = self.now;
        self.store.hide(id);
        self.dirty.remove(id.0);
        self.unwatched.remove(id.0);
        self.unrefer_below(id);
        if self.held.is_empty() {
            self.store.free(id);
        } else {
            self.retired.tables.insert(id.0);
        }
    }

    /// Takes the references away that a table has. The GPU still finds them there.
    fn unrefer_below(&mut self, id: TableId) {
        let table = self.store.get(id);
        if table.is_none_or(|table| table.source.level() == Level::Pte) {
            // Only pages are below.
            return;
        }
        for index in 0..ENTRIES_IN_PAGE {
            let slot = self.store.get_mut(id).and_then(|table| table.slot(index));
            let Some(slot) = slot else {
                return;
            };
            if let Target::Table(below) = slot.target {
                slot.target = Target::None;
                self.unrefer(below);
            }
        }
    }

    /// Gives back what no hold can know any more.
    pub(super) fn reap(&mut self) {
        let oldest = self.held.iter().map(|held| held.serial).min();
        let known = |at: u64| oldest.is_some_and(|oldest| oldest <= at);
        self.retired.pins.retain(|pin| known(pin.at));
        let mut from = 0;
        while let Some(number) = self.retired.tables.next(from) {
            from = number.saturating_add(1);
            let id = TableId(number);
            if !self.store.get(id).is_some_and(|table| known(table.retired)) {
                self.retired.tables.remove(number);
                self.store.free(id);
            }
        }
    }

    /// Takes the pins in `range` from the entries of a table, retired or not.
    pub(super) fn take_pins(&mut self, id: TableId, range: Range) {
        let pages_64k = self.pages_64k;
        let scratch = self.scratch.address();
        let Some(table) = self.store.get_mut(id) else {
            return;
        };
        let level = table.source.level();
        let alive = table.references > 0;
        let Table {
            slots, page, dirty, ..
        } = table;
        for (index, slot) in (0_u16..).zip(slots.iter_mut()) {
            if !matches!(slot.target, Target::Page(_)) {
                continue;
            }
            let Entry::Page(gfn, attributes) = Entry::decode(level, slot.guest, pages_64k) else {
                continue;
            };
            if range.has(gfn) {
                page.set(index, attributes.page(scratch).unwrap_or(0));
                slot.target = Target::Taken;
                dirty.insert(u32::from(index));
                if alive {
                    self.dirty.insert(id.0);
                }
            }
        }
    }

    /// Empties a table that is the shadow of a page in `range`.
    pub(super) fn take_table(&mut self, id: TableId, range: Range) {
        let table = self.store.get_mut(id).filter(|table| table.references > 0);
        let Some(table) = table else {
            return;
        };
        let gfn = table.source.gfn();
        if !gfn.is_some_and(|gfn| range.has(gfn)) {
            return;
        }
        table.track = None;
        self.unwatched.insert(id.0);
        self.empty(id);
    }
}
