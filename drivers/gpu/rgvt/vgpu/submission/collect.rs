// SPDX-License-Identifier: GPL-2.0

//! Reports to the guest that an engine is done with a piece of its work.

use kernel::{
    prelude::*,
    time::{
        Instant,
        Monotonic, //
    },
};

use super::{
    super::{
        lane::Running,
        memory::Mapped,
        state::State,
        Vgpu, //
    },
    engine_state::{
        bring_out,
        index, //
    },
};
use crate::{
    host::pr_warn_ratelimited,
    hw::{
        addr::PAGE_SIZE,
        context::{
            STATE_PAGE,
            TIMESTAMP, //
        },
        engine::Engine, //
    },
};

impl Vgpu {
    /// Takes up what an engine is done with. Returns when that was handed to it; `None` if there is
    /// nothing.
    pub(in super::super) fn collect(&self, engine: Engine) -> Option<Instant<Monotonic>> {
        let mut state = self.state.lock();
        let lane = state.lane(engine)?;
        let outcome = lane.port.as_mut()?.context.reap()?;
        let stray = lane.stray.take();
        let Some(running) = lane.running.take() else {
            if let (Some(open), Some(hold)) = (&mut state.open, stray) {
                open.tables.release(hold);
            }
            drop(state);

            self.quiet.notify_all();
            self.wake(engine);
            return None;
        };
        let since = running.since;

        state.registers.set_busy(engine, false);
        state.finish(self, engine, running, outcome);
        drop(state);

        self.quiet.notify_all();
        Some(since)
    }
}

impl Vgpu {
    /// Since when an engine has work of this virtual GPU, if it has.
    pub(in super::super) fn running_since(&self, engine: Engine) -> Option<Instant<Monotonic>> {
        let mut state = self.state.lock();
        let running = state.lane(engine)?.running.as_ref()?;
        Some(running.since)
    }

    /// Has an engine end what it has of this virtual GPU: the guest will see a hang.
    pub(in super::super) fn expel(&self, engine: Engine) {
        let mut state = self.state.lock();
        let port = state.lane(engine).and_then(|lane| lane.port.as_ref());
        if let Some(port) = port {
            port.context.cancel();
        }
    }

    /// Whether work for an engine could not be handed over, and is to be tried again; tells it once.
    pub(in super::super) fn take_stuck(&self, engine: Engine) -> bool {
        let mut state = self.state.lock();
        let lane = state.lane(engine);
        lane.is_some_and(|lane| core::mem::take(&mut lane.stuck))
    }
}

impl State {
    fn finish(&mut self, vgpu: &Vgpu, engine: Engine, running: Running, outcome: Result) {
        let outcome = match outcome {
            Ok(()) if !running.abandoned => self.bring_home(engine, &running),
            outcome => outcome,
        };
        let Running {
            hold,
            ticket,
            events,
            abandoned,
            ..
        } = running;
        if let Some(open) = &mut self.open {
            open.tables.release(hold);
        }
        // Others may have waited for the tables.
        for other in Engine::ALL {
            let lane = self.lane(other);
            if lane.is_some_and(|lane| !lane.queue.is_empty()) {
                vgpu.wake(other);
            }
        }
        if abandoned {
            vgpu.counters.of(engine).reset();
            return;
        }

        let counters = vgpu.counters.of(engine);
        match outcome {
            Ok(()) => {
                counters.done();
                for source in events.sources(engine) {
                    self.fire_engine(engine, source, &vgpu.interrupts);
                }
                let Some(lane) = self.lane(engine) else {
                    return;
                };
                let effects = lane.execlists.complete(ticket);
                self.apply(vgpu, engine, effects);
            }
            Err(error) => {
                counters.reset();
                pr_warn_ratelimited!(
                    "vGPU {}: {engine:?}: work failed, the guest will see a hang: {error:?}\n",
                    vgpu.id().get()
                );
                if let Some(lane) = self.lane(engine) {
                    if let Some(port) = &mut lane.port {
                        port.resident = None;
                    }
                    lane.execlists.fail(ticket);
                }
            }
        }
    }

    /// Brings the guest's image of a context up to date.
    fn bring_home(&mut self, engine: Engine, running: &Running) -> Result {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let mapped = Mapped {
            ggtt: &self.ggtt,
            guest: &open.guest,
        };
        let lane = self.lanes.iter_mut().find(|lane| lane.engine() == engine);
        let lane = lane.ok_or(ENODEV)?;
        let port = lane.port.as_mut().ok_or(ENODEV)?;

        let now = *port.context.image()?.get(index(TIMESTAMP)).ok_or(EINVAL)?;
        let ticks = now.wrapping_sub(running.timestamp);
        let seal = bring_out(port, &lane.layout, running.image, mapped)?;

        let page = running.image.checked_add(STATE_PAGE * PAGE_SIZE);
        let page = page.ok_or(EFAULT)?;
        let finished = running.context.finished(running.from, ticks);
        for (dword, value) in Iterator::chain(seal.registers(), finished) {
            let at = page.checked_add(u64::from(dword) * 4).ok_or(EFAULT)?;
            mapped.write(at, &value.to_le_bytes())?;
        }
        Ok(())
    }
}
