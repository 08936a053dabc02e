// SPDX-License-Identifier: GPL-2.0

//! Virtual GPUs while their engines, or the whole host, are asleep.
//!
//! i915 lets the host sleep when its engines do, and waits for that without an end. An engine stays awake while
//! a context of it is pinned. So contexts are pinned only when they are needed, and a while longer; before the
//! host goes to sleep what runs is ended, and all of them are let go of.

use kernel::{
    io::poll::read_poll_timeout,
    prelude::*,
    sync::{
        atomic::Relaxed,
        Arc,
        MutexGuard, //
    },
    time::Delta, //
};

use super::{
    desk::Desk,
    gpu::Gpu,
    state::State,
    Vgpu, //
};

/// How long what is on the engines may go on when the host wants to sleep: as long as i915 gives it.
const PATIENCE: Delta = Delta::from_millis(500);

/// How long the engines may take to end it, of which i915 resets those that do not; and how long whoever has a
/// virtual GPU's lock, who may wait for a page of the guest's.
const END: Delta = Delta::from_secs(5);

/// How often to look.
const LOOK: Delta = Delta::from_millis(1);

impl Gpu {
    /// The host is about to sleep, or to be switched off. When this returns the engines have nothing of any
    /// guest's, and are given nothing until [`Self::wake`]; what takes long was ended, of which its guest sees a
    /// hang. EBUSY if that cannot be had in time; then all goes on.
    pub(crate) fn sleep(&self) -> Result {
        self.asleep.store(true, Relaxed);

        // Whoever opens a device from now on sees the above.
        self.stop().inspect_err(|_| self.wake())
    }

    /// i915 is about to leave. As [`Self::sleep`], but for good; what cannot be stopped is left to i915.
    pub(crate) fn leave(&self) {
        self.left.store(true, Relaxed);

        // It says so if that fails, and there is no way to refuse.
        let _ = self.stop();
    }

    /// Has the engines end what they have of any guest's, and lets the contexts rest.
    fn stop(&self) -> Result {
        // Whoever does not let itself be stopped keeps none of the others from it.
        let taken = self.members().map(|desk| desk.vgpu().take_back());
        let taken = taken.fold(Ok(()), Result::and);

        // All at once: one piece may wait for another's.
        if !self.landed(PATIENCE) {
            self.desks().for_each(|desk| desk.cancel());
            if !self.landed(END) {
                for desk in self.desks().filter(|desk| desk.is_aloft()) {
                    let (id, engine) = (desk.id().get(), desk.engine());
                    pr_warn!("vGPU {id}: {engine:?} cannot be stopped\n");
                }
                return Err(EBUSY);
            }
        }
        let rested = self.members().map(|desk| desk.vgpu().rest_all());
        rested.fold(taken, Result::and)
    }

    /// Waits until the runners have seen that the engines have nothing of any guest's. Says whether that came true
    /// in time.
    fn landed(&self, timeout: Delta) -> bool {
        let look = || Ok(self.desks().any(|desk| desk.is_aloft()));
        read_poll_timeout(look, |aloft| !aloft, LOOK, timeout).is_ok()
    }

    /// The host is awake again.
    pub(crate) fn wake(&self) {
        self.asleep.store(false, Relaxed);
        self.runners().for_each(|runner| runner.kick_members());
    }

    /// The host has slept: what virtual GPUs had in its GGTT and fence registers is set again.
    pub(crate) fn resume(&self) {
        for desk in self.members() {
            desk.vgpu().restore();
        }
    }

    /// Whether engines are given nothing. This changes to true at any time, and then the lock of each virtual
    /// GPU is taken.
    pub(super) fn is_asleep(&self) -> bool {
        self.asleep.load(Relaxed) || self.left.load(Relaxed)
    }

    /// A desk of each virtual GPU that is open: they stand in line for every engine.
    fn members(&self) -> impl Iterator<Item = Arc<Desk>> + '_ {
        let first = self.runners().next();
        first.into_iter().flat_map(|runner| runner.members())
    }

    /// The desks of all engines.
    fn desks(&self) -> impl Iterator<Item = Arc<Desk>> + '_ {
        self.runners().flat_map(|runner| runner.members())
    }
}

impl Vgpu {
    /// A lane may have had nothing to do for a while.
    pub(super) fn rest(&self, desk: &Desk) {
        if let Some(port) = self.state.lock().port(desk.engine()) {
            port.rest_if_idle();
        }
    }

    /// The host is switched off or started anew: all virtual GPUs go to sleep.
    pub(crate) fn shut_down(&self) {
        // It says so if that fails, and there is no way to refuse.
        let _ = self.gpu().sleep();
    }

    /// Takes back what the engines do not have yet.
    fn take_back(&self) -> Result {
        self.lock_in_time()?.withdraw_all();
        Ok(())
    }

    /// Lets the contexts rest; the engines have nothing of the guest's.
    fn rest_all(&self) -> Result {
        let mut state = self.lock_in_time()?;

        for port in state.lanes.iter_mut().filter_map(|lane| lane.port.as_mut()) {
            port.desk.rest();
            port.rest();
        }
        Ok(())
    }

    fn lock_in_time(&self) -> Result<MutexGuard<'_, State>> {
        let lock = || Ok(self.state.try_lock());
        let locked = read_poll_timeout(lock, Option::is_some, LOOK, END);

        locked.ok().flatten().ok_or_else(|| {
            pr_warn!(
                "vGPU {}: it does not let the host stop the engines\n",
                self.id().get()
            );
            EBUSY
        })
    }

    /// The host has slept, and its GGTT and fence registers have lost what was the guest's.
    pub(super) fn restore(&self) {
        let mut state = self.state.lock();
        let state = &mut *state;

        state.hardware.clear();
        state.mappings.replay(&state.hardware);
        for number in 0..self.share().fences {
            state.set_fence(self, number);
        }
    }
}
