// SPDX-License-Identifier: GPL-2.0

//! The client's way to a GPU that i915 lends.
//!
//! i915 lends a GPU in the middle of its probe, when it has not set up yet what there is to know of the engines. The
//! probe holds the device's lock to its end. So the client is attached by whoever gets that lock first: who loads the
//! module, and waits for it, or a work item. That only tries to get it, as the removal waits for the work item with
//! the lock held.

use kernel::{
    impl_has_delayed_work, new_delayed_work, new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    time::msecs_to_jiffies,
    workqueue::{
        self,
        DelayedWork,
        WorkItem, //
    },
};

use super::{
    attachment::Client,
    bound::BoundGpu,
    GpuRef, //
};
use crate::rust::workqueue::flush_delayed;

/// How long it is until the work item tries again.
const AGAIN_MS: u32 = 50;

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
    /// Taken inside of i915's lock for GVT and of the device's. The latter is tried inside of this one.
    #[pin]
    state: Mutex<State<T>>,
    #[pin]
    work: DelayedWork<Self>,
}

impl_has_delayed_work! {
    impl{T: Client} HasDelayedWork<Self> for Admission<T> { self.work }
}

impl<T: Client> WorkItem for Admission<T> {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let mut state = this.state.lock();
        let State::Lent(gpu) = &*state else { return };
        let Some(bound) = BoundGpu::try_lock(gpu) else {
            this.queue();
            return;
        };

        // Nobody else hears of it.
        if let Err(error) = state.attach() {
            pr_err!("{}: not attached: {error:?}\n", bound.device().name());
        }
    }
}

impl<T: Client> State<T> {
    /// Attaches the client, if that was not tried before. The probe is over, and there is no removal.
    fn attach(&mut self) -> Result {
        if let Self::Lent(gpu) = self {
            let client = T::attach(gpu);
            *self = Self::Over;
            *self = Self::Attached(client?);
        }
        Ok(())
    }
}

impl<T: Client> Admission<T> {
    /// The way to `gpu`, for a client that is not attached yet.
    pub(super) fn new(gpu: GpuRef) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                state <- new_mutex!(State::Lent(gpu)),
                work <- new_delayed_work!("rgvt::Admission::work"),
            }),
            GFP_KERNEL,
        )
    }

    /// Has the client attached, when the probe is over; until [`Self::end`].
    pub(super) fn queue(self: &Arc<Self>) {
        // What is queued already does the same. While the system sleeps, the GPU must be left alone.
        let _ =
            workqueue::system_freezable().enqueue_delayed(self.clone(), msecs_to_jiffies(AGAIN_MS));
    }

    /// Has the client attached now, unless it is or cannot be; `_gpu` is its GPU. Says whether it is.
    pub(super) fn settle(&self, _gpu: &BoundGpu) -> bool {
        let mut state = self.state.lock();

        // It is up to the caller to find out why, as with what i915 does not lend.
        let _ = state.attach();
        matches!(*state, State::Attached(_))
    }

    /// Calls `what` for the client, if it is attached.
    pub(super) fn with(&self, what: impl FnOnce(Pin<&T>)) {
        if let State::Attached(client) = &*self.state.lock() {
            what(client.as_ref());
        }
    }

    /// Attaches no client any more. Returns the one that is, when the work item is at rest.
    pub(super) fn end(&self) -> Option<Pin<KBox<T>>> {
        let state = core::mem::replace(&mut *self.state.lock(), State::Over);

        // It is not queued again in this state.
        flush_delayed(&self.work);
        match state {
            State::Attached(client) => Some(client),
            State::Lent(_) | State::Over => None,
        }
    }
}
