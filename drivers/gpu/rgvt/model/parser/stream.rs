// SPDX-License-Identifier: GPL-2.0

//! Commands before, during and after the audit, and what it found.

use super::{Level, Space};
use crate::hw::{
    addr::{Dwords, GuestGma, HostGma, MmioOffset},
    command::{
        field::{self, start},
        Flip,
    },
    engine::Engine,
    irq::Source,
};
use core::ops::{Deref, DerefMut};
use kernel::alloc::{flags::GFP_KERNEL, KVec};
use kernel::fmt;

/// A private copy of a guest's commands.
#[derive(Debug)]
pub struct Unaudited<W> {
    pub(super) words: W,
    /// How many of them are the guest's; the host's own follow.
    pub(super) guests: usize,
}

impl<W: DerefMut<Target = [u32]>> Unaudited<W> {
    /// Wraps a copy, to which nobody else has access.
    pub fn new(words: W) -> Self {
        let guests = words.len();
        Self { words, guests }
    }

    /// The same, of which only the first `guests` dwords are the guest's. Behind them are commands of the
    /// host's, which are to run as they are, whatever the guest's do: the last of those may not go on in them.
    pub fn with_tail(words: W, guests: usize) -> Self {
        let guests = guests.min(words.len());
        Self { words, guests }
    }

    /// How many dwords of the guest's there are.
    pub fn dwords(&self) -> usize {
        self.guests
    }
}

/// Why work is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The engine has no such command.
    Unknown,
    /// The command has no form of that length, or none with these operands.
    Length,
    /// The command goes on past the end.
    Truncated,
    /// There is no end, or nothing behind it.
    Endless,
    /// No guest may use the command.
    Forbidden,
    /// A bit of it has no meaning that could be allowed.
    Operand,
    /// What it accesses in the GGTT is not the guest's.
    Address(GuestGma),
    /// The register may not be accessed.
    Register(MmioOffset),
    /// A batch may not be started or ended here.
    Level,
    /// More than [`super::MOST_STARTS`] of it.
    TooMany,
    /// Memory ran out.
    Memory,
}

/// Work that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Where in the copy the command begins.
    pub at: Dwords,
    /// Its first dword.
    pub header: u32,
    /// Why.
    pub why: Why,
}

impl Rejected {
    pub(super) fn new(at: usize, header: u32, why: Why) -> Self {
        Self {
            at: dwords(at),
            header,
            why,
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "command {:#010x} at dword {}: ",
            self.header,
            self.at.get()
        )?;
        match self.why {
            Why::Unknown => f.write_str("unknown"),
            Why::Length => f.write_str("wrong length"),
            Why::Truncated => f.write_str("cut off"),
            Why::Endless => f.write_str("no end"),
            Why::Forbidden => f.write_str("not allowed"),
            Why::Operand => f.write_str("bad operand"),
            Why::Address(at) => write!(f, "GGTT address {:#x} is not the guest's", at.get()),
            Why::Register(at) => write!(f, "register {:#x} is not the guest's", at.get()),
            Why::Level => f.write_str("no place to start or end a batch"),
            Why::TooMany => f.write_str("one too many"),
            Why::Memory => f.write_str("out of memory"),
        }
    }
}

/// Interrupts that the commands ask for. They are no longer in the copy: the host raises them for the
/// guest, when the work is done; user interrupts also before ([`Marks`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// MI_USER_INTERRUPT.
    pub user: bool,
    /// The notification of PIPE_CONTROL or MI_FLUSH_DW.
    pub flush: bool,
}

impl Events {
    /// What either asks for.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            user: self.user || other.user,
            flush: self.flush || other.flush,
        }
    }

    /// The sources that are to fire.
    pub fn sources(self, engine: Engine) -> impl Iterator<Item = Source> {
        let user = self.user.then(|| Source::user(engine));
        let flush = self.flush.then(|| Source::flush(engine));
        [user, flush].into_iter().flatten()
    }
}

/// A value by which it can be seen how far a ring is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What is written.
    pub value: u32,
    /// How many interrupts are asked for before that, or right behind it.
    pub due: u32,
}

/// Where the last value was written.
#[derive(Debug)]
enum Last {
    /// In some other place, or nowhere.
    Elsewhere,
    /// In the place that tells.
    There,
}

/// By what it can be seen how far a ring is: what it writes to the place in the GGTT to which it also writes right
/// before it asks for the first interrupt.
#[derive(Debug)]
pub struct Marks {
    /// All of the dword there is the guest's. Before the first interrupt, the last place.
    place: GuestGma,
    /// What was written there before the first interrupt.
    first: u32,
    last: Last,
    /// How many MI_USER_INTERRUPTs there are.
    interrupts: u32,
    list: KVec<Mark>,
}

impl Default for Marks {
    fn default() -> Self {
        Self {
            place: GuestGma::new(0),
            first: 0,
            last: Last::Elsewhere,
            interrupts: 0,
            list: KVec::new(),
        }
    }
}

