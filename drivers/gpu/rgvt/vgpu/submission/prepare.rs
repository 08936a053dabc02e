// SPDX-License-Identifier: GPL-2.0

//! Makes a piece of a guest's work ready for an engine.

use kernel::{
    prelude::*,
    sync::Arc,
    time::{
        Delta,
        Instant,
        Monotonic, //
    },
};

use super::{
    super::{
        desk::{
            Desk,
            Job,
            Tools, //
        },
        lane::{
            Port,
            Running,
            Waiting, //
        },
        log::warn_about,
        memory::Mapped,
        state::State,
        trace::Label,
        Vgpu, //
    },
    copies::{
        Copies,
        Found, //
    },
    draft::{
        Image,
        Made, //
    },
    engine_state::{
        bring_in,
        index, //
    },
    sources::Sources,
};
use crate::{
    host::Addressing,
    hw::{
        context::TIMESTAMP,
        engine::Engine, //
    },
    model::{
        image::{
            EngineState,
            Origin,
            Roots, //
        },
        milestones::Milestones,
        mmio::table::Map,
        parser::Guest, //
    },
};

/// How long to wait before work is tried again whose tables need more time.
const RETRY_TABLES: Delta = Delta::from_millis(2);

/// The same if another piece of this guest's work must end first.
const RETRY_BUSY: Delta = Delta::from_millis(20);

impl State {
    /// Lays the next piece of work on the desk, if it can be prepared. Says whether it has.
    pub(super) fn prepare_next(&mut self, vgpu: &Vgpu, desk: &Arc<Desk>) -> bool {
        let engine = desk.engine();
        let mut offered = false;
        while self.waiters == 0 && !vgpu.gpu().is_asleep() {
            let Some(lane) = self.lane(engine) else {
                return false;
            };
            if let Some(port) = &mut lane.port {
                port.alarm = None;
            }
            let Some(waiting) = lane.next() else {
                break;
            };
            let error = match self.prepare(vgpu, engine, waiting) {
                Ok((running, job)) => {
                    if let Some(lane) = self.lane(engine) {
                        lane.advance();
                        lane.running = Some(running);
                    }
                    self.registers.set_busy(engine, true);
                    desk.offer(job);
                    offered = true;
                    break;
                }
                Err(error) => error,
            };
            // What was made ahead may have what is missing, and can be made again.
            if error == EBUSY && self.drop_drafts() {
                continue;
            }
            let retry = match error {
                EAGAIN => Some(RETRY_TABLES),
                EBUSY => Some(RETRY_BUSY),
                _ => None,
            };
            let Some(lane) = self.lane(engine) else {
                return false;
            };
            if let (Some(delay), Some(port)) = (retry, &mut lane.port) {
                port.alarm = Some(desk.kick_after(delay));
                break;
            }
            warn_about!(
                vgpu,
                "{engine:?}: work refused, the guest will see a hang: {error:?}\n"
            );
            vgpu.counters.of(engine).rejected();
            Label::new(vgpu.id(), engine, waiting.work.ticket).refused(error);
            lane.execlists.fail(waiting.work.ticket);
            lane.advance();
        }
        let more = self.lane(engine).is_some_and(|lane| !lane.queue.is_empty());
        desk.expect(more);
        offered
    }
}

