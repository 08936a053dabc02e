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
        Arc, //
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
        let mut members = self.members();
        let result = members.try_for_each(|desk| desk.vgpu().sleep());
        result.inspect_err(|_| self.wake())
    }

    /// The host is awake again.
    pub(crate) fn wake(&self) {
        self.asleep.store(false, Relaxed);
        for runner in self.runners() {
            runner.members().for_each(|desk| desk.kick());
        }
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
        self.asleep.load(Relaxed)
    }

    /// A desk of each virtual GPU that is open: they stand in line for every engine.
    fn members(&self) -> impl Iterator<Item = Arc<Desk>> + '_ {
        let first = self.runners().next();
        first.into_iter().flat_map(|runner| runner.members())
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

    /// Has the engines end what they have of the guest's, and lets the contexts rest.
    fn sleep(&self) -> Result {
        let lock = || Ok(self.state.try_lock());
        let locked = read_poll_timeout(lock, Option::is_some, LOOK, END);
        let Ok(Some(mut state)) = locked else {
            pr_warn!("vGPU {}: it does not let the host sleep\n", self.id().get());
            return Err(EBUSY);
        };

        state.withdraw_all();
        if !self.landed(&state, PATIENCE) {
            state.ports().for_each(|port| port.desk.cancel());
            if !self.landed(&state, END) {
                pr_warn!("vGPU {}: an engine cannot be stopped\n", self.id().get());
                return Err(EBUSY);
            }
        }
        for port in state.lanes.iter_mut().filter_map(|lane| lane.port.as_mut()) {
            port.desk.rest();
            port.rest();
        }
        Ok(())
    }

    /// Waits until the runners have seen that the engines have nothing of the virtual GPU. Says whether that came
    /// true in time.
    fn landed(&self, state: &State, timeout: Delta) -> bool {
        let look = || Ok(state.ports().any(|port| port.desk.is_aloft()));
        read_poll_timeout(look, |aloft| !aloft, LOOK, timeout).is_ok()
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
