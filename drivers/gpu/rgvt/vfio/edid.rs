// SPDX-License-Identifier: GPL-2.0

//! The region through which user space says what monitor the guest has: `struct vfio_region_gfx_edid` in
//! include/uapi/linux/vfio.h, and the EDID behind it.
//!
//! User space unplugs the monitor (link down), writes an EDID and its size, and plugs the new monitor in
//! (link up). Nothing but that last step has an effect on what was written before.

use kernel::prelude::*;

/// Bytes of an EDID of one block; monitors of more are not supported.
pub const BLOCK: usize = 128;
const LENGTH: u32 = 128;

/// Where the EDID is.
const EDID: u32 = 128;

/// Bytes of the region.
pub const SIZE: u64 = 256;

/// The members, in order: edid_offset, edid_max_size, edid_size, max_xres, max_yres, link_state.
const SIZE_MEMBER: u64 = 8;
const LINK_MEMBER: u64 = 20;
const MEMBERS: usize = 6;

/// VFIO_DEVICE_GFX_LINK_STATE_UP and _DOWN.
const UP: u32 = 1;
const DOWN: u32 = 2;

/// What user space wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Unplug the monitor.
    Unplug,
    /// Plug in one that describes itself like this.
    Plug([u8; BLOCK]),
}

/// The region.
#[derive(Clone, Debug)]
pub struct EdidRegion {
    edid: [u8; BLOCK],
    size: u32,
    plugged: Option<[u8; BLOCK]>,
    most: (u16, u16),
}

impl EdidRegion {
    /// With a monitor plugged in; none may have more columns and rows than `most`.
    pub const fn new(edid: [u8; BLOCK], most: (u16, u16)) -> Self {
        Self {
            edid,
            size: LENGTH,
            plugged: Some(edid),
            most,
        }
    }

    /// The byte at `offset`. What is in no member is zero.
    pub fn byte(&self, offset: u64) -> u8 {
        let members: [u32; MEMBERS] = [
            EDID,
            LENGTH,
            self.size,
            self.most.0.into(),
            self.most.1.into(),
            self.plugged.map_or(DOWN, |_| UP),
        ];
        let edid = offset
            .checked_sub(EDID.into())
            .and_then(|at| self.edid.get(usize::try_from(at).ok()?));
        let member = || {
            let member = members.get(usize::try_from(offset >> 2).ok()?)?;
            let within = usize::try_from(offset & 3).ok()?;
            member.to_le_bytes().get(within).copied()
        };
        edid.copied().or_else(member).unwrap_or(0)
    }

    /// Writes up to 4 bytes, not across a multiple of 4. EINVAL for what cannot be written, or not to this
    /// value, or where a monitor is plugged in whose EDID has not been written.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<Option<Change>> {
        if let Some(at) = offset.checked_sub(EDID.into()) {
            let at = usize::try_from(at).map_err(|_| EINVAL)?;
            let place = self
                .edid
                .get_mut(at..)
                .and_then(|rest| rest.get_mut(..bytes.len()));
            place.ok_or(EINVAL)?.copy_from_slice(bytes);
            return Ok(None);
        }
        let value = u32::from_le_bytes(bytes.try_into().map_err(|_| EINVAL)?);
        match (offset, value) {
            (SIZE_MEMBER, size) if size <= LENGTH => {
                self.size = size;
                Ok(None)
            }
            (LINK_MEMBER, DOWN) => Ok(Some(Change::Unplug)),
            (LINK_MEMBER, UP) if self.size == LENGTH => Ok(Some(Change::Plug(self.edid))),
            _ => Err(EINVAL),
        }
    }

    /// A change was carried out.
    pub fn done(&mut self, change: Change) {
        self.plugged = match change {
            Change::Unplug => None,
            Change::Plug(edid) => Some(edid),
        };
    }

    /// The EDID of the monitor that is plugged in.
    pub const fn plugged(&self) -> Option<&[u8; BLOCK]> {
        self.plugged.as_ref()
    }
}
