// SPDX-License-Identifier: GPL-2.0

//! Between a virtual GPU and the runner of an engine: a piece of work that is ready, or with the GPU, or over.
//!
//! Work is made ready and its results are taken home with the virtual GPU's lock held, by a work item for
//! each engine of each virtual GPU. That may take as long as the guest's user wants, who can have its memory
//! served by a program. The runner, which is there for all, finds here what it needs, and never waits for
//! that lock.

use kernel::{
    impl_has_delayed_work, impl_has_hr_timer, impl_has_work, new_delayed_work, new_mutex, new_work,
    prelude::*,
    sync::{
        Arc,
        ArcBorrow,
        Mutex, //
    },
    time::{
        hrtimer::{
            ArcHrTimerHandle,
            HrTimer,
            HrTimerCallback,
            HrTimerCallbackContext,
            HrTimerPointer,
            HrTimerRestart,
            RelativeMode, //
        },
        Delta,
        Instant,
        Jiffies,
        Monotonic, //
    },
    workqueue::{
        DelayedWork,
        Work,
        WorkItem, //
    },
};

use super::{
    runner::{
        Progress,
        Runner, //
    },
    submission::{
        engine_time,
        RestoreBatches,
        Vetted, //
    },
    trace::Label,
    Vgpu,
};
use crate::{
    host::{
        self,
        Addressing,
        EngineContext,
        PinnedBuffer, //
    },
    hw::engine::Engine,
    model::{
        partition::VgpuId,
        sched::Policy, //
    },
};

/// What a piece of work is run with: there is one of it for an engine of a virtual GPU, and who has it may
/// touch the context's image.
///
/// Fields are dropped in this order: the context's image names the batches.
pub(super) struct Tools {
    pub(super) context: EngineContext<Progress>,
    pub(super) restore: RestoreBatches,
}

/// A piece of work that can be handed to the GPU as it is.
pub(super) struct Job {
    pub(super) tools: Tools,
    pub(super) addressing: Addressing,
    pub(super) ring: Vetted,
    pub(super) batches: KVec<PinnedBuffer>,
    /// The context's timestamp before.
    pub(super) timestamp: u32,
    /// When the guest submitted it.
    pub(super) since: Instant<Monotonic>,
    pub(super) label: Label,
}

/// What became of a piece.
pub(super) enum Outcome {
    Done,
    /// It was ended, or the engine hung.
    Ended(Error),
    /// The GPU never had it.
    Refused(Error),
}

enum Stage {
    Empty,
    Ready(Job),
    /// The GPU has it.
    Aloft {
        tools: Tools,
        timestamp: u32,
        /// The same, when it was last to come first.
        turn: Option<u32>,
        label: Label,
        /// It is to be ended, of which i915 was not told yet.
        ending: bool,
    },
    Over(Tools, Outcome),
}

/// What the runner finds on a desk.
pub(super) enum Seen {
    /// Nothing that concerns it.
    Nothing,
    /// The GPU has a piece that is to be ended or let go of as soon as that is possible, of which nothing tells.
    Ending,
    /// The GPU is done with a piece. How many nanoseconds that took, as far as is known.
    Landed(Option<u64>),
}

/// A desk, while the device is open. It has one piece of work at a time.
#[pin_data]
pub(super) struct Desk {
    vgpu: Arc<Vgpu>,
    runner: Arc<Runner>,
    #[pin]
    work: Work<Self, SERVE>,
    #[pin]
    rest: DelayedWork<Self, REST>,
    #[pin]
    timer: HrTimer<Self>,
    /// Taken inside of the virtual GPU's lock, not with the lock of a [`Runner`], and around i915's.
    #[pin]
    stage: Mutex<Stage>,
}

/// The work item that serves the lane.
const SERVE: u64 = 0;

/// The one that lets its context rest.
const REST: u64 = 1;

impl_has_work! {
    impl HasWork<Self, SERVE> for Desk { self.work }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, REST> for Desk { self.rest }
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Desk {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl WorkItem<SERVE> for Desk {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.vgpu.serve(&this);
    }
}

impl WorkItem<REST> for Desk {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.vgpu.rest(&this);
    }
}

impl HrTimerCallback for Desk {
    type Pointer<'a> = Arc<Self>;

    fn run(this: ArcBorrow<'_, Self>, _: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        Arc::from(this).kick();
        HrTimerRestart::NoRestart
    }
}

