// SPDX-License-Identifier: GPL-2.0

//! The shadow of a guest's per-process translation tables.
//!
//! The GPU cannot walk the guest's tables, as they name pages by the guest's numbers. So each table
//! that a context uses has a shadow, which has the same entries with the host's addresses. Tables that
//! several others point to have one shadow.
//!
//! A shadow is brought up to date only when something is about to run ([`Tables::hold`]), or when what runs is to
//! forget a page ([`Tables::catch_up`]): what the guest writes in between is noted, not read. A page that the guest
//! took out of its tables thus stays pinned until then. A table that is written often is left alone until then, and
//! read as a whole. Nothing is made before it is used either, so that it does not matter which tables a guest
//! announces. That it forgets one ([`Tables::destroy`]) gives the memory back sooner.
//!
//! What leaves the shadow may still be known to the GPU's translation buffers. It is kept until all that
//! was running at that time is done (`retire`).
//!
//! Where the guest's entry is absent, so is the shadow's. Where it points to what is not the guest's
//! memory, the GPU finds a scratch page that belongs to this virtual GPU alone; where it points to such a
//! table, an empty one. Tables that the GPU itself writes are not noticed.

mod buckets;
mod entry;
mod refresh;
mod retire;
mod roots;
mod store;
mod table;
mod translate;

use super::{
    bits::Set,
    pvinfo::Root,
    seam::{GuestMemory, PagePinner, TableAllocator, TablePage, WriteTracker},
};
use crate::hw::{
    addr::{Bytes, DmaAddr, Gfn, GuestPhys, PAGE_SIZE},
    gtt::{ENTRIES_IN_PAGE, ENTRY_SHIFT},
};
use kernel::{
    alloc::{flags::GFP_KERNEL, KVVec},
    error::{
        code::{EAGAIN, EBUSY},
        Result,
    },
};
use refresh::Images;
use retire::Retired;
use roots::{Cached, Held};
use store::Store;

/// What the shadow needs of the world.
pub trait Seam: GuestMemory + PagePinner + WriteTracker + TableAllocator {}

impl<S: GuestMemory + PagePinner + WriteTracker + TableAllocator> Seam for S {}

/// Limits of one virtual GPU's shadow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Tables at most, those included that only the GPU may still know. Each costs the host 20 KiB: a page,
    /// and 32 bytes for each entry.
    pub tables: u32,
    /// Roots at most.
    pub roots: u32,
    /// Entries that one [`Tables::hold`] changes at most, which bounds the time that it takes; [`Tables::catch_up`]
    /// changes four times as many.
    pub work: u32,
    /// Pins at most that have left the shadow, but which the GPU may know. Each costs the host 40 bytes, and the
    /// guest's quota does not limit them: a page that many entries mapped is pinned once.
    pub retired: u32,
    /// How many writes to a table are told of until it is not tracked any more, but read as a whole at
    /// the next [`Tables::hold`]. A write that is told of leaves the guest.
    pub patience: u32,
}

/// How many times [`Config::work`] may be done while the guest waits for what runs to find no old pages any more.
const CATCH_UP: u32 = 4;

impl Config {
    /// The most tables that any virtual GPU has.
    const MAX_TABLES: u32 = 8192;

    /// The least that a type is allowed: a guest's driver has some contexts that it always keeps.
    const MIN_TABLES: u32 = 1024;

    /// How much of the GGTT a virtual GPU has for each table that it may have.
    const GGTT_FOR_TABLE: Bytes = Bytes::new(128 << 10);

    /// The limits of a virtual GPU that has `ggtt` of the GGTT, which is how large its type is.
    pub fn for_size(ggtt: Bytes) -> Self {
        let tables = ggtt.get().checked_div(Self::GGTT_FOR_TABLE.get());
        let tables = tables.and_then(|tables| u32::try_from(tables).ok());
        let tables = tables.unwrap_or(Self::MAX_TABLES);

        Self {
            tables: tables.clamp(Self::MIN_TABLES, Self::MAX_TABLES),
            ..Self::default()
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tables: Self::MAX_TABLES,
            roots: 1024,
            work: 1 << 14,
            retired: 1 << 18,
            patience: 4,
        }
    }
}

