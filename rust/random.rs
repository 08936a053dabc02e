// SPDX-License-Identifier: GPL-2.0

//! Numbers that nobody can foretell.
//!
//! C header: [`include/linux/random.h`](srctree/include/linux/random.h)

use kernel::bindings::get_random_u64;

/// A random number, any of them as likely.
pub(crate) fn random() -> u64 {
    // SAFETY: It may be called in any context.
    unsafe { get_random_u64() }
}
