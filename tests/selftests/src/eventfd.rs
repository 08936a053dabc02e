// SPDX-License-Identifier: GPL-2.0
//! Eventfds, which the device signals.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use anyhow::{Result, ensure};

use crate::sys;

/// How long an event may take, in milliseconds. The emulated CPU is slow, and busy.
const PATIENCE: i32 = 5_000;

/// How long nothing must happen to be taken for nothing, in milliseconds.
const SILENCE: i32 = 50;

/// An eventfd.
pub struct EventFd(OwnedFd);

impl EventFd {
    /// One that was not signalled yet.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call takes no address.
        let fd = sys::result(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        // SAFETY: the descriptor is new, and nobody else has it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Its number.
    pub fn number(&self) -> i32 {
        self.0.as_raw_fd()
    }

    /// Signals it.
    pub fn signal(&self) -> io::Result<()> {
        let one = 1u64.to_ne_bytes();
        // SAFETY: the buffer is as long as said.
        let count = unsafe { libc::write(self.number(), one.as_ptr().cast(), one.len()) };
        if count == 8 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// How often it was signalled since it was asked the last time.
    pub fn take(&self) -> u64 {
        let mut count = [0u8; 8];
        // SAFETY: the buffer is as long as said.
        let got = unsafe { libc::read(self.number(), count.as_mut_ptr().cast(), count.len()) };
        if got == 8 {
            u64::from_ne_bytes(count)
        } else {
            0
        }
    }

    /// Fails unless it is signalled soon.
    pub fn arrives(&self, what: &str) -> Result<()> {
        self.arrives_within(PATIENCE, what)
    }

    /// Fails unless it is signalled within so many milliseconds.
    pub fn arrives_within(&self, patience: i32, what: &str) -> Result<()> {
        let came = sys::readable(self.0.as_fd(), patience)?;
        ensure!(came, "{what}: no event");
        self.take();
        Ok(())
    }

    /// Fails if it is signalled, or was.
    pub fn is_silent(&self, what: &str) -> Result<()> {
        let came = sys::readable(self.0.as_fd(), SILENCE)?;
        ensure!(!came, "{what}: an event that should not come");
        Ok(())
    }
}
