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
        lane::Running,
        memory::Mapped,
        state::State,
        trace::Label,
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
    /// Takes home what an engine is done with, and makes the next piece ready for it.
    pub(in super::super) fn serve(&self, desk: &Arc<Desk>) {
        let mut state = self.state.lock();
        state.collect(self, desk);
        state.prepare_next(self, desk);
        drop(state);

        self.quiet.notify_all();
    }
}

impl State {
    /// Takes up what an engine is done with, if there is something.
    fn collect(&mut self, vgpu: &Vgpu, desk: &Desk) {
        let engine = desk.engine();
        let Some((mut tools, outcome)) = desk.take() else {
            return;
        };
        let running = self.lane(engine).and_then(|lane| lane.running.take());
        if let Some(running) = running {
            self.registers.set_busy(engine, false);
            self.finish(vgpu, engine, running, &mut tools, outcome);
        }
        if let Some(port) = self.lane(engine).and_then(|lane| lane.port.as_mut()) {
            port.tools = Some(tools);
        }
    }

    fn finish(
        &mut self,
        vgpu: &Vgpu,
        engine: Engine,
        running: Running,
        tools: &mut Tools,
        outcome: Outcome,
    ) {
        let outcome = match outcome {
            Outcome::Done if !running.abandoned => {
                let result = self.bring_home(engine, &running, tools);
                result.map_or_else(Outcome::Ended, |()| Outcome::Done)
            }
            outcome => outcome,
        };
        let Running {
            hold,
            work,
            since,
            events,
            flips,
            abandoned,
            ..
        } = running;
        if let Some(open) = &mut self.open {
            open.tables.release(hold);
        }
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
        pr_warn_ratelimited!(
            "vGPU {}: {engine:?}: work {what}, the guest will see a hang: {error:?}\n",
            vgpu.id().get()
        );
        if let Some(lane) = self.lane(engine) {
            lane.execlists.fail(work.ticket);
        }
    }

    /// Brings the guest's image of a context up to date.
    fn bring_home(&mut self, engine: Engine, running: &Running, tools: &mut Tools) -> Result {
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

        let image = tools.context.image()?;
        let now = *image.get(index(TIMESTAMP)).ok_or(EINVAL)?;
        let ticks = now.wrapping_sub(running.timestamp);
        let seal = bring_out(port, image, &lane.layout, running.image, mapped)?;

        let page = running.image.checked_add(STATE_PAGE * PAGE_SIZE);
        let page = page.ok_or(EFAULT)?;
        let value = |dword| Some((dword, *image.get(index(dword))?));
        let saved = running.context.saved().filter_map(value);
        let finished = running.context.finished(running.from, ticks);
        let values = Iterator::chain(seal.registers(), finished);
        for (dword, value) in Iterator::chain(values, saved) {
            let at = page.checked_add(u64::from(dword) * 4).ok_or(EFAULT)?;
            mapped.write(at, &value.to_le_bytes())?;
        }
        Ok(())
    }
}
