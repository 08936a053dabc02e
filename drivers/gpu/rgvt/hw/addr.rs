// SPDX-License-Identifier: GPL-2.0

//! Addresses and sizes, one type for each space, with the conversions that are legal.
//!
//! There are no operators on purpose: arithmetic that a guest's number can reach is asked for by
//! name and says what happens at the end of the range.

/// Log2 of the size of a page, of CPU and GTT alike.
pub const PAGE_SHIFT: u32 = 12;

/// Bytes in a page.
pub const PAGE_SIZE: u64 = 1 << PAGE_SHIFT;

/// Bits of an offset into a page.
const PAGE_MASK: u64 = PAGE_SIZE - 1;

/// Bytes that a GGTT of Gen8 and Gen9 can map: 1 Mi entries of one page (i915: `ggtt_total_entries`
/// of an 8 MiB table).
pub const GGTT_MAX_BYTES: u64 = 4 << 30;

macro_rules! number {
    ($(#[$meta:meta])* $name:ident($repr:ty)) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($repr);

        impl $name {
            /// Wraps a number.
            pub const fn new(value: $repr) -> Self {
                Self(value)
            }

            /// The number.
            pub const fn get(self) -> $repr {
                self.0
            }

            /// The value `offset` further on; `None` past the end of the type.
            pub const fn checked_add(self, offset: $repr) -> Option<Self> {
                match self.0.checked_add(offset) {
                    Some(value) => Some(Self(value)),
                    None => None,
                }
            }

            /// How far `self` is above `base`; `None` if it is below.
            pub const fn checked_sub(self, base: Self) -> Option<$repr> {
                self.0.checked_sub(base.0)
            }
        }
    };
}

number! {
    /// A byte address in the guest's physical memory.
    GuestPhys(u64)
}

number! {
    /// A page frame number of the guest's physical memory: a [`GuestPhys`] in pages.
    Gfn(u64)
}

number! {
    /// A byte address in the global graphics address space as the guest writes it. Ballooning makes
    /// it the same number as the host's, but it is to be audited before it is one.
    GuestGma(u64)
}

number! {
    /// A byte address in the host's global graphics address space that was audited or is ours.
    HostGma(u64)
}

number! {
    /// A byte address as the GPU sends it to the bus, behind an IOMMU or not.
    DmaAddr(u64)
}

number! {
    /// The number of an entry in the GGTT; an entry maps one page.
    GgttIndex(u32)
}

number! {
    /// A byte offset of a register in BAR 0.
    MmioOffset(u32)
}

number! {
    /// A length in units of 4 bytes.
    Dwords(u32)
}

number! {
    /// A length in bytes.
    Bytes(u64)
}

impl GuestPhys {
    /// The page that the address lies in.
    pub const fn gfn(self) -> Gfn {
        Gfn(self.0 >> PAGE_SHIFT)
    }

    /// Offset within the page, below [`PAGE_SIZE`].
    pub const fn offset_in_page(self) -> u64 {
        self.0 & PAGE_MASK
    }
}

impl Gfn {
    /// The page's first byte; `None` for a frame number above 64 bits of address.
    pub const fn phys(self) -> Option<GuestPhys> {
        match self.0.checked_mul(PAGE_SIZE) {
            Some(address) => Some(GuestPhys(address)),
            None => None,
        }
    }
}

impl GuestGma {
    /// The GGTT entry that maps the address; `None` above what a GGTT can map.
    pub fn index(self) -> Option<GgttIndex> {
        if self.0 >= GGTT_MAX_BYTES {
            return None;
        }
        u32::try_from(self.0 >> PAGE_SHIFT).ok().map(GgttIndex)
    }

    /// Offset within the page, below [`PAGE_SIZE`].
    pub const fn offset_in_page(self) -> u64 {
        self.0 & PAGE_MASK
    }
}

impl HostGma {
    /// The GGTT entry that maps the address; `None` above what a GGTT can map.
    pub fn index(self) -> Option<GgttIndex> {
        GuestGma(self.0).index()
    }
}

impl GgttIndex {
    /// The first byte that the entry maps.
    pub fn gma(self) -> GuestGma {
        GuestGma(u64::from(self.0) << PAGE_SHIFT)
    }
}

impl Dwords {
    /// The same length in bytes.
    pub fn bytes(self) -> Bytes {
        Bytes(u64::from(self.0) << 2)
    }
}

impl Bytes {
    /// The same length in pages, rounded up.
    pub const fn pages(self) -> u64 {
        self.0.div_ceil(PAGE_SIZE)
    }

    /// A length given in MiB; saturates.
    pub const fn mib(count: u64) -> Self {
        Self(count.saturating_mul(1 << 20))
    }
}

/// A stretch of the global graphics address space: from `start` on, `size` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GmaRange {
    start: u64,
    size: u64,
}

impl GmaRange {
    /// A range, which may be empty; `None` if it does not fit below [`GGTT_MAX_BYTES`].
    pub const fn new(start: HostGma, size: Bytes) -> Option<Self> {
        match start.0.checked_add(size.0) {
            Some(end) if end <= GGTT_MAX_BYTES => Some(Self {
                start: start.0,
                size: size.0,
            }),
            _ => None,
        }
    }

    /// The first byte.
    pub const fn start(self) -> HostGma {
        HostGma(self.start)
    }

    /// The length.
    pub const fn size(self) -> Bytes {
        Bytes(self.size)
    }

    /// The byte after the last one.
    pub const fn end(self) -> HostGma {
        // The constructor keeps the sum below GGTT_MAX_BYTES.
        HostGma(self.start.wrapping_add(self.size))
    }

    /// Where `address` lies in the range, in bytes from its start, if all of `size` bytes from
    /// there on do.
    pub const fn offset_of(self, address: GuestGma, size: Bytes) -> Option<Bytes> {
        let Some(offset) = address.0.checked_sub(self.start) else {
            return None;
        };
        match offset.checked_add(size.0) {
            Some(end) if end <= self.size && offset < self.size => Some(Bytes(offset)),
            _ => None,
        }
    }

    /// Whether the ranges share a byte.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end().0 && other.start < self.end().0
    }
}
