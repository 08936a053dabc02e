// SPDX-License-Identifier: GPL-2.0
//! System calls that the standard library lacks.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// The number, or the error that -1 stands for.
pub fn result(value: libc::c_int) -> io::Result<libc::c_int> {
    if value < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(value)
    }
}

/// An ioctl whose argument is a number.
pub fn ioctl_number(fd: BorrowedFd<'_>, command: u32, argument: u64) -> io::Result<libc::c_int> {
    // SAFETY: the kernel takes the argument as it is; what is no address for this command cannot be
    // used as one.
    result(unsafe { libc::ioctl(fd.as_raw_fd(), command.into(), argument) })
}

/// An ioctl whose argument is a structure that the kernel reads and writes.
///
/// # Safety
/// The kernel must not write more than a `T`, nor anything that is no `T`, nor keep the address.
pub unsafe fn ioctl_with<T>(
    fd: BorrowedFd<'_>,
    command: u32,
    argument: &mut T,
) -> io::Result<libc::c_int> {
    let argument: *mut T = argument;
    // SAFETY: the caller vouches for the command.
    result(unsafe { libc::ioctl(fd.as_raw_fd(), command.into(), argument) })
}

/// Waits until the descriptor can be read, at most so many milliseconds.
pub fn readable(fd: BorrowedFd<'_>, milliseconds: i32) -> io::Result<bool> {
    let mut poll = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: the address is that of one structure.
    Ok(result(unsafe { libc::poll(&mut poll, 1, milliseconds) })? > 0)
}