/// What there is, and what was done, since the virtual GPU was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Tables.
    pub tables: u32,
    /// Tables among these that are kept only for what is running.
    pub retired: u32,
    /// Roots.
    pub roots: u32,
    /// Writes to the guest's tables that were told of.
    pub written: u64,
    /// Stretches of the guest's tables that were read.
    pub read: u64,
    /// Entries of the shadow that were set.
    pub set: u64,
}

/// The shadow of one virtual GPU.
pub struct Tables<S: Seam> {
    seam: S,
    config: Config,
    pages_64k: bool,
    store: Store<S>,
    roots: KVVec<Cached>,
    held: KVVec<Held>,
    retired: Retired<S::Pin>,
    /// Tables that have dirty entries.
    dirty: Set,
    /// Tables whose changes nobody tells: the page is not tracked, or is no memory.
    unwatched: Set,
    images: Images,
    /// Changes that the current call may still make.
    work: u32,
    /// How many holds there have been.
    now: u64,
    /// Where the GPU ends up that is sent to what is not the guest's memory.
    scratch: S::Page,
    /// The root of nothing.
    empty: S::Page,
    statistics: Statistics,
}

/// A root that something is about to run with, or runs with. Give it back with [`Tables::release`].
#[derive(Debug)]
#[must_use]
pub struct Hold {
    serial: u64,
    pdps: [DmaAddr; 4],
}

impl Hold {
    /// What the context has to have in PDP 0 to 3. Of a 4-level table, the first is the root.
    pub fn pdps(&self) -> [DmaAddr; 4] {
        self.pdps
    }
}

impl<S: Seam> Tables<S> {
    /// A shadow of nothing. `secret` is what no guest can know. ENOMEM.
    pub fn new(seam: S, config: Config, secret: u64) -> Result<Self> {
        Ok(Self {
            store: Store::new(config.tables, secret)?,
            roots: KVVec::new(),
            held: KVVec::new(),
            retired: Retired::new(config.tables)?,
            dirty: Set::empty(config.tables)?,
            unwatched: Set::empty(config.tables)?,
            images: Images::new()?,
            work: 0,
            now: 0,
            scratch: seam.allocate()?,
            empty: seam.allocate()?,
            statistics: Statistics::default(),
            pages_64k: false,
            seam,
            config,
        })
    }

    /// Brings the shadow up to date, so that what was submitted until now can run with `root`.
    ///
    /// EAGAIN: there was more to do than one call may; the next goes on. EBUSY: a limit is reached, but
    /// what is held keeps memory that can be had when it is released. EDQUOT: a limit is reached.
    /// ENOMEM. After any of these the shadow can be used, and the call repeated.
    pub fn hold(&mut self, root: Root) -> Result<Hold> {
        self.held.reserve(1, GFP_KERNEL)?;
        self.work = self.config.work.max(1);
        let root = roots::normal(root);
        let pdps = self.make_room(Some(root), |tables| {
            let pdps = tables.root(root)?;
            tables.refresh_all()?;
            Ok(pdps)
        })?;
        self.now = self.now.wrapping_add(1);
        let serial = self.now;
        self.held.push(Held::new(serial, root), GFP_KERNEL)?;
        Ok(Hold { serial, pdps })
    }

    /// Has what runs find what the guest's tables say by now, when the GPU has forgotten what it knew: the guest is
    /// about to use the pages that they no longer map for something else.
    ///
    /// EBUSY, EDQUOT and ENOMEM as for [`Tables::hold`], or EAGAIN if there is too much to do: then what runs may find
    /// such a page until it is done. EBUSY also if something runs with a root that was forgotten since, whose tables
    /// are not looked at any more.
    pub fn catch_up(&mut self) -> Result {
        if self.held.iter().any(|held| held.forgotten) {
            return Err(EBUSY);
        }
        let root = self.held.first().map(|held| held.root);
        for _ in 0..CATCH_UP {
            self.work = self.config.work.max(1);
            match self.make_room(root, Self::refresh_all) {
                Err(EAGAIN) => {}
                done => return done,
            }
        }
        Err(EAGAIN)
    }