impl Desk {
    pub(super) fn new(vgpu: &Arc<Vgpu>, runner: &Arc<Runner>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                vgpu: vgpu.clone(),
                runner: runner.clone(),
                work <- new_work!("rgvt::Desk::work"),
                rest <- new_delayed_work!("rgvt::Desk::rest"),
                timer <- HrTimer::new(),
                stage <- new_mutex!(Stage::Empty),
            }),
            GFP_KERNEL,
        )
    }

    pub(super) fn engine(&self) -> Engine {
        self.runner.engine()
    }

    pub(super) fn id(&self) -> VgpuId {
        self.vgpu.id()
    }

    pub(super) fn vgpu(&self) -> &Vgpu {
        &self.vgpu
    }

    /// Puts it where the engine's runner looks. EBUSY if there is no room, which the number of IDs rules out.
    pub(super) fn join(self: &Arc<Self>, policy: Policy) -> Result {
        self.runner.join(self, policy)
    }

    /// Has the virtual GPU look at what there is to prepare and to take home, soon.
    pub(super) fn kick(self: &Arc<Self>) {
        // What is queued already will see what is new.
        let queue = self.runner.workqueue();
        let _ = queue.enqueue::<_, SERVE>(self.clone());
    }

    /// The same after some time, unless what is returned is dropped before.
    pub(super) fn kick_after(self: &Arc<Self>, delay: Delta) -> ArcHrTimerHandle<Self> {
        self.clone().start(delay)
    }

    /// Has the virtual GPU see, after some time, whether the context may rest, unless it is about to.
    pub(super) fn rest_after(self: &Arc<Self>, delay: Jiffies) {
        let queue = self.runner.workqueue();
        let _ = queue.enqueue_delayed::<_, REST>(self.clone(), delay);
    }

    /// Waits until the work items are at rest. Not to be called with the virtual GPU's lock held, nor by one of
    /// them.
    pub(super) fn settle(&self) {
        host::flush(&self.work);
        host::flush_delayed(&self.rest);
    }
}

/// What the virtual GPU does, with its lock held.
impl Desk {
    /// Lays down a piece; the desk is empty.
    pub(super) fn offer(&self, job: Job) {
        *self.stage.lock() = Stage::Ready(job);
        self.runner.ready(self.id());
    }

    /// Takes a piece back that the GPU does not have.
    pub(super) fn withdraw(&self) -> Option<Tools> {
        let stage = {
            let mut stage = self.stage.lock();
            match &*stage {
                Stage::Ready(_) => core::mem::replace(&mut *stage, Stage::Empty),
                _ => return None,
            }
        };
        self.runner.unready(self.id());
        match stage {
            Stage::Ready(job) => Some(job.tools),
            _ => None,
        }
    }

    /// Takes what is over.
    pub(super) fn take(&self) -> Option<(Tools, Outcome)> {
        let mut stage = self.stage.lock();
        match core::mem::replace(&mut *stage, Stage::Empty) {
            Stage::Over(tools, outcome) => Some((tools, outcome)),
            other => {
                *stage = other;
                None
            }
        }
    }

    /// Says whether the virtual GPU has work that is not on the desk.
    pub(super) fn expect(&self, more: bool) {
        self.runner.expect(self.id(), more);
    }
}

/// What the runner does. All of it may find that the piece it means is gone.
impl Desk {
    /// Hands what is ready to the GPU, which has pieces of others unless it is `alone`. Says whether the GPU has it.
    pub(super) fn start_piece(self: &Arc<Self>, alone: bool) -> bool {
        let mut stage = self.stage.lock();
        let mut job = match core::mem::replace(&mut *stage, Stage::Empty) {
            Stage::Ready(job) => job,
            other => {
                *stage = other;
                return false;
            }
        };
        let counters = self.vgpu.counters.of(self.engine());
        let waited = job.since.elapsed();
        counters.waited(waited);

        job.tools.context.set_alone(alone);
        // Who was there before may have been ended in its middle.
        let clean = self.vgpu.gpu().leftovers.commands(self.engine());
        let commands = [clean, &job.ring];
        let result = job
            .tools
            .context
            .submit(job.addressing, &commands, job.batches);
        let Job {
            tools,
            timestamp,
            label,
            ..
        } = job;
        match result {
            Err(error) if !tools.context.is_busy() => {
                *stage = Stage::Over(tools, Outcome::Refused(error));
                drop(stage);
                self.kick();
                false
            }
            // A request that could not be made as a whole does nothing, but has to end like others.
            _ => {
                label.started(waited);
                *stage = Stage::Aloft {
                    turn: tools.context.timestamp(),
                    tools,
                    timestamp,
                    label,
                    ending: false,
                };
                true
            }
        }
    }

