// SPDX-License-Identifier: GPL-2.0

//! What a guest sees of its GPU, and what the host holds for it.

use kernel::{
    prelude::*,
    sync::{
        CondVarTimeoutResult,
        MutexGuard, //
    },
    time::{
        delay::fsleep,
        msecs_to_jiffies,
        Delta,
        Instant,
        Monotonic,
        Msecs, //
    },
};

use super::{
    ggtt::Mappings,
    lane::{
        Lane,
        Lanes,
        Port, //
    },
    log::warn_about,
    vblank::Vblank,
    Vgpu, //
};
use crate::{
    host::{
        is_being_killed,
        Guest,
        Interrupts,
        Pin,
        Reserved,
        StaysAwake, //
    },
    hw::{
        engine::Engine,
        irq::Source, //
    },
    model::{
        cfg::ConfigSpace,
        ggtt::{
            Ggtt,
            Order, //
        },
        irq,
        irq::Line,
        mmio::Registers,
        ppgtt::Tables,
        pvinfo::PvInfo,
        seam::edquot, //
    },
};

/// What there is only while a user has the device open.
///
/// Fields are dropped in this order: shadow tables hold pins of the guest's pages.
pub(super) struct Open {
    pub(super) vblank: Vblank,
    pub(super) tables: Tables<Guest>,
    pub(super) guest: Guest,
    pub(super) _awake: StaysAwake,
}

/// Everything of a virtual GPU that changes.
///
/// Fields are dropped in this order: requests before the tables that they use, mappings before the GGTT's
/// nodes.
pub(super) struct State {
    pub(super) lanes: Lanes,
    pub(super) mappings: Mappings<Pin>,
    pub(super) open: Option<Open>,
    /// How many wait for the engines to be done with what they have. They are given nothing meanwhile.
    pub(super) waiters: u32,
    /// Whether what runs may reach pages of the guest's that it has had the GPU forget.
    pub(super) stale: bool,
    /// How many of the GGTT's entries that are missed were not tried since there was reason to.
    pub(super) untried: u32,
    pub(super) hardware: Reserved,
    /// The display's time is counted from here.
    pub(super) epoch: Instant<Monotonic>,
    pub(super) config: ConfigSpace,
    pub(super) pvinfo: PvInfo,
    pub(super) ggtt: Ggtt,
    pub(super) irq: irq::Interrupts,
    pub(super) registers: KBox<Registers>,
}

impl State {
    /// The lane of an engine, if the GPU has it.
    pub(super) fn lane(&mut self, engine: Engine) -> Option<&mut Lane> {
        self.lanes.get_mut(engine)
    }

    /// All ports, while the device is open.
    pub(super) fn ports(&self) -> impl Iterator<Item = &Port> {
        self.lanes.iter().filter_map(|lane| lane.port.as_ref())
    }

    /// The port of an engine, while the device is open.
    pub(super) fn port(&mut self, engine: Engine) -> Option<&mut Port> {
        self.lane(engine)?.port.as_mut()
    }

    /// Shows the guest what became of its interrupt line.
    pub(super) fn signal(&mut self, line: Line, to: &Interrupts) {
        match line {
            Line::Same => {}
            Line::Rose => {
                self.config.set_interrupt(true);
                if self.config.msi() {
                    to.message();
                } else if self.config.intx() {
                    to.set_level(true);
                }
            }
            Line::Fell => {
                self.config.set_interrupt(false);
                to.set_level(false);
            }
        }
    }

    /// An engine has something to say, which its own mask may suppress.
    pub(super) fn fire_engine(&mut self, engine: Engine, source: Source, to: &Interrupts) {
        let masked = self.registers.interrupt_mask(engine);
        let bits = source.bits & !masked;
        if bits != 0 {
            let line = self.irq.fire(Source { bits, ..source });
            self.signal(line, to);
        }
    }

    /// Has the host's GGTT do what the guest's says. If the guest may have no more pages pinned, the page takes
    /// the room of one that nothing uses; if it cannot be had now, it is missed until [`State::settle_ggtt`]. EAGAIN if
    /// there may be room when what runs is done.
    pub(super) fn carry_out(&mut self, order: Order) -> Result {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let (mappings, hardware) = (&mut self.mappings, &self.hardware);
        let carry_out =
            |mappings: &mut Mappings<Pin>| mappings.carry_out(Some(order), hardware, &open.guest);

        let mut result = carry_out(mappings);
        if result == Err(edquot()) {
            // What is no longer mapped counts until the GPU has let go of it.
            mappings.let_go(hardware);
            result = open.tables.make_room_for(|| carry_out(mappings));
            if result == Err(EBUSY) && open.tables.is_held() {
                result = Err(EAGAIN);
            }
        }
        if let (Order::Map(index, _), Err(error)) = (order, result) {
            if passes(error) || error == EFAULT {
                self.ggtt.missed(index);
                if error != EFAULT {
                    self.untried = self.ggtt.count_missed();
                }
            }
        }
        result
    }