    /// Does `work` for another table of the guest's, whose pages count against the same quota. As long as it finds
    /// that used up, roots are given up as in [`Tables::hold`], but no more than one before what runs is done, in however
    /// many calls. EBUSY and EDQUOT mean the same.
    pub fn make_room_for<T>(&mut self, mut work: impl FnMut() -> Result<T>) -> Result<T> {
        self.make_room(None, |_| work())
    }

    /// Whether something runs, or may yet.
    pub fn is_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// What ran with a root has left the GPU for good, or never got there.
    pub fn release(&mut self, hold: Hold) {
        self.held.retain(|held| held.serial != hold.serial);
        self.reap();
    }

    /// The guest forgets a table. If it was wrong, the next submission brings it back.
    pub fn destroy(&mut self, root: Root) {
        let root = roots::normal(root);
        let position = self.roots.iter().position(|cached| cached.root == root);
        if let Some(position) = position {
            self.forget(position);
        }
    }

    /// The guest has written `bytes` bytes from `at` on to memory that is tracked.
    pub fn written(&mut self, at: GuestPhys, bytes: usize) {
        self.statistics.written = self.statistics.written.saturating_add(1);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let Some(last) = bytes.checked_sub(1) else {
            return;
        };
        let last = at.get().checked_add(last).map(GuestPhys::new);
        let Some(last) = last.filter(|_| bytes <= PAGE_SIZE) else {
            // Longer than an instruction writes: whatever it was, all may have changed.
            self.touch_all();
            return;
        };
        let entry = |at: GuestPhys| u32::try_from(at.offset_in_page() >> ENTRY_SHIFT).unwrap_or(0);
        if at.gfn() == last.gfn() {
            self.touch(at.gfn(), entry(at), entry(last));
        } else {
            self.touch(at.gfn(), entry(at), ENTRIES_IN_PAGE - 1);
            self.touch(last.gfn(), 0, entry(last));
        }
    }

    /// Pages of the guest's are about to be its no longer. None of them is pinned or tracked
    /// afterwards. The caller has stopped the GPU: nothing of this virtual GPU's is running.
    pub fn unmapped(&mut self, first: Gfn, pages: u64) {
        let range = retire::Range { first, pages };
        self.retired.take(range);
        let mut from = 0;
        while let Some(id) = self.store.next(from) {
            from = id.0.saturating_add(1);
            self.take_pins(id, range);
            self.take_table(id, range);
        }
    }

    /// Whether the guest has set the hardware to know pages of 64 KiB
    /// (`GAMW_ECO_ENABLE_64K_IPS_FIELD`). Gen8 does not, and no GPU does at first.
    pub fn set_pages_64k(&mut self, on: bool) {
        if self.pages_64k != on {
            self.pages_64k = on;
            self.forget_all();
        }
    }

    /// Gives everything back. The caller has stopped the GPU.
    pub fn clear(&mut self) {
        self.roots.clear();
        self.held.clear();
        self.retired.clear();
        self.store.clear();
        self.dirty.fill(false);
        self.unwatched.fill(false);
        self.pages_64k = false;
    }

    /// What there is, and what was done.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            tables: self.store.len(),
            retired: self.retired.tables.len(),
            roots: u32::try_from(self.roots.len()).unwrap_or(u32::MAX),
            ..self.statistics
        }
    }

    fn touch(&mut self, gfn: Gfn, first: u32, last: u32) {
        let mut next = self.store.first_hashed_as(gfn);
        while let Some(id) = next {
            let Some(table) = self.store.get_mut(id) else {
                return;
            };
            next = table.next;
            if table.source.gfn() == Some(gfn) {
                table.touch(first, last);
                self.dirty.insert(id.0);
                table.told = table.told.saturating_add(1);
                if table.told >= self.config.patience {
                    table.track = None;
                    self.unwatched.insert(id.0);
                }
            }
        }
    }

    fn touch_all(&mut self) {
        let mut from = 0;
        while let Some(id) = self.store.next(from) {
            from = id.0.saturating_add(1);
            if let Some(table) = self.store.get_mut(id).filter(|table| table.references > 0) {
                table.touch(0, ENTRIES_IN_PAGE - 1);
                self.dirty.insert(id.0);
            }
        }
    }

    fn address(&self, id: table::TableId) -> DmaAddr {
        let table = self.store.get(id);
        table.map_or(self.empty.address(), |table| table.page.address())
    }
}
