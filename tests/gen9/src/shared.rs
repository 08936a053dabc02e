// SPDX-License-Identifier: GPL-2.0

//! Memory that the device shares with its client by file descriptor: register pages without side
//! effects and the GGTT.

use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;
use std::sync::atomic::{AtomicU32, AtomicU64};

use vm_memory::{FileOffset, MmapRegion, VolatileMemory};

/// A memfd of fixed size, mapped here and mappable by the client.
pub struct Shared {
    map: MmapRegion,
    file: File,
}

impl Shared {
    /// Makes a zeroed area of `size` bytes.
    ///
    /// # Errors
    /// When the kernel has no memory or no descriptor left.
    pub fn new(name: &std::ffi::CStr, size: usize) -> io::Result<Self> {
        // SAFETY: the name is a valid C string and the call has no other precondition.
        let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: memfd_create returned a descriptor that nobody else owns.
        let file = unsafe { File::from_raw_fd(fd) };
        file.set_len(size as u64)?;
        let map = MmapRegion::from_file(FileOffset::new(file.try_clone()?, 0), size)
            .map_err(io::Error::other)?;
        Ok(Self { map, file })
    }

    /// The descriptor that a client maps.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The 32-bit cell at byte `offset`, if it is aligned and inside.
    pub fn cell32(&self, offset: usize) -> Option<&AtomicU32> {
        self.map.get_atomic_ref(offset).ok()
    }

    /// The 64-bit cell at byte `offset`, if it is aligned and inside.
    pub fn cell64(&self, offset: usize) -> Option<&AtomicU64> {
        self.map.get_atomic_ref(offset).ok()
    }
}
