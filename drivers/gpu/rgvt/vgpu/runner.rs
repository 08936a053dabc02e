// SPDX-License-Identifier: GPL-2.0

//! One engine of the real GPU: whose turn it is, and handing it work.
//!
//! Nobody waits for the engine. What makes progress (a guest submits, a request is done, a context has
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
        self,
        Work,
        WorkItem, //
    },
};

use super::Vgpu;
use crate::{
    host::{
        self,
        Observer, //
    },
    hw::engine::Engine,
    model::{
        partition::{
            VgpuId,
            MAX_VGPUS, //
        },
        sched::{
            Policy,
            RunQueue, //
        },
    },
};

/// How long to wait before a virtual GPU's work is tried again that could not be handed over.
const RETRY: Delta = Delta::from_millis(20);

/// Who uses an engine.
struct Line {
    queue: RunQueue,
    members: [Option<Arc<Vgpu>>; MAX_VGPUS],
    /// When the last piece of work was done: until then the engine was not the next one's.
    free_since: Instant<Monotonic>,
    /// When the runner has to look again, though nothing happens.
    alarm: Option<ArcHrTimerHandle<Runner>>,
}

impl Line {
    fn member(&self, id: VgpuId) -> Option<Arc<Vgpu>> {
        let mut members = self.members.iter().flatten();
        members.find(|vgpu| vgpu.id() == id).cloned()
    }
}

/// An engine of the real GPU.
#[pin_data]
pub(super) struct Runner {
    engine: Engine,
    /// How long a piece of work may have the engine; zero: for ever.
    limit: Delta,
    #[pin]
    timer: HrTimer<Self>,
    #[pin]
    work: Work<Runner>,
    /// Protects whose turn it is. Taken inside of a virtual GPU's lock, never around one.
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
    pub(super) fn new(engine: Engine, limit: Delta) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                engine,
                limit,
                timer <- HrTimer::new(),
                work <- new_work!("rgvt::Runner::work"),
                line <- new_mutex!(Line {
                    queue: RunQueue::new(),
                    members: [const { None }; MAX_VGPUS],
                    free_since: Instant::now(),
                    alarm: None,
                }),
            }),
            GFP_KERNEL,
        )
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    /// Lets a virtual GPU stand in line. EBUSY if there is no room, which the number of IDs rules out.
    pub(super) fn join(&self, vgpu: &Arc<Vgpu>, policy: Policy) -> Result {
        let mut line = self.line.lock();
        let place = line.members.iter_mut().find(|place| place.is_none());

        *place.ok_or(EBUSY)? = Some(vgpu.clone());
        line.queue.add(vgpu.id(), policy);
        Ok(())
    }

    /// A virtual GPU is served in another way from now on, if it stands in line.
    pub(super) fn set_policy(self: &Arc<Self>, id: VgpuId, policy: Policy) {
        self.line.lock().queue.set_policy(id, policy);
        self.kick();
    }

    /// Forgets a virtual GPU, which has nothing on the engine any more.
    pub(super) fn leave(&self, id: VgpuId) {
        let left = {
            let mut line = self.line.lock();
            line.queue.remove(id);
            let mut members = line.members.iter_mut();
            let place = members.find(|member| member.as_ref().is_some_and(|vgpu| vgpu.id() == id));
            place.and_then(Option::take)
        };
        // It may be the last reference, and what is dropped with it takes locks.
        drop(left);
    }

    /// A virtual GPU has work, which was not handed to the engine.
    pub(super) fn wake(self: &Arc<Self>, id: VgpuId) {
        self.line.lock().queue.wake(id);
        self.kick();
    }

    /// Has the runner look at what there is to do, soon. May be called in any context.
    fn kick(self: &Arc<Self>) {
        // What is queued already will see what is new. Nothing is handed to an engine while the system sleeps.
        let _ = workqueue::system_freezable().enqueue(self.clone());
    }

    /// A virtual GPU has no work left that could be handed to the engine. To be said with the lock held
    /// under which it gets some, or a call of [`Runner::wake`] is lost.
    pub(super) fn rest(&self, id: VgpuId) {
        self.line.lock().queue.sleep(id);
    }

    /// Waits until the runner has seen all that happened before. If nothing kicks it any more, it is at rest
    /// then. Not to be called by the runner itself.
    pub(super) fn settle(&self) {
        let alarm = self.line.lock().alarm.take();
        // This waits for the timer, which kicks.
        drop(alarm);
        host::flush(&self.work);
    }

    /// Those that stand in line, one at a time, so that no lock is held for them.
    pub(super) fn members(&self) -> impl Iterator<Item = Arc<Vgpu>> + '_ {
        (0..MAX_VGPUS).filter_map(|index| self.line.lock().members.get(index).cloned().flatten())
    }

    /// Takes up what the engine has done.
    fn collect(&self) {
        // Fixed in number, and cheap to look at: no list of those that have something there is kept.
        for vgpu in self.members() {
            let Some(started) = vgpu.collect(self.engine) else {
                continue;
            };

            let now = Instant::now();
            let mut line = self.line.lock();
            let since_start = now - started;
            let since_free = now - line.free_since;
            let used = since_start.min(since_free).as_nanos();
            let used = u64::try_from(used).unwrap_or(0);
            line.free_since = now;
            line.queue.charge(vgpu.id(), used);
            vgpu.counters.of(self.engine).busy(used);
        }
    }

    /// Hands the engine what it has room for.
    fn feed(self: &Arc<Self>) {
        loop {
            let vgpu = {
                let mut line = self.line.lock();
                let Some(id) = line.queue.pick() else { return };
                match line.member(id) {
                    Some(vgpu) => vgpu,
                    None => {
                        line.queue.remove(id);
                        continue;
                    }
                }
            };
            let begun = Instant::<Monotonic>::now();
            if !vgpu.launch(self) {
                // What was tried in vain has cost everybody's time.
                let spent = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(0);
                self.line.lock().queue.charge(vgpu.id(), spent);
            }
        }
    }

    /// Ends work that has had the engine for too long, and sees to it that the runner looks again in time.
    ///
    /// Work may wait for a value in memory that never comes, and be preempted meanwhile: to i915 that is no
    /// hang.
    fn watch(self: &Arc<Self>) {
        let mut next = None;
        for vgpu in self.members() {
            if vgpu.take_stuck(self.engine) {
                self.line.lock().queue.wake(vgpu.id());
                next = Some(RETRY);
            }
        }

        let in_flight = self.members().filter_map(|vgpu| {
            let since = vgpu.running_since(self.engine)?;
            Some((since.elapsed(), vgpu))
        });
        let oldest = in_flight.max_by_key(|(age, _)| *age);
        if let Some((age, vgpu)) = oldest.filter(|_| !self.limit.is_zero()) {
            let used = age.min(self.line.lock().free_since.elapsed());
            let left = self.limit - used;
            let left = if left.is_negative() || left.is_zero() {
                vgpu.expel(self.engine);
                self.limit
            } else {
                left
            };
            next = Some(next.map_or(left, |next: Delta| next.min(left)));
        }

        let mut line = self.line.lock();
        // To drop the old handle stops the timer, also one that was started anew.
        line.alarm = None;
        line.alarm = next.map(|next| self.clone().start(next));
    }
}

impl WorkItem for Runner {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.collect();
        this.feed();
        this.watch();
    }
}

/// Tells a runner that the engine made progress.
pub(super) struct Progress(pub(super) Arc<Runner>);

impl Observer for Progress {
    fn progress(&self) {
        self.0.kick();
    }
}