    /// Takes GGTT entries that were written half as they stand, tries again those that were missed, and makes the
    /// GPU see all of them. EBUSY if there may be room for those that are still missed when what runs is done, EAGAIN if
    /// there are too many for once: the next call goes on.
    pub(super) fn settle_ggtt(&mut self, vgpu: &Vgpu) -> Result {
        if self.open.is_none() {
            return Ok(());
        }

        if let Some(order) = self.ggtt.flush() {
            match self.carry_out(order) {
                Err(error) if !passes(error) => vgpu.complain_of_pin(error),
                // If it failed it is missed, and so tried again below.
                _ => {}
            }
        }
        let settled = self.try_missed(vgpu);
        self.mappings.settle(&self.hardware);
        settled
    }

    /// Tries GGTT entries again that were missed: all of them, or one if none of them had any memory the last time.
    /// Fails as [`State::settle_ggtt`] does.
    fn try_missed(&mut self, vgpu: &Vgpu) -> Result {
        let mut tries = self.untried.clamp(1, MISSED);
        while tries > 0 {
            tries -= 1;
            let Some(order) = self.ggtt.take_missed() else {
                self.untried = 0;
                break;
            };
            match self.carry_out(order) {
                Ok(()) if self.untried == 0 => {
                    self.untried = self.ggtt.count_missed();
                    tries = self.untried.min(MISSED);
                }
                // It was complained of when it was written, unless its memory was being taken away.
                Ok(()) | Err(EFAULT) => self.untried = self.untried.saturating_sub(1),
                Err(EAGAIN) => return Err(EBUSY),
                Err(error) => {
                    self.untried = self.untried.saturating_sub(1);
                    vgpu.complain_of_pin(error);
                    if passes(error) {
                        // The others would hardly do better.
                        return Ok(());
                    }
                }
            }
        }
        if self.untried > 0 {
            return Err(EAGAIN);
        }
        Ok(())
    }
}

/// How many missed entries are tried at once, which bounds the time that it takes.
const MISSED: u32 = 4096;

/// Whether a page that could not be pinned may be had later: when there is room for it, or when user space is done
/// with unmapping.
///
/// ENOMEM is no such reason: VFIO has a line for the kernel's log each time that the limit of locked memory is hit.
fn passes(error: Error) -> bool {
    error == edquot() || error == EBUSY || error == EAGAIN
}

/// How long others wait for a piece of a guest's work before they end it.
const PATIENCE: Delta = Delta::from_secs(2);

/// How long whoever has a signal waits before it looks again: the signal would end each wait at once.
const LOOK: Delta = Delta::from_millis(1);

impl Vgpu {
    /// Waits until no engine has work of this virtual GPU, and keeps it that way while `state` is locked.
    /// Work that takes longer than [`PATIENCE`], or until whoever waits is killed, is ended: the guest will see a hang.
    pub(super) fn drain<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let begin = Instant::<Monotonic>::now();

        state.waiters = state.waiters.saturating_add(1);
        loop {
            // The lock was released meanwhile: what was waited for may be over now.
            state.withdraw_all();
            if !state.lanes.iter().any(Lane::is_busy) {
                break;
            }
            let left = (PATIENCE - begin.elapsed()).as_millis();
            if left <= 0 || is_being_killed() {
                state.ports().for_each(|port| port.desk.cancel());
                self.quiet.wait(&mut state);
                continue;
            }
            let jiffies = msecs_to_jiffies(Msecs::try_from(left).unwrap_or(0));
            let result = self.quiet.wait_interruptible_timeout(&mut state, jiffies);
            if matches!(result, CondVarTimeoutResult::Signal { .. }) {
                // A virtual CPU gets them all the time, to make it leave the guest.
                drop(state);
                fsleep(LOOK);
                state = self.state.lock();
            }
        }
        state.waiters = state.waiters.saturating_sub(1);

        for lane in state.lanes.iter() {
            if !lane.queue.is_empty() {
                lane.kick();
            }
        }
        state
    }

    /// Says why a page of the guest's cannot be reached by the GPU.
    pub(super) fn complain_of_pin(&self, error: Error) {
        if error == edquot() {
            warn_about!(
                self,
                "the guest wants more pages pinned than it may: raise rgvt/pin_quota_mib of the device\n"
            );
        } else if error == ENOMEM {
            warn_about!(
                self,
                "a page of the guest's could not be pinned: raise RLIMIT_MEMLOCK of the VM's process\n"
            );
        } else if error == EBUSY {
            warn_about!(
                self,
                "the guest's GGTT names a page that cannot be pinned yet\n"
            );
        } else {
            warn_about!(
                self,
                "the guest's GGTT names a page that cannot be pinned: {error:?}\n"
            );
        }
    }
}
