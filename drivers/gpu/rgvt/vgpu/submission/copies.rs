// SPDX-License-Identifier: GPL-2.0

//! Audited copies of what a guest wants run: a piece of its ring, and the batches that the piece leads to,
//! unless they may run where they are.

use kernel::{
    alloc::KVVec,
    prelude::*, //
};

use super::{
    super::{
        log::warn_about,
        Vgpu, //
    },
    sources::Sources, //
};
use crate::{
    host::{
        buffer,
        PinnedBuffer, //
    },
    hw::{
        addr::{
            Dwords,
            GuestGma,
            HostGma,
            PAGE_SIZE, //
        },
        command::Flip, //
    },
    model::{
        image::Ring,
        mmio::table::Map,
        parser::{
            audit,
            Batch,
            Events,
            Extent,
            Findings,
            Guest,
            Place,
            Ready,
            Unaudited, //
        },
    },
};

/// The most batches that are copied for one piece of work. i915's ring of 16 KiB has room for some 80 requests,
/// each of which starts a batch, and on Gen9's blitter one that nothing else starts.
const MOST_BATCHES: usize = 256;

/// The most dwords of all of them: 4 MiB.
const MOST_DWORDS: usize = 1 << 20;

/// The most flips of the guest's display that it may ask for.
const MOST_FLIPS: usize = MOST_BATCHES;

/// MI_SET_PREDICATE: execute what follows.
const SET_PREDICATE_OFF: u32 = 0x01 << 23;

/// Commands that passed the audit, and cannot change any more.
pub(in super::super) type Vetted = Ready<KVVec<u32>>;

/// What is to run.
pub(super) struct Copies {
    /// The piece of the ring.
    pub(super) ring: Vetted,
    /// The batches.
    pub(super) batches: KVec<PinnedBuffer>,
    /// What was found anywhere in it.
    pub(super) found: Found,
}

/// A batch of which there is a copy.
struct Copy {
    /// Where the guest has it, and on which level it runs.
    of: Batch,
    words: KVVec<u32>,
    buffer: PinnedBuffer,
}

/// Copies and audits the piece of the ring from head to tail, `behind` it, and what they lead to.
pub(super) fn make(
    vgpu: &Vgpu,
    guest: &Guest<'_, Map>,
    sources: Sources<'_>,
    ring: &Ring,
    behind: &[u32],
) -> Result<Copies> {
    let mut copies = KVec::new();
    let mut left = MOST_DWORDS;

    let commands = copy_ring(sources, ring, behind)?;
    let (ring, mut found) = vet(vgpu, commands, Place::Ring, guest, |batch| {
        copy_batch(vgpu, guest, sources, &mut copies, &mut left, batch)
    })?;

    // What is found on the way is appended, and looked at in its turn.
    let mut next = 0_usize;
    while let Some(copy) = copies.get_mut(next) {
        let place = Place::Batch {
            level: copy.of.level,
            space: copy.of.space,
        };
        let words = core::mem::replace(&mut copy.words, KVVec::new());
        let (words, more) = vet(vgpu, Unaudited::new(words), place, guest, |batch| {
            copy_batch(vgpu, guest, sources, &mut copies, &mut left, batch)
        })?;
        found.add(more)?;
        if let Some(copy) = copies.get_mut(next) {
            copy.buffer.fill(&words)?;
        }
        next = next.saturating_add(1);
    }

    let mut batches = KVec::with_capacity(copies.len(), GFP_KERNEL)?;
    for copy in copies {
        batches.push(copy.buffer, GFP_KERNEL)?;
    }
    Ok(Copies {
        ring,
        batches,
        found,
    })
}

/// What was found in commands.
#[derive(Default)]
pub(super) struct Found {
    /// Interrupts that are asked for.
    pub(super) events: Events,
    /// Flips of the guest's display that are asked for.
    pub(super) flips: KVec<Flip>,
    /// Dwords that were audited.
    pub(super) audited: usize,
}

impl Found {
    /// Adds what was found elsewhere. E2BIG if that is too much to do when the work is done.
    pub(super) fn add(&mut self, other: Self) -> Result {
        if self.flips.len().saturating_add(other.flips.len()) > MOST_FLIPS {
            return Err(E2BIG);
        }
        self.events = self.events.merge(other.events);
        self.flips.extend_from_slice(&other.flips, GFP_KERNEL)?;
        self.audited = self.audited.saturating_add(other.audited);
        Ok(())
    }
}

