// SPDX-License-Identifier: GPL-2.0

//! A guest's memory, and a host that counts what is pinned, tracked and allocated.

// Each test uses some of it.
#![allow(dead_code)]

pub mod guest;
pub mod walk;

use std::cell::{RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use kernel::alloc::{flags::GFP_KERNEL, KBox};
use kernel::error::code::{EFAULT, ENODEV};
use kernel::error::Result;
use unit::hw::addr::{DmaAddr, Gfn, GuestPhys};
use unit::model::seam::{
    edquot, GuestMemory, PagePinner, Pinned, TableAllocator, TablePage, WriteTracker,
};

/// The guest's page 0 is at this frame on the bus, and so on.
pub const PAGES: u64 = 0x10_0000;
/// Tables have frames from here on.
pub const TABLES: u64 = 0x8_0000;

#[derive(Debug, Default)]
pub struct State {
    /// The guest's pages by number, as entries.
    pub memory: BTreeMap<u64, [u64; 512]>,
    /// Pages that the GPU cannot address.
    pub far: BTreeSet<u64>,
    /// How often each page is pinned.
    pub pins: BTreeMap<u64, u32>,
    /// How many pages may be pinned, counted as often as they are.
    pub quota: Option<u32>,
    /// How often each page is tracked.
    pub tracks: BTreeMap<u64, u32>,
    /// How often all tracks have ended by themselves, and how often anybody asked.
    losses: u32,
    losses_told: u32,
    /// Whether writes can be tracked.
    pub kvm: bool,
    /// What the GPU finds at the frames of tables.
    pub tables: BTreeMap<u64, [u64; 512]>,
    /// Entries that were set: frame, index, entry.
    pub log: Vec<(u64, u16, u64)>,
    next_table: u64,
}

#[derive(Clone, Debug, Default)]
pub struct World(Rc<RefCell<State>>);

impl World {
    pub fn new(kvm: bool) -> Self {
        let world = Self::default();
        world.state().kvm = kvm;
        world
    }

    pub fn state(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// The CPU writes; true if someone is to be told.
    pub fn write(&self, at: u64, bytes: &[u8]) -> bool {
        let mut state = self.state();
        let mut tracked = false;
        for (at, byte) in (at..).zip(bytes) {
            let (gfn, offset) = (at >> 12, at & 0xfff);
            tracked |= state.tracks.contains_key(&gfn);
            if let Some(page) = state.memory.get_mut(&gfn) {
                let entry = &mut page[usize::try_from(offset >> 3).unwrap()];
                let shift = (offset & 7) * 8;
                *entry = *entry & !(0xff << shift) | u64::from(*byte) << shift;
            }
        }
        tracked
    }

    /// Other memory comes to be where the guest's was: no track is left.
    pub fn lose_tracks(&self) {
        let mut state = self.state();
        state.tracks.clear();
        state.losses += 1;
    }

    pub fn nothing_is_left(&self) -> bool {
        let state = self.state();
        state.pins.is_empty() && state.tracks.is_empty() && state.tables.is_empty()
    }
}

fn more(counts: &mut BTreeMap<u64, u32>, key: u64) {
    *counts.entry(key).or_default() += 1;
}

fn fewer(counts: &mut BTreeMap<u64, u32>, key: u64) {
    let count = counts.get_mut(&key).expect("it was counted before");
    *count -= 1;
    if *count == 0 {
        counts.remove(&key);
    }
}

/// Fails when allocations are to fail.
fn allocation() -> Result {
    KBox::new((), GFP_KERNEL)?;
    Ok(())
}

impl GuestMemory for World {
    fn read(&self, from: GuestPhys, into: &mut [u8]) -> Result {
        assert!(
            from.offset_in_page() as usize + into.len() <= 4096,
            "one page"
        );
        let state = self.state();
        let page = state.memory.get(&from.gfn().get()).ok_or(EFAULT)?;
        for (at, byte) in (from.offset_in_page()..).zip(into) {
            *byte = page[usize::try_from(at >> 3).unwrap()].to_le_bytes()[(at & 7) as usize];
        }
        Ok(())
    }

    fn write(&self, _: GuestPhys, _: &[u8]) -> Result {
        panic!("a shadow has no reason to write");
    }
}

#[derive(Debug)]
pub struct Pin {
    world: World,
    gfn: u64,
}

impl Pinned for Pin {
    fn address(&self) -> DmaAddr {
        let far = self.world.state().far.contains(&self.gfn);
        DmaAddr::new(u64::from(far) << 39 | (self.gfn + PAGES) << 12)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        fewer(&mut self.world.state().pins, self.gfn);
    }
}

impl PagePinner for World {
    type Pin = Pin;

    fn pin(&self, gfn: Gfn) -> Result<(Pin, DmaAddr)> {
        allocation()?;
        let mut state = self.state();
        let gfn = gfn.get();
        if !state.memory.contains_key(&gfn) {
            return Err(EFAULT);
        }
        let pinned: u32 = state.pins.values().sum();
        if state.quota.is_some_and(|quota| pinned >= quota) {
            return Err(edquot());
        }
        more(&mut state.pins, gfn);
        drop(state);
        let world = self.clone();
        let pin = Pin { world, gfn };
        let address = pin.address();
        Ok((pin, address))
    }
}

#[derive(Debug)]
pub struct Track {
    world: World,
    gfn: u64,
    losses: u32,
}

impl Drop for Track {
    fn drop(&mut self) {
        let mut state = self.world.state();
        if state.losses == self.losses {
            fewer(&mut state.tracks, self.gfn);
        }
    }
}

impl WriteTracker for World {
    type Track = Track;

    fn track(&self, gfn: Gfn) -> Result<Track> {
        allocation()?;
        let mut state = self.state();
        let gfn = gfn.get();
        if !state.kvm || !state.memory.contains_key(&gfn) {
            return Err(ENODEV);
        }
        more(&mut state.tracks, gfn);
        Ok(Track {
            world: self.clone(),
            gfn,
            losses: state.losses,
        })
    }

    fn lost_tracks(&self) -> bool {
        let mut state = self.state();
        let losses = state.losses;
        std::mem::replace(&mut state.losses_told, losses) != losses
    }
}

#[derive(Debug)]
pub struct Page {
    world: World,
    frame: u64,
}

impl TablePage for Page {
    fn address(&self) -> DmaAddr {
        DmaAddr::new(self.frame << 12)
    }

    fn set(&mut self, index: u16, entry: u64) {
        let mut state = self.world.state();
        let table = state.tables.get_mut(&self.frame).expect("it lives");
        table[usize::from(index)] = entry;
        state.log.push((self.frame, index, entry));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.world.state().tables.remove(&self.frame);
    }
}

impl TableAllocator for World {
    type Page = Page;

    fn allocate(&self) -> Result<Page> {
        allocation()?;
        let mut state = self.state();
        // Never the same again: what is stale is found out.
        let frame = TABLES + state.next_table;
        state.next_table += 1;
        state.tables.insert(frame, [0; 512]);
        let world = self.clone();
        Ok(Page { world, frame })
    }
}
