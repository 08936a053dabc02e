// SPDX-License-Identifier: GPL-2.0

//! One engine of the real GPU: whose turn it is, and handing it work.
//!
//! Nobody waits for the engine. What makes progress (a piece is ready, a request is done, a context has
//! left the engine) puts the runner on a workqueue, where it looks at all there is to do.

use kernel::{
    impl_has_hr_timer, impl_has_work, new_mutex, new_work,
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
        Monotonic, //
    },
    workqueue::{
        Queue,
        Work,
        WorkItem, //
    },
};

use super::{
    desk::{
        Desk,
        Seen, //
    },
    log::warn_about, //
};
use crate::{
    host::{
        self,
        Observer,
        OwnedQueue, //
    },
    hw::engine::Engine,
    model::{
        partition::{
            VgpuId,
            MAX_VGPUS, //
        },
        sched::{
            Policy,
            RunQueue,
            Step, //
        },
    },
};

/// How often to ask again for the end of a piece that could not be had, in nanoseconds.
const LOOK: u64 = 1_000_000;

/// Who uses an engine.
struct Line {
    queue: RunQueue,
    members: [Option<Arc<Desk>>; MAX_VGPUS],
    /// When the runner has to look again, though nothing happens.
    alarm: Option<ArcHrTimerHandle<Runner>>,
}

impl Line {
    fn member(&self, id: VgpuId) -> Option<Arc<Desk>> {
        let mut members = self.members.iter().flatten();
        members.find(|desk| desk.id() == id).cloned()
    }
}

