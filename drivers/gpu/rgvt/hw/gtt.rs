// SPDX-License-Identifier: GPL-2.0

//! Entries of the global and the per-process graphics translation tables.
//!
//! Entries are 8 bytes. Source: Skylake PRM, volume 5 (Memory Views), and intel_gtt.h.

use super::addr::{DmaAddr, Gfn, MmioOffset, PAGE_SHIFT};
use kernel::{bitfield, num::Bounded};

/// Offset of the GGTT in BAR 0: its upper half of 16 MiB (intel_ggtt.c: `gen6_gttadr_offset`).
pub const GGTT_OFFSET: MmioOffset = MmioOffset::new(8 << 20);

/// Size of the GGTT in BAR 0, in bytes.
pub const GGTT_SIZE: u32 = 8 << 20;

/// Log2 of the size of an entry, in all tables.
pub const ENTRY_SHIFT: u32 = 3;

/// Entries in one page of a per-process table.
pub const ENTRIES_IN_PAGE: u32 = 512;

/// Address bits that the hardware of Gen8 and Gen9 puts on the bus (i915_pci.c: `dma_mask_size`).
pub const DMA_BITS: u32 = 39;

bitfield! {
    /// A GGTT entry. Bits 11:1 are ignored by Gen8 and Gen9: the GGTT is always writable, and its
    /// cacheability comes from elsewhere.
    pub struct GgttPte(u64) {
        /// The page, as a frame number.
        45:12 frame;
        /// Whether the entry maps anything.
        0:0 present => bool;
    }
}

impl GgttPte {
    /// The guest's page that the entry names, if it is present.
    pub fn gfn(self) -> Option<Gfn> {
        self.present().then(|| Gfn::new(self.frame().get()))
    }

    /// The entry that maps the page at `address`; `None` if the hardware cannot address it or it
    /// is not the start of a page.
    pub fn mapping(address: DmaAddr) -> Option<Self> {
        let frame = Bounded::<u64, 34>::try_new(address.get() >> PAGE_SHIFT)?;
        let aligned = address.get().trailing_zeros() >= PAGE_SHIFT;
        let reachable = address.get() >> DMA_BITS == 0;
        (aligned && reachable).then(|| Self::from_raw(0).with_frame(frame).with_present(true))
    }
}

bitfield! {
    /// An entry of any level of a per-process table.
    pub struct PpgttEntry(u64) {
        /// The page or the next table, as a frame number of 4 KiB; larger pages ignore low bits.
        45:12 frame;
        /// In a page directory entry: the table below maps 64 KiB with every sixteenth entry.
        11:11 pages_64k => bool;
        /// In a page directory entry: maps 2 MiB. In a directory pointer entry: 1 GiB, which no
        /// driver uses.
        7:7 large => bool;
        /// Cacheability: with bit 3 and, in an entry that maps 4 KiB, bit 7, an index into the
        /// private page attribute table.
        4:4 cache_disable => bool;
        /// Likewise.
        3:3 write_through => bool;
        /// Whether the page, or what is below, may be written.
        1:1 writable => bool;
        /// Whether the entry points to anything.
        0:0 present => bool;
    }
}

/// The level of a per-process table, named by what its entries point to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Entries map pages.
    Pte,
    /// Entries point to page tables or map 2 MiB.
    Pde,
    /// Entries point to page directories. The root of a 3-level table, with 4 entries kept in the
    /// context image.
    Pdpe,
    /// Entries point to directory pointer tables. The root of a 4-level table.
    Pml4e,
}

impl Level {
    /// Bits of an address that a 4-level table translates.
    pub const ADDRESS_BITS: u32 = 48;

    /// The level that entries of this one point to.
    pub const fn below(self) -> Option<Level> {
        match self {
            Level::Pte => None,
            Level::Pde => Some(Level::Pte),
            Level::Pdpe => Some(Level::Pde),
            Level::Pml4e => Some(Level::Pdpe),
        }
    }

    /// Log2 of the bytes that one entry of this level spans.
    pub const fn span_shift(self) -> u32 {
        match self {
            Level::Pte => 12,
            Level::Pde => 21,
            Level::Pdpe => 30,
            Level::Pml4e => 39,
        }
    }
}
