// SPDX-License-Identifier: GPL-2.0

//! Accesses to BAR 0: registers, the PVINFO page, and the GGTT.

use kernel::{
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
};

use super::{
    lane::Lane,
    log::warn_about,
    state::State,
    vblank::since,
    Vgpu, //
};
use crate::{
    hw::{
        addr::MmioOffset,
        command::Flip,
        engine::Engine,
        execlist::ELSP,
        gtt::{
            GGTT_OFFSET,
            GGTT_SIZE, //
        },
        irq,
        pvinfo, //
    },
    model::{
        execlist,
        ggtt::{
            Value,
            Written, //
        },
        mmio::{
            access::Access,
            fence,
            reset,
            span::Unit,
            Effect, //
        },
        pvinfo::Event,
    },
};

/// How long the reset of an engine may take, in milliseconds. i915 asks a request to make way first, and writes a report
/// of the engine's state.
const RESET_MS: u32 = 200;

impl Vgpu {
    /// Reads 1, 2, 4 or 8 bytes at `offset` of BAR 0, aligned to their size. EINVAL if the access has
    /// another shape.
    pub(crate) fn register_read(&self, offset: u32, size: usize) -> Result<u64> {
        let mut state = self.state.lock();
        if let Some(within) = in_ggtt(offset) {
            self.exits.ggtt_reads.count();
            return state.ggtt.read(within, size).map_err(|_| EINVAL);
        }

        self.exits.register_reads.count();
        let access = Access::new(offset, size).map_err(|_| EINVAL)?;
        Ok(access.read(|at| state.read(self, at)))
    }

    /// Writes the lowest `size` bytes of `value`; likewise.
    pub(crate) fn register_write(&self, offset: u32, size: usize, value: u64) -> Result {
        let mut state = self.state.lock();
        if let Some(within) = in_ggtt(offset) {
            self.exits.ggtt_writes.count();
            return state.write_ggtt(self, within, size, value);
        }

        self.exits.register_writes.count();
        let access = Access::new(offset, size).map_err(|_| EINVAL)?;
        let at = access.register();
        // The other bytes of a register are written as they are.
        let old = if size < 4 { state.unwritten(at) } else { 0 };
        state.write(self, at, access.lower(old, value));
        let second = access.second();
        if let Some(second) = second {
            state.write(self, second, Access::upper(value));
        }
        if core::mem::take(&mut state.stale) {
            state = self.drain(state);
        }
        drop(state);

        if [Some(at), second].into_iter().flatten().any(reset::is_at) {
            self.let_go();
        }
        Ok(())
    }

    /// Waits until no engine executes what the guest has just reset away: when the reset is over, its driver uses the
    /// memory for something else. Not if it takes too long, which it only does behind another's work that cannot make
    /// way either.
    fn let_go(&self) {
        let is_leaving = || self.state.lock().lanes.iter().any(Lane::is_leaving);
        for _ in 0..RESET_MS {
            if !is_leaving() {
                break;
            }
            fsleep(Delta::from_millis(1));
        }
    }
}

/// The offset into the GGTT, if the byte at `offset` of BAR 0 is in it.
fn in_ggtt(offset: u32) -> Option<u32> {
    let within = offset.checked_sub(GGTT_OFFSET.get())?;
    (within < GGTT_SIZE).then_some(within)
}

impl State {
    /// Reads one register.
    fn read(&mut self, vgpu: &Vgpu, at: MmioOffset) -> u32 {
        let (host, epoch) = (&vgpu.gpu().host, self.epoch);
        match self.registers.read(at, host, || since(epoch)) {
            Ok(value) => value,
            Err(unit) => self.read_of(unit, at).unwrap_or(0),
        }
    }

    /// The same of one that `unit` answers for, if it is there.
    fn read_of(&mut self, unit: Unit, at: MmioOffset) -> Option<u32> {
        match unit {
            Unit::PvInfo => {
                let value = self.pvinfo.read(at.checked_sub(pvinfo::PAGE)?, 4).ok()?;
                u32::try_from(value).ok()
            }
            Unit::Interrupts => self.irq.read(at),
            Unit::Port => {
                let (engine, within) = Engine::of_register(at)?;
                self.lane(engine)?.execlists.read(within)
            }
        }
    }

    /// What the other bytes of a register are written with when fewer than 4 are.
    fn unwritten(&mut self, at: MmioOffset) -> u32 {
        match self.registers.unwritten(at) {
            Ok(value) => value,
            // A zero bit clears nothing.
            Err(Unit::Interrupts) if matches!(irq::decode(at), Some((_, irq::Register::Iir))) => 0,
            // Nor does a mask of zeros change anything.
            Err(Unit::Port) => 0,
            Err(unit) => self.read_of(unit, at).unwrap_or(0),
        }
    }

