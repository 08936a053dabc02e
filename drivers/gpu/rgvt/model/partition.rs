// SPDX-License-Identifier: GPL-2.0

//! Who owns which part of the global graphics address space: the host, and each virtual GPU.
//!
//! A virtual GPU has one stretch of the aperture (the part that the CPU can reach through BAR 2), one
//! of the hidden space above it, and some fence registers. The guest sees them at the host's addresses
//! and keeps off the rest ("ballooning"), so that no address has to be translated.

use super::types::VgpuType;
use crate::hw::addr::{Bytes, GmaRange, GuestGma, HostGma, PAGE_SIZE};

/// The most virtual GPUs of one GPU. The fences that Gen8 and Gen9 have are the limit before this.
pub const MAX_VGPUS: usize = 15;

/// The number of a virtual GPU, from 1 to [`MAX_VGPUS`]; the guest reads it in the PVINFO page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VgpuId(u8);

impl VgpuId {
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// What there is to hand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Size of the aperture. It begins at address 0.
    pub aperture: Bytes,
    /// Size of what the GGTT maps, the aperture included.
    pub total: Bytes,
    /// Fence registers.
    pub fences: u8,
}

/// What the host keeps for itself: the lowest part of the aperture, and both ends of the hidden space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostShare {
    /// Of the aperture.
    pub aperture: Bytes,
    /// Of the hidden space.
    pub hidden: Bytes,
    /// The same at its upper end, from where i915 takes room for contexts and rings (`PIN_HIGH`); those of the kernel
    /// itself cannot be moved.
    pub top: Bytes,
    /// Fence registers.
    pub fences: u8,
}

impl HostShare {
    /// What kvmgt leaves to the host in all, so that as many virtual GPUs fit as users are used to.
    pub const DEFAULT: Self = Self {
        aperture: Bytes::mib(128),
        hidden: Bytes::mib(320),
        top: Bytes::mib(64),
        fences: 4,
    };
}

/// What belongs to one virtual GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its part of the aperture.
    pub aperture: GmaRange,
    /// Its part of the hidden space.
    pub hidden: GmaRange,
    /// How many fence registers it has; which ones is the host's choice.
    pub fences: u8,
}

impl Share {
    /// The host's address for `size` bytes at the guest's address `gma`, if all of them belong to
    /// this share and lie in one of its two parts.
    pub fn audit(&self, gma: GuestGma, size: Bytes) -> Option<HostGma> {
        self.aperture
            .offset_of(gma, size)
            .or_else(|| self.hidden.offset_of(gma, size))
            .map(|_| HostGma::new(gma.get()))
    }
}

/// Why there is no room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// No stretch of the aperture is long enough.
    Aperture,
    /// No stretch of the hidden space is long enough.
    Hidden,
    /// Too few fence registers are left.
    Fences,
    /// There are [`MAX_VGPUS`] already.
    Ids,
}

/// The partition of one GPU.
#[derive(Clone, Debug)]
pub struct Partition {
    aperture: GmaRange,
    hidden: GmaRange,
    fences: u8,
    shares: [Option<Share>; MAX_VGPUS],
}

/// How far apart the places are that are tried in a stretch of which the host does not give up all.
const STEP: u64 = 16 << 20;

/// Which of the two spaces.
#[derive(Clone, Copy)]
enum Part {
    Aperture,
    Hidden,
}

impl Partition {
    /// Nothing handed out yet. `None` if the host's share is more than there is, or the numbers are
    /// none of a GGTT: not whole pages, or an aperture larger than all.
    pub fn new(space: Space, host: HostShare) -> Option<Self> {
        let end = |size: Bytes| HostGma::new(size.get());
        let between = |from: HostGma, to: HostGma| {
            let size = to.checked_sub(from)?;
            let whole =
                from.get().checked_rem(PAGE_SIZE)? == 0 && size.checked_rem(PAGE_SIZE)? == 0;
            if whole {
                GmaRange::new(from, Bytes::new(size))
            } else {
                None
            }
        };
        let hidden_from = end(space.aperture).checked_add(host.hidden.get())?;
        let hidden_to = Bytes::new(space.total.get().checked_sub(host.top.get())?);
        Some(Self {
            aperture: between(end(host.aperture), end(space.aperture))?,
            hidden: between(hidden_from, end(hidden_to))?,
            fences: space.fences.checked_sub(host.fences)?,
            shares: [None; MAX_VGPUS],
        })
    }

    /// Size of the aperture that virtual GPUs share.
    pub fn aperture(&self) -> Bytes {
        self.aperture.size()
    }

    /// Size of the hidden space that virtual GPUs share.
    pub fn hidden(&self) -> Bytes {
        self.hidden.size()
    }

    /// What virtual GPU `id` owns.
    pub fn share(&self, id: VgpuId) -> Option<&Share> {
        self.shares.get(slot(id)?)?.as_ref()
    }

