// SPDX-License-Identifier: GPL-2.0

//! The submission port of one engine of a virtual GPU, in execlist mode.
//!
//! A guest submits one or two contexts at a time. One submission runs and one may wait; a submission
//! that waits takes over as soon as it can. For the guest each submission is acknowledged by one entry
//! of the context status buffer (`idle_to_active` or `preempted`), and each context that finished is
//! reported by another.
//!
//! The host gets pieces of work, each with a ticket, to run in the order of their tickets. It asks
//! [`Execlists::start`] before it hands one to the GPU, and says when it is done. What has not started
//! can be taken back, which makes preemption immediate; what has started runs to its end. So a new
//! submission takes over
//!
//! - at once, if nothing of the old one has started;
//! - at once, if it begins with the context that runs, and nothing after that has started: then only
//!   the ring's tail moved, and what was added is one more piece of work ("lite restore");
//! - otherwise when a context finishes.

mod effects;
mod status;

pub use effects::{Effects, Few, Refused, Ticket, Work, Written};
pub use status::Report;

use crate::hw::execlist::{CsbEntry, Descriptor, Status, CSB, CSB_POINTERS, ELSP, STATUS};
use status::StatusBuffer;

/// How far a piece of work got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The host has it and may be told to drop it.
    Queued,
    /// It is with the GPU and will be done or fail.
    Started,
    /// It will never be done: the guest sees a hang.
    Dead,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    ticket: Ticket,
    stage: Stage,
}

/// A context in the submission that runs. Work of it is in `piece`, and `more` after a lite restore
/// that came while `piece` ran.
#[derive(Clone, Copy, Debug)]
struct Element {
    descriptor: Descriptor,
    piece: Piece,
    more: Option<Piece>,
}

/// The submission that runs.
#[derive(Clone, Copy, Debug)]
struct Running {
    slot: bool,
    /// Whether `current` was the second element of the submission.
    second: bool,
    current: Element,
    next: Option<Element>,
}

/// A submission that waits. The host knows nothing of it.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    slot: bool,
    first: Descriptor,
    second: Option<Descriptor>,
}

/// How much of a submission was written to the port. The second element comes first, and of each the
/// upper half.
#[derive(Clone, Copy, Debug)]
enum Port {
    Empty,
    One(u32),
    Two(Descriptor),
    Three(Descriptor, u32),
}

/// The port of one engine.
#[derive(Clone, Debug)]
pub struct Execlists {
    /// The dwords written so far of a submission, oldest first.
    port: Port,
    running: Option<Running>,
    waiting: Option<Waiting>,
    next_slot: bool,
    next_ticket: Ticket,
    buffer: StatusBuffer,
}

impl Execlists {
    /// The state after a reset.
    pub fn new() -> Self {
        Self {
            port: Port::Empty,
            running: None,
            waiting: None,
            next_slot: false,
            next_ticket: Ticket::FIRST,
            buffer: StatusBuffer::new(),
        }
    }

    /// Whether the guest has anything on this engine.
    pub fn idle(&self) -> bool {
        self.running.is_none()
    }

    /// What a guest reads at `offset` of the engine's registers, a multiple of 4; `None` if none of
    /// these registers is there.
    pub fn read(&self, offset: u32) -> Option<u32> {
        match offset {
            ELSP => Some(0),
            STATUS => Some(self.status_halves().0),
            STATUS_HI => Some(self.status_halves().1),
            CSB_POINTERS => Some(self.buffer.pointers()),
            _ => self.buffer.read(offset.checked_sub(CSB)?),
        }
    }

    /// A guest's write of 4 bytes at `offset` of the engine's registers; `None` if none of these
    /// registers is there. Writes to read-only ones have no effect.
    pub fn write(&mut self, offset: u32, value: u32) -> Option<Written> {
        match offset {
            ELSP => return Some(self.write_port(value)),
            CSB_POINTERS => self.buffer.write_pointers(value),
            _ => {
                self.read(offset)?;
            }
        }
        Some(Written::Noted)
    }

