// SPDX-License-Identifier: GPL-2.0

//! Moves the engine's state between the guest's image of a context and the host's.

use core::ops::Range;

use kernel::{
    alloc::KVVec,
    prelude::*, //
};

use super::{
    super::{
        lane::Port,
        memory::{
            Mapped,
            MappedPage, //
        }, //
    },
    draft::Image, //
};
use crate::{
    host::{
        EngineContext,
        Observer, //
    },
    hw::{
        addr::{
            GuestGma,
            PAGE_SIZE, //
        },
        context::{
            STATE_PAGE,
            TIMESTAMP, //
        },
    },
    model::image::{
        EngineState,
        Origin,
        Seal,
        StatePage, //
    },
};

/// Dwords in a page.
const PAGE: usize = 1024;

/// The index in an image of the first dword of a page.
fn first_of(page: u64) -> usize {
    usize::try_from(page.saturating_mul(PAGE_SIZE / 4)).unwrap_or(usize::MAX)
}

/// The index in an image of a dword of its page of registers.
pub(super) fn index(dword: u16) -> usize {
    first_of(STATE_PAGE).saturating_add(dword.into())
}

/// For how many nanoseconds the engine has had `context` since its timestamp was `before`.
pub(in super::super) fn engine_time<O: Observer>(
    context: &mut EngineContext<O>,
    before: u32,
) -> Option<u64> {
    let now = *context.image().ok()?.get(index(TIMESTAMP))?;
    Some(context.nanos(now.wrapping_sub(before)))
}

/// The whole pages of an image that are the engine's state, as dwords of the image.
fn whole_pages(layout: &EngineState) -> Range<usize> {
    let pages = layout.pages();
    first_of(pages.start)..first_of(pages.end)
}

/// Room for the engine's state: the page of registers with only the state in it, then the whole pages.
pub(in super::super) fn room(layout: &EngineState) -> Result<KVVec<u32>> {
    let dwords = whole_pages(layout).len().saturating_add(PAGE);
    Ok(KVVec::from_elem(0, dwords, GFP_KERNEL)?)
}

/// Copies what has to be of one length. EINVAL if it is not.
fn copy(to: &mut [u32], from: &[u32]) -> Result {
    if to.len() != from.len() {
        return Err(EINVAL);
    }
    to.copy_from_slice(from);
    Ok(())
}

/// Copies the engine's state out of the host's image.
pub(in super::super) fn save(image: &[u32], layout: &EngineState, into: &mut [u32]) -> Result {
    let (registers, pages) = into.split_at_mut_checked(PAGE).ok_or(EINVAL)?;
    let page = image.get(first_of(STATE_PAGE)..).ok_or(EINVAL)?;

    for run in layout.runs() {
        let to = registers.get_mut(run.clone()).ok_or(EINVAL)?;
        to.copy_from_slice(page.get(run).ok_or(EINVAL)?);
    }
    copy(pages, image.get(whole_pages(layout)).ok_or(EINVAL)?)
}

/// Copies the engine's state into the host's image.
fn load(image: &mut [u32], layout: &EngineState, from: &[u32]) -> Result {
    let (registers, pages) = from.split_at_checked(PAGE).ok_or(EINVAL)?;
    let page = image.get_mut(first_of(STATE_PAGE)..).ok_or(EINVAL)?;

    for run in layout.runs() {
        let to = page.get_mut(run.clone()).ok_or(EINVAL)?;
        to.copy_from_slice(registers.get(run).ok_or(EINVAL)?);
    }
    copy(image.get_mut(whole_pages(layout)).ok_or(EINVAL)?, pages)
}

/// Has `image`, the host's, hold the engine's state of a context of the guest's, of which `theirs` is the
/// image.
pub(super) fn bring_in(
    port: &mut Port,
    image: &mut [u32],
    layout: &EngineState,
    origin: Origin,
    theirs: &Image,
    mapped: Mapped<'_>,
) -> Result {
    let (seal, source): (_, &[u32]) = match origin {
        Origin::Resident => return Ok(()),
        Origin::Default => (None, &port.default_state),
        Origin::Guest(seal) => {
            fetch(port, layout, seal, theirs, mapped)?;
            // What is hashed is the copy that will run.
            if port.fetched == Some(seal) {
                (Some(seal), &port.incoming)
            } else {
                (None, &port.default_state)
            }
        }
    };
    port.resident = None;
    port.ahead = None;
    load(image, layout, source)?;
    port.resident = seal;
    Ok(())
}

/// Copies the engine's state from the guest, unless that with this seal is here already.
pub(super) fn fetch(
    port: &mut Port,
    layout: &EngineState,
    seal: Seal,
    theirs: &Image,
    mapped: Mapped<'_>,
) -> Result {
    if port.fetched != Some(seal) {
        port.fetched = None;
        copy_from_guest(layout, &mut port.incoming, &theirs.page, theirs.at, mapped)?;
        port.fetched = Some(Seal::new(port.sealer.hash(port.incoming.as_bytes())));
    }
    Ok(())
}

fn copy_from_guest(
    layout: &EngineState,
    into: &mut [u32],
    page: &StatePage,
    gma: GuestGma,
    mapped: Mapped<'_>,
) -> Result {
    let (registers, pages) = into.split_at_mut_checked(PAGE).ok_or(EINVAL)?;

    for run in layout.runs() {
        let to = registers.get_mut(run.clone()).ok_or(EINVAL)?;
        to.as_mut_bytes()
            .copy_from_slice(page.run(run).ok_or(EINVAL)?);
    }
    mapped.read(page_of(gma, layout.pages().start)?, pages.as_mut_bytes())
}

/// Copies the engine's state that was saved last into the guest's image at `gma`, of which `page` is the page of
/// registers, and returns the seal for it.
pub(super) fn bring_out(
    port: &Port,
    layout: &EngineState,
    gma: GuestGma,
    page: MappedPage<'_>,
    mapped: Mapped<'_>,
) -> Result<Seal> {
    let (registers, pages) = port.outgoing.split_at_checked(PAGE).ok_or(EINVAL)?;
    // The guest may be writing what is between them.
    for run in layout.runs() {
        let offset = u64::try_from(run.start.saturating_mul(4)).map_err(|_| EINVAL)?;
        page.write(offset, registers.get(run).ok_or(EINVAL)?.as_bytes())?;
    }
    mapped.write(page_of(gma, layout.pages().start)?, pages.as_bytes())?;

    Ok(Seal::new(port.sealer.hash(port.outgoing.as_bytes())))
}

/// The address of a page of the image at `gma`.
fn page_of(gma: GuestGma, page: u64) -> Result<GuestGma> {
    let offset = page.checked_mul(PAGE_SIZE);
    offset
        .and_then(|offset| gma.checked_add(offset))
        .ok_or(EFAULT)
}
