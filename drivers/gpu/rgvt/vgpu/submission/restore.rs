// SPDX-License-Identifier: GPL-2.0

//! The batches that run while a context is restored: the host's in its middle, and the guest's if it has any.
//!
//! i915 relies on its own to clear what is left of others' work, such as what execution units have in their
//! registers and in shared local memory (CVE-2019-14615, `WaClearSlmSpaceAtContextSwitch`), and to set bits that
//! are in no context. So that one goes before the guest's, whatever this does.
//!
//! The engine runs them whenever it takes the context up, also in the middle of a piece of work, with the
//! ring's privileges. So what the host's image names is copies, which were audited, and which stay for as
//! long as the image. A driver never changes them, and gives all its contexts the same ones. What the audit
//! leaves of these can differ by the context, whose status page they may name.

use kernel::{
    alloc::KVVec,
    prelude::*, //
};

use super::{
    super::{
        log::warn_about,
        Vgpu, //
    },
    copies::{
        point,
        read_batch,
        vet,
        Found,
        Vetted, //
    },
    engine_state::index,
    sources::Sources, //
};
use crate::{
    host::{
        buffer,
        EngineContext,
        HostGpu,
        Observer,
        PinnedBuffer, //
    },
    hw::{
        addr::{
            GuestGma,
            HostGma, //
        },
        engine::Engine,
        platform::Platform, //
    },
    model::{
        image::{
            Batch,
            Context,
            Restore, //
        },
        mmio::table::Map,
        parser::{
            self,
            Guest,
            Level,
            Place,
            Space,
            Unaudited, //
        },
    },
};

/// The most dwords of a batch for the end of a restore: two pages. i915 has none before Gen12, and then less
/// than one page.
const MOST_DWORDS: usize = 2048;

/// A copy.
struct Copy {
    words: Vetted,
    /// Holds the words, and what goes before them.
    buffer: PinnedBuffer,
}

impl Copy {
    fn start(&self) -> HostGma {
        HostGma::new(self.buffer.address().into())
    }
}

/// The batches of one engine of a virtual GPU.
pub(in super::super) struct RestoreBatches {
    /// What the host's image says if nobody changes it. `None` if the engine runs no such batches.
    host: Option<Restore>,
    indirect: Option<Copy>,
    per_context: Option<Copy>,
}

impl RestoreBatches {
    /// Those of an image that i915 has just made.
    pub(in super::super) fn of(image: &[u32], platform: Platform, engine: Engine) -> Result<Self> {
        let host = Restore::read(platform, engine, |dword| {
            image.get(index(dword)).copied().ok_or(EINVAL)
        })?;

        Ok(Self {
            host,
            indirect: None,
            per_context: None,
        })
    }

    /// Has `context` run the host's when its work is given to the engine again after a reset: the guest's may be why.
    pub(in super::super) fn guard<O: Observer>(&self, context: &EngineContext<O>) -> Result {
        let Some(host) = self.host else { return Ok(()) };
        let registers = host.registers();

        context.set_fallback(registers.map(|(dword, value)| (index(dword), value)))
    }

    /// Copies and audits what `context` wants run. The engine does not have the host's context.
    pub(super) fn prepare(
        &mut self,
        vgpu: &Vgpu,
        guest: &Guest<'_, Map>,
        sources: Sources<'_>,
        context: &Context,
    ) -> Result<Prepared> {
        let mut found = Found::default();
        let Some(mut restore) = self.host else {
            return Ok(Prepared {
                restore: None,
                found,
            });
        };

        if let Some(batch) = context.indirect {
            let words = read_lines(sources, batch)?;
            let words = Unaudited::new(words);
            let (words, more) = vet(vgpu, words, Place::IndirectContext, guest, starts_none)?;
            let (host, first) = (&vgpu.gpu().host, vgpu.gpu().restore_batch(guest.engine));
            let start = keep(&mut self.indirect, host, first, words)?;
            let size = batch.size.checked_add(size_of_val(first) as u64);
            let size = size.ok_or(E2BIG)?;
            restore = restore.with_indirect(start, size).ok_or(ENOTSUPP)?;
            found.add(more)?;
        }
        if let Some(batch) = context.per_context {
            let mut left = MOST_DWORDS;
            let batch = parser::Batch {
                space: Space::Global,
                address: batch.start.get(),
                level: Level::First,
            };
            let audited = read_batch(vgpu, guest, sources, Place::PerContext, batch, &mut left)?;
            let (words, more) = point(audited, starts_none)?;
            let start = keep(&mut self.per_context, &vgpu.gpu().host, &[], words)?;
            restore = restore.with_per_context(start).ok_or(EINVAL)?;
            found.add(more)?;
        }
        // The engine stays as the last of them leaves it, and nobody else would have it until the guest is done.
        // One that turns preemption off, before the other turns it on again, is what old drivers have.
        if found.arbitration == Some(false) {
            let engine = guest.engine;
            warn_about!(
                vgpu,
                "{engine:?}: refused: a restore leaves preemption off\n"
            );
            return Err(EACCES);
        }
        Ok(Prepared {
            restore: Some(restore),
            found,
        })
    }
}

/// Batches that are in place.
pub(super) struct Prepared {
    restore: Option<Restore>,
    /// What was found in them.
    pub(super) found: Found,
}

impl Prepared {
    /// Dwords of the page of registers, and their values.
    pub(super) fn registers(&self) -> impl Iterator<Item = (u16, u32)> {
        self.restore.into_iter().flat_map(Restore::registers)
    }
}

fn read_lines(sources: Sources<'_>, batch: Batch) -> Result<KVVec<u32>> {
    let dwords = usize::try_from(batch.size.get() / 4).map_err(|_| EINVAL)?;
    let mut words = KVVec::from_elem(0u32, dwords, GFP_KERNEL)?;

    let at = GuestGma::new(batch.start.get());
    sources.mapped.read(at, words.as_mut_bytes())?;
    Ok(words)
}

/// The audit refuses starts of batches in them.
fn starts_none(_: parser::Batch) -> Result<HostGma> {
    Err(EACCES)
}

/// Has `copy` hold `first`, which never changes, and `words`; returns where that is.
fn keep(copy: &mut Option<Copy>, host: &HostGpu, first: &[u32], words: Vetted) -> Result<HostGma> {
    let old = match copy.take() {
        Some(same) if *same.words == *words => return Ok(copy.insert(same).start()),
        old => old,
    };

    // The engine does not have the context, so what it ran before may be changed.
    let mut buffer = match old {
        Some(old) if old.words.len() >= words.len() => old.buffer,
        _ => buffer(host, first.len().saturating_add(words.len()))?,
    };
    buffer.fill(&[first, &words])?;
    Ok(copy.insert(Copy { words, buffer }).start())
}
