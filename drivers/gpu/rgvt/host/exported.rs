// SPDX-License-Identifier: GPL-2.0

//! Pages of a guest that others have, by dma-buf.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    guest::Pin,
    Guest, //
};
use crate::{
    hw::addr::Gfn,
    rust::dma_buf::{
        Buffer,
        DmaBuf, //
    },
};

/// Pages of a guest in a dma-buf. They are pinned, on the guest's account, until this is revoked or dropped.
pub(crate) struct Exported(Arc<Buffer<KVVec<Pin>>>);

impl Exported {
    /// Has others have the pages, in this order. Fails as pinning does.
    pub(crate) fn new(guest: &Guest, gfns: &[Gfn]) -> Result<(Self, DmaBuf)> {
        let mut pins = KVVec::with_capacity(gfns.len(), GFP_KERNEL)?;
        let mut pages = KVVec::with_capacity(gfns.len(), GFP_KERNEL)?;
        for &gfn in gfns {
            let (pin, page) = guest.pin_page(gfn)?;
            pins.push(pin, GFP_KERNEL)?;
            pages.push(page, GFP_KERNEL)?;
        }

        let (buffer, dma_buf) = Buffer::export(pages, pins)?;
        Ok((Self(buffer), dma_buf))
    }

    /// The dma-buf, unless it was revoked.
    pub(crate) fn dma_buf(&self) -> Option<DmaBuf> {
        self.0.dma_buf()
    }
}

impl crate::model::seam::Exported for Exported {
    fn is_used(&self) -> bool {
        self.0.is_used()
    }

    fn has_pages(&self) -> bool {
        self.0.has_pages()
    }

    fn revoke(&self) {
        self.0.revoke();
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        self.0.revoke();
    }
}
