// SPDX-License-Identifier: GPL-2.0

//! How far a piece of work is that is not over.
//!
//! A driver hands over as one piece what it has gathered, with many requests in it. At the end of each the
//! engine writes a value and asks for an interrupt. The interrupt is taken out of what runs on the real
//! GPU, but the values are there to be seen.

use super::parser::Marks;
use crate::hw::addr::GuestGma;

/// Those interrupts of a piece of work that are due before its end.
#[derive(Debug, Default)]
pub struct Milestones {
    marks: Marks,
    /// How many interrupts the guest was told of.
    told: u32,
}

impl Milestones {
    /// Of what a piece of work writes.
    pub fn new(marks: Marks) -> Self {
        Self { marks, told: 0 }
    }

    /// Whether there are any of which the guest was not told. The end of the piece tells of the last one.
    pub fn is_waiting(&self) -> bool {
        let last = self.marks.interrupts();
        let mut marks = self.marks.iter();
        marks.any(|mark| mark.due > self.told && mark.due < last)
    }

    /// Where in its GGTT the guest has a dword by which it can be seen how far the piece is.
    pub fn place(&self) -> Option<GuestGma> {
        self.marks.place()
    }

    /// Whether the guest is to be told of more than before, if there is `value` now.
    pub fn advance(&mut self, value: u32) -> bool {
        let mark = self.marks.iter().rfind(|mark| mark.value == value);
        match mark {
            Some(mark) if mark.due > self.told => {
                self.told = mark.due;
                true
            }
            _ => false,
        }
    }
}
