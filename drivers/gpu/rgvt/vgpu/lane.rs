// SPDX-License-Identifier: GPL-2.0

//! One engine of a virtual GPU: the port that the guest submits to, what waits, and what runs.

use kernel::{
    prelude::*,
    sync::Arc,
    time::{
        hrtimer::ArcHrTimerHandle,
        msecs_to_jiffies,
        Instant,
        Monotonic,
        Msecs, //
    },
};

use super::{
    desk::{
        Desk,
        Tools, //
    },
    runner::{
        Progress,
        Runner, //
    },
    submission::{
        room,
        save,
        Draft,
        RestoreBatches, //
    },
    trace::Label,
    Vgpu, //
};
use crate::{
    host::{
        context,
        Sealer, //
    },
    hw::{
        addr::GuestGma,
        command::Flip,
        engine::Engine,
        platform::Platform, //
    },
    model::{
        execlist::{
            Execlists,
            Work, //
        },
        image::{
            Context,
            EngineState,
            Seal, //
        },
        milestones::Milestones,
        parser::Events,
        partition::VgpuId,
        ppgtt::Hold, //
    },
};

/// The most pieces of work that the port can have queued: two of a submission, and one more after a lite
/// restore, with one to spare.
const QUEUE: usize = 4;

/// After how many milliseconds, to twice as many, in which a lane has nothing to do its context rests. Then the
/// engine can go to sleep, and has to be woken for the next piece: a guest that draws many pictures a second is
/// not to have that for each of them.
const REST_MS: Msecs = 1000;

/// A piece of work that waits.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    pub(super) work: Work,
    /// The port was asked whether it may start, and said yes.
    pub(super) started: bool,
    pub(super) since: Instant<Monotonic>,
}

/// A piece of work that is on the desk, with the real engine, or done.
pub(super) struct Running {
    /// The tables that it uses.
    pub(super) hold: Hold,
    pub(super) work: Work,
    /// When the guest submitted it.
    pub(super) since: Instant<Monotonic>,
    /// Where the guest's image is.
    pub(super) image: GuestGma,
    pub(super) context: Context,
    /// Where in the ring the piece began, in bytes.
    pub(super) from: u32,
    /// CTX_TIMESTAMP before.
    pub(super) timestamp: u32,
    /// Interrupts that the guest's commands ask for.
    pub(super) events: Events,
    /// How far it is, of what the guest is told before its end.
    pub(super) milestones: Milestones,
    /// Flips of the guest's display that they ask for.
    pub(super) flips: KVec<Flip>,
    /// The guest has reset the engine: nobody wants to know what comes of it.
    pub(super) abandoned: bool,
}

/// What a piece of work has left in the host's image beside the engine's state.
pub(super) struct Trail {
    /// How far CTX_TIMESTAMP went.
    pub(super) ticks: u32,
    /// Dwords of the page of registers, and their values, that commands may have changed.
    pub(super) saved: [Option<(u16, u32)>; 2],
}

/// A piece of work that is over, and of which the guest does not know that yet. What the engine saved of its
/// context is in [`Port::outgoing`].
pub(super) struct Landed {
    pub(super) running: Running,
    pub(super) trail: Trail,
}

/// What there is of an engine while a user has the device open.
pub(super) struct Port {
    /// Has the lane looked at again, unless it is dropped before: what could not be prepared, or how far is what
    /// runs.
    pub(super) alarm: Option<ArcHrTimerHandle<Desk>>,
    pub(super) desk: Arc<Desk>,
    /// Not on the desk.
    pub(super) tools: Option<Tools>,
    /// The lane had something to do since it was last seen whether the context may rest.
    used: bool,
    pub(super) sealer: Sealer,
    /// The engine's state in a context that never ran: page of registers, then whole pages.
    pub(super) default_state: KVVec<u32>,
    /// The same of the context that ran last.
    pub(super) outgoing: KVVec<u32>,
    /// The same, as the guest had it, of one that may be the next.
    pub(super) incoming: KVVec<u32>,
    /// The seal that is right for `incoming`.
    pub(super) fetched: Option<Seal>,
    /// The seal of the state that the host's image holds, or began with: while a piece of work runs, and as long
    /// as `ahead` is set.
    pub(super) resident: Option<Seal>,
    /// The guest's image of a context that has run since its state was saved there. There was more of its work
    /// then, so that hardware would not have saved it, either.
    pub(super) ahead: Option<GuestGma>,
}

impl Port {
    /// Makes what `vgpu` has of the engine of `runner`.
    pub(super) fn new(vgpu: &Arc<Vgpu>, runner: &Arc<Runner>) -> Result<Self> {
        let (platform, engine) = (vgpu.gpu().host.platform(), runner.engine());
        let layout = EngineState::of(platform, engine);
        let observer = Arc::new(Progress(runner.clone()), GFP_KERNEL)?;
        let mut context = context(&vgpu.gpu().host, engine, observer)?;

        let mut default_state = room(&layout)?;
        let image = context.image()?;
        save(image, &layout, &mut default_state)?;
        let restore = RestoreBatches::of(image, platform, engine)?;
        restore.guard(&context)?;
        context.rest();

        Ok(Self {
            alarm: None,
            desk: Desk::new(vgpu, runner)?,
            tools: Some(Tools { context, restore }),
            used: false,
            sealer: Sealer::new(),
            default_state,
            outgoing: room(&layout)?,
            incoming: room(&layout)?,
            fetched: None,
            resident: None,
            ahead: None,
        })
    }

