// SPDX-License-Identifier: GPL-2.0

//! The client's way to a GPU that i915 lends.
//!
//! i915 lends a GPU in the middle of its probe, when it has not set up yet what there is to know of the engines. The
//! probe holds the device's lock to its end. So the client is attached by whoever has that lock first afterwards: the
//! driver core, which tells of the end of the probe, or who loads the module, and waits for it.

use kernel::{
    new_mutex,
    prelude::*,
    sync::Mutex, //
};

use super::{
    attachment::Client,
    bound::BoundGpu,
    GpuRef, //
};

/// How far it is.
enum State<T> {
    /// i915 may still probe the GPU.
    Lent(GpuRef),
    Attached(Pin<KBox<T>>),
    /// Attaching has failed, or i915 has taken the GPU back.
    Over,
}

/// What becomes of the client of a GPU, from when i915 lends that until it is taken back.
#[pin_data]
pub(super) struct Admission<T: Client> {
    /// Taken inside of i915's lock for GVT and of the device's.
    #[pin]
    state: Mutex<State<T>>,
}

impl<T: Client> Admission<T> {
    /// The way to `gpu`, for a client that is not attached yet.
    pub(super) fn new(gpu: GpuRef) -> Result<Pin<KBox<Self>>> {
        KBox::pin_init(
            pin_init!(Self {
                state <- new_mutex!(State::Lent(gpu)),
            }),
            GFP_KERNEL,
        )
    }

    /// Has the client attached now, unless it is or that has failed before; `_gpu` is its GPU.
    pub(super) fn settle<L>(&self, _gpu: &BoundGpu<L>) -> Result {
        let mut state = self.state.lock();

        if let State::Lent(gpu) = &*state {
            let client = T::attach(gpu);
            *state = State::Over;
            *state = State::Attached(client?);
        }
        match *state {
            State::Attached(_) => Ok(()),
            State::Lent(_) | State::Over => Err(ENODEV),
        }
    }

    /// Calls `what` for the client, if it is attached.
    pub(super) fn with(&self, what: impl FnOnce(Pin<&T>)) {
        if let State::Attached(client) = &*self.state.lock() {
            what(client.as_ref());
        }
    }

    /// Attaches no client any more. Returns the one that is.
    pub(super) fn end(&self) -> Option<Pin<KBox<T>>> {
        match core::mem::replace(&mut *self.state.lock(), State::Over) {
            State::Attached(client) => Some(client),
            State::Lent(_) | State::Over => None,
        }
    }
}
