// SPDX-License-Identifier: GPL-2.0

//! The global translation table as one guest sees it.
//!
//! The guest writes entries for its share of the address space; each becomes an order to map one of
//! its pages, or none, at that index of the host's table. Entries for what is not its own read as
//! zero and writes to them are dropped: drivers clear the whole table before they know their share.
//!
//! A guest may write an entry in two halves of 4 bytes. The order for the first half is held back, so
//! that no page is pinned for half an address: the entry maps nothing until the second half comes, or
//! until there is reason to believe that none will (a write to another entry, [`Ggtt::flush`]), when
//! the entry counts as it stands, as it would on hardware.
//!
//! A page may be out of reach for a while, or its memory be taken away and come back. What was to map it is
//! remembered ([`Ggtt::missed`]) until the guest changes it, so that it can be tried again before something uses the
//! table. A try that fails for good forgets it.

use super::{bits::Set, partition::Share};
use crate::hw::{
    addr::{Gfn, GgttIndex, GmaRange},
    gtt::{GgttPte, ENTRY_SHIFT, GGTT_SIZE},
};
use kernel::{
    alloc::{flags::GFP_KERNEL, KVVec},
    error::{code::EINVAL, Result},
};

/// What is to be done to the host's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The entry is to map this page of the guest, and no longer what it mapped before. If the page
    /// cannot be pinned, the entry is to map the scratch page; if that may change, it counts as
    /// [missed](Ggtt::missed).
    Map(GgttIndex, Gfn),
    /// The entry is to map the scratch page.
    Unmap(GgttIndex),
}

/// The orders of one access, at most two, to be carried out in their sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Orders {
    /// About an entry that was written half before.
    pub earlier: Option<Order>,
    /// About the entry that is written now.
    pub now: Option<Order>,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// The entry is the guest's.
    Own(Orders),
    /// The entry is someone else's; the write was dropped.
    Foreign,
}

/// Why an access is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is neither 4 nor 8 bytes, or not aligned to its size.
    Shape,
    /// It is past the end of the table.
    Range,
}

/// The value of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// 4 bytes.
    Half(u32),
    /// 8 bytes.
    Whole(u64),
}

/// Half of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    Low,
    High,
}

/// An entry of which only one half was written as yet. It maps nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    index: GgttIndex,
    half: Half,
}

/// The entries of one stretch of the address space, as the guest wrote them.
#[derive(Debug)]
struct Part {
    first: GgttIndex,
    entries: KVVec<u64>,
    /// Positions of those whose page could not be had.
    missed: Set,
}

/// The table of one virtual GPU.
#[derive(Debug)]
pub struct Ggtt {
    parts: [Part; 2],
    pending: Option<Pending>,
    /// Where the next missed entry is looked for first.
    next: GgttIndex,
}

impl Part {
    fn new(range: GmaRange) -> Result<Self> {
        let pages = u32::try_from(range.size().pages()).map_err(|_| EINVAL)?;
        let entries = usize::try_from(pages).map_err(|_| EINVAL)?;
        Ok(Self {
            first: range.start().index().ok_or(EINVAL)?,
            entries: KVVec::from_elem(0, entries, GFP_KERNEL)?,
            missed: Set::empty(pages)?,
        })
    }

    fn position(&self, index: GgttIndex) -> Option<usize> {
        usize::try_from(index.checked_sub(self.first)?).ok()
    }

    fn has(&self, index: GgttIndex) -> bool {
        let position = self.position(index);
        position.is_some_and(|position| position < self.entries.len())
    }

    /// Makes an entry of this part missed or not.
    fn set_missed(&mut self, index: GgttIndex, missed: bool) {
        let Some(number) = index.checked_sub(self.first) else {
            return;
        };
        if missed {
            self.missed.insert(number);
        } else {
            self.missed.remove(number);
        }
    }

    /// The first missed entry that is not before `from`.
    fn next_missed(&self, from: GgttIndex) -> Option<GgttIndex> {
        let number = self
            .missed
            .next(from.checked_sub(self.first).unwrap_or(0))?;
        self.first.checked_add(number)
    }
}

impl Ggtt {
    /// The table for `share`, with nothing mapped. ENOMEM, or EINVAL for an empty share at the very
    /// end of the address space.
    pub fn new(share: &Share) -> Result<Self> {
        Ok(Self {
            parts: [Part::new(share.aperture)?, Part::new(share.hidden)?],
            pending: None,
            next: GgttIndex::new(0),
        })
    }

    /// What a guest reads, `size` bytes from byte `offset` of the table on. The bytes above `size`
    /// are zero.
    pub fn read(&self, offset: u32, size: usize) -> Result<u64, Refused> {
        let (index, half) = place(offset, size)?;
        let entry = self.entry(index).unwrap_or(0);
        Ok(match half {
            None => entry,
            Some(Half::Low) => entry & LOW,
            Some(Half::High) => entry >> 32,
        })
    }

