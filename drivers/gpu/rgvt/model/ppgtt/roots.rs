// SPDX-License-Identifier: GPL-2.0

//! Roots: which ones there are, and which has to go when there are too many.

use super::{
    table::{Key, TableId},
    Seam, Tables,
};
use crate::{
    hw::{
        addr::{DmaAddr, GuestPhys},
        gtt::Level,
    },
    model::{
        pvinfo::Root,
        seam::{edquot, TablePage},
    },
};
use kernel::{
    alloc::flags::GFP_KERNEL,
    error::{code::EBUSY, Result},
};

/// A root that has a shadow.
#[derive(Debug)]
pub(super) struct Cached {
    pub(super) root: Root,
    /// The tables in PDP 0 to 3, each of which is one reference.
    tables: [Option<TableId>; 4],
    /// The hold that used it last.
    used: u64,
}

impl Cached {
    /// The table that an address of the GPU's is looked up in first. `None` if there is none, or the
    /// address is too long.
    pub(super) fn top(&self, address: u64) -> Option<TableId> {
        let shift = match self.root {
            Root::Three(_) => Level::Pdpe.span_shift(),
            Root::Four(_) => Level::ADDRESS_BITS,
        };
        let number = address >> shift;
        let table = self.tables.get(usize::try_from(number).ok()?);
        table.copied().flatten()
    }
}

/// A root that something runs with.
#[derive(Debug)]
pub(super) struct Held {
    /// Which hold it is.
    pub(super) serial: u64,
    pub(super) root: Root,
    /// Whether the root was given up since. It may have come back, with other tables.
    pub(super) forgotten: bool,
}

impl Held {
    pub(super) fn new(serial: u64, root: Root) -> Self {
        Self {
            serial,
            root,
            forgotten: false,
        }
    }
}

/// The root without the bits of its addresses that the hardware ignores.
pub(super) fn normal(root: Root) -> Root {
    let page = |at: GuestPhys| at.gfn().phys().unwrap_or(at);
    match root {
        Root::Three(directories) => Root::Three(directories.map(page)),
        Root::Four(top) => Root::Four(page(top)),
    }
}

/// What the root points to. Of 4 page directories, those at address 0 are none: drivers write the
/// address alone, without a bit that makes it valid.
fn keys(root: Root) -> [Option<Key>; 4] {
    let key = |level, at: GuestPhys| Key {
        gfn: at.gfn(),
        level,
        wide: false,
    };
    match root {
        Root::Three(directories) => directories
            .map(|at| Some(at).filter(|at| at.get() != 0))
            .map(|at| at.map(|at| key(Level::Pde, at))),
        Root::Four(top) => [Some(key(Level::Pml4e, top)), None, None, None],
    }
}

impl<S: Seam> Tables<S> {
    /// Does `work`, for `root` if there is one. As long as it finds a limit reached, other roots that are not in
    /// use are given up, the one that was used longest ago first. If something runs, it may keep what a root
    /// gave up, so that it is not known yet whether one was enough. Without a `root` nothing is given up as long as
    /// anything is kept so, as there may be many calls before that is known.
    pub(super) fn make_room<T>(
        &mut self,
        root: Option<Root>,
        mut work: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let mut given_up = root.is_none() && self.keeps_retired();
        loop {
            match work(self) {
                Err(error) if error == edquot() => {}
                other => return other,
            }
            let busy = !self.held.is_empty();
            let idle = self.oldest_idle(root).filter(|_| !(busy && given_up));
            let Some(position) = idle else {
                return Err(if busy { EBUSY } else { edquot() });
            };
            self.forget(position);
            given_up = true;
        }
    }

    fn oldest_idle(&self, except: Option<Root>) -> Option<usize> {
        let idle = |cached: &Cached| {
            Some(cached.root) != except && self.held.iter().all(|held| held.root != cached.root)
        };
        let roots = self.roots.iter().enumerate();
        roots
            .filter(|(_, cached)| idle(cached))
            .min_by_key(|(_, cached)| cached.used)
            .map(|(position, _)| position)
    }

    /// The tables of `root`, which need not be up to date.
    pub(super) fn root(&mut self, root: Root) -> Result<[DmaAddr; 4]> {
        let now = self.now;
        let known = self.roots.iter_mut().find(|cached| cached.root == root);
        let tables = if let Some(cached) = known {
            cached.used = now;
            cached.tables
        } else {
            self.new_root(root)?
        };
        Ok(tables.map(|table| match table {
            Some(id) => self.address(id),
            None => self.empty.address(),
        }))
    }

    fn new_root(&mut self, root: Root) -> Result<[Option<TableId>; 4]> {
        let limit = usize::try_from(self.config.roots).unwrap_or(usize::MAX);
        if self.roots.len() >= limit {
            return Err(edquot());
        }
        self.roots.reserve(1, GFP_KERNEL)?;
        let mut tables = [None; 4];
        for (table, key) in tables.iter_mut().zip(keys(root)) {
            let Some(key) = key else {
                continue;
            };
            match self.refer(key) {
                Ok(id) => *table = Some(id),
                Err(error) => {
                    self.unrefer_all(tables);
                    return Err(error);
                }
            }
        }
        let used = self.now;
        let cached = Cached { root, tables, used };
        self.roots.push(cached, GFP_KERNEL)?;
        Ok(tables)
    }

    pub(super) fn forget(&mut self, position: usize) {
        if let Ok(cached) = self.roots.remove(position) {
            self.release_root(cached);
        }
    }

    pub(super) fn forget_all(&mut self) {
        while let Some(cached) = self.roots.pop() {
            self.release_root(cached);
        }
    }

    fn release_root(&mut self, cached: Cached) {
        for held in self.held.iter_mut() {
            held.forgotten |= held.root == cached.root;
        }
        self.unrefer_all(cached.tables);
    }

    fn unrefer_all(&mut self, tables: [Option<TableId>; 4]) {
        for id in tables.into_iter().flatten() {
            self.unrefer(id);
        }
    }
}
