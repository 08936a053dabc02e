// SPDX-License-Identifier: GPL-2.0

//! What one virtual GPU has of the real one's global address space, kept off from the host.

use kernel::{
    pr_warn_once,
    prelude::*,
    sync::Arc, //
};

use super::HostGpu;
use crate::{
    hw::addr::{
        DmaAddr,
        GgttIndex,
        GmaRange, //
    },
    model::seam::HostGgtt,
    rust::i915::{
        Fence,
        GgttNode,
        TablePage, //
    },
};

/// Two stretches of the GGTT, and fence registers. Scratch and cleared at first, and again when they are
/// given back. The scratch page is the virtual GPU's own, since it is one for guests to write to.
pub(crate) struct Reserved {
    fences: KVec<Fence>,
    parts: [GgttNode; 2],
    scratch: Arc<TablePage>,
}

/// Why nothing is reserved.
pub(crate) enum Kept {
    /// The host has something in this stretch that it does not give up.
    Range(GmaRange),
    Other(Error),
}

impl From<Error> for Kept {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Reserved {
    /// Has all entries name the scratch page. After the host has slept they name what the firmware left there: i915
    /// brings back only its own.
    pub(crate) fn clear(&self) {
        for part in &self.parts {
            part.clear();
        }
    }

    /// Wipes out what was written where nothing was mapped.
    pub(crate) fn wipe(&self) {
        self.scratch.wipe();
    }

    /// Takes exactly these stretches, and as many fence registers. If it `waits`, the host has until the GPU is idle to
    /// give them up.
    pub(crate) fn take(
        gpu: &HostGpu,
        parts: [GmaRange; 2],
        fences: u8,
        waits: bool,
    ) -> Result<Self, Kept> {
        let scratch = TablePage::new(gpu.lent().clone())?;
        let scratch = Arc::new(scratch, GFP_KERNEL).map_err(Error::from)?;
        let take = |range: GmaRange| {
            let bytes = range.start().get()..range.end().get();
            let node = GgttNode::reserve(gpu.lent().clone(), bytes, scratch.clone(), waits);
            node.map_err(|error| match error {
                ENOSPC => Kept::Range(range),
                error => Kept::Other(error),
            })
        };
        let [aperture, hidden] = parts;
        let parts = [take(aperture)?, take(hidden)?];

        let mut taken = KVec::with_capacity(fences.into(), GFP_KERNEL).map_err(Error::from)?;
        for _ in 0..fences {
            let fence = Fence::reserve(gpu.lent().clone())?;
            taken.push(fence, GFP_KERNEL).map_err(Error::from)?;
        }

        Ok(Self {
            fences: taken,
            parts,
            scratch,
        })
    }

    /// Sets the fence register that the guest calls `number`; one that it does not have is left alone.
    pub(crate) fn set_fence(&mut self, number: u8, value: u64) {
        if let Some(fence) = self.fences.get_mut(usize::from(number)) {
            fence.set(value);
        }
    }
}

impl HostGgtt for Reserved {
    fn map(&self, index: GgttIndex, page: DmaAddr) {
        let (index, page) = (index.get(), page.get());

        // Each part refuses what is not its own, and what the hardware cannot reach.
        if !self.parts.iter().any(|part| part.map(index, page).is_ok()) {
            self.unmap(GgttIndex::new(index));
        }
    }

    fn unmap(&self, index: GgttIndex) {
        let index = index.get();
        if !self.parts.iter().any(|part| part.unmap(index).is_ok()) {
            pr_warn_once!("GGTT entry {index:#x} is in no share\n");
        }
    }

    fn flush(&self) {
        let [any, _] = &self.parts;
        any.flush();
    }
}
