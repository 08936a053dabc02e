// SPDX-License-Identifier: GPL-2.0

//! The PVINFO page of one virtual GPU: tells the guest its share, and takes its notifications.

use super::partition::{Share, VgpuId};
use crate::hw::{
    addr::GuestPhys,
    execlist::Descriptor,
    pvinfo::{
        offset, Notification, CAPS_FULL_PPGTT, CAPS_HUGE_GTT, CAPS_HWSP_EMULATION, MAGIC, SIZE,
        VERSION,
    },
};

/// The root of a per-process table, as the guest names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// Of 3 levels: the page directories.
    Three([GuestPhys; 4]),
    /// Of 4 levels: the table of directory pointer tables.
    Four(GuestPhys),
}

/// What a guest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A table begins to be used.
    CreateTable(Root),
    /// The guest forgets a table.
    DestroyTable(Root),
    /// A context begins to be used.
    CreateContext(Descriptor),
    /// The guest forgets a context.
    DestroyContext(Descriptor),
    /// Whether the guest drives the display.
    Display(bool),
    /// A notification that has no meaning.
    Unknown(u32),
}

/// The access has no size that a register can be read or written with, is not aligned to it, or is past
/// the end of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadShape;

/// The page.
#[derive(Clone, Debug)]
pub struct PvInfo {
    id: VgpuId,
    share: Share,
    display: bool,
    cursor: (u32, u32),
    /// Lower and upper half in turn.
    roots: [u32; 8],
    descriptor: (u32, u32),
}

impl PvInfo {
    /// The page after a reset.
    pub const fn new(id: VgpuId, share: Share) -> Self {
        Self {
            id,
            share,
            display: false,
            cursor: (u32::MAX, u32::MAX),
            roots: [0; 8],
            descriptor: (0, 0),
        }
    }

    /// Forgets what the guest wrote.
    pub fn reset(&mut self) {
        *self = Self::new(self.id, self.share);
    }

    /// The hot spot of the cursor in pixels from its left and upper edge, if the guest told it.
    pub const fn cursor_hot_spot(&self) -> Option<(u32, u32)> {
        match self.cursor {
            (u32::MAX, _) | (_, u32::MAX) => None,
            known => Some(known),
        }
    }

    /// What a guest reads: 1, 2, 4 or 8 bytes at `at` bytes into the page. The bytes above `size` are
    /// zero. What has no meaning reads as zero.
    pub fn read(&self, at: u32, size: usize) -> Result<u64, BadShape> {
        let mask = match size {
            1 => 0xff,
            2 => 0xffff,
            4 => 0xffff_ffff,
            8 => u64::MAX,
            _ => return Err(BadShape),
        };
        inside(at, size)?;
        let low = u64::from(self.dword(at & !7));
        let high = u64::from(self.dword(at & !7 | 4));
        let both = low | high << 32;
        Ok(both.wrapping_shr((at & 7) << 3) & mask)
    }

    /// A guest's write of 4 bytes at `at` bytes into the page. What is not writable stays as it is.
    pub fn write(&mut self, at: u32, value: u32) -> Result<Option<Event>, BadShape> {
        inside(at, 4)?;
        match at {
            offset::DISPLAY_READY => {
                self.display = value != 0;
                return Ok(Some(Event::Display(self.display)));
            }
            offset::NOTIFY => return Ok(Some(self.notified(value))),
            offset::CURSOR_X_HOT => self.cursor.0 = value,
            offset::CURSOR_Y_HOT => self.cursor.1 = value,
            offset::DESCRIPTOR_LO => self.descriptor.0 = value,
            offset::DESCRIPTOR_HI => self.descriptor.1 = value,
            _ => {
                if let Some(half) = root(at).and_then(|half| self.roots.get_mut(half)) {
                    *half = value;
                }
            }
        }
        Ok(None)
    }

    fn notified(&self, value: u32) -> Event {
        let [a0, a1, b0, b1, c0, c1, d0, d1] = self.roots;
        let address = |low, high| GuestPhys::new(join(low, high));
        let three = Root::Three([
            address(a0, a1),
            address(b0, b1),
            address(c0, c1),
            address(d0, d1),
        ]);
        let four = Root::Four(address(a0, a1));
        let context = Descriptor::from_raw(join(self.descriptor.0, self.descriptor.1));
        match Notification::from_raw(value) {
            Some(Notification::CreateTable3) => Event::CreateTable(three),
            Some(Notification::DestroyTable3) => Event::DestroyTable(three),
            Some(Notification::CreateTable4) => Event::CreateTable(four),
            Some(Notification::DestroyTable4) => Event::DestroyTable(four),
            Some(Notification::CreateContext) => Event::CreateContext(context),
            Some(Notification::DestroyContext) => Event::DestroyContext(context),
            None => Event::Unknown(value),
        }
    }

    /// The dword at `at`, a multiple of 4.
    fn dword(&self, at: u32) -> u32 {
        const MAGIC_HIGH: u32 = offset::MAGIC + 4;
        // All of these fit: the host's part is at the bottom of either space.
        let bytes = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        match at {
            offset::MAGIC => bytes(MAGIC & 0xffff_ffff),
            MAGIC_HIGH => bytes(MAGIC >> 32),
            offset::VERSION_MAJOR => u32::from(VERSION.0) | u32::from(VERSION.1) << 16,
            offset::ID => u32::from(self.id.get()),
            offset::CAPS => CAPS_FULL_PPGTT | CAPS_HWSP_EMULATION | CAPS_HUGE_GTT,
            offset::APERTURE_BASE => bytes(self.share.aperture.start().get()),
            offset::APERTURE_SIZE => bytes(self.share.aperture.size().get()),
            offset::HIDDEN_BASE => bytes(self.share.hidden.start().get()),
            offset::HIDDEN_SIZE => bytes(self.share.hidden.size().get()),
            offset::FENCES => u32::from(self.share.fences),
            offset::DISPLAY_READY => u32::from(self.display),
            offset::CURSOR_X_HOT => self.cursor.0,
            offset::CURSOR_Y_HOT => self.cursor.1,
            offset::DESCRIPTOR_LO => self.descriptor.0,
            offset::DESCRIPTOR_HI => self.descriptor.1,
            _ => {
                let half = root(at).and_then(|half| self.roots.get(half));
                half.copied().unwrap_or(0)
            }
        }
    }
}

/// Which half of which root is at `at`, counted from the lower half of root 0.
fn root(at: u32) -> Option<usize> {
    let half = at.checked_sub(offset::PDP)? >> 2;
    usize::try_from(half).ok().filter(|&half| half < 8)
}

fn inside(at: u32, size: usize) -> Result<(), BadShape> {
    let size = u32::try_from(size).map_err(|_| BadShape)?;
    if at < SIZE && at.checked_rem(size) == Some(0) {
        Ok(())
    } else {
        Err(BadShape)
    }
}

fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}