impl Marks {
    /// Something is written.
    pub fn write(&mut self, at: GuestGma, value: u32) {
        self.last = Last::There;
        if self.list.is_empty() {
            (self.place, self.first) = (at, value);
        } else if self.place == at {
            self.push(value);
        } else {
            self.last = Last::Elsewhere;
        }
    }

    /// An interrupt is asked for.
    pub fn interrupt(&mut self) {
        self.interrupts = self.interrupts.saturating_add(1);
        match (&self.last, self.list.last_mut()) {
            (Last::Elsewhere, _) => {}
            (Last::There, Some(mark)) => mark.due = self.interrupts,
            (Last::There, None) => self.push(self.first),
        }
    }

    /// What is beyond [`super::MOST_MARKS`] is not kept.
    fn push(&mut self, value: u32) {
        let due = self.interrupts;
        let room = self.list.len() < super::MOST_MARKS;
        if !room || self.list.push(Mark { value, due }, GFP_KERNEL).is_err() {
            self.last = Last::Elsewhere;
        }
    }

    /// Where the values are written, if there is such a place.
    pub fn place(&self) -> Option<GuestGma> {
        (!self.list.is_empty()).then_some(self.place)
    }

    /// How many interrupts are asked for in all.
    pub fn interrupts(&self) -> u32 {
        self.interrupts
    }
}

/// The values, in order.
impl Deref for Marks {
    type Target = [Mark];

    fn deref(&self) -> &[Mark] {
        &self.list
    }
}

/// What the caller should know of the commands.
#[derive(Debug, Default)]
pub struct Findings {
    /// Interrupts for the guest.
    pub events: Events,
    /// By what can be seen how far the ring is; nothing of a batch.
    pub marks: Marks,
    /// Whether it may wait for a value in memory.
    pub waits: bool,
    /// Flips of the virtual display, in order. They are no longer in the copy.
    pub flips: KVec<Flip>,
    /// Whether a batch of a restore leaves the engine so that it can be preempted; `None` if it says nothing, and for
    /// all else, which cannot say it.
    pub arbitration: Option<bool>,
    /// How many dwords of the guest's were looked at.
    pub dwords: usize,
}

/// A batch of the guest's that has to be copied and audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The address space that it is in.
    pub space: Space,
    /// Its address there, a multiple of 4. In the GGTT the first dword is the guest's.
    pub address: u64,
    /// The level that it runs on.
    pub level: Level,
}

/// A command that starts a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    /// Index of its header.
    pub(super) at: usize,
    pub(super) batch: Batch,
}

/// Commands that passed. They may still start batches in the guest's memory.
#[derive(Debug)]
#[must_use]
pub struct Audited<W> {
    words: W,
    findings: Findings,
    starts: KVec<Start>,
    /// How many of the starts point to audited copies.
    redirected: usize,
}

impl<W: DerefMut<Target = [u32]>> Audited<W> {
    pub(super) fn new(words: W, findings: Findings, starts: KVec<Start>) -> Self {
        Self {
            words,
            findings,
            starts,
            redirected: 0,
        }
    }

    /// What was found.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// How many dwords there are, with those that follow the guest's.
    pub fn dwords(&self) -> usize {
        self.words.len()
    }

    /// The next batch that needs an audited copy, in the order of the commands.
    pub fn next_batch(&self) -> Option<Batch> {
        self.starts.get(self.redirected).map(|start| start.batch)
    }

    /// Makes the start of [`Self::next_batch`] point to its copy, in the host's part of the GGTT. The copy
    /// is to be audited before this is submitted.
    pub fn redirect(&mut self, copy: HostGma) {
        let command = self
            .starts
            .get(self.redirected)
            .and_then(|start| self.words.get_mut(start.at..));
        if let Some([header, low, high, ..]) = command {
            let address = copy.get();
            *header &= !start::PER_PROCESS;
            *low = u32::try_from(address & 0xffff_ffff).unwrap_or(0);
            *high = u32::try_from(address >> 32).unwrap_or(0);
            self.redirected = self.redirected.saturating_add(1);
        }
    }

    /// What may be submitted, and what was found; gives the commands back if a batch is left.
    pub fn finish(self) -> Result<(Ready<W>, Findings), Self> {
        if self.next_batch().is_some() {
            return Err(self);
        }
        Ok((Ready(self.words), self.findings))
    }
}

/// Commands that may be submitted.
#[derive(Debug)]
pub struct Ready<W>(W);

impl<W: DerefMut<Target = [u32]>> Deref for Ready<W> {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.0
    }
}

/// A number of dwords. Copies are far below 4 Gi of them.
pub(super) fn dwords(count: usize) -> Dwords {
    Dwords::new(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Makes a command one that does nothing.
pub(super) fn erase(words: &mut [u32]) {
    words.fill(field::NOOP);
}
