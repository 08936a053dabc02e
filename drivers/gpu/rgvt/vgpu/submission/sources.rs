// SPDX-License-Identifier: GPL-2.0

//! The guest's memory by the addresses that its commands are at.

use kernel::prelude::*;

use super::super::memory::Mapped;
use crate::{
    host::Guest,
    hw::addr::GuestGma,
    model::{
        parser::Space,
        ppgtt::{
            Hold,
            Tables, //
        },
        seam::GuestMemory, //
    },
};

/// The two address spaces of a context.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) mapped: Mapped<'a>,
    pub(super) tables: &'a Tables<Guest>,
    /// The context's own page tables, as they were just brought up to date.
    pub(super) hold: &'a Hold,
}

impl Sources<'_> {
    /// Fills `into` with what is at `address`, all of it on one page. EFAULT if nothing of the guest's is
    /// there.
    pub(super) fn read(&self, space: Space, address: u64, into: &mut [u8]) -> Result {
        match space {
            Space::Global => self.mapped.read(GuestGma::new(address), into),
            Space::PerProcess => {
                let at = self.tables.translate(self.hold, address);
                self.mapped.guest.read(at.ok_or(EFAULT)?, into)
            }
        }
    }
}
