// SPDX-License-Identifier: GPL-2.0

//! The interrupt hierarchy of one virtual GPU, as Gen8 and Gen9 have it.
//!
//! ```text
//! source -> ISR --(not in IMR)--> IIR --(in IER)--> master register --(enable bit)--> the line
//! ```
//!
//! The IIR takes up a source at its rising edge behind the mask: when it fires while unmasked, or is
//! unmasked while its level is up. It keeps the bit until the guest clears it.
//!
//! The line is up while the enable bit of the master register and any bit below it are set. A message
//! (MSI) is due at each rise of the line, as on hardware; drivers clear the enable bit while they look
//! into the IIRs and set it again, so that what came in between makes the line rise anew.

use crate::hw::{
    addr::MmioOffset,
    irq::{decode, Group, Register, Source, MASTER, MASTER_ENABLE},
};

/// What became of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Line {
    /// It is as it was.
    Same,
    /// It went up: a message is to be sent, or INTx asserted.
    Rose,
    /// It went down: INTx is to be deasserted.
    Fell,
}

/// The registers of a group.
#[derive(Clone, Copy, Debug)]
struct Bank {
    group: Group,
    isr: u32,
    imr: u32,
    iir: u32,
    ier: u32,
    /// The bits of the master register: this is asked for more often than anything changes.
    master: u32,
}

impl Bank {
    const fn reset(group: Group) -> Self {
        Self {
            group,
            isr: 0,
            imr: u32::MAX,
            iir: 0,
            ier: 0,
            master: 0,
        }
    }

    /// Brings the master register's bits in accord with the others.
    const fn settle(&mut self) {
        self.master = self.group.master_bits(self.iir & self.ier);
    }
}

/// The interrupt registers of one virtual GPU.
#[derive(Clone, Debug)]
pub struct Interrupts {
    banks: [Bank; Group::ALL.len()],
    enabled: bool,
    line: bool,
}

impl Interrupts {
    /// The state after a reset: all masked, nothing enabled, the line down.
    pub fn new() -> Self {
        Self {
            banks: Group::ALL.map(Bank::reset),
            enabled: false,
            line: false,
        }
    }

    /// Back to the state after a reset.
    pub fn reset(&mut self) -> Line {
        let line = self.line;
        *self = Self::new();
        if line {
            Line::Fell
        } else {
            Line::Same
        }
    }

    /// Whether the line is up: what INTx shows.
    pub const fn line(&self) -> bool {
        self.line
    }

    /// What a guest reads at `offset`; `None` if none of these registers is there.
    pub fn read(&self, offset: MmioOffset) -> Option<u32> {
        if offset == MASTER {
            let enable = if self.enabled { MASTER_ENABLE } else { 0 };
            return Some(self.pending() | enable);
        }
        let (group, register) = decode(offset)?;
        let bank = self.banks.iter().find(|bank| bank.group == group)?;
        Some(match register {
            Register::Isr => bank.isr,
            Register::Imr => bank.imr,
            Register::Iir => bank.iir,
            Register::Ier => bank.ier,
        })
    }

    /// A guest's write of all 4 bytes at `offset`; `None` if none of these registers is there.
    pub fn write(&mut self, offset: MmioOffset, value: u32) -> Option<Line> {
        if offset == MASTER {
            self.enabled = value & MASTER_ENABLE != 0;
            return Some(self.settle());
        }
        let (group, register) = decode(offset)?;
        let bank = self.bank(group)?;
        match register {
            Register::Isr => {}
            Register::Imr => {
                // What is up and becomes visible rises behind the mask.
                bank.iir |= bank.isr & bank.imr & !value;
                bank.imr = value;
            }
            Register::Iir => bank.iir &= !value,
            Register::Ier => bank.ier = value,
        }
        bank.settle();
        Some(self.settle())
    }

    /// Whether the guest is told of any of `source`: it is enabled, and not masked.
    pub fn listens(&self, source: Source) -> bool {
        let mut banks = self.banks.iter();
        let bank = banks.find(|bank| bank.group == source.group);
        bank.is_some_and(|bank| bank.ier & !bank.imr & source.bits != 0)
    }

    /// `source` fired: a pulse, which leaves no trace in the ISR.
    pub fn fire(&mut self, source: Source) -> Line {
        if let Some(bank) = self.bank(source.group) {
            bank.iir |= source.bits & !bank.imr;
            bank.settle();
        }
        self.settle()
    }

    /// The level of `source` is `up` from now on.
    pub fn set_level(&mut self, source: Source, up: bool) -> Line {
        if let Some(bank) = self.bank(source.group) {
            let before = bank.isr;
            if up {
                bank.isr |= source.bits;
            } else {
                bank.isr &= !source.bits;
            }
            bank.iir |= bank.isr & !before & !bank.imr;
            bank.settle();
        }
        self.settle()
    }

    fn bank(&mut self, group: Group) -> Option<&mut Bank> {
        self.banks.iter_mut().find(|bank| bank.group == group)
    }

    /// The master register's bits below its enable bit.
    fn pending(&self) -> u32 {
        self.banks.iter().fold(0, |bits, bank| bits | bank.master)
    }

    /// Brings the line in accord with the registers.
    fn settle(&mut self) -> Line {
        let before = self.line;
        self.line = self.enabled && self.pending() != 0;
        match (before, self.line) {
            (false, true) => Line::Rose,
            (true, false) => Line::Fell,
            _ => Line::Same,
        }
    }
}

impl Default for Interrupts {
    fn default() -> Self {
        Self::new()
    }
}