    /// Hands out a share of the size that `kind` says. To scrub what its last owner left in it is for
    /// the caller.
    ///
    /// Of the stretches that are long enough the shortest is used, from its lower end, so that long
    /// ones stay for large types.
    pub fn take(&mut self, kind: &VgpuType) -> Result<(VgpuId, Share), Full> {
        self.take_beside(kind, &[])
    }

    /// The same, but no part is one of `barred`, in which the host has what it does not give up: then it begins
    /// further up in the stretch, or is in another.
    pub fn take_beside(
        &mut self,
        kind: &VgpuType,
        barred: &[GmaRange],
    ) -> Result<(VgpuId, Share), Full> {
        let number = self.shares.iter().position(Option::is_none);
        let id = number.and_then(id_of).ok_or(Full::Ids)?;
        let share = Share {
            aperture: self
                .place(Part::Aperture, kind.aperture, barred)
                .ok_or(Full::Aperture)?,
            hidden: self
                .place(Part::Hidden, kind.hidden, barred)
                .ok_or(Full::Hidden)?,
            fences: kind.fences,
        };
        if self.free_fences() < kind.fences {
            return Err(Full::Fences);
        }
        let entry = slot(id).and_then(|number| self.shares.get_mut(number));
        *entry.ok_or(Full::Ids)? = Some(share);
        Ok((id, share))
    }

    /// Takes a share back; `None` if `id` has none.
    pub fn give_back(&mut self, id: VgpuId) -> Option<Share> {
        self.shares.get_mut(slot(id)?)?.take()
    }

    /// How many more virtual GPUs of this type can be made, if no other is made in between. The
    /// number is exact: as many calls of [`Partition::take`] succeed, however the space is broken up.
    pub fn available(&self, kind: &VgpuType) -> u32 {
        let ids = self.shares.iter().filter(|share| share.is_none()).count();
        let fences = match self.free_fences().checked_div(kind.fences) {
            Some(count) => u64::from(count),
            None => u64::MAX,
        };
        let least = u64::try_from(ids)
            .unwrap_or(u64::MAX)
            .min(fences)
            .min(self.fitting(Part::Aperture, kind.aperture))
            .min(self.fitting(Part::Hidden, kind.hidden));
        u32::try_from(least).unwrap_or(u32::MAX)
    }

    fn free_fences(&self) -> u8 {
        self.shares
            .iter()
            .flatten()
            .fold(self.fences, |left, share| left.saturating_sub(share.fences))
    }

    /// How many stretches of `size` fit into what is free of a part.
    fn fitting(&self, part: Part, size: Bytes) -> u64 {
        self.holes(part)
            .map(|hole| hole.size().get().checked_div(size.get()).unwrap_or(0))
            .fold(0, u64::saturating_add)
    }

    fn place(&self, part: Part, size: Bytes, barred: &[GmaRange]) -> Option<GmaRange> {
        if size.get() == 0 || size.get().checked_rem(PAGE_SIZE) != Some(0) {
            return None;
        }
        self.holes(part)
            .filter_map(|hole| Some((hole.size(), first_place(hole, size, barred)?)))
            .min_by_key(|(size, place)| (*size, place.start()))
            .map(|(_, place)| place)
    }

    fn whole(&self, part: Part) -> GmaRange {
        match part {
            Part::Aperture => self.aperture,
            Part::Hidden => self.hidden,
        }
    }

    fn taken(&self, part: Part) -> impl Iterator<Item = GmaRange> + '_ {
        self.shares.iter().flatten().map(move |share| match part {
            Part::Aperture => share.aperture,
            Part::Hidden => share.hidden,
        })
    }

    /// The free stretches of a part: one after the beginning and one after each share, up to the next
    /// share or the end. Some are empty.
    fn holes(&self, part: Part) -> impl Iterator<Item = GmaRange> + '_ {
        let whole = self.whole(part);
        let starts = self.taken(part).map(GmaRange::end);
        core::iter::once(whole.start())
            .chain(starts)
            .filter_map(move |start| {
                let end = self
                    .taken(part)
                    .map(GmaRange::start)
                    .filter(|&next| next >= start)
                    .min()
                    .unwrap_or(whole.end());
                GmaRange::new(start, Bytes::new(end.checked_sub(start)?))
            })
    }
}

/// The lowest place of this size in a stretch that is not barred.
fn first_place(hole: GmaRange, size: Bytes, barred: &[GmaRange]) -> Option<GmaRange> {
    let mut start = hole.start();
    loop {
        let place = GmaRange::new(start, size).filter(|place| place.end() <= hole.end())?;
        if !barred.contains(&place) {
            return Some(place);
        }
        start = start.checked_add(STEP)?;
    }
}

fn slot(id: VgpuId) -> Option<usize> {
    usize::from(id.0).checked_sub(1)
}

fn id_of(slot: usize) -> Option<VgpuId> {
    u8::try_from(slot).ok()?.checked_add(1).map(VgpuId)
}
