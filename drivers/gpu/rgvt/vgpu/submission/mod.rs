// SPDX-License-Identifier: GPL-2.0

//! The way of a guest's work to a real engine and back.
//!
//! [`State::apply`] takes up what the guest submitted. [`Vgpu::serve`] makes a piece of it ready for the
//! engine, whose runner takes it when its turn has come, and reports to the guest what is done.

mod collect;
mod copies;
mod draft;
mod engine_state;
mod home;
mod leftovers;
mod prepare;
mod progress;
mod restore;
mod sources;

pub(super) use copies::Vetted;
pub(super) use draft::Draft;
pub(super) use engine_state::{
    engine_time,
    room,
    save, //
};
pub(super) use leftovers::Leftovers;
pub(super) use restore::RestoreBatches;

use super::{
    lane::Waiting,
    log::warn_about,
    memory::Mapped,
    state::State,
    trace::Label,
    Vgpu, //
};
use crate::{
    hw::{
        engine::Engine,
        irq::Source, //
    },
    model::{
        execlist::{
            Effects,
            Report,
            Work, //
        },
        mmio::reset::Scope, //
    },
};

use kernel::{
    prelude::*,
    time::{
        Instant,
        Monotonic, //
    },
};

impl State {
    /// Does what the submission port of an engine wants done.
    pub(super) fn apply(&mut self, vgpu: &Vgpu, engine: Engine, effects: Effects) {
        let Some(lane) = self.lane(engine) else {
            return;
        };

        let label = |ticket| Label::new(vgpu.id(), engine, ticket);
        for ticket in effects.cancel.iter() {
            lane.queue.retain(|waiting| {
                let stays = waiting.work.ticket != ticket;
                if !stays {
                    label(ticket).cancelled();
                }
                stays
            });
        }
        for work in effects.queue.iter() {
            label(work.ticket).queued(work);
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
            lane.kick();
        }
        if !effects.cancel.is_empty() {
            // It may be what a context was not saved for, and the guest is about to learn that it is not there.
            self.catch_up(vgpu, engine, None);
        }

        for report in effects.reports.iter() {
            if let Err(error) = self.report(engine, report) {
                warn_about!(
                    vgpu,
                    "{engine:?}: the status page cannot be written: {error:?}\n"
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
        let page = mapped.page(self.registers.status_page(engine))?;

        let entry = report.entry.into_raw().to_le_bytes();
        page.write(report.entry_offset(), &entry)?;
        page.write(report.pointer_offset(), &report.pointer().to_le_bytes())
    }

    /// The guest resets engines: what they have of it is dropped, or nobody waits for it any more.
    pub(super) fn reset_engines(&mut self, vgpu: &Vgpu, scope: Scope) {
        for engine in Engine::ALL {
            match scope {
                Scope::Gt => {}
                Scope::Engines(engines) if engines.contains(engine) => {}
                Scope::Engines(_) => continue,
            }
            self.abandon(vgpu, engine);
            let Some(lane) = self.lane(engine) else {
                continue;
            };
            let effects = lane.execlists.reset();
            self.apply(vgpu, engine, effects);
        }
        self.registers.finish_reset(scope);
    }

    /// Forgets what waits for an engine, ends what runs, and forgets what comes of that.
    pub(super) fn abandon(&mut self, vgpu: &Vgpu, engine: Engine) {
        if let Some((work, _)) = self.withdraw(engine) {
            Label::new(vgpu.id(), engine, work.ticket).cancelled();
        }
        self.drop_draft(engine);
        let Some(lane) = self.lane(engine) else {
            return;
        };
        lane.forget(vgpu.id());
        if let Some(port) = &mut lane.port {
            // As with hardware, what was not saved is lost.
            port.forget_state();
        }
        if let Some(landed) = &mut lane.landed {
            landed.running.abandoned = true;
        }
        if let (Some(running), Some(port)) = (&mut lane.running, &lane.port) {
            running.abandoned = true;
            port.desk.cancel();
        }
    }

    /// Takes back from the desks what the engines do not have yet; it is prepared again later.
    pub(super) fn withdraw_all(&mut self) {
        for engine in Engine::ALL {
            self.drop_draft(engine);
            let Some((work, since)) = self.withdraw(engine) else {
                continue;
            };
            if let Some(lane) = self.lane(engine) {
                let first = Waiting {
                    work,
                    started: true,
                    since,
                };
                // Its place was kept: the port never has more pieces out than there is room for.
                if lane.queue.insert_within_capacity(0, first).is_err() {
                    lane.execlists.fail(work.ticket);
                }
            }
        }
    }

    /// Takes back from the desk what the engine does not have yet.
    fn withdraw(&mut self, engine: Engine) -> Option<(Work, Instant<Monotonic>)> {
        let lane = self.lanes.get_mut(engine)?;
        let port = lane.port.as_mut()?;
        port.tools = Some(port.desk.withdraw()?);
        let running = lane.running.take()?;
        self.release(running.hold);
        self.registers.set_busy(engine, false);
        Some((running.work, running.since))
    }
}