    /// Takes from the GPU what it is done with.
    pub(super) fn reap(self: &Arc<Self>) -> Seen {
        let mut stage = self.stage.lock();
        let Stage::Aloft {
            tools,
            timestamp,
            label,
            ending,
            ..
        } = &mut *stage
        else {
            return Seen::Nothing;
        };
        let Some(result) = tools.context.reap() else {
            *ending = *ending && !tools.context.cancel();
            let leaving = tools.context.let_go();
            return if *ending || leaving {
                Seen::Ending
            } else {
                Seen::Nothing
            };
        };
        let used = match result {
            Ok(()) => engine_time(&mut tools.context, *timestamp),
            Err(_) => None,
        };
        label.left(used);
        let outcome = result.map_or_else(Outcome::Ended, |()| Outcome::Done);
        if let Stage::Aloft { tools, .. } = core::mem::replace(&mut *stage, Stage::Empty) {
            *stage = Stage::Over(tools, outcome);
        }
        drop(stage);

        self.kick();
        Seen::Landed(used)
    }

    fn with_context<T>(&self, f: impl FnOnce(&EngineContext<Progress>) -> T) -> Option<T> {
        match &*self.stage.lock() {
            Stage::Aloft { tools, .. } => Some(f(&tools.context)),
            _ => None,
        }
    }

    /// Whether the piece is the only one that the GPU has.
    pub(super) fn set_alone(&self, alone: bool) {
        let _ = self.with_context(|context| context.set_alone(alone));
    }

    /// Whether the GPU has a piece, as far as [`Self::reap`] has seen.
    pub(super) fn is_aloft(&self) -> bool {
        self.with_context(|_| ()).is_some()
    }

    /// Lets the context of a piece rest which is over.
    pub(super) fn rest(&self) {
        if let Stage::Over(tools, _) = &mut *self.stage.lock() {
            tools.context.rest();
        }
    }

    /// Whether the engine has begun with the piece.
    pub(super) fn has_begun(&self) -> bool {
        self.with_context(EngineContext::has_begun).unwrap_or(false)
    }

    /// Whether the engine executes the piece, though it may have been asked to leave it.
    pub(super) fn is_executed(&self) -> bool {
        self.with_context(EngineContext::is_executed)
            .unwrap_or(false)
    }

    /// Whether the engine executes the piece and was not asked to leave it.
    pub(super) fn goes_on(&self) -> bool {
        self.with_context(EngineContext::goes_on).unwrap_or(false)
    }

    /// Whether the engine may be executing the piece, or may yet begin with it though it is to be ended.
    pub(super) fn may_be_executed(&self) -> bool {
        match &*self.stage.lock() {
            Stage::Aloft { tools, ending, .. } => *ending || tools.context.is_on_hardware(),
            _ => false,
        }
    }

    /// The piece is to be executed from now on.
    pub(super) fn take_turn(&self) {
        if let Stage::Aloft { tools, turn, .. } = &mut *self.stage.lock() {
            *turn = tools.context.timestamp();
        }
    }

    /// Whether the engine has left the piece since [`Self::take_turn`], and so has executed it. i915 has pieces of one
    /// priority take turns, so quickly if both of them wait that it is never seen which one is executed.
    pub(super) fn had_turn(&self) -> bool {
        match &*self.stage.lock() {
            Stage::Aloft { tools, turn, .. } => tools.context.timestamp() != *turn,
            _ => false,
        }
    }

    /// Has the piece make way for others.
    pub(super) fn make_way(&self) {
        if let Stage::Aloft { tools, label, .. } = &*self.stage.lock() {
            tools.context.make_way();
            label.preempted();
        }
    }

    /// Has it make way no more.
    pub(super) fn come_first(&self) {
        let _ = self.with_context(EngineContext::come_first);
    }

    /// Has the GPU end the piece, soon, or as soon as nobody else would pay for that.
    pub(super) fn cancel(&self) {
        // By the runner: whoever asks may have a signal pending, for which i915 would not wait for a lock but reset the
        // engine, whoever has it.
        if let Stage::Aloft { ending, .. } = &mut *self.stage.lock() {
            *ending = true;
            self.runner.kick();
        }
    }
}
