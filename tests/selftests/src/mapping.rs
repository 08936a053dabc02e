// SPDX-License-Identifier: GPL-2.0
//! Memory that a device changes while this process looks at it.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::ptr::NonNull;

use crate::sys::result;

/// A mapping that unmaps itself.
///
/// # Invariants
/// `base` starts a mapping of `words` dwords that only `drop` removes. A device may change it at any
/// time, so every access is volatile.
pub struct Mapping {
    base: NonNull<u32>,
    words: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread.
unsafe impl Send for Mapping {}

// SAFETY: every access is volatile and of one dword, and others than this process change it anyway.
unsafe impl Sync for Mapping {}

/// How a file is mapped.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// `PROT_*`.
    pub protection: libc::c_int,
    /// `MAP_*`.
    pub flags: libc::c_int,
}

/// To read only, shared.
pub const READ_ONLY: How = How {
    protection: libc::PROT_READ,
    flags: libc::MAP_SHARED,
};

/// To read and write, shared.
pub const SHARED: How = How {
    protection: libc::PROT_READ | libc::PROT_WRITE,
    flags: libc::MAP_SHARED,
};

impl Mapping {
    /// Fresh pages.
    pub fn of_pages(size: usize) -> io::Result<Self> {
        let how = How {
            flags: libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            ..SHARED
        };
        Self::new(size, how, -1, 0)
    }

    /// A part of a file.
    pub fn of_file(fd: BorrowedFd<'_>, offset: u64, size: u64, how: How) -> io::Result<Self> {
        let size = usize::try_from(size).map_err(|_| io::ErrorKind::InvalidInput)?;
        Self::new(size, how, fd.as_raw_fd(), offset)
    }

    fn new(size: usize, how: How, fd: libc::c_int, offset: u64) -> io::Result<Self> {
        let offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let none = std::ptr::null_mut();
        // SAFETY: no address is asked for, so no existing mapping is replaced.
        let base = unsafe { libc::mmap(none, size, how.protection, how.flags, fd, offset) };
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

    /// Asks for the right to write to it.
    pub fn make_writable(&self) -> io::Result<()> {
        let size = self.words * size_of::<u32>();
        // SAFETY: the mapping is this object's, and who has it reads and writes it in no other way than as
        // device memory.
        let done = unsafe { libc::mprotect(self.base.as_ptr().cast(), size, SHARED.protection) };
        result(done).map(|_| ())
    }

    /// Whether there is something at the dword at `index`. Reading it where nothing is would end the process.
    pub fn is_there(&self, index: usize) -> io::Result<bool> {
        let (to, _from) = UnixStream::pair()?;
        // SAFETY: the kernel reads a dword of the mapping, or says that it cannot.
        let done = unsafe { libc::write(to.as_raw_fd(), self.word(index).as_ptr().cast(), 4) };
        match io::Error::last_os_error() {
            _ if done == 4 => Ok(true),
            error if error.raw_os_error() == Some(libc::EFAULT) => Ok(false),
            error => Err(error),
        }
    }

    fn word(&self, index: usize) -> NonNull<u32> {
        assert!(index < self.words, "dword {index} of {}", self.words);
        // SAFETY: within the mapping, by the assertion.
        unsafe { self.base.add(index) }
    }

    /// Reads the dword at `index`, counted in dwords. The mapping must be readable.
    pub fn read(&self, index: usize) -> u32 {
        // SAFETY: `word` gives a valid, aligned pointer into the live mapping.
        unsafe { self.word(index).read_volatile() }
    }

    /// Writes the dword at `index`, counted in dwords. The mapping must be writable.
    pub fn write(&self, index: usize, value: u32) {
        // SAFETY: as in `read`.
        unsafe { self.word(index).write_volatile(value) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: by the invariant, this is the mapping that `new` made.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.words * size_of::<u32>()) };
    }
}
