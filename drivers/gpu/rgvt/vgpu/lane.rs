// SPDX-License-Identifier: GPL-2.0

//! One engine of a virtual GPU: the port that the guest submits to, what waits, and what runs.

use kernel::{
    prelude::*,
    time::{
        Delta,
        Instant,
        Monotonic, //
    },
};

use super::{
    runner::Progress,
    submission::RestoreBatches, //
};
use crate::{
    host::{
        EngineContext,
        Sealer, //
    },
    hw::{
        addr::GuestGma,
        engine::Engine,
        platform::Platform, //
    },
    model::{
        execlist::{
            Execlists,
            Ticket,
            Work, //
        },
        image::{
            Context,
            EngineState,
            Seal, //
        },
        parser::Events,
        ppgtt::Hold, //
    },
};

/// The most pieces of work that the port can have queued: two of a submission, and one more after a lite
/// restore, with one to spare.
const QUEUE: usize = 4;

/// A piece of work that waits.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    pub(super) work: Work,
    /// The port was asked whether it may start, and said yes.
    pub(super) started: bool,
    pub(super) since: Instant<Monotonic>,
}

/// A piece of work that the real engine has. i915 has a request for it, and tells of its end through the context.
pub(super) struct Running {
    /// The tables that it uses.
    pub(super) hold: Hold,
    pub(super) ticket: Ticket,
    /// Where the guest's image is.
    pub(super) image: GuestGma,
    pub(super) context: Context,
    /// Where in the ring the piece began, in bytes.
    pub(super) from: u32,
    /// CTX_TIMESTAMP before.
    pub(super) timestamp: u32,
    /// Interrupts that the guest's commands ask for.
    pub(super) events: Events,
    pub(super) since: Instant<Monotonic>,
    /// The guest has reset the engine: nobody wants to know what comes of it.
    pub(super) abandoned: bool,
}

/// What there is of an engine while a user has the device open.
///
/// Fields are dropped in this order: the context's image names the batches.
pub(super) struct Port {
    pub(super) context: EngineContext<Progress>,
    pub(super) restore: RestoreBatches,
    pub(super) sealer: Sealer,
    /// The engine's state in a context that never ran: page of registers, then whole pages.
    pub(super) default_state: KVVec<u32>,
    /// The same of what is being copied.
    pub(super) state: KVVec<u32>,
    /// The seal of what the host's image holds.
    pub(super) resident: Option<Seal>,
}

/// An engine of a virtual GPU.
pub(super) struct Lane {
    pub(super) running: Option<Running>,
    pub(super) port: Option<Port>,
    pub(super) execlists: Execlists,
    pub(super) queue: KVec<Waiting>,
    /// The first piece could not be handed over, and is to be tried again.
    pub(super) stuck: bool,
    /// The tables of a request that does nothing, because it could not be made as a whole. The engine loads
    /// the context for it nevertheless.
    pub(super) stray: Option<Hold>,
    pub(super) layout: EngineState,
    engine: Engine,
}

impl Lane {
    pub(super) fn new(platform: Platform, engine: Engine) -> Result<Self> {
        Ok(Self {
            running: None,
            port: None,
            execlists: Execlists::new(),
            queue: KVec::with_capacity(QUEUE, GFP_KERNEL)?,
            stuck: false,
            stray: None,
            layout: EngineState::of(platform, engine),
            engine,
        })
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether the engine has something of it.
    pub(super) fn is_busy(&self) -> bool {
        self.running.is_some() || self.stray.is_some()
    }

    /// The next piece of work that may go to the engine, if nothing is in its way.
    pub(super) fn next(&mut self) -> Option<Work> {
        if self.is_busy() || self.port.is_none() {
            return None;
        }
        loop {
            let first = self.queue.first_mut()?;
            if first.started || self.execlists.start(first.work.ticket) {
                first.started = true;
                return Some(first.work);
            }
            // The guest took it back.
            self.queue.remove(0).ok()?;
        }
    }

    /// The first piece of work is with the engine, or will never be. Returns how long it waited.
    pub(super) fn advance(&mut self) -> Delta {
        let first = self.queue.remove(0);
        first.map_or(Delta::ZERO, |waiting| waiting.since.elapsed())
    }

    /// Forgets what waits, ends what runs, and forgets what comes of that.
    pub(super) fn abandon(&mut self) {
        self.queue.clear();
        if let (Some(running), Some(port)) = (&mut self.running, &self.port) {
            running.abandoned = true;
            port.context.cancel();
        }
    }
}
