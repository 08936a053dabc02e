// SPDX-License-Identifier: GPL-2.0

//! What a guest's image of a context gets when a piece of its work is over.
//!
//! That is all that the engine has saved, unless the next piece goes on with the same context: then hardware would
//! not have saved it, either, and the guest is only shown how far the engine is. The rest follows before the guest
//! can learn of anything that the context is not part of ([`State::catch_up`]).

use kernel::prelude::*;

use super::{
    super::{
        lane::{
            Lane,
            Port,
            Running,
            Trail, //
        },
        log::warn_about,
        memory::{
            Mapped,
            MappedPage, //
        },
        state::State,
        Vgpu, //
    },
    engine_state::{
        bring_out,
        index,
        save, //
    },
};
use crate::{
    hw::{
        addr::{
            GuestGma,
            PAGE_SIZE, //
        },
        context::{
            STATE_PAGE,
            TIMESTAMP, //
        },
        engine::Engine, //
    },
    model::image::Seal, //
};

impl Lane {
    /// Sees how far the engine went in a piece of work.
    pub(super) fn trail(&mut self, running: &Running) -> Result<Trail> {
        let image = self.port.as_mut().ok_or(ENODEV)?.image()?;
        let value = |dword| Some((dword, *image.get(index(dword))?));
        let (_, now) = value(TIMESTAMP).ok_or(EINVAL)?;
        Ok(Trail {
            ticks: now.wrapping_sub(running.timestamp),
            saved: running.context.saved().map(|dword| value(dword?)),
        })
    }

    /// Saves what the engine left in the host's image.
    pub(super) fn save(&mut self) -> Result {
        let port = self.port.as_mut().ok_or(ENODEV)?;
        let tools = port.tools.as_mut().ok_or(EBUSY)?;
        save(tools.context.image()?, &self.layout, &mut port.outgoing)
    }
}

impl State {
    /// Brings the guest's image of a context up to date, and returns the seal of what is in it.
    pub(super) fn bring_home(
        &mut self,
        engine: Engine,
        running: &Running,
        trail: &Trail,
    ) -> Result<Seal> {
        let seal = self.bring_state(engine, running.image)?;
        self.show_progress(running, trail)?;
        Ok(seal)
    }

    /// The same, and the host's image still holds that.
    pub(super) fn stay_home(&mut self, engine: Engine, running: &Running, trail: &Trail) -> Result {
        let seal = self.bring_home(engine, running, trail)?;
        let port = self.port(engine).ok_or(ENODEV)?;
        port.resident = Some(seal);
        Ok(())
    }

    /// Shows the guest how far a context is, of which the image has `seal` and what that is of.
    pub(super) fn go_ahead(
        &mut self,
        engine: Engine,
        running: &Running,
        trail: &Trail,
        seal: Seal,
    ) -> Result {
        self.show_progress(running, trail)?;
        let port = self.port(engine).ok_or(ENODEV)?;
        port.resident = Some(seal);
        port.ahead = Some(running.image);
        Ok(())
    }

    /// Saves a context that has gone ahead of its image, unless the next piece of work goes on with it, or
    /// `next` says so.
    pub(super) fn catch_up(&mut self, vgpu: &Vgpu, engine: Engine, next: Option<GuestGma>) {
        let Some(lane) = self.lane(engine) else {
            return;
        };
        let Some(ahead) = lane.port.as_ref().and_then(|port| port.ahead) else {
            return;
        };
        let goes_on = match next {
            Some(image) => image == ahead,
            None => lane.goes_on_in(ahead),
        };
        if goes_on {
            return;
        }
        if let Err(error) = self.save_ahead(engine, ahead) {
            warn_about!(
                vgpu,
                "{engine:?}: what the engine saved of a context is lost: {error:?}\n"
            );
        }
    }

    fn save_ahead(&mut self, engine: Engine, image: GuestGma) -> Result {
        let lane = self.lane(engine).ok_or(ENODEV)?;
        lane.port.as_mut().and_then(Port::forget_state);
        // It is not on the desk: the piece there would be one that goes on with the context.
        lane.save()?;

        let seal = self.bring_state(engine, image)?;
        let port = self.port(engine).ok_or(ENODEV)?;
        port.resident = Some(seal);
        Ok(())
    }

    /// Brings what was saved last to the guest's image at `image`, and puts a seal on it.
    fn bring_state(&mut self, engine: Engine, image: GuestGma) -> Result<Seal> {
        let lane = self.lanes.get(engine).ok_or(ENODEV)?;
        let port = lane.port.as_ref().ok_or(ENODEV)?;
        let page = self.state_page(image)?;
        let seal = bring_out(port, &lane.layout, image, page, self.mapped()?)?;
        set_registers(page, seal.registers())?;
        Ok(seal)
    }

    /// Shows in the guest's page of registers how far the engine went.
    fn show_progress(&self, running: &Running, trail: &Trail) -> Result {
        let finished = running.context.finished(running.from, trail.ticks);
        let saved = trail.saved.iter().copied().flatten();
        let values = Iterator::chain(finished.into_iter(), saved);
        set_registers(self.state_page(running.image)?, values)
    }

    /// The page of registers of the guest's image at `image`.
    fn state_page(&self, image: GuestGma) -> Result<MappedPage<'_>> {
        let page = image.checked_add(STATE_PAGE * PAGE_SIZE).ok_or(EFAULT)?;
        self.mapped()?.page(page)
    }

    fn mapped(&self) -> Result<Mapped<'_>> {
        let open = self.open.as_ref().ok_or(ENODEV)?;
        Ok(Mapped {
            ggtt: &self.ggtt,
            guest: &open.guest,
        })
    }
}

/// Writes dwords of the page of registers of a guest's image.
fn set_registers(page: MappedPage<'_>, mut values: impl Iterator<Item = (u16, u32)>) -> Result {
    values.try_for_each(|(dword, value)| page.write(u64::from(dword) * 4, &value.to_le_bytes()))
}
