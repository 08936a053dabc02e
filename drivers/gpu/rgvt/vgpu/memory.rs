// SPDX-License-Identifier: GPL-2.0

//! The guest's memory by the addresses of its GGTT, as its driver names contexts, rings and status pages.

use kernel::prelude::*;

use crate::{
    host::Guest,
    hw::addr::{
        GuestGma,
        GuestPhys,
        PAGE_SIZE, //
    },
    model::{
        ggtt::Ggtt,
        seam::GuestMemory, //
    },
};

/// What a guest's GGTT maps.
#[derive(Clone, Copy)]
pub(super) struct Mapped<'a> {
    pub(super) ggtt: &'a Ggtt,
    pub(super) guest: &'a Guest,
}

/// A page of what a guest's GGTT maps, for small writes of which there are many.
#[derive(Clone, Copy)]
pub(super) struct MappedPage<'a> {
    at: GuestPhys,
    guest: &'a Guest,
}

impl MappedPage<'_> {
    /// Writes `bytes` from byte `offset` of the page on. EFAULT if they do not end in it.
    pub(super) fn write(&self, offset: u64, bytes: &[u8]) -> Result {
        let end = u64::try_from(bytes.len()).ok();
        let end = end.and_then(|length| offset.checked_add(length));
        if end.is_none_or(|end| end > PAGE_SIZE) {
            return Err(EFAULT);
        }
        let at = self.at.checked_add(offset).ok_or(EFAULT)?;
        self.guest.write(at, bytes)
    }
}

impl<'a> Mapped<'a> {
    /// The page at `gma`, a multiple of [`PAGE_SIZE`]. EFAULT if the guest maps nothing there.
    pub(super) fn page(&self, gma: GuestGma) -> Result<MappedPage<'a>> {
        match self.locate(gma)? {
            (at, PAGE_SIZE) => Ok(MappedPage {
                at,
                guest: self.guest,
            }),
            _ => Err(EFAULT),
        }
    }

    /// Where the byte at `gma` is in the guest's memory, and how many bytes of its page there are from
    /// there on. EFAULT if the guest maps nothing there.
    fn locate(&self, gma: GuestGma) -> Result<(GuestPhys, u64)> {
        let index = gma.index().ok_or(EFAULT)?;
        let page = self.ggtt.lookup(index).and_then(|gfn| gfn.phys());
        let at = page.and_then(|page| page.checked_add(gma.offset_in_page()));

        Ok((at.ok_or(EFAULT)?, PAGE_SIZE - gma.offset_in_page()))
    }

    /// The same, with the pages behind it, as long as they follow it in the guest's memory, too; `most` bytes
    /// at most.
    fn stretch(&self, gma: GuestGma, most: usize) -> Result<(GuestPhys, usize)> {
        let most = u64::try_from(most).map_err(|_| EFAULT)?;
        let (start, mut length) = self.locate(gma)?;
        while length < most {
            let next = gma.checked_add(length).map(|next| self.locate(next));
            match next {
                Some(Ok((at, more))) if start.checked_add(length) == Some(at) => {
                    length = length.saturating_add(more);
                }
                _ => break,
            }
        }
        let length = usize::try_from(length.min(most)).map_err(|_| EFAULT)?;
        Ok((start, length))
    }

    /// Fills `into` with what is at `gma`.
    pub(super) fn read(&self, mut gma: GuestGma, mut into: &mut [u8]) -> Result {
        while !into.is_empty() {
            let (at, length) = self.stretch(gma, into.len())?;
            let (now, rest) = into.split_at_mut_checked(length).ok_or(EFAULT)?;

            self.guest.read(at, now)?;
            gma = gma.checked_add(length as u64).ok_or(EFAULT)?;
            into = rest;
        }
        Ok(())
    }

    /// Writes `bytes` to what is at `gma`.
    pub(super) fn write(&self, mut gma: GuestGma, mut bytes: &[u8]) -> Result {
        while !bytes.is_empty() {
            let (at, length) = self.stretch(gma, bytes.len())?;
            let (now, rest) = bytes.split_at_checked(length).ok_or(EFAULT)?;

            self.guest.write(at, now)?;
            gma = gma.checked_add(length as u64).ok_or(EFAULT)?;
            bytes = rest;
        }
        Ok(())
    }
}
