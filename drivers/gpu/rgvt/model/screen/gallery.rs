// SPDX-License-Identifier: GPL-2.0

//! Surfaces that others were told of by a number, and may have.
//!
//! A surface keeps its number for as long as it is shown from the same pages of the guest. How many there are
//! at once is bounded: one that nobody has makes way for a new one, those that were asked for last go last.

use super::{Format, Surface, Tiling};
use crate::{
    hw::addr::{Gfn, GuestGma, PAGE_SIZE},
    model::seam::Exported,
};
use kernel::{
    alloc::{flags::GFP_KERNEL, KVVec, KVec},
    error::{code::ENOSPC, Result},
};

/// The most surfaces with a number. QEMU keeps less than ten.
pub const MOST: usize = 16;

/// What a plane shows of a surface, from the surface's first byte on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Where it is, and what it is made of.
    pub surface: Surface,
    /// Columns and rows.
    pub size: (u32, u32),
    /// Whether its alpha means something.
    pub translucent: bool,
}

impl View {
    /// Bytes from row to row; `None` if the columns do not fit, or nothing can tell of so many.
    pub fn stride(&self) -> Option<u32> {
        let stride = u32::try_from(self.surface.row_bytes()).ok()?;
        (self.surface.format.bytes(self.size.0) <= stride).then_some(stride)
    }

    /// Bytes of all of it: whole rows of tiles.
    pub fn bytes(&self) -> Option<u32> {
        let rows = self
            .size
            .1
            .checked_next_multiple_of(self.surface.tiling.rows())?;
        self.stride()?.checked_mul(rows)
    }

    /// The addresses of its pages.
    pub fn pages(&self) -> Option<impl Iterator<Item = Option<GuestGma>>> {
        let base = self.surface.base;
        let count = u64::from(self.bytes()?).div_ceil(PAGE_SIZE);
        Some((0..count).map(move |page| base.checked_add(page.checked_mul(PAGE_SIZE)?)))
    }

    /// What its pixels are.
    pub fn format(&self) -> Format {
        self.surface.format
    }

    /// How it is laid out.
    pub fn tiling(&self) -> Tiling {
        self.surface.tiling
    }
}

struct Entry<E> {
    /// Its number; `None` if it was taken back.
    id: Option<u32>,
    view: View,
    pages: KVVec<Gfn>,
    exported: Option<E>,
    /// When it was asked for, by [`Gallery::asked`].
    asked: u64,
}

impl<E: Exported> Entry<E> {
    fn is_used(&self) -> bool {
        self.exported.as_ref().is_some_and(E::is_used)
    }
}

/// The surfaces of one virtual GPU.
pub struct Gallery<E> {
    entries: KVec<Entry<E>>,
    /// The last number that was given.
    last: u32,
    /// How often surfaces were asked for.
    asked: u64,
}

impl<E: Exported> Gallery<E> {
    /// Without any.
    pub const fn new() -> Self {
        Self {
            entries: KVec::new(),
            last: 0,
            asked: 0,
        }
    }

    /// Takes back all of them, and forgets who has them, but for those of whose pages somebody makes use still.
    /// Numbers are not used again.
    pub fn clear(&mut self) {
        self.revoke(|_| true);
        self.entries
            .retain(|entry| entry.exported.as_ref().is_some_and(E::has_pages));
    }

    /// Takes back what nobody has any more: nobody tells when that is.
    pub fn tidy(&mut self) {
        for entry in self.entries.iter_mut().filter(|entry| !entry.is_used()) {
            entry.exported = None;
        }
    }

    /// The number of a view, whose pages `lookup` knows. `None` if one of them is missing; ENOSPC if others have
    /// all surfaces that they may.
    pub fn number(
        &mut self,
        view: View,
        lookup: impl Fn(GuestGma) -> Option<Gfn>,
    ) -> Result<Option<u32>> {
        let pages = || Some(view.pages()?.map(|page| lookup(page?)));
        let Some(count) = pages().map(Iterator::count) else {
            return Ok(None);
        };
        self.asked = self.asked.wrapping_add(1);

        let same = |entry: &&mut Entry<E>| {
            entry.id.is_some()
                && entry.view == view
                && pages().is_some_and(|pages| pages.eq(entry.pages.iter().copied().map(Some)))
        };
        if let Some(entry) = self.entries.iter_mut().find(same) {
            entry.asked = self.asked;
            return Ok(entry.id);
        }

        let mut found = KVVec::with_capacity(count, GFP_KERNEL)?;
        for page in pages().into_iter().flatten() {
            match page {
                Some(gfn) => found.push(gfn, GFP_KERNEL)?,
                None => return Ok(None),
            }
        }
        self.make_room()?;
        let id = self.next_id();
        self.entries.push(
            Entry {
                id: Some(id),
                view,
                pages: found,
                exported: None,
                asked: self.asked,
            },
            GFP_KERNEL,
        )?;
        Ok(Some(id))
    }

    /// A number that no other surface has, and never 0.
    fn next_id(&mut self) -> u32 {
        loop {
            self.last = self.last.wrapping_add(1).max(1);
            let id = Some(self.last);
            if self.entries.iter().all(|entry| entry.id != id) {
                return self.last;
            }
        }
    }

    fn make_room(&mut self) -> Result {
        if self.entries.len() < MOST {
            return Ok(());
        }
        let unused = self.entries.iter().enumerate();
        let unused = unused.filter(|(_, entry)| !entry.is_used());
        let oldest = unused.min_by_key(|(_, entry)| (entry.id.is_some(), entry.asked));
        let (index, _) = oldest.ok_or(ENOSPC)?;
        let _ = self.entries.remove(index);
        Ok(())
    }

    /// What others have of surface `id`, and its pages. `None` if there is no such surface.
    pub fn get(&mut self, id: u32) -> Option<(&[Gfn], &mut Option<E>)> {
        let mut entries = self.entries.iter_mut();
        let entry = entries.find(|entry| entry.id == Some(id))?;
        Some((&entry.pages, &mut entry.exported))
    }

    /// Takes back every surface of which a page is `gone`. Its number is nobody's any more; that it counts among
    /// the [`MOST`] ends when nobody has it.
    pub fn revoke(&mut self, gone: impl Fn(Gfn) -> bool) {
        for entry in self.entries.iter_mut() {
            if entry.id.is_some() && entry.pages.iter().any(|&gfn| gone(gfn)) {
                entry.id = None;
                entry.pages = KVVec::new();
                if let Some(exported) = &entry.exported {
                    exported.revoke();
                }
            }
        }
    }
}

impl<E: Exported> Default for Gallery<E> {
    fn default() -> Self {
        Self::new()
    }
}