/// Audits commands; `copy` says where the copy of a batch is that they start.
pub(super) fn vet(
    vgpu: &Vgpu,
    commands: Unaudited<KVVec<u32>>,
    place: Place,
    guest: &Guest<'_, Map>,
    mut copy: impl FnMut(Batch) -> Result<HostGma>,
) -> Result<(Vetted, Found)> {
    let audited = commands.dwords();
    let mut commands = audit(commands, place, guest).map_err(|rejected| {
        warn_about!(vgpu, "{:?}: refused: {rejected}\n", guest.engine);
        EACCES
    })?;
    while let Some(batch) = commands.next_batch() {
        commands.redirect(copy(batch)?);
    }

    // The loop above leaves nothing that still points to the guest's memory.
    let (ready, Findings { events, flips, .. }) = commands.finish().map_err(|_| EACCES)?;
    let found = Found {
        events,
        flips,
        audited,
    };
    Ok((ready, found))
}

/// Copies the piece from head to tail. Behind it are commands that run whatever the guest's do: a guest that
/// leaves predication on must not have them skipped, nor i915's own.
fn copy_ring(sources: Sources<'_>, ring: &Ring, behind: &[u32]) -> Result<Unaudited<KVVec<u32>>> {
    let pending = ring.pending(ring.head).ok_or(EINVAL)?;
    let dwords = usize::try_from(pending.bytes() / 4).map_err(|_| EINVAL)?;
    let mut words = KVVec::from_elem(0, dwords, GFP_KERNEL)?;

    let mut rest = words.as_mut_slice();
    for span in pending.spans() {
        let dwords = usize::try_from(span.length / 4).map_err(|_| EINVAL)?;
        let (now, later) = rest.split_at_mut_checked(dwords).ok_or(EINVAL)?;
        let at = ring.start.checked_add(span.offset.into()).ok_or(EINVAL)?;
        let at = GuestGma::new(at.get());
        sources.mapped.read(at, now.as_mut_bytes())?;
        rest = later;
    }
    for host in [&[SET_PREDICATE_OFF], behind] {
        words.extend_from_slice(host, GFP_KERNEL)?;
    }
    Ok(Unaudited::with_tail(words, dwords))
}

/// Where the copy of `batch` is; makes it if there is none.
fn copy_batch(
    vgpu: &Vgpu,
    guest: &Guest<'_, Map>,
    sources: Sources<'_>,
    copies: &mut KVec<Copy>,
    left: &mut usize,
    batch: Batch,
) -> Result<HostGma> {
    if let Some(copy) = copies.iter().find(|copy| copy.of == batch) {
        return Ok(HostGma::new(copy.buffer.address().into()));
    }
    if copies.len() >= MOST_BATCHES {
        return Err(E2BIG);
    }

    let words = read_batch(vgpu, guest, sources, batch, left)?;
    let buffer = buffer(&vgpu.gpu().host, words.len())?;
    let address = HostGma::new(buffer.address().into());
    let copy = Copy {
        of: batch,
        words,
        buffer,
    };
    copies.push(copy, GFP_KERNEL)?;
    Ok(address)
}

/// Copies a batch up to its end, and one dword more for the audit.
pub(super) fn read_batch(
    vgpu: &Vgpu,
    guest: &Guest<'_, Map>,
    sources: Sources<'_>,
    batch: Batch,
    left: &mut usize,
) -> Result<KVVec<u32>> {
    let mut extent = Extent::new(guest.platform, guest.engine, batch.level);
    let mut words = KVVec::<u32>::new();
    let mut at = batch.address;

    loop {
        // To the end of the page: the next one may not be there.
        let in_page = PAGE_SIZE - at % PAGE_SIZE;
        let dwords = usize::try_from(in_page / 4).map_err(|_| EINVAL)?;
        *left = left.checked_sub(dwords).ok_or(E2BIG)?;

        let old = words.len();
        words.resize(old.saturating_add(dwords), 0, GFP_KERNEL)?;
        let new = words.get_mut(old..).ok_or(EINVAL)?;
        sources.read(batch.space, at, new.as_mut_bytes())?;

        let end: Option<Dwords> = extent.scan(&words).map_err(|rejected| {
            warn_about!(vgpu, "{:?}: refused: {rejected}\n", guest.engine);
            EACCES
        })?;
        if let Some(end) = end {
            let end = usize::try_from(end.get()).map_err(|_| EINVAL)?;
            words.resize(end.saturating_add(1), 0, GFP_KERNEL)?;
            return Ok(words);
        }
        at = at.checked_add(in_page).ok_or(EFAULT)?;
    }
}
