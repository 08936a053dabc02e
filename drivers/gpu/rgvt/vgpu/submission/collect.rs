// SPDX-License-Identifier: GPL-2.0

//! Reports to the guest that an engine is done with a piece of its work.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    super::{
        desk::{
            Desk,
            Outcome,
            Tools, //
        },
        lane::{
            Landed,
            Running, //
        },
        log::warn_about,
        memory::Mapped,
        state::State,
        trace::Label,
        Vgpu, //
    },
    engine_state::{
        bring_out,
        index,
        save, //
    },
};
use crate::{
    hw::{
        addr::PAGE_SIZE,
        context::{
            STATE_PAGE,
            TIMESTAMP, //
        },
        engine::Engine, //
    },
    model::image::Seal, //
};

impl Vgpu {
    /// Takes home what an engine is done with, and makes the next piece ready for it.
    pub(in super::super) fn serve(&self, desk: &Arc<Desk>) {
        let mut state = self.state.lock();
        state.collect(self, desk);
        state.prepare_next(self, desk);
        if state.has_landed(desk.engine()) {
            // The runner is first, so that the engine has work meanwhile.
            desk.kick();
        } else {
            state.draft_next(self, desk.engine());
        }
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
        if let Some(landed) = self.lane(engine).and_then(|lane| lane.landed.take()) {
            let outcome = if landed.running.abandoned {
                Outcome::Done
            } else {
                let result = self.bring_home(engine, &landed);
                result.map_or_else(Outcome::Ended, |_| Outcome::Done)
            };
            self.finish(vgpu, engine, landed.running, outcome);
        }

        let Some((mut tools, outcome)) = desk.take() else {
            return;
        };
        let running = self.lane(engine).and_then(|lane| lane.running.take());
        if let Some(running) = running {
            self.registers.set_busy(engine, false);
            self.take_up(vgpu, engine, running, &mut tools, outcome);
        }
        if let Some(port) = self.lane(engine).and_then(|lane| lane.port.as_mut()) {
            port.tools = Some(tools);
        }
    }

    fn has_landed(&mut self, engine: Engine) -> bool {
        self.lane(engine).is_some_and(|lane| lane.landed.is_some())
    }

    /// Takes up a piece of work that has left the engine.
    fn take_up(
        &mut self,
        vgpu: &Vgpu,
        engine: Engine,
        running: Running,
        tools: &mut Tools,
        outcome: Outcome,
    ) {
        if running.abandoned || !matches!(outcome, Outcome::Done) {
            return self.finish(vgpu, engine, running, outcome);
        }
        let (ticks, saved) = match self.save(engine, &running, tools) {
            Ok(saved) => saved,
            Err(error) => return self.finish(vgpu, engine, running, Outcome::Ended(error)),
        };
        let landed = Landed {
            running,
            ticks,
            saved,
        };
        if let Some(lane) = self.lane(engine).filter(|lane| lane.is_next_apart(&landed)) {
            lane.landed = Some(landed);
            return;
        }

        let outcome = match self.bring_home(engine, &landed) {
            Ok(seal) => {
                if let Some(port) = self.lane(engine).and_then(|lane| lane.port.as_mut()) {
                    port.resident = Some(seal);
                }
                Outcome::Done
            }
            Err(error) => Outcome::Ended(error),
        };
        self.finish(vgpu, engine, landed.running, outcome);
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
        for lane in &self.lanes {
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

    /// Saves what the engine left in the host's image. Returns how far CTX_TIMESTAMP went, and what else is the
    /// guest's to know.
    fn save(
        &mut self,
        engine: Engine,
        running: &Running,
        tools: &mut Tools,
    ) -> Result<(u32, Option<(u16, u32)>)> {
        let lane = self.lane(engine).ok_or(ENODEV)?;
        let port = lane.port.as_mut().ok_or(ENODEV)?;

        let image = tools.context.image()?;
        save(image, &lane.layout, &mut port.outgoing)?;
        let now = *image.get(index(TIMESTAMP)).ok_or(EINVAL)?;
        let value = |dword| Some((dword, *image.get(index(dword))?));
        let saved = running.context.saved().and_then(value);
        Ok((now.wrapping_sub(running.timestamp), saved))
    }

    /// Brings the guest's image of a context up to date, and returns the seal of what is in it.
    fn bring_home(&mut self, engine: Engine, landed: &Landed) -> Result<Seal> {
        let open = self.open.as_ref().ok_or(ENODEV)?;
        let mapped = Mapped {
            ggtt: &self.ggtt,
            guest: &open.guest,
        };
        let lane = self.lanes.iter().find(|lane| lane.engine() == engine);
        let lane = lane.ok_or(ENODEV)?;
        let port = lane.port.as_ref().ok_or(ENODEV)?;
        let Landed {
            running,
            ticks,
            saved,
        } = landed;
        let seal = bring_out(port, &lane.layout, running.image, mapped)?;

        let page = running.image.checked_add(STATE_PAGE * PAGE_SIZE);
        let page = page.ok_or(EFAULT)?;
        let finished = running.context.finished(running.from, *ticks);
        let values = Iterator::chain(seal.registers(), finished);
        for (dword, value) in Iterator::chain(values, *saved) {
            let at = page.checked_add(u64::from(dword) * 4).ok_or(EFAULT)?;
            mapped.write(at, &value.to_le_bytes())?;
        }
        Ok(seal)
    }
}
