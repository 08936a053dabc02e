// SPDX-License-Identifier: GPL-2.0

//! Commands that access registers.

use super::{
    auditor::Auditor,
    guest::{RegisterPolicy, Verdict},
    memory::DWORD,
    stream::{erase, Why},
};
use crate::hw::{addr::MmioOffset, command::field};

impl<R: RegisterPolicy> Auditor<'_, R> {
    /// MI_LOAD_REGISTER_IMM.
    pub(super) fn load_immediate(&self, words: &mut [u32]) -> Result<(), Why> {
        let [header, pairs @ ..] = words else {
            return Err(Why::Length);
        };
        let partial = *header & field::LOAD_KEEPS_BYTES != 0;
        let mut pairs = pairs.chunks_exact_mut(2);
        for pair in &mut pairs {
            let [register, value] = pair else {
                return Err(Why::Length);
            };
            let known = (!partial).then_some(*value);
            match self.may_write(named(*register), known)? {
                Verdict::Allow => {}
                Verdict::Replace(other) => *value = other,
                _ => (*register, *value) = (self.harmless().get(), 0),
            }
        }
        if pairs.into_remainder().is_empty() {
            Ok(())
        } else {
            Err(Why::Length)
        }
    }

    /// MI_LOAD_REGISTER_MEM.
    pub(super) fn load_memory(&self, words: &mut [u32]) -> Result<(), Why> {
        let [header, register, low, high] = *words else {
            return Err(Why::Length);
        };
        self.operand(header & field::GLOBAL != 0, low, high, DWORD)?;
        match self.may_write(named(register), None)? {
            Verdict::Allow => {}
            Verdict::Replace(value) => {
                let load = [field::LOAD_ONE_REGISTER, register, value, field::NOOP];
                words.copy_from_slice(&load);
            }
            _ => erase(words),
        }
        Ok(())
    }

    /// MI_LOAD_REGISTER_REG.
    pub(super) fn load_register(&self, words: &mut [u32]) -> Result<(), Why> {
        let [_, from, to] = *words else {
            return Err(Why::Length);
        };
        let constant = match self.may_read(named(from))? {
            Verdict::Allow => None,
            Verdict::Replace(value) => Some(value),
            _ => Some(0),
        };
        let value = match self.may_write(named(to), constant)? {
            Verdict::Allow => constant,
            Verdict::Replace(value) => Some(value),
            _ => {
                erase(words);
                return Ok(());
            }
        };
        if let Some(value) = value {
            words.copy_from_slice(&[field::LOAD_ONE_REGISTER, to, value]);
        }
        Ok(())
    }

    /// MI_STORE_REGISTER_MEM. Where the register may not be seen, a constant is stored by a command of the
    /// same length; it knows no predicate.
    pub(super) fn store_register(&self, words: &mut [u32]) -> Result<(), Why> {
        let [header, register, low, high] = *words else {
            return Err(Why::Length);
        };
        let global = header & field::GLOBAL;
        self.operand(global != 0, low, high, DWORD)?;
        let value = match self.may_read(named(register))? {
            Verdict::Allow => return Ok(()),
            Verdict::Replace(value) => value,
            _ => 0,
        };
        if header & field::STORE_PREDICATED != 0 {
            erase(words);
        } else {
            words.copy_from_slice(&[field::STORE_DWORD | global, low & !3, high, value]);
        }
        Ok(())
    }

    /// What becomes of a write; never [`Verdict::Reject`].
    pub(super) fn may_write(
        &self,
        register: MmioOffset,
        value: Option<u32>,
    ) -> Result<Verdict, Why> {
        if register == self.harmless() {
            return Ok(Verdict::Allow);
        }
        let engine = self.guest.engine;
        let verdict = self.guest.registers.command_write(engine, register, value);
        self.settle(verdict, register)
    }

    fn may_read(&self, register: MmioOffset) -> Result<Verdict, Why> {
        let engine = self.guest.engine;
        let verdict = self.guest.registers.command_read(engine, register);
        self.settle(verdict, register)
    }

    /// In a batch without privilege hardware drops what it does not allow, and goes on.
    fn settle(&self, verdict: Verdict, register: MmioOffset) -> Result<Verdict, Why> {
        match verdict {
            Verdict::Reject if self.privileged() => Err(Why::Register(register)),
            Verdict::Reject => Ok(Verdict::Drop),
            verdict => Ok(verdict),
        }
    }

    /// A register that a write does nothing to: the engine's NOPID, which MI_NOOP can set.
    fn harmless(&self) -> MmioOffset {
        let base = self.guest.engine.mmio_base();
        base.checked_add(field::NOPID).unwrap_or(base)
    }
}

fn named(operand: u32) -> MmioOffset {
    MmioOffset::new(operand & field::REGISTER)
}
