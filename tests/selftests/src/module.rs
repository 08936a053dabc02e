// SPDX-License-Identifier: GPL-2.0
//! Kernel modules.

use std::ffi::CString;
use std::io;

/// Unloads a module, unless it is in use.
pub fn unload(name: &str) -> io::Result<()> {
    let name = CString::new(name)?;
    // SAFETY: the call reads a string.
    let result = unsafe { libc::syscall(libc::SYS_delete_module, name.as_ptr(), libc::O_NONBLOCK) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
