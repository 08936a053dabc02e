// SPDX-License-Identifier: GPL-2.0

//! Vertical blanks of the virtual display, by a timer that runs only while a pipe does, and the guest
//! listens.

use kernel::{
    impl_has_hr_timer, impl_has_work, new_work,
    prelude::*,
    sync::{
        Arc,
        ArcBorrow, //
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

use super::{
    state::State,
    Vgpu, //
};
use crate::{
    host,
    hw::irq::{
        Group,
        Pipe,
        Source, //
    },
    model::mmio::display::{
        Event,
        Nanos, //
    },
};

/// The pipes.
const PIPES: [Pipe; 3] = [Pipe::A, Pipe::B, Pipe::C];

/// Wakes a virtual GPU at the next vertical blank. The timer fires in an interrupt, where what the guest
/// sees cannot be locked, so it hands over to a workqueue.
#[pin_data]
pub(super) struct Alarm {
    #[pin]
    timer: HrTimer<Self>,
    #[pin]
    work: Work<Self>,
    vgpu: Arc<Vgpu>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Alarm {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl_has_work! {
    impl HasWork<Self> for Alarm { self.work }
}

impl Alarm {
    pub(super) fn new(vgpu: &Arc<Vgpu>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                timer <- HrTimer::new(),
                work <- new_work!("rgvt::Alarm::work"),
                vgpu: vgpu.clone(),
            }),
            GFP_KERNEL,
        )
    }

    fn settle(&self) {
        host::flush(&self.work);
    }
}

impl HrTimerCallback for Alarm {
    type Pointer<'a> = Arc<Self>;

    fn run(this: ArcBorrow<'_, Self>, _: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        // If it is queued already, it will see that this blank is due, too.
        let _ = workqueue::system_freezable().enqueue(Arc::from(this));
        HrTimerRestart::NoRestart
    }
}

impl WorkItem for Alarm {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.vgpu.blank();
    }
}

/// The alarm of a device that is open.
pub(super) struct Vblank {
    alarm: Arc<Alarm>,
    set: Option<ArcHrTimerHandle<Alarm>>,
}

impl Vblank {
    pub(super) fn new(alarm: Arc<Alarm>) -> Self {
        Self { alarm, set: None }
    }

    /// Takes the alarm down, and waits until it is at rest. Not to be called with the virtual GPU's lock held.
    pub(super) fn settle(self) {
        drop(self.set);
        self.alarm.settle();
    }

    fn set(&mut self, after: Option<Delta>) {
        // To drop the old handle stops the timer, also one that was started anew.
        self.set = None;
        self.set = after.map(|after| self.alarm.clone().start(after));
    }
}

impl Vgpu {
    fn blank(&self) {
        let mut state = self.state.lock();
        let now = state.tell_time();

        for pipe in PIPES {
            let (display, _) = state.registers.display();
            if display.next_vblank(pipe).is_none_or(|due| due > now) {
                continue;
            }
            let (display, cells) = state.registers.display();
            if let Some(source) = display.on_vblank(pipe, cells) {
                let line = state.irq.fire(source);
                state.signal(line, &self.interrupts);
            }
        }
        state.set_alarm();
    }
}

/// The display's time, which is counted from `epoch` on.
pub(super) fn since(epoch: Instant<Monotonic>) -> Nanos {
    Nanos(u64::try_from(epoch.elapsed().as_nanos()).unwrap_or(0))
}

impl State {
    /// Tells the display what time it is.
    pub(super) fn tell_time(&mut self) -> Nanos {
        let now = since(self.epoch);
        self.registers.display().0.set_time(now);
        now
    }

    /// Sets the alarm to the next vertical blank of any pipe.
    pub(super) fn set_alarm(&mut self) {
        let now = self.tell_time();
        let (display, _) = self.registers.display();
        let next = PIPES.iter().filter_map(|&pipe| display.next_vblank(pipe));
        let after = next.min().map(|Nanos(due)| {
            let nanos = due.saturating_sub(now.0);
            Delta::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
        });
        if let Some(open) = &mut self.open {
            open.vblank.set(after);
        }
    }

    /// The guest may have begun or ceased to listen to interrupts of a group: if nobody listens to vertical
    /// blanks, nobody is to be woken for them.
    pub(super) fn listen(&mut self, group: Group) {
        let of_group = |pipe: &Pipe| Source::vblank(*pipe).group == group;
        let Some(pipe) = PIPES.into_iter().find(of_group) else {
            return;
        };
        self.tell_time();
        let (display, cells) = self.registers.display();
        let heard = self.irq.listens(display.frame_interrupts(pipe));
        if display.hear(pipe, cells, heard) {
            self.set_alarm();
        }
    }

    /// Does what the display wants done.
    pub(super) fn show(&mut self, vgpu: &Vgpu, event: Event) {
        match event {
            Event::Interrupt(source) => {
                let line = self.irq.fire(source);
                self.signal(line, &vgpu.interrupts);
            }
            Event::Pipe(_) => self.set_alarm(),
        }
    }

    /// Shows the guest that its monitor is plugged in, after a reset.
    pub(super) fn plug(&mut self, vgpu: &Vgpu) {
        if let Some(source) = self.registers.display().0.plugged() {
            let line = self.irq.set_level(source, true);
            self.signal(line, &vgpu.interrupts);
        }
    }
}
