// SPDX-License-Identifier: GPL-2.0

//! What the model needs of the world. Each trait has one implementation in `host` and one in the tests.
//!
//! What fails has no effect. What holds a resource is a guard, and gives it back when it is dropped.

use crate::hw::addr::{DmaAddr, Gfn, GgttIndex, GuestPhys, MmioOffset};
use kernel::error::{Error, Result};

/// A quota is used up.
pub fn edquot() -> Error {
    // The kernel crate has no name for it (include/uapi/asm-generic/errno.h).
    const EDQUOT: i32 = 122;
    Error::from_errno(-EDQUOT)
}

/// The guest's memory, as the CPU reaches it.
pub trait GuestMemory {
    /// Fills `into` from `from` on. EFAULT if a byte of that is not the guest's.
    fn read(&self, from: GuestPhys, into: &mut [u8]) -> Result;

    /// Writes `bytes` from `to` on. EFAULT if a byte of that is not the guest's to write.
    fn write(&self, to: GuestPhys, bytes: &[u8]) -> Result;
}

/// A page that stays where it is, and that the GPU reaches, while this lives.
pub trait Pinned {
    /// Where the GPU finds it. To be asked now and then: it may have to be looked up.
    fn address(&self) -> DmaAddr;
}

/// Lets the GPU reach the guest's pages.
pub trait PagePinner {
    /// What holds a page.
    type Pin: Pinned;

    /// Pins a page, and says where the GPU finds it. EDQUOT if the guest has pinned all that it may, EFAULT
    /// if it is not the guest's memory.
    fn pin(&self, gfn: Gfn) -> Result<(Self::Pin, DmaAddr)>;
}

/// Tells of the guest's writes to a page.
pub trait WriteTracker {
    /// What keeps a page tracked.
    type Track;

    /// Has every write to the page told from now on, after it happened.
    fn track(&self, gfn: Gfn) -> Result<Self::Track>;

    /// Whether tracks have ended by themselves since this was asked last, as they do when other memory comes to be
    /// where theirs was.
    fn lost_tracks(&self) -> bool;
}

/// A page of the host's that the GPU reads as a translation table; all zero at first.
pub trait TablePage {
    /// Where the GPU finds it.
    fn address(&self) -> DmaAddr;

    /// Sets entry `index`, in one access. What is past the end is dropped.
    fn set(&mut self, index: u16, entry: u64);
}

/// Makes pages for translation tables.
pub trait TableAllocator {
    /// A page; freed when it is dropped.
    type Page: TablePage;

    /// Makes one, or ENOMEM.
    fn allocate(&self) -> Result<Self::Page>;
}

/// The host's GGTT. Only entries of a share that is the caller's may be set.
pub trait HostGgtt {
    /// Has an entry map the page at `page`, or the scratch page if the hardware cannot reach that one.
    fn map(&self, index: GgttIndex, page: DmaAddr);

    /// Has an entry map the scratch page.
    fn unmap(&self, index: GgttIndex);

    /// Makes the GPU see the changes before.
    fn flush(&self);
}

/// Registers of the real GPU. They are awake while they are accessed.
pub trait HostMmio {
    /// Reads a register.
    fn read(&self, at: MmioOffset) -> u32;
}

/// A picture that is being painted, 4 bytes a pixel. What is past its end is dropped, and reads as it was.
pub trait Canvas {
    /// Reads from byte `offset` on.
    fn read(&self, offset: u32, into: &mut [u8]);

    /// Writes from byte `offset` on.
    fn write(&mut self, offset: u32, bytes: &[u8]);
}

/// Pages of the guest that others have, until this is revoked or dropped.
pub trait Exported {
    /// Whether somebody has them.
    fn is_used(&self) -> bool;

    /// Whether the pages are kept still: they were not taken away, or somebody makes use of them who cannot be told.
    fn has_pages(&self) -> bool;

    /// Takes them away from whoever has them. Nothing of it is pinned any more when this returns.
    fn revoke(&self);
}
