// SPDX-License-Identifier: GPL-2.0

//! A guest that has tables, and submits.

use unit::hw::addr::GuestPhys;
use unit::model::ppgtt::{Config, Hold, Statistics, Tables};
use unit::model::pvinfo::Root;

use super::{walk, World};

/// Present and writable.
pub const RW: u64 = 3;
/// In a directory entry: the table below maps 64 KiB with each sixteenth entry.
pub const IPS: u64 = 1 << 11;
/// In a page directory entry: 2 MiB. In one for 4 KiB: the third bit of cacheability.
pub const PS: u64 = 1 << 7;

pub struct Guest {
    pub world: World,
    pub tables: Tables<World>,
    pub pages_64k: bool,
}

impl Guest {
    pub fn with(config: Config) -> Self {
        let world = World::new(true);
        world.state().memory = (1..64).map(|gfn| (gfn, [0; 512])).collect();
        Self {
            tables: Tables::new(world.clone(), config, 0x1234_5678_9abc_def0).unwrap(),
            world,
            pages_64k: false,
        }
    }

    pub fn new() -> Self {
        Self::with(Config::default())
    }

    /// The guest's entry `index` of the table in page `gfn` points to page `to`.
    pub fn set(&mut self, gfn: u64, index: u64, to: u64, bits: u64) {
        self.write(gfn << 12 | index << 3, &(to << 12 | bits).to_le_bytes());
    }

    pub fn write(&mut self, at: u64, bytes: &[u8]) {
        if self.world.write(at, bytes) {
            self.tables.written(GuestPhys::new(at), bytes.len());
        }
    }

    /// Page `to` at address 0, by the tables in pages 10 to 13.
    pub fn simple(&mut self, to: u64) {
        for gfn in 10..13 {
            self.set(gfn, 0, gfn + 1, RW);
        }
        self.set(13, 0, to, RW);
    }

    pub fn hold(&mut self, root: Root) -> Hold {
        let hold = self.tables.hold(root).unwrap();
        let pdps = hold.pdps().map(|pdp| pdp.get());
        walk::compare(&self.world.state(), root, pdps, self.pages_64k);
        hold
    }

    pub fn submit(&mut self, root: Root) {
        let hold = self.hold(root);
        self.tables.release(hold);
    }

    pub fn pinned(&self) -> Vec<u64> {
        self.world.state().pins.keys().copied().collect()
    }

    pub fn tracked(&self) -> Vec<u64> {
        self.world.state().tracks.keys().copied().collect()
    }

    /// What the GPU finds at `address` of a 4-level table.
    pub fn find(&self, hold: &Hold, address: u64) -> u64 {
        let state = self.world.state();
        let mut entry = hold.pdps()[0].get();
        for shift in [39, 30, 21, 12] {
            let table = state.tables[&(entry >> 12 & 0x7ff_ffff)];
            entry = table[usize::try_from(address >> shift & 511).unwrap()];
        }
        entry
    }

    pub fn count(&self) -> Statistics {
        self.tables.statistics()
    }
}

pub fn four(gfn: u64) -> Root {
    Root::Four(GuestPhys::new(gfn << 12))
}
