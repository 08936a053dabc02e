// SPDX-License-Identifier: GPL-2.0

//! A virtual GPU from its creation to its removal.

use kernel::{
    new_condvar,
    new_mutex,
    prelude::*,
    sync::Arc,
    time::Instant, //
};

use super::{
    desk::Desk,
    exits::Exits,
    ggtt::Mappings,
    gpu::{
        Gpu,
        Seat, //
    },
    lane::{
        Lanes,
        Port, //
    },
    monitor::display,
    screen::Screen,
    state::{
        Open,
        State, //
    },
    statistics::AllCounters,
    trace,
    vblank::{
        Alarm,
        Vblank, //
    },
    Vgpu,
};
use crate::{
    host::{
        random,
        Account,
        Guest,
        Interrupts,
        Kept,
        RateLimit,
        Reserved,
        VfioGuest, //
    },
    hw::{
        addr::{
            Bytes,
            Gfn,
            GgttIndex,
            GuestPhys,
            PAGE_SHIFT, //
        },
        engine::Engine, //
    },
    model::{
        cfg::{
            ConfigSpace,
            Identity, //
        },
        ggtt::{
            Ggtt,
            Order, //
        },
        irq,
        mmio::Registers,
        ppgtt::{
            Config,
            Tables, //
        },
        pvinfo::PvInfo,
        seam::HostMmio,
        types::VgpuType, //
    },
};

impl Vgpu {
    /// Makes a virtual GPU of a type. ENOSPC if it does not fit.
    pub(crate) fn new(gpu: &Arc<Gpu>, kind: &VgpuType) -> Result<Arc<Self>> {
        let (seat, reserved) = take_seat(gpu, kind)?;
        let state = state(&seat, kind, reserved)?;

        Arc::pin_init(
            try_pin_init!(Self {
                kind: *kind,
                account: Arc::new(Account::new(gpu.pin_quota_mib), GFP_KERNEL)?,
                interrupts <- Interrupts::new(),
                state <- new_mutex!(state),
                screen <- Screen::new(),
                quiet <- new_condvar!(),
                policy <- new_mutex!(gpu.policy(kind)?),
                counters: AllCounters::new(),
                lines <- RateLimit::new(),
                exits: Exits::new(),
                seat,
            }? Error),
            GFP_KERNEL,
        )
    }

    /// A user opens the device; `guest` is its memory. The device is as after power-on.
    pub(crate) fn open(this: &Arc<Self>, guest: Arc<VfioGuest>) -> Result {
        let gpu = this.gpu();
        let awake = gpu.host.keep_awake()?;
        let guest = Guest::new(guest, &gpu.host, this.account.clone())?;
        let config = Config::for_size(this.kind.ggtt());
        let tables = Tables::new(guest.clone(), config, random())?;
        let alarm = Alarm::new(this)?;
        let mut desks = KVec::new();
        let mut ports = KVec::new();
        for runner in gpu.runners() {
            let port = Port::new(this, runner)?;
            desks.push(port.desk.clone(), GFP_KERNEL)?;
            ports.push(port, GFP_KERNEL)?;
        }

        let mut state = this.state.lock();
        if state.open.is_some() {
            return Err(EBUSY);
        }
        // The host may have slept since: what i915 and the firmware have left there then is anybody's memory.
        state.hardware.clear();
        state.hardware.wipe();
        for number in 0..this.share().fences {
            state.hardware.set_fence(number, 0);
        }
        // A desk holds the virtual GPU: from here on, only `close` gives all back.
        for port in ports {
            if let Some(lane) = state.lane(port.desk.engine()) {
                lane.port = Some(port);
            }
        }
        state.open = Some(Open {
            vblank: Vblank::new(alarm),
            tables,
            guest,
            _awake: awake,
        });
        state.plug(this);
        drop(state);

        let policy = this.policy.lock();
        let joined = desks.iter().try_for_each(|desk| desk.join(*policy));
        drop(policy);
        if joined.is_err() {
            this.close();
        }
        joined
    }

    /// The desk of an engine that has nothing to do, while the device is open. Nothing happens there by itself
    /// any more.
    fn desk(&self, engine: Engine) -> Option<Arc<Desk>> {
        let mut state = self.state.lock();
        let port = state.port(engine)?;
        port.alarm = None;
        port.rest();
        Some(port.desk.clone())
    }

    /// The user closes the device. Waits for what is on the engines; gives everything back that is the
    /// guest's.
    pub(crate) fn close(&self) {
        self.reset();
        for runner in self.gpu().runners() {
            runner.leave(self.id());
            // It may be at it; the last reference is not to be dropped there.
            runner.settle();
            if let Some(desk) = self.desk(runner.engine()) {
                desk.settle();
            }
        }

        let mut state = self.state.lock();
        for lane in state.lanes.iter_mut() {
            lane.port = None;
        }
        let open = state.open.take();
        drop(state);

        if let Some(open) = open {
            open.vblank.settle();
        }

        self.screen.clear();
        self.interrupts.clear();
    }

    /// A reset of the function: all as after power-on. Waits for what is on the engines.
    pub(crate) fn reset(&self) {
        self.reset_state();
        self.revoke(|_| true);
    }

