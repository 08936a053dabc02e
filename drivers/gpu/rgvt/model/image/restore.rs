// SPDX-License-Identifier: GPL-2.0

//! The batches that run while a context is restored.

use crate::hw::addr::{Bytes, HostGma};
use crate::hw::context::{
    has_restore_batches, CACHE_LINE_SHIFT, INDIRECT_ADDRESS_MASK, INDIRECT_CONTEXT,
    INDIRECT_CONTEXT_OFFSET, INDIRECT_LINES_MASK, PER_CONTEXT_ADDRESS_MASK, PER_CONTEXT_BATCH,
    PER_CONTEXT_VALID,
};
use crate::hw::engine::Engine;
use crate::hw::platform::Platform;

/// What an image says of them.
///
/// When the one in the middle runs is always the host's to say. Before the registers of the page tables
/// are loaded, its addresses would be those of whoever had the engine before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restore {
    per_context: u32,
    indirect: u32,
    offset: u32,
}

impl Restore {
    /// Reads an image, of which `dword` gives the dwords of the page of registers. `None` if the engine
    /// runs no such batches: then something else is in these dwords.
    pub fn read<E>(
        platform: Platform,
        engine: Engine,
        dword: impl Fn(u16) -> Result<u32, E>,
    ) -> Result<Option<Self>, E> {
        if !has_restore_batches(platform, engine) {
            return Ok(None);
        }
        Ok(Some(Self {
            per_context: dword(PER_CONTEXT_BATCH)?,
            indirect: dword(INDIRECT_CONTEXT)?,
            offset: dword(INDIRECT_CONTEXT_OFFSET)?,
        }))
    }

    /// The same with another batch in the middle, whose `size` is whole cache lines. `None` if it cannot
    /// be named, or if it is not known when it is to run.
    pub fn with_indirect(self, start: HostGma, size: Bytes) -> Option<Self> {
        let lines = u32::try_from(size.get() >> CACHE_LINE_SHIFT).ok()?;
        let address = pointer(start, INDIRECT_ADDRESS_MASK)?;
        let whole = u64::from(lines) << CACHE_LINE_SHIFT == size.get();
        let counted = lines != 0 && lines & !INDIRECT_LINES_MASK == 0;
        (whole && counted && self.offset != 0).then_some(Self {
            indirect: address | lines,
            ..self
        })
    }

    /// The same with another batch at the end. `None` if it cannot be named.
    pub fn with_per_context(self, start: HostGma) -> Option<Self> {
        Some(Self {
            per_context: pointer(start, PER_CONTEXT_ADDRESS_MASK)? | PER_CONTEXT_VALID,
            ..self
        })
    }

    /// Dwords of the page of registers, and their values.
    pub fn registers(self) -> [(u16, u32); 3] {
        [
            (PER_CONTEXT_BATCH, self.per_context),
            (INDIRECT_CONTEXT, self.indirect),
            (INDIRECT_CONTEXT_OFFSET, self.offset),
        ]
    }
}

/// An address in the bits of `mask`, if it has no others.
fn pointer(start: HostGma, mask: u32) -> Option<u32> {
    let address = u32::try_from(start.get()).ok()?;
    (address & !mask == 0).then_some(address)
}
