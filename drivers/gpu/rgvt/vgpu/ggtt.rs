// SPDX-License-Identifier: GPL-2.0

//! Carries out in the host's GGTT what a guest wrote into its own.

use kernel::{
    alloc::KVVec,
    prelude::*, //
};

use crate::{
    hw::addr::{
        GgttIndex,
        GmaRange, //
    },
    model::{
        ggtt::Order,
        partition::Share,
        seam::{
            HostGgtt,
            PagePinner,
            Pinned, //
        },
    },
};

/// The pins of one stretch of the GGTT, by entry.
struct Part<P> {
    first: GgttIndex,
    pins: KVVec<Option<P>>,
}

impl<P> Part<P> {
    fn new(range: GmaRange) -> Result<Self> {
        let pages = usize::try_from(range.size().pages()).map_err(|_| EINVAL)?;
        let mut pins = KVVec::with_capacity(pages, GFP_KERNEL)?;
        for _ in 0..pages {
            pins.push(None, GFP_KERNEL)?;
        }

        Ok(Self {
            first: range.start().index().ok_or(EINVAL)?,
            pins,
        })
    }

    fn pin(&mut self, index: GgttIndex) -> Option<&mut Option<P>> {
        let position = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.pins.get_mut(position)
    }
}

/// How many pages that are no longer mapped wait for the GPU to let go of them.
const RETIRED: usize = 64;

/// The guest's pages that its share of the host's GGTT maps.
///
/// An entry of the host's table maps a page of the guest's only while the pin of that page is in here. The
/// GPU may hold a translation until the next flush, so a pin outlives its entry until then. Flushes cost
/// an access to the hardware each, and guests write entries by the thousand: they are put off until
/// [`Mappings::settle`].
pub(super) struct Mappings<P> {
    parts: [Part<P>; 2],
    retired: KVec<P>,
    dirty: bool,
}

impl<P: Pinned> Mappings<P> {
    /// Nothing mapped; what the host's table holds is to be scrubbed by the caller.
    pub(super) fn new(share: &Share) -> Result<Self> {
        Ok(Self {
            parts: [Part::new(share.aperture)?, Part::new(share.hidden)?],
            retired: KVec::with_capacity(RETIRED, GFP_KERNEL)?,
            dirty: false,
        })
    }

    /// Carries out an order. Says what went wrong with a page that could not be pinned, which the GPU finds
    /// scratch in place of.
    pub(super) fn carry_out(
        &mut self,
        order: Option<Order>,
        ggtt: &impl HostGgtt,
        pinner: &impl PagePinner<Pin = P>,
    ) -> Result {
        let (index, new) = match order {
            None => return Ok(()),
            Some(Order::Unmap(index)) => (index, Ok(None)),
            Some(Order::Map(index, gfn)) => (index, pinner.pin(gfn).map(Some)),
        };
        let (new, result) = match new {
            Ok(new) => (new, Ok(())),
            Err(error) => (None, Err(error)),
        };
        let place = self.parts.iter_mut().find_map(|part| part.pin(index));
        let place = place.ok_or(EINVAL)?;

        match (&new, &place) {
            (Some((_, address)), _) => ggtt.map(index, *address),
            (None, Some(_)) => ggtt.unmap(index),
            // It maps scratch already.
            (None, None) => return result,
        }
        self.dirty = true;

        let old = core::mem::replace(place, new.map(|(pin, _)| pin));
        if let Some(old) = old {
            if self.retired.len() == RETIRED {
                self.settle(ggtt);
            }
            if let Err(full) = self.retired.push_within_capacity(old) {
                ggtt.flush();
                drop(full);
            }
        }
        result
    }

    /// Makes the GPU see what was mapped, and let go of what no longer is.
    pub(super) fn settle(&mut self, ggtt: &impl HostGgtt) {
        if self.dirty {
            ggtt.flush();
            self.dirty = false;
        }
        self.retired.clear();
    }

    /// Gives back the pages that are no longer mapped.
    pub(super) fn let_go(&mut self, ggtt: &impl HostGgtt) {
        if !self.retired.is_empty() {
            self.settle(ggtt);
        }
    }

    /// What is mapped where.
    fn held(&self) -> impl Iterator<Item = (GgttIndex, &P)> {
        self.parts.iter().flat_map(|part| {
            let indices = (part.first.get()..).map(GgttIndex::new);
            indices
                .zip(part.pins.iter())
                .filter_map(|(index, pin)| Some((index, pin.as_ref()?)))
        })
    }

    /// Maps all again, in a table that has lost everything.
    pub(super) fn replay(&mut self, ggtt: &impl HostGgtt) {
        for (index, pin) in self.held() {
            ggtt.map(index, pin.address());
        }
        ggtt.flush();
    }

    /// Unmaps all, and gives the pins back.
    pub(super) fn clear(&mut self, ggtt: &impl HostGgtt) {
        for (index, _) in self.held() {
            ggtt.unmap(index);
        }
        self.dirty = true;
        self.settle(ggtt);
        for part in &mut self.parts {
            part.pins.iter_mut().for_each(|pin| *pin = None);
        }
    }
}
