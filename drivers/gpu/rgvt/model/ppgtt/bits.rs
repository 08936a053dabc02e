// SPDX-License-Identifier: GPL-2.0

//! Sets of small numbers, as bits.

use core::borrow::{Borrow, BorrowMut};

/// A set of numbers below 64 times the words of `W`. What is past that is never a member.
#[derive(Debug)]
pub(super) struct Bits<W>(W);

impl<W: Borrow<[u64]> + BorrowMut<[u64]>> Bits<W> {
    /// The set whose words are `words`, lowest numbers first.
    pub(super) const fn new(words: W) -> Self {
        Self(words)
    }

    pub(super) fn insert(&mut self, number: u32) {
        let (word, bit) = place(number);
        if let Some(word) = self.0.borrow_mut().get_mut(word) {
            *word |= bit;
        }
    }

    pub(super) fn remove(&mut self, number: u32) {
        let (word, bit) = place(number);
        if let Some(word) = self.0.borrow_mut().get_mut(word) {
            *word &= !bit;
        }
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        let (word, bit) = place(number);
        let word = self.0.borrow().get(word);
        word.is_some_and(|word| word & bit != 0)
    }

    /// Makes every number a member, or none.
    pub(super) fn fill(&mut self, member: bool) {
        self.0.borrow_mut().fill(if member { u64::MAX } else { 0 });
    }

    /// Adds the members of a set of the same size.
    pub(super) fn insert_all(&mut self, other: &Self) {
        let words = self.0.borrow_mut().iter_mut();
        for (word, more) in words.zip(other.0.borrow()) {
            *word |= more;
        }
    }

    pub(super) fn len(&self) -> u32 {
        let counts = self.0.borrow().iter().map(|word| word.count_ones());
        counts.fold(0, u32::saturating_add)
    }

    /// The least member that is at least `from`.
    pub(super) fn next(&self, from: u32) -> Option<u32> {
        let (first, bit) = place(from);
        let (word, rest) = self.0.borrow().get(first..)?.split_first()?;
        // Without the bits below `from`.
        let word = word & !bit.wrapping_sub(1);
        if word != 0 {
            return number(first, word.trailing_zeros());
        }
        let (after, word) = rest.iter().enumerate().find(|&(_, &word)| word != 0)?;
        let at = first.checked_add(after)?.checked_add(1)?;
        number(at, word.trailing_zeros())
    }

    /// The greatest member.
    pub(super) fn last(&self) -> Option<u32> {
        let mut words = self.0.borrow().iter().enumerate();
        words
            .rfind(|&(_, &word)| word != 0)
            .and_then(|(at, word)| number(at, 63_u32.checked_sub(word.leading_zeros())?))
    }

    /// The least number that is no member.
    pub(super) fn first_absent(&self) -> Option<u32> {
        let mut words = self.0.borrow().iter().enumerate();
        words
            .find(|&(_, &word)| word != u64::MAX)
            .and_then(|(at, word)| number(at, word.trailing_ones()))
    }
}

/// The word that a number is in, and its bit there.
fn place(number: u32) -> (usize, u64) {
    let word = usize::try_from(number >> 6).unwrap_or(usize::MAX);
    (word, 1_u64.wrapping_shl(number & 63))
}

fn number(word: usize, bit: u32) -> Option<u32> {
    u32::try_from(word).ok()?.checked_mul(64)?.checked_add(bit)
}
