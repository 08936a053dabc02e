// SPDX-License-Identifier: GPL-2.0

//! The guest's part of BAR 2.

use kernel::prelude::*;

use super::Vgpu;
use crate::hw::addr::{
    Bytes,
    GuestGma, //
};

/// The part of BAR 2 that a guest has.
pub(crate) struct Aperture {
    /// Size of the BAR.
    pub(crate) bar: u64,
    /// Where in the BAR the guest's part is.
    pub(crate) offset: u64,
    /// Its size.
    pub(crate) size: u64,
    /// Physical address of the guest's part on the host.
    pub(crate) phys: u64,
}

impl Vgpu {
    /// Its part of the aperture.
    pub(crate) fn aperture(&self) -> Aperture {
        let range = self.share().aperture;
        let offset = range.start().get();

        Aperture {
            bar: self.gpu().host.ggtt().aperture,
            offset,
            size: range.size().get(),
            phys: self.gpu().host.aperture().saturating_add(offset),
        }
    }

    /// Reads from byte `offset` of the BAR on. EINVAL if a byte of that is not the guest's.
    pub(crate) fn aperture_read(&self, offset: u64, into: &mut [u8]) -> Result {
        self.check_aperture(offset, into.len())?;
        self.exits.aperture_reads.count();
        self.gpu().host.read_aperture(offset, into)
    }

    /// Writes from byte `offset` of the BAR on; likewise.
    pub(crate) fn aperture_write(&self, offset: u64, bytes: &[u8]) -> Result {
        self.check_aperture(offset, bytes.len())?;
        self.exits.aperture_writes.count();
        self.gpu().host.write_aperture(offset, bytes)
    }

    fn check_aperture(&self, offset: u64, length: usize) -> Result {
        let length = u64::try_from(length).map_err(|_| EINVAL)?;
        let own = self.share().aperture;
        let inside = own.offset_of(GuestGma::new(offset), Bytes::new(length));

        inside.map(|_| ()).ok_or(EINVAL)
    }
}