impl State {
    /// Makes a piece of work ready for the engine. EAGAIN if that takes more time than may be spent at once,
    /// EBUSY if another piece of this guest's work must end first; any other error means that it cannot run.
    fn prepare(&mut self, vgpu: &Vgpu, engine: Engine, waiting: Waiting) -> Result<(Running, Job)> {
        self.settle_ggtt(vgpu)?;

        let Waiting { work, since, .. } = waiting;
        let status_page = self.registers.status_page(engine);
        let open = self.open.as_ref().ok_or(ENODEV)?;
        let mapped = Mapped {
            ggtt: &self.ggtt,
            guest: &open.guest,
        };
        let image = Image::read(vgpu, engine, work, mapped)?;
        self.catch_up(vgpu, engine, Some(image.at));
        let guest = image.guest(vgpu, engine, status_page);
        let draft = self.take_draft(engine, work.ticket, &image.context)?;

        let open = self.open.as_mut().ok_or(ENODEV)?;
        let mapped = Mapped {
            ggtt: &self.ggtt,
            guest: &open.guest,
        };
        let made = match draft {
            Some(made) => made,
            None => Made::make(vgpu, &guest, &image.context, &mut open.tables, mapped)?,
        };
        let Made { hold, copies, .. } = made;

        let lane = self.lanes.get_mut(engine).ok_or(ENODEV)?;
        let port = lane.port.as_mut().ok_or(ENODEV)?;
        let sources = Sources {
            mapped,
            tables: &open.tables,
            hold: &hold,
        };
        let piece = Piece {
            vgpu,
            guest,
            sources,
            image: &image,
            label: Label::new(vgpu.id(), engine, work.ticket),
        };
        match piece.make(port, &lane.layout, copies, since) {
            Ok((job, found)) => {
                let running = Running {
                    hold,
                    work,
                    since,
                    image: image.at,
                    // One piece at a time: the head in the image is that of the last one that ran.
                    from: image.context.ring.head,
                    context: image.context,
                    timestamp: job.timestamp,
                    events: found.events,
                    milestones: Milestones::new(found.marks),
                    flips: found.flips,
                    abandoned: false,
                };
                Ok((running, job))
            }
            Err(error) => {
                open.tables.release(hold);
                Err(error)
            }
        }
    }
}

/// A piece of work of which all is known.
struct Piece<'a> {
    vgpu: &'a Vgpu,
    guest: Guest<'a, Map>,
    sources: Sources<'a>,
    image: &'a Image,
    label: Label,
}

impl Piece<'_> {
    /// Makes of it what the engine can be given, with what there is in `port`; if it cannot be made, that is
    /// still there.
    #[inline(never)]
    fn make(
        &self,
        port: &mut Port,
        layout: &EngineState,
        mut copies: Copies,
        since: Instant<Monotonic>,
    ) -> Result<(Job, Found)> {
        let mut tools = port.tools.take().ok_or(EBUSY)?;
        match self.fill(&mut tools, port, layout, &mut copies.found) {
            Ok(timestamp) => {
                let found = copies.found;
                let counters = self.vgpu.counters.of(self.guest.engine);
                counters.audited(found.audited);
                self.label.prepared(found.audited);

                let addressing = match self.image.context.roots {
                    Roots::Four(_) => Addressing::Legacy48,
                    Roots::Three(_) => Addressing::Legacy32,
                };
                let job = Job {
                    tools,
                    addressing,
                    ring: copies.ring,
                    batches: copies.batches,
                    timestamp,
                    since,
                    label: self.label,
                };
                Ok((job, found))
            }
            Err(error) => {
                port.tools = Some(tools);
                Err(error)
            }
        }
    }

    /// Fills the host's image, and adds what is found in the batches that run when it is restored. Returns the
    /// context's timestamp. What that takes is not to be on the stack of the rest.
    #[inline(never)]
    fn fill(
        &self,
        tools: &mut Tools,
        port: &mut Port,
        layout: &EngineState,
        found: &mut Found,
    ) -> Result<u32> {
        let Self {
            guest,
            sources,
            image: theirs,
            ..
        } = self;
        let context = &theirs.context;
        let prepared = tools.restore.prepare(self.vgpu, guest, *sources, context)?;
        let image = tools.context.image()?;
        let origin = Origin::of(context, &theirs.page, port.resident);
        bring_in(port, image, layout, origin, theirs, sources.mapped)?;

        let [first, ..] = sources.hold.pdps();
        let roots = match context.roots {
            Roots::Four(_) => Roots::Four(first.get()),
            Roots::Three(_) => Roots::Three(sources.hold.pdps().map(|root| root.get())),
        };
        let values = Iterator::chain(roots.registers(), prepared.registers());
        Iterator::chain(values, context.registers()).try_for_each(|(dword, value)| {
            *image.get_mut(index(dword)).ok_or(EINVAL)? = value;
            Ok::<_, Error>(())
        })?;
        let timestamp = *image.get(index(TIMESTAMP)).ok_or(EINVAL)?;
        found.add(prepared.found)?;
        Ok(timestamp)
    }
}
