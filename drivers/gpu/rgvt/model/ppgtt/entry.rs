// SPDX-License-Identifier: GPL-2.0

//! What an entry of a guest's table means, and the entries of the shadow.
//!
//! Source: Broadwell PRM, volume 5 (Per-Process GTT, 64b addressing), and gen8_ppgtt.c.

use super::table::Key;
use crate::hw::{
    addr::{DmaAddr, Gfn, PAGE_SHIFT},
    gtt::{Level, PpgttEntry, DMA_BITS},
};
use kernel::num::Bounded;

/// Entries that one of 64 KiB stands for. Of those in a table, the hardware reads the first only.
pub(super) const IN_64K: u32 = 16;

/// Pages of 4 KiB in one of 2 MiB.
pub(super) const IN_2M: u64 = 512;

/// How a page may be accessed, and cached. The shadow has what the guest asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attributes {
    writable: bool,
    write_through: bool,
    cache_disable: bool,
    /// The third bit of the index into the private page attribute table; entries that point to a
    /// table have none.
    pat: bool,
}

/// What an entry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// It maps nothing.
    Absent,
    /// It maps a page of 4 KiB.
    Page(Gfn, Attributes),
    /// It maps 2 MiB, which the shadow does by a table of pages of 4 KiB: [`part_of_2m`].
    Huge(Attributes),
    /// It points to a table of the level below.
    Table(Key, Attributes),
}

impl Attributes {
    fn of(entry: PpgttEntry, pat: bool) -> Self {
        Self {
            writable: entry.writable(),
            write_through: entry.write_through(),
            cache_disable: entry.cache_disable(),
            pat,
        }
    }

    /// A present entry with these attributes, but for `pat`, that points to `address`; `None` if the
    /// hardware does not reach that, or it is not aligned to a page.
    fn entry(self, address: DmaAddr) -> Option<PpgttEntry> {
        let frame = Bounded::<u64, 34>::try_new(address.get() >> PAGE_SHIFT)?;
        let aligned = address.get().trailing_zeros() >= PAGE_SHIFT;
        let reachable = address.get() >> DMA_BITS == 0;
        (aligned && reachable).then(|| {
            PpgttEntry::from_raw(0)
                .with_frame(frame)
                .with_cache_disable(self.cache_disable)
                .with_write_through(self.write_through)
                .with_writable(self.writable)
                .with_present(true)
        })
    }

    /// The entry that maps the page of 4 KiB at `address`.
    pub(super) fn page(self, address: DmaAddr) -> Option<u64> {
        let entry = self.entry(address)?;
        Some(entry.with_large(self.pat).into_raw())
    }

    /// The entry that points to the table at `address`.
    pub(super) fn table(self, address: DmaAddr) -> Option<u64> {
        Some(self.entry(address)?.into_raw())
    }
}

impl Entry {
    /// The meaning of `raw` in a table of `level`. `pages_64k`: whether the hardware is set to know
    /// pages of 64 KiB.
    pub(super) fn decode(level: Level, raw: u64, pages_64k: bool) -> Self {
        let entry = PpgttEntry::from_raw(raw);
        let frame = entry.frame().get();
        let gfn = Gfn::new(frame);
        if !entry.present() {
            return Entry::Absent;
        }
        match (level, level.below()) {
            (Level::Pde, _) if entry.large() => Entry::Huge(Attributes::of(entry, false)),
            // 1 GiB.
            (Level::Pdpe, _) if entry.large() => Entry::Absent,
            (_, Some(below)) => {
                let key = Key {
                    gfn,
                    level: below,
                    wide: below == Level::Pte && pages_64k && entry.pages_64k(),
                };
                Entry::Table(key, Attributes::of(entry, false))
            }
            (_, None) => Entry::Page(gfn, Attributes::of(entry, entry.large())),
        }
    }

    /// The guest's page that the entry maps itself.
    pub(super) fn page(self) -> Option<Gfn> {
        match self {
            Entry::Page(gfn, _) => Some(gfn),
            Entry::Absent | Entry::Huge(_) | Entry::Table(..) => None,
        }
    }
}

/// The entry for 4 KiB that is the part `index` of the one of 64 KiB in `raw`.
pub(super) fn part_of_64k(raw: u64, index: u32) -> u64 {
    part(raw, u64::from(IN_64K), index)
}

/// The entry for 4 KiB that is the part `index` of the one of 2 MiB in `raw`.
pub(super) fn part_of_2m(raw: u64, index: u32) -> u64 {
    let pat = PpgttEntry::from_raw(raw).frame().get() & 1 != 0;
    let raw = part(raw, IN_2M, index);
    PpgttEntry::from_raw(raw).with_large(pat).into_raw()
}

fn part(raw: u64, parts: u64, index: u32) -> u64 {
    let within = parts.wrapping_sub(1);
    let entry = PpgttEntry::from_raw(raw);
    let frame = entry.frame().get() & !within | u64::from(index) & within;
    match Bounded::<u64, 34>::try_new(frame) {
        Some(frame) => entry.with_frame(frame).into_raw(),
        // A frame with other low bits has no more bits than before.
        None => raw,
    }
}
