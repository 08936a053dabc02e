// SPDX-License-Identifier: GPL-2.0

//! What of a piece of work can be made ready while the engine still has the one before.
//!
//! That is nearly all: what the guest submitted is as it is to run. Only the host's image has to wait for
//! the piece that runs in it. When that is over, the guest's image is looked at again, and what was made
//! ahead is taken if it is what the image asks for.

use kernel::prelude::*;

use super::{
    super::{
        log::warn_about,
        memory::Mapped,
        state::State,
        Vgpu, //
    },
    copies::{
        self,
        Copies, //
    },
    engine_state::fetch,
    sources::Sources, //
};
use crate::{
    host::Guest,
    hw::{
        addr::{
            GuestGma,
            GuestPhys,
            PAGE_SIZE, //
        },
        context::STATE_PAGE,
        engine::Engine, //
    },
    model::{
        execlist::{
            Ticket,
            Work, //
        },
        image::{
            Context,
            Origin,
            Ring,
            Roots,
            StatePage, //
        },
        mmio::table::Map,
        parser::{
            self,
            PerProcess, //
        },
        ppgtt::{
            Hold,
            Tables, //
        },
        pvinfo::Root, //
    },
};

/// A context as the guest's image has it.
pub(super) struct Image {
    pub(super) at: GuestGma,
    /// The page of registers.
    pub(super) page: KBox<StatePage>,
    pub(super) context: Context,
}

impl Image {
    /// Reads the image that `work` names.
    pub(super) fn read(
        vgpu: &Vgpu,
        engine: Engine,
        work: Work,
        mapped: Mapped<'_>,
    ) -> Result<Self> {
        let at = work.descriptor.image_address();
        let mut page = KBox::new(StatePage::new(), GFP_KERNEL)?;
        let registers = at.checked_add(STATE_PAGE * PAGE_SIZE).ok_or(EFAULT)?;
        mapped.read(registers, page.bytes_mut())?;

        let platform = vgpu.gpu().host.platform();
        let context = Context::parse(&page, work.descriptor, platform, engine, vgpu.share());
        let context = context.map_err(|invalid| {
            warn_about!(vgpu, "{engine:?}: {invalid:?}\n");
            EINVAL
        })?;
        Ok(Self { at, page, context })
    }

    /// What the audit has to know of the guest.
    pub(super) fn guest<'a>(
        &self,
        vgpu: &'a Vgpu,
        engine: Engine,
        status_page: GuestGma,
    ) -> parser::Guest<'a, Map> {
        let platform = vgpu.gpu().host.platform();
        parser::Guest {
            platform,
            engine,
            share: vgpu.share(),
            status_page,
            context: self.at,
            per_process: PerProcess::needed(platform, engine),
            registers: &vgpu.gpu().map,
        }
    }
}

/// The tables that a piece runs with, and audited copies of its commands.
pub(super) struct Made {
    ring: Ring,
    roots: Roots,
    pub(super) hold: Hold,
    pub(super) copies: Copies,
}

impl Made {
    /// EAGAIN if it takes more time than may be spent at once, EBUSY if another piece of this guest's work
    /// must end first; any other error means that it cannot run.
    pub(super) fn make(
        vgpu: &Vgpu,
        guest: &parser::Guest<'_, Map>,
        context: &Context,
        tables: &mut Tables<Guest>,
        mapped: Mapped<'_>,
    ) -> Result<Self> {
        // First what may have to be tried again.
        let hold = tables.hold(root(context.roots))?;
        let sources = Sources {
            mapped,
            tables,
            hold: &hold,
        };
        let behind = vgpu.gpu().leftovers.commands(guest.engine);
        match copies::make(vgpu, guest, sources, &context.ring, behind) {
            Ok(copies) => Ok(Self {
                ring: context.ring,
                roots: context.roots,
                hold,
                copies,
            }),
            Err(error) => {
                tables.release(hold);
                Err(error)
            }
        }
    }

    /// Whether it is what `context` asks for.
    pub(super) fn fits(&self, context: &Context) -> bool {
        self.ring == context.ring && self.roots == context.roots
    }
}

/// The root of a table as the guest named it in a context image.
fn root(roots: Roots) -> Root {
    match roots {
        Roots::Four(root) => Root::Four(GuestPhys::new(root)),
        Roots::Three(roots) => Root::Three(roots.map(GuestPhys::new)),
    }
}

