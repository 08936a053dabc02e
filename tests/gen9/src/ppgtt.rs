// SPDX-License-Identifier: GPL-2.0

//! The per-process graphics translation table: the page tables of a context.
//!
//! Entries are those of x86-64 in format (PRM Skylake vol. 5 "Memory Views", PPGTT; i915
//! `gt/intel_gtt.h`): 48-bit addresses have four levels, 32-bit ones two below the four page
//! directories that the context image names.

use crate::addr::{Dma, PAGE_SIZE};
use crate::ram::Ram;

/// Entry is valid.
const PRESENT: u64 = 1;
/// The page may be written.
const WRITABLE: u64 = 1 << 1;
/// Entry of an upper level maps a page itself: 2 MiB or 1 GiB.
const HUGE: u64 = 1 << 7;
/// Page directory entry: its table holds pages of 64 KiB (i915: `GEN8_PDE_IPS_64K`).
const PAGES_64K: u64 = 1 << 11;
/// Physical address bits of an entry: 38:12.
const ADDRESS: u64 = 0x7f_ffff_f000;

/// Page tables of one context.
#[derive(Clone, Copy, Debug)]
pub struct Ppgtt {
    root: [Dma; 4],
    four_level: bool,
}

/// A translated byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where the byte lies.
    pub at: Dma,
    /// Bytes from there to the end of the page, the byte included; at least 1, at most 1 GiB.
    pub left: u64,
    /// Whether the device may write there.
    pub writable: bool,
}

impl Place {
    fn in_page(entry: u64, addr: u64, size: u64) -> Self {
        let within = addr & (size - 1);
        Self {
            at: Dma(entry & ADDRESS & !(size - 1) | within),
            left: size - within,
            writable: entry & WRITABLE != 0,
        }
    }
}

impl Ppgtt {
    /// Tables whose upper level is at `root`: the PML4 in `root[0]` when there are four levels,
    /// else four page directories.
    pub fn new(root: [Dma; 4], four_level: bool) -> Self {
        Self { root, four_level }
    }

    /// The address as the tables see it: bits 47:0 or 31:0, the others are ignored.
    pub fn address(&self, addr: u64) -> u64 {
        let bits = if self.four_level { 48 } else { 32 };
        addr & ((1 << bits) - 1)
    }

    /// Where the byte at `addr` lies, if every entry on the way is valid and inside memory.
    pub fn walk(&self, ram: &Ram, addr: u64) -> Option<Place> {
        let addr = self.address(addr);
        let entry = |table: u64, shift: u32| {
            let at = Dma((table & ADDRESS) + (addr >> shift & 511) * 8);
            ram.load::<u64>(at).ok().filter(|e| e & PRESENT != 0)
        };
        let directory = if self.four_level {
            let pdp = entry(self.root[0].0, 39)?;
            let pd = entry(pdp, 30)?;
            if pd & HUGE != 0 {
                return Some(Place::in_page(pd, addr, 1 << 30));
            }
            pd
        } else {
            // CAST: two bits.
            self.root[(addr >> 30 & 3) as usize].0
        };
        let table = entry(directory, 21)?;
        if table & HUGE != 0 {
            return Some(Place::in_page(table, addr, 2 << 20));
        }
        if table & PAGES_64K != 0 {
            // Of each 16 entries only the first counts.
            let at = Dma((table & ADDRESS) + (addr >> 12 & 0x1f0) * 8);
            let page = ram.load::<u64>(at).ok().filter(|e| e & PRESENT != 0)?;
            return Some(Place::in_page(page, addr, 64 << 10));
        }
        Some(Place::in_page(entry(table, 12)?, addr, PAGE_SIZE))
    }