    /// The lane had something to do. If it has no more, its context rests after some time, or `now`.
    pub(super) fn tire(&mut self, now: bool) {
        if now {
            self.rest();
        } else if self
            .tools
            .as_ref()
            .is_some_and(|tools| tools.context.is_pinned())
        {
            self.used = true;
            self.desk.rest_after(msecs_to_jiffies(REST_MS));
        }
    }

    /// That time is over.
    pub(super) fn rest_if_idle(&mut self) {
        if core::mem::take(&mut self.used) {
            self.desk.rest_after(msecs_to_jiffies(REST_MS));
        } else {
            self.rest();
        }
    }

    /// The host's image. EBUSY if it is on the desk.
    pub(super) fn image(&mut self) -> Result<&mut [u32]> {
        self.tools.as_mut().ok_or(EBUSY)?.context.image()
    }

    /// What the host's image holds is not known any more. Returns the seal of what that was, or went on from.
    pub(super) fn forget_state(&mut self) -> Option<Seal> {
        self.ahead = None;
        self.resident.take()
    }

    /// Lets the context rest, unless the GPU has it or is about to.
    pub(super) fn rest(&mut self) {
        self.used = false;
        if let Some(tools) = &mut self.tools {
            tools.context.rest();
        }
    }
}

/// An engine of a virtual GPU.
pub(super) struct Lane {
    pub(super) landed: Option<Landed>,
    pub(super) running: Option<Running>,
    pub(super) draft: Option<Draft>,
    pub(super) port: Option<Port>,
    pub(super) execlists: Execlists,
    pub(super) queue: KVec<Waiting>,
    pub(super) layout: EngineState,
    engine: Engine,
}

impl Lane {
    pub(super) fn new(platform: Platform, engine: Engine) -> Result<Self> {
        Ok(Self {
            landed: None,
            running: None,
            draft: None,
            port: None,
            execlists: Execlists::new(),
            queue: KVec::with_capacity(QUEUE, GFP_KERNEL)?,
            layout: EngineState::of(platform, engine),
            engine,
        })
    }

    /// Whether something of it is on the desk or with the engine, or was and is not reported.
    pub(super) fn is_busy(&self) -> bool {
        self.running.is_some() || self.landed.is_some()
    }

    /// Whether the engine may still execute what the guest has reset away.
    pub(super) fn is_leaving(&self) -> bool {
        let abandoned = self.running.as_ref().filter(|piece| piece.abandoned);
        let port = abandoned.and(self.port.as_ref());
        port.is_some_and(|port| port.desk.may_be_executed())
    }

    /// The next piece of work that may be prepared, if nothing is in its way.
    pub(super) fn next(&mut self) -> Option<Waiting> {
        if self.running.is_some() || self.port.is_none() {
            return None;
        }
        loop {
            let first = self.queue.first_mut()?;
            if first.started || self.execlists.start(first.work.ticket) {
                first.started = true;
                return Some(*first);
            }
            // The guest took it back, or what is before it hangs.
            self.queue.remove(0).ok()?;
        }
    }

    /// Whether the next piece of work can be made ready before the guest is told of one that is over: but for
    /// the host's image all is there, and it does not go on in the same image of the guest's.
    pub(super) fn is_next_apart(&self, over: &Running) -> bool {
        let (Some(draft), Some(next)) = (&self.draft, self.queue.first()) else {
            return false;
        };
        draft.is_apart(next.work.ticket, over.image)
    }

    /// Whether the next piece of work goes on in the image at `image`, as far as is known.
    pub(super) fn goes_on_in(&self, image: GuestGma) -> bool {
        let running = self.running.as_ref().map(|running| running.image);
        let next = || Some(self.queue.first()?.work.descriptor.image_address());
        running.or_else(next) == Some(image)
    }

    /// The first piece of work is prepared, or will never be.
    pub(super) fn advance(&mut self) {
        let _ = self.queue.remove(0);
    }

    /// Forgets the work that waits.
    pub(super) fn forget(&mut self, vgpu: VgpuId) {
        for waiting in &self.queue {
            Label::new(vgpu, self.engine, waiting.work.ticket).cancelled();
        }
        self.queue.clear();
    }

    /// Has the lane looked at, soon: there is something to prepare, or to tell the runner.
    pub(super) fn kick(&self) {
        if let Some(port) = &self.port {
            port.desk.kick();
        }
    }
}

/// The engines of a virtual GPU, by which they are.
pub(super) struct Lanes([Option<KBox<Lane>>; Engine::ALL.len()]);

impl Lanes {
    /// Those of `engines`.
    pub(super) fn new(platform: Platform, engines: impl Iterator<Item = Engine>) -> Result<Self> {
        let mut lanes = Self([const { None }; Engine::ALL.len()]);
        for engine in engines {
            let place = lanes.0.get_mut(engine.index()).ok_or(EINVAL)?;
            *place = Some(KBox::new(Lane::new(platform, engine)?, GFP_KERNEL)?);
        }
        Ok(lanes)
    }

    pub(super) fn get(&self, engine: Engine) -> Option<&Lane> {
        self.0.get(engine.index())?.as_deref()
    }

    pub(super) fn get_mut(&mut self, engine: Engine) -> Option<&mut Lane> {
        self.0.get_mut(engine.index())?.as_deref_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Lane> {
        self.0.iter().flatten().map(|lane| &**lane)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        self.0.iter_mut().flatten().map(|lane| &mut **lane)
    }
}
