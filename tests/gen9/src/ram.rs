// SPDX-License-Identifier: GPL-2.0

//! The memory that the device reaches by DMA: the windows that the vfio-user client mapped.
//!
//! A window may go away while an engine uses it. Each access works on a snapshot that keeps its
//! windows alive, so an unmap never pulls memory from under a running engine.

use std::fs::File;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use thiserror::Error;
use vm_memory::mmap::MmapRegionError;
use vm_memory::{
    AtomicAccess, Bytes, FileOffset, GuestAddress, GuestAddressSpace, GuestMemoryAtomic,
    GuestMemoryBackend, GuestMemoryMmap, GuestMemoryRegion, GuestRegionMmap, MmapRegion,
    VolatileMemory,
};

use crate::addr::Dma;

/// An access met no window, or a read-only one for a write.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("no memory at {0:?}")]
pub struct BusError(pub Dma);

/// A window could not be mapped.
#[derive(Debug, Error)]
pub enum MapError {
    /// The client's file could not be mapped.
    #[error("cannot map the window's file: {0}")]
    Mmap(#[from] MmapRegionError),
    /// The window overlaps another one.
    #[error("the window overlaps another or wraps: {0}")]
    Overlap(#[from] vm_memory::GuestRegionCollectionError),
    /// The window wraps around the end of the address space.
    #[error("the window wraps around the address space")]
    Range,
}

type Windows = GuestMemoryAtomic<GuestMemoryMmap>;

/// All DMA windows. Cheap to read from any thread.
pub struct Ram {
    writable: Windows,
    read_only: Windows,
    /// Serialises changes of the two lists of windows; readers never take it.
    update: Mutex<()>,
}

impl Default for Ram {
    fn default() -> Self {
        Self {
            writable: Windows::new(GuestMemoryMmap::new()),
            read_only: Windows::new(GuestMemoryMmap::new()),
            update: Mutex::new(()),
        }
    }
}

impl Ram {
    /// Makes `size` bytes of `file` from `offset` visible to the device at `base`.
    ///
    /// # Errors
    /// When the file cannot be mapped or the window overlaps another.
    pub fn map(
        &self,
        base: Dma,
        size: u64,
        writable: bool,
        file: File,
        offset: u64,
    ) -> Result<(), MapError> {
        let _update = self.update.lock().unwrap_or_else(|e| e.into_inner());
        let len = usize::try_from(size).map_err(|_| MapError::Range)?;
        base.0.checked_add(size).ok_or(MapError::Range)?;
        let prot = if writable {
            libc::PROT_READ | libc::PROT_WRITE
        } else {
            libc::PROT_READ
        };
        let mapping = MmapRegion::build(
            Some(FileOffset::new(file, offset)),
            len,
            prot,
            libc::MAP_SHARED | libc::MAP_NORESERVE,
        )?;
        let region = GuestRegionMmap::new(mapping, GuestAddress(base.0)).ok_or(MapError::Range)?;
        let windows = if writable {
            &self.writable
        } else {
            &self.read_only
        };
        let next = windows
            .memory()
            .insert_region(std::sync::Arc::new(region))?;
        Self::replace(windows, next);
        Ok(())
    }

    /// Takes away every window that lies inside the range.
    pub fn unmap(&self, base: Dma, size: u64) {
        let _update = self.update.lock().unwrap_or_else(|e| e.into_inner());
        let end = base.0.saturating_add(size);
        for windows in [&self.writable, &self.read_only] {
            let snapshot = windows.memory();
            let gone: Vec<_> = snapshot
                .iter()
                .filter(|r| r.start_addr().0 >= base.0 && r.last_addr().0 < end)
                .map(|r| (r.start_addr(), r.len()))
                .collect();
            let mut next = (*snapshot).clone();
            for (start, len) in gone {
                if let Ok((rest, _)) = next.remove_region(start, len) {
                    next = rest;
                }
            }
            Self::replace(windows, next);
        }
    }

    /// Takes away every window, as when the client goes.
    pub fn unmap_all(&self) {
        self.unmap(Dma(0), u64::MAX);
    }

    fn replace(windows: &Windows, next: GuestMemoryMmap) {
        // The lock cannot be poisoned for long: its only user is this function.
        match windows.lock() {
            Ok(guard) => guard.replace(next),
            Err(poisoned) => poisoned.into_inner().replace(next),
        }
    }

    /// Copies memory at `at` into `buf`.
    ///
    /// # Errors
    /// [`BusError`] when any byte lies outside the windows.
    pub fn read(&self, at: Dma, buf: &mut [u8]) -> Result<(), BusError> {
        let addr = GuestAddress(at.0);
        self.writable
            .memory()
            .read_slice(buf, addr)
            .or_else(|_| self.read_only.memory().read_slice(buf, addr))
            .map_err(|_| BusError(at))
    }

    /// Copies `buf` to memory at `at`.
    ///
    /// # Errors
    /// [`BusError`] when any byte lies outside the writable windows.
    pub fn write(&self, at: Dma, buf: &[u8]) -> Result<(), BusError> {
        self.writable
            .memory()
            .write_slice(buf, GuestAddress(at.0))
            .map_err(|_| BusError(at))
    }

    /// Loads an aligned value in one access.
    ///
    /// # Errors
    /// [`BusError`] when the address is unaligned or outside the windows.
    pub fn load<T: AtomicAccess>(&self, at: Dma) -> Result<T, BusError> {
        let addr = GuestAddress(at.0);
        self.writable
            .memory()
            .load(addr, Ordering::Acquire)
            .or_else(|_| self.read_only.memory().load(addr, Ordering::Acquire))
            .map_err(|_| BusError(at))
    }

    /// Stores an aligned value in one access.
    ///
    /// # Errors
    /// [`BusError`] when the address is unaligned or outside the writable windows.
    pub fn store<T: AtomicAccess>(&self, at: Dma, value: T) -> Result<(), BusError> {
        self.writable
            .memory()
            .store(value, GuestAddress(at.0), Ordering::Release)
            .map_err(|_| BusError(at))
    }

    /// Replaces an aligned dword by what `f` makes of it, in one step; returns the one before.
    ///
    /// # Errors
    /// [`BusError`] when the address is unaligned or outside the writable windows.
    pub fn update32(&self, at: Dma, mut f: impl FnMut(u32) -> u32) -> Result<u32, BusError> {
        let memory = self.writable.memory();
        let slice = memory
            .get_slice(GuestAddress(at.0), 4)
            .map_err(|_| BusError(at))?;
        let cell: &AtomicU32 = slice.get_atomic_ref(0).map_err(|_| BusError(at))?;
        let update = cell.fetch_update(Ordering::AcqRel, Ordering::Acquire, |old| Some(f(old)));
        update.map_err(|_| BusError(at))
    }

    /// Like [`Self::update32`] for a qword.
    ///
    /// # Errors
    /// [`BusError`] when the address is unaligned or outside the writable windows.
    pub fn update64(&self, at: Dma, mut f: impl FnMut(u64) -> u64) -> Result<u64, BusError> {
        let memory = self.writable.memory();
        let slice = memory
            .get_slice(GuestAddress(at.0), 8)
            .map_err(|_| BusError(at))?;
        let cell: &AtomicU64 = slice.get_atomic_ref(0).map_err(|_| BusError(at))?;
        let update = cell.fetch_update(Ordering::AcqRel, Ordering::Acquire, |old| Some(f(old)));
        update.map_err(|_| BusError(at))
    }
}
