// SPDX-License-Identifier: GPL-2.0

//! Reports to the guest that an engine is done with a piece of its work.

use kernel::sync::Arc;

use super::super::{
    desk::{
        Desk,
        Outcome, //
    },
    lane::{
        Landed,
        Port,
        Running, //
    },
    log::warn_about,
    state::State,
    trace::Label,
    Vgpu, //
};
use crate::hw::engine::Engine;

impl Vgpu {
    /// Takes home what an engine is done with, and makes the next piece ready for it.
    pub(in super::super) fn serve(&self, desk: &Arc<Desk>) {
        let mut state = self.state.lock();
        state.collect(self, desk);
        let offered = state.prepare_next(self, desk);
        state.catch_up(self, desk.engine(), None);
        if state.has_more(desk.engine(), offered) {
            // The runner is first, so that the engine has work meanwhile.
            desk.kick();
        } else {
            state.draft_next(self, desk.engine());
        }
        state.tell_progress(self, desk);
        if let Some(port) = state.port(desk.engine()) {
            port.tire(self.gpu().is_asleep());
        }
        drop(state);

        self.quiet.notify_all();
    }
}

impl State {
    /// Takes up what an engine is done with, if there is something, and reports it to the guest, unless the
    /// next piece of work is to be made ready before.
    fn collect(&mut self, vgpu: &Vgpu, desk: &Desk) {
        let engine = desk.engine();
        if let Some(Landed { running, trail }) =
            self.lane(engine).and_then(|lane| lane.landed.take())
        {
            let outcome = if running.abandoned {
                Outcome::Done
            } else {
                let result = self.bring_home(engine, &running, &trail);
                result.map_or_else(Outcome::Ended, |_| Outcome::Done)
            };
            self.finish(vgpu, engine, running, outcome);
        }

        let (Some((tools, outcome)), Some(lane)) = (desk.take(), self.lane(engine)) else {
            return;
        };
        if let Some(port) = &mut lane.port {
            port.tools = Some(tools);
        }
        if let Some(running) = lane.running.take() {
            self.registers.set_busy(engine, false);
            self.take_up(vgpu, engine, running, outcome);
        }
    }

    /// Whether there is more to do when the runner has looked, which there is something for if it was `offered`
    /// a piece of work.
    fn has_more(&mut self, engine: Engine, offered: bool) -> bool {
        self.lane(engine)
            .is_some_and(|lane| lane.landed.is_some() || offered && !lane.queue.is_empty())
    }

    /// Takes up a piece of work that has left the engine.
    fn take_up(&mut self, vgpu: &Vgpu, engine: Engine, running: Running, outcome: Outcome) {
        let Some(lane) = self.lane(engine) else {
            return;
        };
        let began = lane.port.as_mut().and_then(Port::forget_state);
        if running.abandoned || !matches!(outcome, Outcome::Done) {
            return self.finish(vgpu, engine, running, outcome);
        }
        let trail = match lane.trail(&running) {
            Ok(trail) => trail,
            Err(error) => {
                return self.finish(vgpu, engine, running, Outcome::Ended(error));
            }
        };
        let goes_on = lane.goes_on_in(running.image);
        let result = match began.filter(|_| goes_on) {
            Some(seal) => self.go_ahead(engine, &running, &trail, seal),
            None => match lane.save() {
                Ok(()) if lane.is_next_apart(&running) => {
                    lane.landed = Some(Landed { running, trail });
                    return;
                }
                Ok(()) => self.stay_home(engine, &running, &trail),
                Err(error) => Err(error),
            },
        };
        let outcome = result.map_or_else(Outcome::Ended, |()| Outcome::Done);
        self.finish(vgpu, engine, running, outcome);
    }

    /// The guest learns what became of a piece of its work.
    fn finish(&mut self, vgpu: &Vgpu, engine: Engine, running: Running, outcome: Outcome) {
        let Running {
            hold,
            work,
            since,
            events,
            flips,
            abandoned,
            ..
        } = running;
        self.release(hold);
        // Others may have waited for the tables.
        for lane in self.lanes.iter() {
            if !lane.queue.is_empty() {
                lane.kick();
            }
        }

        let counters = vgpu.counters.of(engine);
        let label = Label::new(vgpu.id(), engine, work.ticket);
        let (what, error) = match outcome {
            Outcome::Done => {
                counters.done();
                label.done(since.elapsed());
                if abandoned {
                    return;
                }
                for flip in &flips {
                    self.flip(vgpu, flip);
                }
                for source in events.sources(engine) {
                    self.fire_engine(engine, source, &vgpu.interrupts);
                }
                if let Some(lane) = self.lane(engine) {
                    let effects = lane.execlists.complete(work.ticket);
                    self.apply(vgpu, engine, effects);
                }
                return;
            }
            Outcome::Ended(error) => {
                counters.reset();
                label.reset(error);
                ("failed", error)
            }
            Outcome::Refused(error) => {
                counters.rejected();
                label.refused(error);
                ("refused", error)
            }
        };
        if abandoned {
            return;
        }
        warn_about!(
            vgpu,
            "{engine:?}: work {what}, the guest will see a hang: {error:?}\n"
        );
        if let Some(lane) = self.lane(engine) {
            lane.execlists.fail(work.ticket);
        }
    }
}
