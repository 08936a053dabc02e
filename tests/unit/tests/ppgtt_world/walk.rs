// SPDX-License-Identifier: GPL-2.0

//! Walks of the guest's tables and of the shadow, side by side.

use std::collections::BTreeSet;

use unit::hw::gtt::Level;
use unit::model::pvinfo::Root;

use super::{State, PAGES};

/// Bits of a frame in an entry.
const FRAME: u64 = 0x3fff_ffff_f000;

/// What is to be seen of a table, so that it is looked at once.
type Seen = BTreeSet<(u64, Level, bool, u64)>;

/// Asserts that the GPU finds, from `pdps` on, what the guest's tables say.
pub fn compare(state: &State, root: Root, pdps: [u64; 4], pages_64k: bool) {
    let mut walk = Walk {
        state,
        pages_64k,
        seen: Seen::new(),
    };
    match root {
        Root::Four(top) => {
            walk.table(top.get() >> 12, Level::Pml4e, false, pdps[0]);
            pdps[1..].iter().for_each(|&pdp| walk.empty(pdp));
        }
        Root::Three(directories) => {
            for (directory, pdp) in directories.into_iter().zip(pdps) {
                match directory.get() >> 12 {
                    0 => walk.empty(pdp),
                    gfn => walk.table(gfn, Level::Pde, false, pdp),
                }
            }
        }
    }
}

struct Walk<'a> {
    state: &'a State,
    pages_64k: bool,
    seen: Seen,
}

impl Walk<'_> {
    fn shadow(&self, address: u64) -> &[u64; 512] {
        let table = self.state.tables.get(&(address >> 12));
        table.expect("the shadow points to a table")
    }

    fn empty(&self, address: u64) {
        assert_eq!(self.shadow(address), &[0; 512]);
    }

    fn table(&mut self, gfn: u64, level: Level, wide: bool, address: u64) {
        if !self.seen.insert((gfn, level, wide, address)) {
            return;
        }
        let Some(guest) = self.state.memory.get(&gfn) else {
            return self.empty(address);
        };
        let shadow = *self.shadow(address);
        for (index, shadow) in shadow.into_iter().enumerate() {
            let part = (index % 16) as u64;
            let entry = match wide {
                true => {
                    let entry = guest[index - index % 16];
                    entry & !0xf000 | part << 12
                }
                false => guest[index],
            };
            self.entry(entry, level, shadow);
        }
    }

    fn entry(&mut self, guest: u64, level: Level, shadow: u64) {
        if guest & 1 == 0 {
            return assert_eq!(shadow, 0);
        }
        let large = guest & 0x80 != 0;
        match level {
            Level::Pte => self.page(guest >> 12 & 0x3_ffff_ffff, guest & 0x9b, shadow),
            Level::Pde if large => self.huge(guest, shadow),
            Level::Pdpe if large => assert_eq!(shadow, 0),
            _ => {
                assert_eq!(shadow & !FRAME, guest & 0x1b);
                let below = level.below().unwrap();
                let wide = level == Level::Pde && self.pages_64k && guest & 0x800 != 0;
                self.table((guest & FRAME) >> 12, below, wide, shadow & FRAME);
            }
        }
    }

    fn page(&self, gfn: u64, bits: u64, shadow: u64) {
        assert_eq!(shadow & !FRAME, bits);
        if self.state.memory.contains_key(&gfn) {
            assert_eq!((shadow & FRAME) >> 12, gfn + PAGES);
            assert!(self.state.pins.contains_key(&gfn));
        } else {
            self.empty(shadow & FRAME);
        }
    }

    fn huge(&self, guest: u64, shadow: u64) {
        let first = (guest & FRAME) >> 12 & !511;
        let pat = guest >> 12 & 1;
        assert_eq!(shadow & !FRAME, guest & 0x1b);
        for (gfn, shadow) in (first..).zip(*self.shadow(shadow & FRAME)) {
            self.page(gfn, guest & 0x1b | pat << 7, shadow);
        }
    }
}

/// All frames that the GPU finds from `pdps` on, those of tables included.
pub fn reachable(state: &State, root: Root, pdps: [u64; 4]) -> BTreeSet<u64> {
    let depth = match root {
        Root::Three(_) => 2,
        Root::Four(_) => 4,
    };
    let mut frames = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for pdp in pdps {
        follow(state, pdp >> 12, depth, &mut seen, &mut frames);
    }
    frames
}

fn follow(
    state: &State,
    frame: u64,
    depth: u32,
    seen: &mut BTreeSet<(u64, u32)>,
    frames: &mut BTreeSet<u64>,
) {
    frames.insert(frame);
    if depth == 0 || !seen.insert((frame, depth)) {
        return;
    }
    let table = state.tables.get(&frame).expect("the GPU walks a table");
    for entry in table.iter().filter(|&entry| entry & 1 != 0) {
        let next = (entry & FRAME) >> 12;
        if depth == 2 && entry & 0x80 != 0 {
            frames.extend(next & !511..(next & !511) + 512);
        } else {
            follow(state, next, depth - 1, seen, frames);
        }
    }
}

/// Asserts that the GPU is allowed to reach `frame`.
pub fn allowed(state: &State, frame: u64) {
    let pinned = frame >= PAGES && state.pins.contains_key(&(frame - PAGES));
    assert!(
        pinned || state.tables.contains_key(&frame),
        "{frame:#x} is neither pinned nor a table"
    );
}
