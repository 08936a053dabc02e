// SPDX-License-Identifier: GPL-2.0

//! The way of a guest's work to a real engine and back.
//!
//! [`State::apply`] takes up what the guest submitted, [`Vgpu::launch`] hands a piece of it to the engine
//! when its turn has come, and [`Vgpu::collect`] reports to the guest that it is done.

mod collect;
mod copies;
mod engine_state;
mod launch;
mod restore;
mod sources;

pub(super) use engine_state::{
    room,
    save, //
};
pub(super) use restore::RestoreBatches;

use super::{
    lane::Waiting,
    memory::Mapped,
    state::State,
    Vgpu, //
};
use crate::{
    host::pr_warn_ratelimited,
    hw::{
        engine::Engine,
        irq::Source, //
    },
    model::{
        execlist::{
            Effects,
            Report, //
        },
        mmio::reset::Scope, //
    },
};

use kernel::{
    prelude::*,
    time::Instant, //
};

impl State {
    /// Does what the submission port of an engine wants done.
    pub(super) fn apply(&mut self, vgpu: &Vgpu, engine: Engine, effects: Effects) {
        let Some(lane) = self.lane(engine) else {
            return;
        };

        for ticket in effects.cancel.iter() {
            lane.queue.retain(|waiting| waiting.work.ticket != ticket);
        }
        for work in effects.queue.iter() {
            let waiting = Waiting {
                work,
                started: false,
                since: Instant::now(),
            };
            // The port never has more pieces out than there is room for.
            if lane.queue.push_within_capacity(waiting).is_err() {
                lane.execlists.fail(work.ticket);
            }
        }
        if !lane.queue.is_empty() {
            vgpu.wake(engine);
        }

        for report in effects.reports.iter() {
            if let Err(error) = self.report(engine, report) {
                pr_warn_ratelimited!(
                    "vGPU {}: {engine:?}: the status page cannot be written: {error:?}\n",
                    vgpu.id().get()
                );
            }
        }
        if !effects.reports.is_empty() {
            let source = Source::context_switch(engine);
            self.fire_engine(engine, source, &vgpu.interrupts);
        }
    }

    /// Copies an entry of the status buffer to the guest's status page, then how far the buffer goes.
    fn report(&self, engine: Engine, report: Report) -> Result {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let mapped = Mapped {
            ggtt: &self.ggtt,
            guest: &open.guest,
        };
        let page = self.registers.status_page(engine);
        let at = |offset| page.checked_add(offset).ok_or(EFAULT);

        let entry = report.entry.into_raw().to_le_bytes();
        mapped.write(at(report.entry_offset())?, &entry)?;
        mapped.write(
            at(report.pointer_offset())?,
            &report.pointer().to_le_bytes(),
        )
    }

    /// The guest resets engines: what they have of it is dropped, or nobody waits for it any more.
    pub(super) fn reset_engines(&mut self, vgpu: &Vgpu, scope: Scope) {
        for engine in Engine::ALL {
            match scope {
                Scope::Gt => {}
                Scope::Engines(engines) if engines.contains(engine) => {}
                Scope::Engines(_) => continue,
            }
            let Some(lane) = self.lane(engine) else {
                continue;
            };

            lane.abandon();
            let effects = lane.execlists.reset();
            self.apply(vgpu, engine, effects);
        }
        self.registers.finish_reset(scope);
    }
}

impl Vgpu {
    /// Has an engine's runner look at what the virtual GPU has for it.
    pub(super) fn wake(&self, engine: Engine) {
        let mut runners = self.gpu().runners();
        if let Some(runner) = runners.find(|runner| runner.engine() == engine) {
            runner.wake(self.id());
        }
    }
}
