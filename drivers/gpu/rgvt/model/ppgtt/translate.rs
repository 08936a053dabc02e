// SPDX-License-Identifier: GPL-2.0

//! Where in the guest's memory an address is that the GPU uses.

use super::{entry::Entry, table::Target, Hold, Seam, Tables};
use crate::hw::{
    addr::{GuestPhys, PAGE_SIZE},
    gtt::{Level, ENTRIES_IN_PAGE},
};

/// The entry for `address` in a table of `level`.
fn index(level: Level, address: u64) -> Option<usize> {
    let entries = u64::from(ENTRIES_IN_PAGE);
    let index = (address >> level.span_shift()).checked_rem(entries)?;
    usize::try_from(index).ok()
}

impl<S: Seam> Tables<S> {
    /// The byte of the guest's memory that the GPU finds at `address` with the tables of `hold`; the rest
    /// of the page of 4 KiB follows it. `None` if it finds nothing there, or what is not the guest's.
    pub fn translate(&self, hold: &Hold, address: u64) -> Option<GuestPhys> {
        let mut held = self.held.iter();
        let root = held.find(|held| held.serial == hold.serial)?.root;
        let mut cached = self.roots.iter();
        let cached = cached.find(|cached| cached.root == root)?;

        let mut id = cached.top(address)?;
        // Each table is of a lower level than the one before.
        loop {
            let table = self.store.get(id)?;
            let level = table.source.level();
            let slot = table.slots.get(index(level, address)?)?;

            match slot.target {
                Target::Table(below) => id = below,
                Target::Page(_) => {
                    let entry = Entry::decode(level, slot.guest, self.pages_64k);
                    let within = address.checked_rem(PAGE_SIZE)?;
                    return entry.page()?.phys()?.checked_add(within);
                }
                Target::None | Target::Scratch | Target::Taken => return None,
            }
        }
    }
}
