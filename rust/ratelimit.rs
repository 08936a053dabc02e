// SPDX-License-Identifier: GPL-2.0

//! Lines of the kernel's log that others can cause, and that must not fill it.
//!
//! C header: [`include/linux/ratelimit.h`](srctree/include/linux/ratelimit.h)

use kernel::{
    bindings::{
        ___ratelimit, //
        ratelimit_state,
    },
    prelude::*,
    types::Opaque,
};

use super::bindings;

/// How many lines may be printed in some time, by the kernel's default.
#[pin_data]
pub(crate) struct RateLimit {
    #[pin]
    state: Opaque<ratelimit_state>,
}

// SAFETY: Nothing of it is bound to a thread.
unsafe impl Send for RateLimit {}

// SAFETY: The state has a lock of its own, with which all but its first initialisation is done.
unsafe impl Sync for RateLimit {}

impl RateLimit {
    /// Nothing was printed yet.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            state <- Opaque::ffi_init(|slot: *mut ratelimit_state| {
                // SAFETY: `slot` is to be initialised.
                unsafe { bindings::rgvt_ratelimit_init(slot) }
            }),
        })
    }

    /// Whether one more line may be printed now. Says at times how many were not, and that `caller` has them.
    pub(crate) fn allows(&self, caller: &CStr) -> bool {
        // SAFETY: The state is initialised, and is not moved. The function may be called from anywhere.
        unsafe { ___ratelimit(self.state.get(), caller.as_char_ptr()) != 0 }
    }
}