    /// Whether the host may hand this piece of work to the GPU now. If so, it cannot be taken back
    /// any more; if not, it was taken back, or the engine hangs before it, and it is to be dropped.
    #[must_use]
    pub fn start(&mut self, ticket: Ticket) -> bool {
        for piece in self.pieces() {
            if piece.stage == Stage::Dead {
                break;
            }
            if piece.ticket == ticket && piece.stage == Stage::Queued {
                piece.stage = Stage::Started;
                return true;
            }
        }
        false
    }

    /// A piece of work that started is done: the ring is empty as far as the piece went. Pieces are
    /// done in the order in which they were queued; any other ticket has no effect.
    pub fn complete(&mut self, ticket: Ticket) -> Effects {
        let mut effects = Effects::default();
        let Some(mut running) = self.running else {
            return effects;
        };
        let piece = running.current.piece;
        if piece.ticket != ticket || piece.stage != Stage::Started {
            return effects;
        }
        let done = CsbEntry::from_raw(0)
            .with_id(running.current.descriptor.id())
            .with_complete(true);
        match (running.current.more.take(), running.next.take()) {
            (Some(more), next) => {
                running.current.piece = more;
                running.next = next;
                self.running = Some(running);
            }
            (None, Some(next)) => {
                running.current = next;
                running.second = true;
                self.running = Some(running);
                self.report(&mut effects, done.with_element_switch(true));
            }
            (None, None) => {
                self.running = None;
                self.report(&mut effects, done.with_active_to_idle(true));
            }
        }
        self.arbitrate(&mut effects);
        effects
    }

    /// A piece of work will never be done: it was rejected, or hung. The guest sees its engine hang
    /// in that context until it resets it: what is behind it does not start.
    pub fn fail(&mut self, ticket: Ticket) {
        if let Some(piece) = self.piece(ticket) {
            piece.stage = Stage::Dead;
        }
    }

    /// A reset of the engine. All work is to be dropped, or stopped if it has started; tickets from
    /// before mean nothing afterwards.
    pub fn reset(&mut self) -> Effects {
        let mut effects = Effects::default();
        if let Some(running) = self.running {
            for element in [Some(running.current), running.next].into_iter().flatten() {
                for piece in [Some(element.piece), element.more].into_iter().flatten() {
                    effects.cancel.push(piece.ticket);
                }
            }
        }
        *self = Self {
            next_ticket: self.next_ticket,
            ..Self::new()
        };
        effects
    }

    fn write_port(&mut self, value: u32) -> Written {
        self.port = match self.port {
            Port::Empty => Port::One(value),
            Port::One(upper1) => Port::Two(descriptor(upper1, value)),
            Port::Two(second) => Port::Three(second, value),
            Port::Three(second, upper0) => {
                self.port = Port::Empty;
                let submitted = self.submit(descriptor(upper0, value), second);
                return submitted.map_or_else(Written::Refused, Written::Submitted);
            }
        };
        Written::Noted
    }

    fn submit(&mut self, first: Descriptor, second: Descriptor) -> Result<Effects, Refused> {
        let second = second.valid().then_some(second);
        if !first.valid() {
            return Err(Refused::Invalid);
        }
        let global = |descriptor: Descriptor| !descriptor.per_process();
        if global(first) || second.is_some_and(global) {
            return Err(Refused::Global);
        }
        if second.is_some_and(|second| second.same_context(first)) {
            return Err(Refused::Twice);
        }
        if self.waiting.is_some() {
            return Err(Refused::Full);
        }
        self.waiting = Some(Waiting {
            slot: self.next_slot,
            first,
            second,
        });
        self.next_slot = !self.next_slot;
        let mut effects = Effects::default();
        self.arbitrate(&mut effects);
        Ok(effects)
    }

