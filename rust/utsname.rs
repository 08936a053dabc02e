// SPDX-License-Identifier: GPL-2.0

//! The kernel's release: of the one that runs, and of the one this module was built for.
//!
//! C header: [`include/linux/utsname.h`](srctree/include/linux/utsname.h)

use kernel::prelude::*;

use super::bindings;

/// The release of the kernel whose headers this module was built with.
pub(crate) const BUILT_FOR: &CStr = match CStr::from_bytes_with_nul(bindings::UTS_RELEASE) {
    Ok(release) => release,
    Err(_) => panic!("a C string has one NUL, at its end"),
};

/// Returns the release of the kernel that runs.
pub(crate) fn running() -> &'static CStr {
    // SAFETY: It is a string of the kernel image, of the initial UTS namespace, which stays. Nothing
    // writes to it: only the names of host and domain can be set.
    unsafe { CStr::from_char_ptr(bindings::rgvt_init_utsname_release()) }
}