    /// A guest's write to byte `offset` of the table.
    pub fn write(&mut self, offset: u32, value: Value) -> Result<Written, Refused> {
        let size = match value {
            Value::Half(_) => 4,
            Value::Whole(_) => 8,
        };
        let (index, half) = place(offset, size)?;
        let pending = self.pending;
        let Some(entry) = self.entry_mut(index) else {
            return Ok(Written::Foreign);
        };
        let before = *entry;
        *entry = match (value, half) {
            (Value::Whole(value), _) => value,
            (Value::Half(value), Some(Half::High)) => before & LOW | u64::from(value) << 32,
            (Value::Half(value), _) => before & !LOW | u64::from(value),
        };
        let after = *entry;
        self.set_missed(index, false);

        let same = pending.filter(|pending| pending.index == index);
        let complete = match (half, same) {
            (None, _) => true,
            (Some(half), Some(pending)) => half != pending.half,
            (Some(_), None) => false,
        };
        let earlier = if same.is_none() { self.flush() } else { None };
        // A pending entry maps nothing.
        let was = if same.is_some() { None } else { gfn(before) };
        let is = if complete { gfn(after) } else { None };
        self.pending = match half {
            Some(half) if !complete => Some(Pending { index, half }),
            _ => None,
        };
        let now = match (was, is) {
            (None, None) => None,
            // Also the same page again: it may have been taken away meanwhile, or not have been there.
            (_, Some(gfn)) => Some(Order::Map(index, gfn)),
            (_, None) => Some(Order::Unmap(index)),
        };
        Ok(Written::Own(Orders { earlier, now }))
    }

    /// Takes an entry that was written half as it stands. Due before anything uses the table: a
    /// submission, or a guest's flush of the GPU's translation buffers.
    #[must_use]
    pub fn flush(&mut self) -> Option<Order> {
        let pending = self.pending.take()?;
        let gfn = gfn(self.entry(pending.index)?)?;
        Some(Order::Map(pending.index, gfn))
    }

    /// The guest's page at `index`, if the entry is the guest's, complete and present.
    pub fn lookup(&self, index: GgttIndex) -> Option<Gfn> {
        if self.pending.is_some_and(|pending| pending.index == index) {
            return None;
        }
        gfn(self.entry(index)?)
    }

    /// The page of an entry could not be had, but may be later. Until the guest writes the entry,
    /// [`Ggtt::take_missed`] will come back to it.
    pub fn missed(&mut self, index: GgttIndex) {
        if self.lookup(index).is_some() {
            self.set_missed(index, true);
        }
    }

    /// The pages that are `gone` were taken away. Likewise.
    pub fn missed_all(&mut self, gone: impl Fn(Gfn) -> bool) {
        for part in &mut self.parts {
            for (number, &entry) in (0..).zip(part.entries.iter()) {
                if gfn(entry).is_some_and(&gone) {
                    part.missed.insert(number);
                }
            }
        }
        if let Some(pending) = self.pending {
            // It maps nothing yet.
            self.set_missed(pending.index, false);
        }
    }

    /// How many entries are missed.
    pub fn count_missed(&self) -> u32 {
        let counts = self.parts.iter().map(|part| part.missed.len());
        counts.fold(0, u32::saturating_add)
    }

    /// An order that could not be carried out, to be tried again. Each has its turn, so that none that still
    /// fails keeps the others waiting: that one counts as [missed](Ggtt::missed) again.
    #[must_use]
    pub fn take_missed(&mut self) -> Option<Order> {
        if self.parts.iter().all(|part| part.missed.is_empty()) {
            return None;
        }
        let after = |from| self.parts.iter().find_map(|part| part.next_missed(from));
        let index = after(self.next).or_else(|| after(GgttIndex::new(0)))?;
        self.next = index.checked_add(1).unwrap_or(GgttIndex::new(0));
        self.set_missed(index, false);
        Some(Order::Map(index, self.lookup(index)?))
    }

    fn set_missed(&mut self, index: GgttIndex, missed: bool) {
        let mut parts = self.parts.iter_mut();
        if let Some(part) = parts.find(|part| part.has(index)) {
            part.set_missed(index, missed);
        }
    }

    /// All entries that map a page. What is to be undone before [`Ggtt::clear`].
    pub fn mapped(&self) -> impl Iterator<Item = (GgttIndex, Gfn)> + '_ {
        let pending = self.pending.map(|pending| pending.index);
        self.parts
            .iter()
            .flat_map(|part| {
                let indices = part.first.get()..;
                indices.map(GgttIndex::new).zip(part.entries.iter())
            })
            .filter(move |&(index, _)| Some(index) != pending)
            .filter_map(|(index, &entry)| Some((index, gfn(entry)?)))
    }

    /// Forgets all entries, as a reset of the device does. The caller has unmapped them.
    pub fn clear(&mut self) {
        self.pending = None;
        for part in &mut self.parts {
            part.entries.fill(0);
            part.missed.fill(false);
        }
    }

    fn entry(&self, index: GgttIndex) -> Option<u64> {
        self.parts
            .iter()
            .find_map(|part| part.entries.get(part.position(index)?).copied())
    }

    fn entry_mut(&mut self, index: GgttIndex) -> Option<&mut u64> {
        self.parts.iter_mut().find_map(|part| {
            let position = part.position(index)?;
            part.entries.get_mut(position)
        })
    }
}

/// The lower half of an entry.
const LOW: u64 = 0xffff_ffff;

fn gfn(entry: u64) -> Option<Gfn> {
    GgttPte::from_raw(entry).gfn()
}

/// The entry, and the half of it if it is one, that an access is about.
fn place(offset: u32, size: usize) -> Result<(GgttIndex, Option<Half>), Refused> {
    let half = match (size, offset & 7) {
        (8, 0) => None,
        (4, 0) => Some(Half::Low),
        (4, 4) => Some(Half::High),
        _ => return Err(Refused::Shape),
    };
    if offset >= GGTT_SIZE {
        return Err(Refused::Range);
    }
    Ok((GgttIndex::new(offset >> ENTRY_SHIFT), half))
}
