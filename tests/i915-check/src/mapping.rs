// SPDX-License-Identifier: GPL-2.0
//! Memory that the GPU changes while this process looks at it.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;

use crate::uapi::{MapMode, mmap_offset};

/// A shared mapping that unmaps itself.
///
/// # Invariants
/// `base` starts a readable, writable mapping of `words` dwords that only `drop` removes.
/// The GPU may change it at any time, so every access is volatile.
pub struct Mapping {
    base: NonNull<u32>,
    words: usize,
}

impl Mapping {
    /// Maps `size` bytes of a GEM object.
    pub fn of_object(
        fd: BorrowedFd<'_>,
        handle: u32,
        size: usize,
        mode: MapMode,
    ) -> io::Result<Self> {
        let offset = mmap_offset(fd, handle, mode)?;
        Self::new(size, libc::MAP_SHARED, fd.as_raw_fd(), offset)
    }

    /// Maps `size` bytes of fresh anonymous pages.
    pub fn of_pages(size: usize) -> io::Result<Self> {
        Self::new(size, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
    }

    /// Maps `size` bytes of a PCI device's BAR from `offset` on, by its file in sysfs.
    pub fn of_bar(file: &File, offset: u64, size: usize) -> io::Result<Self> {
        Self::new(size, libc::MAP_SHARED, file.as_raw_fd(), offset)
    }

    fn new(size: usize, flags: libc::c_int, fd: libc::c_int, offset: u64) -> io::Result<Self> {
        let offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidData)?;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: no address is asked for, so no existing mapping is replaced.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), size, protection, flags, fd, offset) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self {
            base,
            words: size / size_of::<u32>(),
        })
    }

    /// Where this process sees it.
    pub fn address(&self) -> u64 {
        self.base.as_ptr() as u64
    }

    /// Size in bytes.
    pub fn len(&self) -> usize {
        self.words * size_of::<u32>()
    }

    fn word(&self, index: usize) -> NonNull<u32> {
        assert!(
            index < self.words,
            "dword {index} of a mapping of {}",
            self.words
        );
        // SAFETY: within the mapping, by the assertion.
        unsafe { self.base.add(index) }
    }

    fn wide(&self, index: usize) -> NonNull<u64> {
        assert!(
            index < self.words / 2,
            "qword {index} of a mapping of {} dwords",
            self.words
        );
        // SAFETY: within the mapping, by the assertion.
        unsafe { self.base.cast().add(index) }
    }

    /// Reads the dword at `index`, counted in dwords.
    pub fn read(&self, index: usize) -> u32 {
        // SAFETY: `word` gives a valid, aligned pointer into the live mapping.
        unsafe { self.word(index).read_volatile() }
    }

    /// Writes the dword at `index`, counted in dwords.
    pub fn write(&self, index: usize, value: u32) {
        // SAFETY: as in `read`.
        unsafe { self.word(index).write_volatile(value) }
    }

    /// Reads the qword at `index`, counted in qwords, by one access.
    pub fn read64(&self, index: usize) -> u64 {
        // SAFETY: `wide` gives a valid pointer into the live mapping, aligned since a mapping starts on a page.
        unsafe { self.wide(index).read_volatile() }
    }

    /// Writes the qword at `index`, counted in qwords, by one access.
    pub fn write64(&self, index: usize, value: u64) {
        // SAFETY: as in `read64`.
        unsafe { self.wide(index).write_volatile(value) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: by the invariant, this is the mapping that `new` made.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len()) };
    }
}
