// SPDX-License-Identifier: GPL-2.0

//! Tells the guest of what is done of a piece of work that is not over.
//!
//! A driver hands over as one piece what it has gathered while the engine had other work of it: maybe many
//! requests of one context. Who waits for one of them waits for its interrupt, and i915 tells this module of no
//! interrupt but that of the end. So while somebody waits, the values are looked for that the requests write.

use kernel::{
    sync::Arc,
    time::Delta, //
};

use super::super::{
    desk::Desk,
    memory::Mapped,
    state::State,
    Vgpu, //
};
use crate::hw::{
    engine::Engine,
    irq::Source, //
};

/// How often they are looked for.
const LOOK: Delta = Delta::from_millis(1);

impl State {
    /// Whether the guest is waiting for an interrupt by which an engine would tell it how far its work is.
    fn is_waited_for(&self, engine: Engine) -> bool {
        let source = Source::user(engine);
        let bits = source.bits & !self.registers.interrupt_mask(engine);

        self.irq.listens(Source { bits, ..source })
    }

    /// Raises that interrupt if the engine is further than the guest knows, and sees to it that it is looked at again
    /// for as long as somebody waits.
    pub(super) fn tell_progress(&mut self, vgpu: &Vgpu, desk: &Arc<Desk>) {
        let engine = desk.engine();
        if !self.is_waited_for(engine) {
            return;
        }
        let (Some(open), Some(lane)) = (&self.open, self.lanes.get_mut(engine)) else {
            return;
        };
        let Some(running) = lane.running.as_mut().filter(|piece| !piece.abandoned) else {
            return;
        };
        let mapped = Mapped {
            ggtt: &self.ggtt,
            guest: &open.guest,
        };
        let milestones = &mut running.milestones;
        let Some(place) = milestones.place().filter(|_| milestones.is_waiting()) else {
            return;
        };
        let mut value = [0; 4];
        // What the guest does not map it does not look at, either.
        let further =
            mapped.read(place, &mut value).is_ok() && milestones.advance(u32::from_le_bytes(value));
        if let (true, Some(port)) = (milestones.is_waiting(), &mut lane.port) {
            // To drop the old handle stops the timer, also one that was started anew.
            port.alarm = None;
            port.alarm = Some(desk.kick_after(LOOK));
        }
        if further {
            self.fire_engine(engine, Source::user(engine), &vgpu.interrupts);
        }
    }

    /// The guest may wait for other interrupts than before.
    pub(in super::super) fn listen_to_engines(&self) {
        for lane in self.lanes.iter() {
            let running = lane.running.as_ref();
            if running.is_some_and(|piece| piece.milestones.is_waiting()) {
                lane.kick();
            }
        }
    }
}
