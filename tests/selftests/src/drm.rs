// SPDX-License-Identifier: GPL-2.0
//! The host's own driver of the GPU, as somebody who is given a dma-buf.
//!
//! Structures and numbers: `include/uapi/drm/drm.h`, `i915_drm.h`.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;

use crate::sys::ioctl_with;

/// `DRM_IOCTL_GEM_CLOSE`, `DRM_IOCTL_PRIME_FD_TO_HANDLE`, `DRM_IOCTL_I915_GEM_PREAD`.
const GEM_CLOSE: u32 = 0x4008_6409;
const PRIME_FD_TO_HANDLE: u32 = 0xc00c_642e;
const PREAD: u32 = 0x4020_645c;

#[repr(C)]
struct Prime {
    handle: u32,
    flags: u32,
    fd: i32,
}

#[repr(C)]
struct Pread {
    handle: u32,
    pad: u32,
    offset: u64,
    size: u64,
    data: u64,
}

/// An open device of DRM's.
pub struct Drm(File);

/// A dma-buf that the driver has imported; given up when dropped.
pub struct Imported<'a> {
    drm: &'a Drm,
    handle: u32,
}

impl Drm {
    /// Opens a render node.
    pub fn open(path: &Path) -> io::Result<Self> {
        File::options().read(true).write(true).open(path).map(Self)
    }

    /// Gives it a dma-buf.
    pub fn import(&self, fd: BorrowedFd<'_>) -> io::Result<Imported<'_>> {
        let mut prime = Prime {
            handle: 0,
            flags: 0,
            fd: fd.as_raw_fd(),
        };
        // SAFETY: the command reads and writes this structure.
        unsafe { ioctl_with(self.0.as_fd(), PRIME_FD_TO_HANDLE, &mut prime) }?;
        Ok(Imported {
            drm: self,
            handle: prime.handle,
        })
    }
}

impl Imported<'_> {
    /// Has the driver read from the start on.
    pub fn read(&self, into: &mut [u8]) -> io::Result<()> {
        let mut pread = Pread {
            handle: self.handle,
            pad: 0,
            offset: 0,
            size: into.len() as u64,
            data: into.as_mut_ptr() as u64,
        };
        // SAFETY: the command reads this structure, and writes as much to `into` as that has.
        unsafe { ioctl_with(self.drm.0.as_fd(), PREAD, &mut pread) }.map(|_| ())
    }
}

impl Drop for Imported<'_> {
    fn drop(&mut self) {
        // SAFETY: the command reads a structure of two numbers. There is nothing to do about an error.
        let _ = unsafe { ioctl_with(self.drm.0.as_fd(), GEM_CLOSE, &mut [self.handle, 0]) };
    }
}