/// What was made ahead of a piece of work, if it could be.
pub(in super::super) struct Draft {
    ticket: Ticket,
    image: GuestGma,
    made: Result<Made>,
}

impl Draft {
    /// Whether all that is missing is the host's image, and nothing that has run in `image` matters.
    pub(in super::super) fn is_apart(&self, ticket: Ticket, image: GuestGma) -> bool {
        self.made.is_ok() && self.ticket == ticket && self.image != image
    }
}

impl State {
    /// Makes ready what can be of the next piece of work, if the engine has one before it.
    pub(super) fn draft_next(&mut self, vgpu: &Vgpu, engine: Engine) {
        if self.waiters != 0 {
            return;
        }
        let Some(lane) = self.lane(engine) else {
            return;
        };
        let (Some(running), Some(waiting)) = (&lane.running, lane.queue.first()) else {
            return;
        };
        let work = waiting.work;
        let known = lane.draft.as_ref().map(|draft| draft.ticket);
        if running.abandoned || known == Some(work.ticket) {
            return;
        }
        let before = (running.image, running.context.ring.tail);

        self.drop_draft(engine);
        let made = self.draft(vgpu, engine, work, before);
        if let Some(lane) = self.lane(engine) {
            lane.draft = Some(Draft {
                ticket: work.ticket,
                image: work.descriptor.image_address(),
                made,
            });
        }
    }

    /// Makes what can be made of `work`. The piece before it runs in an image, up to a place in its ring.
    #[inline(never)]
    fn draft(
        &mut self,
        vgpu: &Vgpu,
        engine: Engine,
        work: Work,
        before: (GuestGma, u32),
    ) -> Result<Made> {
        self.settle_ggtt(vgpu)?;

        let status_page = self.registers.status_page(engine);
        let open = self.open.as_mut().ok_or(ENODEV)?;
        let mapped = Mapped {
            ggtt: &self.ggtt,
            guest: &open.guest,
        };
        let mut image = Image::read(vgpu, engine, work, mapped)?;
        let (running, tail) = before;
        if image.at == running {
            image.context.ring.head = tail;
        } else {
            let lane = self.lanes.get_mut(engine).ok_or(ENODEV)?;
            let port = lane.port.as_mut().ok_or(ENODEV)?;
            if let Origin::Guest(seal) = Origin::of(&image.context, &image.page, None) {
                fetch(port, &lane.layout, seal, &image, mapped)?;
            }
        }
        let guest = image.guest(vgpu, engine, status_page);
        Made::make(vgpu, &guest, &image.context, &mut open.tables, mapped)
    }

    /// Takes what was made ahead of a piece of work, if it is what `context` asks for. EACCES if it was refused.
    pub(super) fn take_draft(
        &mut self,
        engine: Engine,
        ticket: Ticket,
        context: &Context,
    ) -> Result<Option<Made>> {
        let draft = self.lane(engine).and_then(|lane| lane.draft.take());
        match draft.map(|draft| (draft.ticket == ticket, draft.made)) {
            Some((true, Ok(made))) if made.fits(context) => Ok(Some(made)),
            // There was a line about it.
            Some((true, Err(EACCES))) => Err(EACCES),
            Some((_, Ok(made))) => {
                self.release(made.hold);
                Ok(None)
            }
            // What could not be made then may be possible now.
            _ => Ok(None),
        }
    }

    /// Forgets what was made ahead for an engine. Says whether that had page tables.
    pub(in super::super) fn drop_draft(&mut self, engine: Engine) -> bool {
        let draft = self.lane(engine).and_then(|lane| lane.draft.take());
        let made = draft.and_then(|draft| draft.made.ok());
        let any = made.is_some();
        if let Some(made) = made {
            self.release(made.hold);
        }
        any
    }

    /// The same for all engines.
    pub(super) fn drop_drafts(&mut self) -> bool {
        let engines = Engine::ALL.into_iter();
        engines.fold(false, |any, engine| self.drop_draft(engine) || any)
    }

    /// The tables that a piece of work has used, or would have, may change.
    pub(super) fn release(&mut self, hold: Hold) {
        if let Some(open) = &mut self.open {
            open.tables.release(hold);
        }
    }
}
