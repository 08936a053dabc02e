// SPDX-License-Identifier: GPL-2.0

//! One table of the shadow.

use super::{
    entry::{part_of_2m, part_of_64k, IN_64K},
    Seam,
};
use crate::{
    hw::{
        addr::{Gfn, PAGE_SIZE},
        gtt::{Level, ENTRIES_IN_PAGE},
    },
    model::bits::Bits,
};
use kernel::{
    alloc::{flags::GFP_KERNEL, KVVec},
    error::Result,
};

/// Names a table in the store. A table that is gone may have left its number to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TableId(pub(super) u32);

/// What a shadow table is the shadow of. Whoever needs the same uses the same table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) gfn: Gfn,
    pub(super) level: Level,
    /// Whether the guest's table maps pages of 64 KiB.
    pub(super) wide: bool,
}

/// Where the entries of a shadow table come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A page of the guest's.
    Guest(Key),
    /// One entry that maps 2 MiB.
    Split(u64),
}

/// What a shadow entry keeps alive.
#[derive(Debug)]
pub(super) enum Target<P> {
    /// Nothing: the entry is absent, or means nothing.
    None,
    /// A page of the guest's.
    Page(P),
    /// A table of the level below, of which this is one reference.
    Table(TableId),
    /// The scratch page: what the guest asks for is not its memory.
    Scratch,
    /// Nothing until it is looked at again: its page was taken away.
    Taken,
}

/// An entry of the shadow, beside what the GPU sees of it.
#[derive(Debug)]
pub(super) struct Slot<P> {
    /// The guest's entry when it was last looked at.
    pub(super) guest: u64,
    pub(super) target: Target<P>,
}

/// A table.
pub(super) struct Table<S: Seam> {
    pub(super) source: Source,
    /// How many entries and roots point here.
    pub(super) references: u32,
    /// What the GPU sees.
    pub(super) page: S::Page,
    /// [`ENTRIES_IN_PAGE`] of them.
    pub(super) slots: KVVec<Slot<S::Pin>>,
    /// Whether an entry of the guest's may be in a slot.
    pub(super) filled: bool,
    /// Entries that the guest may have changed since they were last looked at.
    pub(super) dirty: Bits<[u64; 8]>,
    pub(super) track: Option<S::Track>,
    /// How often the guest wrote to it since it was last read.
    pub(super) told: u32,
    /// The next table with the same hash.
    pub(super) next: Option<TableId>,
    /// When the last reference went away, in holds.
    pub(super) retired: u64,
}

impl Source {
    pub(super) fn level(self) -> Level {
        match self {
            Source::Guest(key) => key.level,
            Source::Split(_) => Level::Pte,
        }
    }

    /// The guest's page that it is the shadow of, if it is that of a page.
    pub(super) fn gfn(self) -> Option<Gfn> {
        match self {
            Source::Guest(key) => Some(key.gfn),
            Source::Split(_) => None,
        }
    }

    fn wide(self) -> bool {
        matches!(self, Source::Guest(Key { wide: true, .. }))
    }

    /// Entry `index` as one of a table of plain entries. `image` holds the guest's table.
    pub(super) fn entry(self, image: &[u8], index: u32) -> u64 {
        match self {
            Source::Split(raw) => part_of_2m(raw, index),
            Source::Guest(Key { wide: true, .. }) => {
                let leader = index & !(IN_64K - 1);
                part_of_64k(raw(image, leader), index)
            }
            Source::Guest(_) => raw(image, index),
        }
    }
}

impl<S: Seam> Table<S> {
    /// A table with nothing in it, and all of it to be looked at.
    pub(super) fn new(seam: &S, source: Source) -> Result<Self> {
        let count = usize::try_from(ENTRIES_IN_PAGE).unwrap_or(0);
        let mut slots = KVVec::with_capacity(count, GFP_KERNEL)?;
        for _ in 0..count {
            let empty = Slot {
                guest: 0,
                target: Target::None,
            };
            slots.push(empty, GFP_KERNEL)?;
        }
        Ok(Self {
            source,
            references: 1,
            page: seam.allocate()?,
            slots,
            filled: false,
            dirty: Bits::new([u64::MAX; 8]),
            track: None,
            told: 0,
            next: None,
            retired: 0,
        })
    }

    pub(super) fn slot(&mut self, index: u32) -> Option<&mut Slot<S::Pin>> {
        self.slots.get_mut(usize::try_from(index).ok()?)
    }

    /// The first dirty entry from `from` on that is not as it was when it was last looked at, and what it is in
    /// `image`, the guest's table. `from` is behind the last one that was found so: none before what is found now is
    /// dirty any more.
    pub(super) fn next_change(&mut self, image: &[u8], from: u32) -> Option<(u32, u64)> {
        let Self { source, slots, .. } = self;
        let mut dirty = self.dirty.iter_from(from);
        let change = dirty.find_map(|index| {
            let guest = source.entry(image, index);
            let slot = slots.get(usize::try_from(index).ok()?)?;
            let is_same = slot.guest == guest && !matches!(slot.target, Target::Taken);
            (!is_same).then_some((index, guest))
        });
        let checked = change.map_or(ENTRIES_IN_PAGE, |(index, _)| index);
        drop(dirty);
        self.dirty.remove_below(checked);
        change
    }

    /// The entries from `first` to `last` may have changed.
    pub(super) fn touch(&mut self, first: u32, last: u32) {
        let (first, last) = if self.source.wide() {
            (first & !(IN_64K - 1), last | (IN_64K - 1))
        } else {
            (first, last)
        };
        for index in first..=last.min(ENTRIES_IN_PAGE - 1) {
            self.dirty.insert(index);
        }
    }

    /// The bytes of the guest's table that hold all dirty entries: the first, and the one after
    /// the last. `None` if there are none.
    pub(super) fn dirty_bytes(&self) -> Option<(usize, usize)> {
        let first = self.dirty.next(0)?;
        let first = if self.source.wide() {
            first & !(IN_64K - 1)
        } else {
            first
        };
        let (start, _) = bytes(first)?;
        let (_, end) = bytes(self.dirty.last()?)?;
        Some((start, end))
    }
}

/// Where entry `index` is in a table: its first byte, and the one after its last.
fn bytes(index: u32) -> Option<(usize, usize)> {
    let start = usize::try_from(index).ok()?.checked_mul(8)?;
    let end = start.checked_add(8)?;
    (u64::try_from(end).ok()? <= PAGE_SIZE).then_some((start, end))
}

fn raw(image: &[u8], index: u32) -> u64 {
    let entry = bytes(index).and_then(|(start, end)| image.get(start..end));
    let entry = entry.and_then(|entry| <[u8; 8]>::try_from(entry).ok());
    entry.map_or(0, u64::from_le_bytes)
}