/// An engine of the real GPU.
#[pin_data]
pub(super) struct Runner {
    engine: Engine,
    /// The queue's time is counted from here.
    epoch: Instant<Monotonic>,
    workqueue: Arc<OwnedQueue>,
    #[pin]
    timer: HrTimer<Self>,
    #[pin]
    work: Work<Runner>,
    /// Protects whose turn it is. Taken inside of all other locks; nothing is locked inside of it.
    #[pin]
    line: Mutex<Line>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Runner {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Runner {
    type Pointer<'a> = Arc<Self>;

    fn run(this: ArcBorrow<'_, Self>, _: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        Arc::from(this).kick();
        HrTimerRestart::NoRestart
    }
}

impl_has_work! {
    impl HasWork<Self> for Runner { self.work }
}

impl Runner {
    pub(super) fn new(
        engine: Engine,
        queue: RunQueue,
        workqueue: Arc<OwnedQueue>,
    ) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                engine,
                epoch: Instant::now(),
                workqueue,
                timer <- HrTimer::new(),
                work <- new_work!("rgvt::Runner::work"),
                line <- new_mutex!(Line {
                    queue,
                    members: [const { None }; MAX_VGPUS],
                    alarm: None,
                }),
            }),
            GFP_KERNEL,
        )
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    /// Where what is to be done is done.
    pub(super) fn workqueue(&self) -> &Queue {
        &self.workqueue
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(0)
    }

    /// Lets a virtual GPU stand in line. EBUSY if there is no room, which the number of IDs rules out.
    pub(super) fn join(&self, desk: &Arc<Desk>, policy: Policy) -> Result {
        let mut line = self.line.lock();
        let place = line.members.iter_mut().find(|place| place.is_none());

        *place.ok_or(EBUSY)? = Some(desk.clone());
        line.queue.add(desk.id(), policy);
        Ok(())
    }

    /// A virtual GPU is served in another way from now on, if it stands in line.
    pub(super) fn set_policy(self: &Arc<Self>, id: VgpuId, policy: Policy) {
        self.line.lock().queue.set_policy(id, policy);
        self.kick();
    }

    /// Forgets a virtual GPU, of which the GPU has nothing any more.
    pub(super) fn leave(&self, id: VgpuId) {
        let left = {
            let mut line = self.line.lock();
            line.queue.remove(id);
            let mut members = line.members.iter_mut();
            let place = members.find(|member| member.as_ref().is_some_and(|desk| desk.id() == id));
            place.and_then(Option::take)
        };
        // It may be the last reference, and what is dropped with it takes locks.
        drop(left);
    }

    /// A virtual GPU has a piece on its desk.
    pub(super) fn ready(self: &Arc<Self>, id: VgpuId) {
        self.line.lock().queue.ready(id);
        self.kick();
    }

    /// The piece on its desk was taken back.
    pub(super) fn unready(&self, id: VgpuId) {
        self.line.lock().queue.unready(id);
    }

    /// Whether it has work that is not on its desk.
    pub(super) fn expect(self: &Arc<Self>, id: VgpuId, more: bool) {
        let stands_down = self.line.lock().queue.expect(id, more);
        if stands_down {
            self.kick();
        }
    }

    /// Has the runner look at what there is to do, soon. May be called in any context.
    pub(super) fn kick(self: &Arc<Self>) {
        // What is queued already will see what is new. Nothing is handed to an engine while the system sleeps.
        let _ = self.workqueue.enqueue(self.clone());
    }

    /// Has the virtual GPUs that stand in line look at what there is to prepare, soon. Whoever leaves afterwards
    /// finds that queued.
    pub(super) fn kick_members(&self) {
        let line = self.line.lock();
        line.members.iter().flatten().for_each(Desk::kick);
    }

    /// Waits until the runner has seen all that happened before. If nothing kicks it any more and nobody stands in
    /// line, it is at rest then. Not to be called by the runner itself.
    pub(super) fn settle(self: &Arc<Self>) {
        let alarm = self.line.lock().alarm.take();
        // This stops the timer, also one that was started anew.
        drop(alarm);
        // Others may wait for it, and have it started again.
        self.kick();
        host::flush(&self.work);
    }

    /// Those that stand in line, one at a time, so that no lock is held for them.
    pub(super) fn members(&self) -> impl Iterator<Item = Arc<Desk>> + '_ {
        (0..MAX_VGPUS).filter_map(|index| self.line.lock().members.get(index).cloned().flatten())
    }

    /// Those of which the engine has a piece, one at a time, likewise.
    fn aloft(&self) -> impl Iterator<Item = Arc<Desk>> + '_ {
        let mut last = None;
        core::iter::from_fn(move || {
            let line = self.line.lock();
            last = Some(line.queue.next_aloft(last)?);
            line.member(last?)
        })
    }

    /// Takes up what the engine has done. Returns in how many nanoseconds there may be more, though nothing tells.
    fn collect(&self) -> Option<u64> {
        let mut next = None;
        for desk in self.aloft() {
            match desk.reap() {
                Seen::Nothing => {}
                Seen::Ending => next = Some(LOOK),
                Seen::Landed(used) => {
                    let (id, now) = (desk.id(), self.now());
                    let counted = self.line.lock().queue.landed(id, used, now);
                    desk.vgpu().counters.of(self.engine).busy(counted);
                    self.tell_alone();
                }
            }
        }
        next
    }

    /// Tells the only piece that the engine has that it is.
    fn tell_alone(&self) {
        let mut aloft = self.aloft();
        if let (Some(desk), None) = (aloft.next(), aloft.next()) {
            desk.set_alone(true);
        }
    }

    /// Hands a piece of `desk`'s to the engine. Says whether it has it.
    fn start(&self, desk: &Arc<Desk>) -> bool {
        let mut alone = true;
        for other in self.aloft().filter(|other| other.id() != desk.id()) {
            other.set_alone(false);
            alone = false;
        }
        desk.start_piece(alone)
    }

    /// Tells the queue whether the engine has begun with what it should execute, or has come back to it.
    fn look(&self, now: u64) {
        let (begins, returns) = {
            let line = self.line.lock();
            let desk = |id: Option<VgpuId>| line.member(id?);
            (desk(line.queue.not_begun()), desk(line.queue.not_back()))
        };
        // It may have begun with it and left it again: i915 has all of them take turns.
        let begins = begins.filter(|desk| desk.has_begun());
        let executes = |desk: &Arc<Desk>| desk.goes_on() || desk.had_turn();
        if let Some(desk) = begins.or(returns).filter(executes) {
            self.line.lock().queue.begun(desk.id(), now);
        }
        self.spare(now);
    }

    /// Sees whether those that have not made way in time for what should be executed have for something else, such as
    /// the host's work.
    fn spare(&self, now: u64) {
        // Each is late once at most.
        for _ in 0..MAX_VGPUS {
            let late = {
                let line = self.line.lock();
                line.queue.late(now).and_then(|id| line.member(id))
            };
            match late {
                Some(desk) if !desk.is_executed() => self.line.lock().queue.spare(desk.id(), now),
                _ => break,
            }
        }
    }

    /// Does what the queue wants done. Returns in how many nanoseconds there may be more.
    fn feed(&self) -> Option<u64> {
        loop {
            let now = self.now();
            self.look(now);
            let step = self.line.lock().queue.next(now);
            let desk = |id| self.line.lock().member(id);
            match step {
                Step::Start(id) => {
                    if !desk(id).is_some_and(|desk| self.start(&desk)) {
                        self.line.lock().queue.cancel(id);
                        self.tell_alone();
                    }
                }
                Step::GiveWay(id) => {
                    if let Some(desk) = desk(id) {
                        desk.make_way();
                        desk.vgpu().counters.of(self.engine).preempted();
                    }
                    let holder = self.line.lock().queue.holder();
                    if let Some(desk) = holder.and_then(desk) {
                        desk.take_turn();
                    }
                }
                Step::BringBack(id) => {
                    if let Some(desk) = desk(id) {
                        desk.take_turn();
                        desk.come_first();
                    }
                }
                Step::Evict(id) => {
                    if let Some(desk) = desk(id) {
                        desk.cancel();
                        warn_about!(
                            desk.vgpu(),
                            "{:?}: work is ended that others wait for, or that takes too long\n",
                            self.engine
                        );
                    }
                }
                Step::Wait(nanos) => return nanos,
            }
        }
    }
}

impl WorkItem for Runner {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let moments = [this.collect(), this.feed()];
        let next = moments.into_iter().flatten().min();
        let next = next.map(|nanos| Delta::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)));

        let mut line = this.line.lock();
        // To drop the old handle stops the timer, also one that was started anew.
        line.alarm = None;
        line.alarm = next.map(|next| this.clone().start(next));
    }
}

/// Tells a runner that the engine made progress.
pub(super) struct Progress(pub(super) Arc<Runner>);

impl Observer for Progress {
    fn progress(&self) {
        self.0.kick();
    }
}
