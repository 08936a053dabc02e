// SPDX-License-Identifier: GPL-2.0

//! Lines of the kernel's log that others can cause, and that must not fill it.
//!
//! C header: [`include/linux/ratelimit.h`](srctree/include/linux/ratelimit.h)

use super::bindings;

/// Whether one more line may be printed now. Says at times how many were not.
pub(crate) fn allowed() -> bool {
    // SAFETY: The function may be called from anywhere.
    unsafe { bindings::rgvt_ratelimit() }
}

/// Prints a warning, unless there were too many lately.
macro_rules! pr_warn_ratelimited {
    ($($argument:tt)*) => {
        if $crate::rust::ratelimit::allowed() {
            ::kernel::pr_warn!($($argument)*);
        }
    };
}

pub(crate) use pr_warn_ratelimited;