    /// Writes one register that `unit` answers for.
    fn write_of(&mut self, vgpu: &Vgpu, unit: Unit, at: MmioOffset, value: u32) {
        match unit {
            Unit::PvInfo => {
                if let Some(within) = at.checked_sub(pvinfo::PAGE) {
                    self.write_pvinfo(vgpu, within, value);
                }
            }
            Unit::Interrupts => {
                let Some(line) = self.irq.write(at, value) else {
                    return;
                };
                if let Some((group, irq::Register::Imr | irq::Register::Ier)) = irq::decode(at) {
                    self.listen(group);
                    self.listen_to_engines();
                }
                self.signal(line, &vgpu.interrupts);
            }
            Unit::Port => {
                if let Some((engine, within)) = Engine::of_register(at) {
                    self.write_port(vgpu, engine, within, value);
                }
            }
        }
    }

    /// Writes a register of an engine's submission port.
    fn write_port(&mut self, vgpu: &Vgpu, engine: Engine, within: u32, value: u32) {
        if within == ELSP && !self.registers.execlists(engine) {
            return warn_about!(
                vgpu,
                "{engine:?}: submission refused: not in execlist mode\n"
            );
        }
        let lane = self.lane(engine);
        match lane.and_then(|lane| lane.execlists.write(within, value)) {
            Some(execlist::Written::Submitted(effects)) => self.apply(vgpu, engine, effects),
            Some(execlist::Written::Refused(refused)) => {
                warn_about!(vgpu, "{engine:?}: submission refused: {refused:?}\n")
            }
            Some(execlist::Written::Noted) | None => {}
        }
    }

    /// Writes one register.
    fn write(&mut self, vgpu: &Vgpu, at: MmioOffset, value: u32) {
        let epoch = self.epoch;
        match self.registers.write(at, value, || since(epoch)) {
            Effect::Of(unit) => self.write_of(vgpu, unit, at, value),
            Effect::None => {}
            Effect::Reset(scope) => self.reset_engines(vgpu, scope),
            Effect::Fence(number) => {
                self.set_fence(vgpu, number);
            }
            // What is missed has until the next submission.
            Effect::FlushGgtt => {
                let _ = self.settle_ggtt(vgpu);
            }
            Effect::InvalidateTlb(engine) => {
                let _ = self.settle_ggtt(vgpu);
                self.invalidate_tlb(vgpu, engine);
            }
            Effect::Listen => self.listen_to_engines(),
            Effect::Pages64k(on) => {
                if let Some(open) = &mut self.open {
                    open.tables.set_pages_64k(on);
                }
            }
            Effect::Display(event) => self.show(vgpu, event),
            Effect::Refused => {
                warn_about!(vgpu, "{value:#x} refused for register {:#x}\n", at.get())
            }
            Effect::Unknown => warn_about!(
                vgpu,
                "unknown register {:#x} written: kept from the hardware\n",
                at.get()
            ),
        }
    }

    /// The guest has an engine forget its translations: afterwards it uses what its tables no longer map for something
    /// else. What runs goes on in a shadow that was right when it began.
    fn invalidate_tlb(&mut self, vgpu: &Vgpu, engine: Engine) {
        let open = self.open.as_mut();
        let Some(open) = open.filter(|open| open.tables.is_held()) else {
            return;
        };
        let caught_up = open.tables.catch_up();
        let done = caught_up.and_then(|()| vgpu.gpu().host.invalidate_tlb(engine));
        self.stale |= done.is_err();
    }

    /// A command asked for a flip: it is as if the guest had written the plane's registers.
    pub(super) fn flip(&mut self, vgpu: &Vgpu, flip: &Flip) {
        let generation = vgpu.gpu().host.platform().generation();
        let control = self.unwritten(flip.control());
        for (at, value) in flip.writes(generation, control) {
            self.write(vgpu, at, value);
        }
    }

    /// Has the hardware's fence register do what the guest's says, as far as it may.
    pub(super) fn set_fence(&mut self, vgpu: &Vgpu, number: u8) {
        let value = fence::audited(self.registers.fence(number), vgpu.share());
        self.hardware.set_fence(number, value);
    }

    fn write_pvinfo(&mut self, vgpu: &Vgpu, within: u32, value: u32) {
        match self.pvinfo.write(within, value) {
            // Shadows are made when a context first needs them.
            Err(_) | Ok(None | Some(Event::CreateTable(_) | Event::Display(_))) => {}
            Ok(Some(Event::CreateContext(_) | Event::DestroyContext(_))) => {}
            Ok(Some(Event::DestroyTable(root))) => {
                if let Some(open) = &mut self.open {
                    open.tables.destroy(root);
                }
            }
            Ok(Some(Event::Unknown(number))) => {
                warn_about!(vgpu, "unknown notification {number}\n");
            }
        }
    }

    fn write_ggtt(&mut self, vgpu: &Vgpu, within: u32, size: usize, value: u64) -> Result {
        let value = match size {
            4 => Value::Half(u32::try_from(value).map_err(|_| EINVAL)?),
            8 => Value::Whole(value),
            _ => return Err(EINVAL),
        };
        let written = self.ggtt.write(within, value).map_err(|_| EINVAL)?;

        let Written::Own(orders) = written else {
            return Ok(());
        };
        for order in [orders.earlier, orders.now].into_iter().flatten() {
            match self.carry_out(order) {
                // It is soon enough to complain when something is about to use the table.
                Ok(()) | Err(EAGAIN | EBUSY) => {}
                Err(error) => vgpu.complain_of_pin(error),
            }
        }
        Ok(())
    }
}
