// SPDX-License-Identifier: GPL-2.0

//! What PIPE_CONTROL and MI_FLUSH_DW do when everything before them is done: a write, an interrupt.
//!
//! A write by index goes to a hardware status page: in the GGTT to the engine's, otherwise to the
//! context's. On a shared GPU these pages are the host's, so the write is made to go to where the guest
//! has its own. A batch without privilege has no right to either, nor to the GGTT.

use super::{
    auditor::Auditor,
    guest::{RegisterPolicy, Verdict},
    stream::Why,
};
use crate::hw::{
    addr::{Bytes, GgttIndex, GuestGma, MmioOffset, PAGE_SIZE},
    command::field::{self, flush, pipe},
};

/// The longest write, and what its address must be a multiple of.
const QWORD: u32 = 8;

/// Where a write goes.
enum Target {
    /// Where the command says.
    Same,
    /// To this address in the GGTT.
    Global(u32),
    /// Nowhere.
    None,
}

impl<R: RegisterPolicy> Auditor<'_, R> {
    pub(super) fn pipe_control(&mut self, words: &mut [u32]) -> Result<(), Why> {
        let [_, flags, low, high, value, _] = words else {
            return Err(Why::Length);
        };
        if *flags & pipe::NOTIFY != 0 {
            self.findings.events.flush = true;
            *flags &= !pipe::NOTIFY;
        }
        if *flags & pipe::TO_REGISTER != 0 {
            // What these would mean with it is not said.
            *flags &= !(pipe::INDEX | pipe::GLOBAL);
            let register = MmioOffset::new(*low & field::REGISTER);
            match self.may_write(register, Some(*value))? {
                Verdict::Replace(other) => *value = other,
                Verdict::Allow => {}
                _ => *flags &= !(pipe::TO_REGISTER | pipe::WRITE),
            }
            return Ok(());
        }
        if *flags & pipe::WRITE == 0 {
            return Ok(());
        }
        let index = *flags & pipe::INDEX != 0;
        match self.target(*flags & pipe::GLOBAL != 0, index, *low, *high)? {
            Target::Same => {}
            Target::Global(address) => {
                *flags = *flags & !pipe::INDEX | pipe::GLOBAL;
                (*low, *high) = (address, 0);
            }
            Target::None => *flags &= !(pipe::WRITE | pipe::INDEX | pipe::GLOBAL),
        }
        if *flags & pipe::GLOBAL != 0 && *flags & pipe::WRITE == pipe::WRITE_IMMEDIATE {
            self.writes(*low, *high, *value);
        }
        Ok(())
    }

    pub(super) fn flush(&mut self, words: &mut [u32]) -> Result<(), Why> {
        let Some((header, operands)) = words.split_first_mut() else {
            return Err(Why::Length);
        };
        if *header & flush::NOTIFY != 0 {
            self.findings.events.flush = true;
            *header &= !flush::NOTIFY;
        }
        if *header & flush::WRITE == 0 {
            return Ok(());
        }
        let [low, high, value, ..] = operands else {
            return Err(Why::Length);
        };
        let global = *low & flush::GLOBAL != 0;
        let index = *header & flush::INDEX != 0;
        match self.target(global, index, *low & !flush::GLOBAL, *high)? {
            Target::Same => {}
            Target::Global(address) => {
                *header &= !flush::INDEX;
                (*low, *high) = (address | flush::GLOBAL, 0);
            }
            Target::None => {
                *header &= !(flush::WRITE | flush::INDEX);
                *low &= !flush::GLOBAL;
            }
        }
        if *low & flush::GLOBAL != 0 && *header & flush::WRITE == flush::WRITE_IMMEDIATE {
            self.writes(*low & !flush::GLOBAL, *high, *value);
        }
        Ok(())
    }

    fn target(&self, global: bool, index: bool, low: u32, high: u32) -> Result<Target, Why> {
        if !global && !index {
            return Ok(Target::Same);
        }
        if !self.privileged() {
            return Ok(Target::None);
        }
        if low & (QWORD - 1) != 0 {
            return Err(Why::Operand);
        }
        let size = Bytes::new(QWORD.into());
        if !index {
            self.global(low, high, size)?;
            return Ok(Target::Same);
        }
        if high != 0 || u64::from(low) >= PAGE_SIZE {
            return Err(Why::Operand);
        }
        let page = if global {
            self.guest.status_page
        } else {
            self.guest.context
        };
        let base = page.index().map(GgttIndex::gma).map(GuestGma::get);
        let address = base
            .and_then(|base| u32::try_from(base).ok())
            .and_then(|base| base.checked_add(low))
            .ok_or(Why::Address(page))?;
        self.global(address, 0, size)?;
        Ok(Target::Global(address))
    }
}