    /// Lets the submission that waits take over, if there is one and it can.
    fn arbitrate(&mut self, effects: &mut Effects) {
        let Some(waiting) = self.waiting else {
            return;
        };
        let Some(mut running) = self.running else {
            self.promote(waiting, effects);
            self.report(effects, CsbEntry::from_raw(0).with_idle_to_active(true));
            return;
        };
        let started = |piece: Piece| piece.stage == Stage::Started;
        let later = running.next.map(|next| next.piece);
        if later.is_some_and(started) || running.current.more.is_some_and(started) {
            return;
        }
        let same = running.current.descriptor.same_context(waiting.first);
        let begun = running.current.piece.stage;
        let moved_tail = same && begun == Stage::Started;
        if begun != Stage::Queued && !moved_tail {
            return;
        }
        for piece in [running.current.more, later].into_iter().flatten() {
            effects.cancel.push(piece.ticket);
        }
        if moved_tail {
            running.slot = waiting.slot;
            running.second = false;
            running.current.descriptor = waiting.first;
            running.current.more = Some(self.queue(waiting.first, effects));
            running.next = waiting.second.map(|second| self.element(second, effects));
            self.running = Some(running);
            self.waiting = None;
        } else {
            effects.cancel.push(running.current.piece.ticket);
            self.promote(waiting, effects);
        }
        let entry = CsbEntry::from_raw(0)
            .with_id(running.current.descriptor.id())
            .with_preempted(true)
            .with_lite_restore(same);
        self.report(effects, entry);
    }

    fn promote(&mut self, waiting: Waiting, effects: &mut Effects) {
        let current = self.element(waiting.first, effects);
        let next = waiting.second.map(|second| self.element(second, effects));
        self.running = Some(Running {
            slot: waiting.slot,
            second: false,
            current,
            next,
        });
        self.waiting = None;
    }

    fn element(&mut self, descriptor: Descriptor, effects: &mut Effects) -> Element {
        Element {
            descriptor,
            piece: self.queue(descriptor, effects),
            more: None,
        }
    }

    fn queue(&mut self, descriptor: Descriptor, effects: &mut Effects) -> Piece {
        let ticket = self.next_ticket;
        self.next_ticket = ticket.next();
        effects.queue.push(Work { ticket, descriptor });
        Piece {
            ticket,
            stage: Stage::Queued,
        }
    }

    fn report(&mut self, effects: &mut Effects, entry: CsbEntry) {
        effects.reports.push(self.buffer.append(entry));
    }

    /// The pieces that are not done, in their order.
    fn pieces(&mut self) -> impl Iterator<Item = &mut Piece> {
        let running = self.running.iter_mut();
        running
            .flat_map(|running| [Some(&mut running.current), running.next.as_mut()])
            .flatten()
            .flat_map(|element| [Some(&mut element.piece), element.more.as_mut()])
            .flatten()
    }

    fn piece(&mut self, ticket: Ticket) -> Option<&mut Piece> {
        self.pieces().find(|piece| piece.ticket == ticket)
    }

    fn status_halves(&self) -> (u32, u32) {
        let mut status = Status::from_raw(0)
            .with_write_slot(self.next_slot)
            .with_queue_full(self.waiting.is_some());
        for slot in [
            self.running.map(|running| running.slot),
            self.waiting.map(|waiting| waiting.slot),
        ] {
            status = match slot {
                Some(false) => status.with_valid_0(true),
                Some(true) => status.with_valid_1(true),
                None => status,
            };
        }
        if let Some(running) = self.running {
            status = status
                .with_id(running.current.descriptor.id())
                .with_current_slot(running.slot)
                .with_active_0(!running.slot)
                .with_active_1(running.slot);
            status = if running.second {
                status.with_const_element::<2>()
            } else {
                status.with_const_element::<1>()
            };
        }
        status::halves(status.into_raw())
    }
}

impl Default for Execlists {
    fn default() -> Self {
        Self::new()
    }
}

/// Offset of the upper half of the status register.
const STATUS_HI: u32 = STATUS + 4;

fn descriptor(upper: u32, lower: u32) -> Descriptor {
    Descriptor::from_raw(u64::from(upper) << 32 | u64::from(lower))
}
