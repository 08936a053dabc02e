// SPDX-License-Identifier: GPL-2.0

//! Sets of small numbers, as bits.

use core::{
    borrow::{Borrow, BorrowMut},
    cmp::Ordering,
};
use kernel::{
    alloc::{flags::GFP_KERNEL, KVVec},
    error::{code::EINVAL, Result},
};

/// A set of numbers below 64 times the words of `W`. What is past that is never a member.
///
/// The members are counted, since most sets are asked often for the next of none. The kernel crate's bitmap has no count,
/// no union, and complains of what is past its end.
#[derive(Debug)]
pub struct Bits<W> {
    words: W,
    members: u32,
}

/// A set whose size is known only when it is made.
pub type Set = Bits<KVVec<u64>>;

impl Set {
    /// An empty set, for numbers below `limit`.
    pub fn empty(limit: u32) -> Result<Self> {
        let words = usize::try_from(limit.div_ceil(64)).map_err(|_| EINVAL)?;
        Ok(Self::new(KVVec::from_elem(0, words, GFP_KERNEL)?))
    }
}

impl<W: Borrow<[u64]> + BorrowMut<[u64]>> Bits<W> {
    /// The set whose words are `words`, lowest numbers first.
    pub fn new(words: W) -> Self {
        let members = count(words.borrow());
        Self { words, members }
    }

    /// Makes a number a member. Says whether it was none.
    pub fn insert(&mut self, number: u32) -> bool {
        let added = self.change(number, |word, bit| word | bit);
        if added {
            self.members = self.members.saturating_add(1);
        }
        added
    }

    /// Makes a number no member. Says whether it was one.
    pub fn remove(&mut self, number: u32) -> bool {
        let removed = self.change(number, |word, bit| word & !bit);
        if removed {
            self.members = self.members.saturating_sub(1);
        }
        removed
    }

    fn change(&mut self, number: u32, to: impl FnOnce(u64, u64) -> u64) -> bool {
        let (word, bit) = place(number);
        let Some(word) = self.words.borrow_mut().get_mut(word) else {
            return false;
        };
        let before = core::mem::replace(word, to(*word, bit));
        *word != before
    }

    /// Whether a number is a member.
    pub fn contains(&self, number: u32) -> bool {
        let (word, bit) = place(number);
        let word = self.words.borrow().get(word);
        word.is_some_and(|word| word & bit != 0)
    }

    /// Makes every number a member, or none.
    pub fn fill(&mut self, member: bool) {
        let words = self.words.borrow_mut();
        words.fill(if member { u64::MAX } else { 0 });
        self.members = count(words);
    }

    /// Adds the members of a set of the same size.
    pub fn insert_all(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        let words = self.words.borrow_mut();
        for (word, more) in words.iter_mut().zip(other.words.borrow()) {
            *word |= more;
        }
        self.members = count(words);
    }

    /// How many members there are.
    pub const fn len(&self) -> u32 {
        self.members
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// The least member that is at least `from`.
    pub fn next(&self, from: u32) -> Option<u32> {
        if self.is_empty() {
            return None;
        }
        self.iter_from(from).next()
    }

    /// The members that are at least `from`, lowest first.
    pub fn iter_from(&self, from: u32) -> impl Iterator<Item = u32> + '_ {
        let (first, bit) = place(from);
        let words = self.words.borrow().get(first..).unwrap_or_default();
        let (mut words, mut base) = (words.iter(), from & !63);
        let mut word = words.next().map_or(0, |word| word & !bit.wrapping_sub(1));

        core::iter::from_fn(move || {
            while word == 0 {
                word = *words.next()?;
                base = base.checked_add(64)?;
            }
            let lowest = word.trailing_zeros();
            word &= word.wrapping_sub(1);
            base.checked_add(lowest)
        })
    }

    /// Makes all numbers below `number` no members.
    pub fn remove_below(&mut self, number: u32) {
        let (at, bit) = place(number);
        for (index, word) in self.words.borrow_mut().iter_mut().enumerate() {
            let kept = match index.cmp(&at) {
                Ordering::Less => 0,
                Ordering::Equal => *word & !bit.wrapping_sub(1),
                Ordering::Greater => break,
            };
            if *word != kept {
                let removed = (*word & !kept).count_ones();
                self.members = self.members.saturating_sub(removed);
                *word = kept;
            }
        }
    }

    /// The greatest member.
    pub fn last(&self) -> Option<u32> {
        let mut words = self.words.borrow().iter().enumerate();
        words
            .rfind(|&(_, &word)| word != 0)
            .and_then(|(at, word)| number(at, 63_u32.checked_sub(word.leading_zeros())?))
    }

    /// The least number that is no member.
    pub fn first_absent(&self) -> Option<u32> {
        let mut words = self.words.borrow().iter().enumerate();
        words
            .find(|&(_, &word)| word != u64::MAX)
            .and_then(|(at, word)| number(at, word.trailing_ones()))
    }
}

fn count(words: &[u64]) -> u32 {
    let counts = words.iter().map(|word| word.count_ones());
    counts.fold(0, u32::saturating_add)
}

/// The word that a number is in, and its bit there.
fn place(number: u32) -> (usize, u64) {
    let word = usize::try_from(number >> 6).unwrap_or(usize::MAX);
    (word, 1_u64.wrapping_shl(number & 63))
}

fn number(word: usize, bit: u32) -> Option<u32> {
    u32::try_from(word).ok()?.checked_mul(64)?.checked_add(bit)
}
