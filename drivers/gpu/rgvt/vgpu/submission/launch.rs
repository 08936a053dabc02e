// SPDX-License-Identifier: GPL-2.0

//! Hands a piece of a guest's work to an engine.

use kernel::{
    prelude::*,
    sync::Arc,
    time::Instant, //
};

use super::{
    super::{
        lane::Running,
        memory::Mapped,
        runner::Runner,
        state::State,
        Vgpu, //
    },
    copies::{
        self,
        Copies, //
    },
    engine_state::{
        bring_in,
        index, //
    },
    sources::Sources,
};
use crate::{
    host::{
        pr_warn_ratelimited,
        Addressing, //
    },
    hw::{
        addr::{
            GuestPhys,
            PAGE_SIZE, //
        },
        context::{
            STATE_PAGE,
            TIMESTAMP, //
        },
        engine::Engine, //
    },
    model::{
        execlist::Work,
        image::{
            Context,
            Origin,
            Roots,
            StatePage, //
        },
        parser::{
            Guest,
            PerProcess, //
        },
        pvinfo::Root, //
    },
};

impl Vgpu {
    /// Hands the next piece of work to the engine of `runner`. Says whether it did.
    pub(in super::super) fn launch(&self, runner: &Arc<Runner>) -> bool {
        let engine = runner.engine();
        let counters = self.counters.of(engine);
        let mut state = self.state.lock();

        let started = loop {
            if state.waiters > 0 {
                break false;
            }
            let lane = state.lane(engine);
            let Some(work) = lane.and_then(|lane| lane.next()) else {
                break false;
            };
            match state.hand_over(self, engine, work) {
                Ok(running) => {
                    if let Some(lane) = state.lane(engine) {
                        counters.waited(lane.advance());
                        lane.running = Some(running);
                    }
                    state.registers.set_busy(engine, true);
                    break true;
                }
                // The tables need more time, which others get in between, or a request of this guest's to end.
                Err(EAGAIN | EBUSY) => {
                    if let Some(lane) = state.lane(engine) {
                        lane.stuck = true;
                    }
                    break false;
                }
                Err(error) => {
                    pr_warn_ratelimited!(
                        "vGPU {}: {engine:?}: work refused, the guest will see a hang: {error:?}\n",
                        self.id().get()
                    );
                    counters.rejected();
                    if let Some(lane) = state.lane(engine) {
                        lane.execlists.fail(work.ticket);
                        lane.advance();
                    }
                }
            }
        };

        let lane = state.lane(engine);
        if !started || lane.is_none_or(|lane| lane.queue.is_empty()) {
            runner.rest(self.id());
        }
        started
    }
}

/// The root of a table as the guest named it in a context image.
fn root(roots: Roots) -> Root {
    match roots {
        Roots::Four(root) => Root::Four(GuestPhys::new(root)),
        Roots::Three(roots) => Root::Three(roots.map(GuestPhys::new)),
    }
}

impl State {
    /// Makes a request of a piece of work. EAGAIN if that takes more time than may be spent at once, EBUSY
    /// if another piece of this guest's work must end first; any other error means that it cannot run.
    fn hand_over(&mut self, vgpu: &Vgpu, engine: Engine, work: Work) -> Result<Running> {
        self.settle_ggtt(vgpu);

        let host = &vgpu.gpu().host;
        let platform = host.platform();
        let share = vgpu.share();
        let status_page = self.registers.status_page(engine);
        let open = self.open.as_mut().ok_or(ENODEV)?;
        let mapped = Mapped {
            ggtt: &self.ggtt,
            guest: &open.guest,
        };
        let lane = self.lanes.iter_mut().find(|lane| lane.engine() == engine);
        let lane = lane.ok_or(ENODEV)?;
        let port = lane.port.as_mut().ok_or(ENODEV)?;

        let image = work.descriptor.image_address();
        let state_page = image.checked_add(STATE_PAGE * PAGE_SIZE).ok_or(EFAULT)?;
        let mut page = KBox::new(StatePage::new(), GFP_KERNEL)?;
        mapped.read(state_page, page.bytes_mut())?;
        let context = Context::parse(&page, work.descriptor, platform, engine, share);
        let context = context.map_err(|invalid| {
            pr_warn_ratelimited!("vGPU {}: {engine:?}: {invalid:?}\n", vgpu.id().get());
            EINVAL
        })?;

        // First what may have to be tried again.
        let hold = open.tables.hold(root(context.roots))?;
        let [first, ..] = hold.pdps();
        let (roots, addressing) = match context.roots {
            Roots::Four(_) => (Roots::Four(first.get()), Addressing::Legacy48),
            Roots::Three(_) => (
                Roots::Three(hold.pdps().map(|root| root.get())),
                Addressing::Legacy32,
            ),
        };

        // One piece at a time: the head in the image is that of the last one that ran.
        let from = context.ring.head;
        let guest = Guest {
            platform,
            engine,
            share,
            status_page,
            context: image,
            per_process: PerProcess::needed(platform, engine),
            registers: &vgpu.gpu().map,
        };
        let sources = Sources {
            mapped,
            tables: &open.tables,
            hold: &hold,
        };
        let submitted = (|| {
            let copies = copies::make(host, &guest, sources, &context.ring, from)?;
            let prepared = port.restore.prepare(host, &guest, sources, &context)?;
            let audited = copies.audited.saturating_add(prepared.audited);
            vgpu.counters.of(engine).audited(audited);
            let origin = Origin::of(&context, &page, port.resident.take());
            bring_in(port, &lane.layout, origin, &page, image, mapped)?;

            let host_image = port.context.image()?;
            let values = Iterator::chain(roots.registers(), prepared.registers());
            for (dword, value) in values {
                *host_image.get_mut(index(dword)).ok_or(EINVAL)? = value;
            }
            let timestamp = *host_image.get(index(TIMESTAMP)).ok_or(EINVAL)?;

            let Copies {
                ring,
                batches,
                events,
                ..
            } = copies;
            let buffers = Iterator::chain(batches.iter(), port.restore.buffers());
            port.context.submit(addressing, &ring, buffers)?;
            Ok((timestamp, events.merge(prepared.events)))
        })();
        match submitted {
            Ok((timestamp, events)) => Ok(Running {
                hold,
                ticket: work.ticket,
                image,
                context,
                from,
                timestamp,
                events,
                since: Instant::now(),
                abandoned: false,
            }),
            Err(error) => {
                if port.context.is_busy() {
                    lane.stray = Some(hold);
                } else {
                    open.tables.release(hold);
                }
                Err(error)
            }
        }
    }
}