    /// Where the byte at `addr` lies, if it is mapped.
    pub fn translate(&self, ram: &Ram, addr: u64) -> Option<Dma> {
        self.walk(ram, addr).map(|place| place.at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shared::Shared;

    const SIZE: u64 = 1 << 20;

    fn ram() -> Ram {
        let memory = Shared::new(c"test", SIZE as usize).unwrap();
        let ram = Ram::default();
        ram.map(Dma(0), SIZE, true, memory.file().try_clone().unwrap(), 0)
            .unwrap();
        ram
    }

    /// Tables at 0x1000 (PML4), 0x2000 (PDP), 0x3000 (PD), 0x4000 (PT).
    fn four_level(ram: &Ram, addr: u64) -> Ppgtt {
        for (table, shift) in [(0x1000, 39), (0x2000, 30), (0x3000, 21)] {
            let at = Dma(table + (addr >> shift & 511) * 8);
            ram.store(at, (table + 0x1000) | 3).unwrap();
        }
        Ppgtt::new([Dma(0x1000), Dma(0), Dma(0), Dma(0)], true)
    }

    #[test]
    fn four_levels_of_4k() {
        let ram = ram();
        let addr = 0x7fed_cba9_8765;
        let vm = four_level(&ram, addr);
        assert_eq!(vm.walk(&ram, addr), None);
        ram.store(Dma(0x4000 + (addr >> 12 & 511) * 8), 0x5_5000u64 | 3)
            .unwrap();
        let place = vm.walk(&ram, addr).unwrap();
        assert_eq!(
            place,
            Place {
                at: Dma(0x5_5765),
                left: 0x89b,
                writable: true
            }
        );
        // The sign extension of a canonical address is ignored.
        assert_eq!(vm.translate(&ram, addr | 0xffff << 48), Some(Dma(0x5_5765)));
    }

    #[test]
    fn read_only_pages() {
        let ram = ram();
        let vm = four_level(&ram, 0);
        ram.store(Dma(0x4000), 0x5000u64 | 1).unwrap();
        assert!(!vm.walk(&ram, 0).unwrap().writable);
    }

    #[test]
    fn pages_of_64k() {
        let ram = ram();
        let vm = four_level(&ram, 0);
        ram.store(Dma(0x3000), 0x4000u64 | PAGES_64K | 3).unwrap();
        ram.store(Dma(0x4000 + 16 * 8), 0x9_0000u64 | 3).unwrap();
        let place = vm.walk(&ram, 0x1_f123).unwrap();
        assert_eq!((place.at, place.left), (Dma(0x9_f123), 0xedd));
        assert_eq!(vm.walk(&ram, 0x2_0000), None);
    }

    #[test]
    fn huge_pages() {
        let ram = ram();
        let vm = four_level(&ram, 0);
        ram.store(Dma(0x3000), 0x60_0000u64 | HUGE | 3).unwrap();
        assert_eq!(vm.translate(&ram, 0x12_3456), Some(Dma(0x72_3456)));
        ram.store(Dma(0x2000), 0x8000_0000u64 | HUGE | 3).unwrap();
        assert_eq!(vm.translate(&ram, 0x2123_4567), Some(Dma(0xa123_4567)));
    }

    #[test]
    fn three_levels() {
        let ram = ram();
        let root = [Dma(0x1000), Dma(0x2000), Dma(0x3000), Dma(0x4000)];
        let vm = Ppgtt::new(root, false);
        let addr = 0xc020_3004u64;
        ram.store(Dma(0x4000 + 8), 0x5000u64 | 3).unwrap();
        ram.store(Dma(0x5000 + 3 * 8), 0x7000u64 | 3).unwrap();
        assert_eq!(vm.translate(&ram, addr), Some(Dma(0x7004)));
        assert_eq!(vm.translate(&ram, addr | 1 << 32), Some(Dma(0x7004)));
    }

    proptest! {
        #[test]
        fn any_tables_are_survived(
            words in proptest::collection::vec(any::<u64>(), 64),
            addr: u64,
            four_level: bool,
        ) {
            let ram = ram();
            for (i, word) in words.iter().enumerate() {
                ram.store(Dma(i as u64 * 16 * 8), *word).unwrap();
            }
            let vm = Ppgtt::new([Dma(addr), Dma(0), Dma(8), Dma(!0)], four_level);
            if let Some(place) = vm.walk(&ram, addr) {
                prop_assert!(place.left > 0 && place.left <= 1 << 30);
            }
        }
    }
}
