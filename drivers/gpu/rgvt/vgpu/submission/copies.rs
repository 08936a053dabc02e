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
            Audited,
            Batch,
            Events,
            Growing,
            Guest,
            Marks,
            Place,
            Ready,
            Rejected,
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
    /// Until what it starts is copied, too.
    audited: Option<Audited<KVVec<u32>>>,
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
        let audited = copy.audited.take().ok_or(EINVAL)?;
        let (words, more) = point(audited, |batch| {
            copy_batch(vgpu, guest, sources, &mut copies, &mut left, batch)
        })?;
        found.add(more)?;
        if let Some(copy) = copies.get_mut(next) {
            copy.buffer.fill(&[&words])?;
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
    /// By what can be seen how far the ring is.
    pub(super) marks: Marks,
    /// Flips of the guest's display that are asked for.
    pub(super) flips: KVec<Flip>,
    /// Whether batches of a restore leave the engine so that it can be preempted, if they say anything.
    pub(super) arbitration: Option<bool>,
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
        // The batches of a restore are added in their order, and the last one counts.
        self.arbitration = other.arbitration.or(self.arbitration);
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
    copy: impl FnMut(Batch) -> Result<HostGma>,
) -> Result<(Vetted, Found)> {
    let refuse = |rejected| refuse(vgpu, guest, rejected);
    point(audit(commands, place, guest).map_err(refuse)?, copy)
}

/// Says why commands are refused.
fn refuse(vgpu: &Vgpu, guest: &Guest<'_, Map>, rejected: Rejected) -> Error {
    warn_about!(vgpu, "{:?}: refused: {rejected}\n", guest.engine);
    EACCES
}

/// Makes the starts of batches point to the copies of these.
pub(super) fn point(
    mut commands: Audited<KVVec<u32>>,
    mut copy: impl FnMut(Batch) -> Result<HostGma>,
) -> Result<(Vetted, Found)> {
    while let Some(batch) = commands.next_batch() {
        commands.redirect(copy(batch)?);
    }

    // The loop above leaves nothing that still points to the guest's memory.
    let (ready, findings) = commands.finish().map_err(|_| EACCES)?;
    let found = Found {
        events: findings.events,
        marks: findings.marks,
        flips: findings.flips,
        arbitration: findings.arbitration,
        audited: findings.dwords,
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

    let place = Place::Batch {
        level: batch.level,
        space: batch.space,
    };
    let audited = read_batch(vgpu, guest, sources, place, batch, left)?;
    let buffer = buffer(&vgpu.gpu().host, audited.dwords())?;
    let address = HostGma::new(buffer.address().into());
    let copy = Copy {
        of: batch,
        audited: Some(audited),
        buffer,
    };
    copies.push(copy, GFP_KERNEL)?;
    Ok(address)
}

/// Copies and audits a batch up to its end.
pub(super) fn read_batch(
    vgpu: &Vgpu,
    guest: &Guest<'_, Map>,
    sources: Sources<'_>,
    place: Place,
    batch: Batch,
    left: &mut usize,
) -> Result<Audited<KVVec<u32>>> {
    let refuse = |rejected| refuse(vgpu, guest, rejected);
    let mut growing = Growing::new(place, guest);
    let mut at = batch.address;

    loop {
        // To the end of the page: the next one may not be there.
        let in_page = PAGE_SIZE - at % PAGE_SIZE;
        let dwords = usize::try_from(in_page / 4).map_err(|_| EINVAL)?;
        *left = left.checked_sub(dwords).ok_or(E2BIG)?;

        growing.copy(dwords, |words| {
            sources.read(batch.space, at, words.as_mut_bytes())
        })?;
        if growing.audit().map_err(refuse)? {
            return growing.finish().map_err(refuse);
        }
        at = at.checked_add(in_page).ok_or(EFAULT)?;
    }
}