    fn reset_state(&self) {
        let mut state = self.state.lock();
        for engine in Engine::ALL {
            state.abandon(self, engine);
        }
        // What runs still uses the guest's memory.
        state = self.drain(state);
        // What was submitted meanwhile.
        for lane in state.lanes.iter_mut() {
            lane.forget(self.id());
        }

        let state = &mut *state;
        for lane in state.lanes.iter_mut() {
            // There is nothing left to be told of.
            let _ = lane.execlists.reset();
            if let Some(port) = &mut lane.port {
                port.forget_state();
            }
        }
        state.mappings.clear(&state.hardware);
        state.hardware.wipe();
        for number in 0..self.share().fences {
            state.hardware.set_fence(number, 0);
        }
        state.ggtt.clear();
        if let Some(open) = &mut state.open {
            open.tables.clear();
            open.tables.set_pages_64k(false);
        }
        state.config.reset();
        state.pvinfo.reset();
        state.registers.reset();
        let line = state.irq.reset();
        state.signal(line, &self.interrupts);
        state.set_alarm();
        state.plug(self);
    }

    /// VFIO takes `bytes` of the guest's memory from `iova` on away. What was pinned of it no longer is
    /// when this returns.
    pub(crate) fn unmapped(&self, iova: u64, bytes: u64) {
        let first = Gfn::new(iova >> PAGE_SHIFT);
        let pages = Bytes::new(bytes).pages();
        let gone = |gfn: Gfn| gfn.checked_sub(first).is_some_and(|at| at < pages);

        self.unmap(first, pages, gone);
        // Last: until then a surface could still be pinned by what the tables have.
        self.revoke(gone);
    }

    /// Has the GPU's tables map none of `pages` pages from `first` on, the ones that are `gone`.
    fn unmap(&self, first: Gfn, pages: u64, gone: impl Fn(Gfn) -> bool) {
        let mut state = self.drain(self.state.lock());
        let state = &mut *state;
        let Some(open) = &mut state.open else { return };
        for (index, gfn) in state.ggtt.mapped() {
            if gone(gfn) {
                let order = Some(Order::Unmap(GgttIndex::new(index.get())));
                // An order to unmap pins nothing, so it cannot fail.
                let _ = state
                    .mappings
                    .carry_out(order, &state.hardware, &open.guest);
            }
        }
        state.mappings.settle(&state.hardware);
        // The memory may come back, as it does when user space only divides it anew.
        state.ggtt.missed_all(gone);
        state.untried = state.ggtt.count_missed();
        open.tables.unmapped(first, pages);
    }

    /// The guest has written `bytes` from its physical address `at` on, in a page that is tracked.
    pub(crate) fn written(&self, at: u64, bytes: usize) {
        self.exits.page_table_writes.count();
        trace::table_written(self.id(), at, bytes);
        let mut state = self.state.lock();
        if let Some(open) = &mut state.open {
            open.tables.written(GuestPhys::new(at), bytes);
        }
    }
}

/// A seat, with the first places in the GGTT that the host gives up. Only if it gives up none at once is it waited for, at
/// the first.
fn take_seat(gpu: &Arc<Gpu>, kind: &VgpuType) -> Result<(Seat, Reserved)> {
    let reserve = |seat: &Seat, waits| {
        let share = seat.share();
        let parts = [share.aperture, share.hidden];
        Reserved::take(&gpu.host, parts, share.fences, waits)
    };

    let mut barred = KVec::new();
    // There are some hundred places at most.
    while let Ok(seat) = Seat::take(gpu, kind, &barred) {
        match reserve(&seat, false) {
            Ok(reserved) => return Ok((seat, reserved)),
            Err(Kept::Range(range)) => barred.push(range, GFP_KERNEL)?,
            Err(Kept::Other(error)) => return Err(error),
        }
    }

    let seat = Seat::take(gpu, kind, &[])?;
    match reserve(&seat, true) {
        Ok(reserved) => Ok((seat, reserved)),
        Err(Kept::Range(_)) => {
            pr_warn!("no virtual GPU is made: the host itself uses the GGTT where there would be room, end programs that use its GPU\n");
            Err(ENOSPC)
        }
        Err(Kept::Other(error)) => Err(error),
    }
}

/// What a virtual GPU of a type is after power-on, in its seat.
#[inline(never)]
fn state(seat: &Seat, kind: &VgpuType, hardware: Reserved) -> Result<State> {
    let gpu = seat.gpu();
    let host = &gpu.host;
    let share = seat.share();

    let engines = gpu.runners().map(|runner| runner.engine());
    Ok(State {
        lanes: Lanes::new(host.platform(), engines)?,
        mappings: Mappings::new(share)?,
        open: None,
        waiters: 0,
        stale: false,
        untried: 0,
        epoch: Instant::now(),
        hardware,
        config: ConfigSpace::new(identity(gpu)?).ok_or(EINVAL)?,
        pvinfo: PvInfo::new(seat.id(), *share),
        ggtt: Ggtt::new(share)?,
        irq: irq::Interrupts::new(),
        registers: registers(gpu, kind)?,
    })
}

/// The registers of a virtual GPU of a type. They are large, and so is what makes them: neither is to be on
/// the stack of the rest.
#[inline(never)]
fn registers(gpu: &Gpu, kind: &VgpuType) -> Result<KBox<Registers>> {
    let host = &gpu.host;
    let display = display(host, kind)?;
    let registers = Registers::new(gpu.map.clone(), display, |at| host.read(at))?;

    Ok(KBox::new(registers, GFP_KERNEL)?)
}

/// What a guest's driver recognises the GPU by: it is the host's.
fn identity(gpu: &Gpu) -> Result<Identity> {
    let host = &gpu.host;
    let word = |offset| host.initial_config(offset).map(u16::from_le_bytes);
    let [revision] = host.initial_config(0x08)?;

    Ok(Identity {
        device: word(0x02)?,
        revision,
        subsystem_vendor: word(0x2c)?,
        subsystem: word(0x2e)?,
        aperture: Bytes::new(host.ggtt().aperture),
    })
}
