// SPDX-License-Identifier: GPL-2.0

//! From a register's offset to its policy and owner, in one step.

use std::ops::Range;

use thiserror::Error;

use super::{MMIO_SIZE, Policy, Span};
use crate::addr::PAGE_SIZE;

/// Two declarations claim one register.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("register {0:#x} is declared twice, or lies outside the register space")]
pub struct OverlapError(pub u32);

/// Index of a block in the device's list.
pub type Owner = usize;

/// All declarations, indexed by register.
#[derive(Debug)]
pub struct Map {
    spans: Vec<(Span, Owner)>,
    /// For each register, one more than the index of its span; zero when nobody declared it.
    index: Vec<u16>,
}

impl Map {
    /// Indexes the declarations.
    ///
    /// # Errors
    /// [`OverlapError`] when two of them meet or one leaves the register space.
    pub fn new(spans: Vec<(Span, Owner)>) -> Result<Self, OverlapError> {
        let mut index = vec![0u16; (MMIO_SIZE / 4) as usize];
        for (i, (span, _)) in spans.iter().enumerate() {
            let tag = u16::try_from(i + 1).map_err(|_| OverlapError(span.first))?;
            for k in 0..span.count {
                let offset = span.first + 4 * k;
                match index.get_mut((offset / 4) as usize) {
                    Some(slot @ 0) => *slot = tag,
                    _ => return Err(OverlapError(offset)),
                }
            }
        }
        Ok(Self { spans, index })
    }

    /// Policy and owner of a register; `None` for a plain one that nobody declared.
    pub fn get(&self, offset: u32) -> Option<(Policy, Owner)> {
        let tag = *self.index.get((offset / 4) as usize)?;
        let (span, owner) = self.spans.get(usize::from(tag).checked_sub(1)?)?;
        Some((span.policy, *owner))
    }

    /// All declarations.
    pub fn spans(&self) -> impl Iterator<Item = &Span> {
        self.spans.iter().map(|(span, _)| span)
    }

    /// The runs of pages, as byte ranges of BAR0, that hold plain registers only.
    pub fn plain_pages(&self) -> Vec<Range<u64>> {
        let per_page = (PAGE_SIZE / 4) as usize;
        let mut runs: Vec<Range<u64>> = Vec::new();
        for (page, registers) in self.index.chunks(per_page).enumerate() {
            let plain = registers
                .iter()
                .all(|&tag| tag == 0 || self.spans[usize::from(tag) - 1].0.policy == Policy::Plain);
            if !plain {
                continue;
            }
            let start = page as u64 * PAGE_SIZE;
            match runs.last_mut() {
                Some(run) if run.end == start => run.end += PAGE_SIZE,
                _ => runs.push(start..start + PAGE_SIZE),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_refused() {
        let spans = vec![
            (Span::range(0x100, 0x10c, Policy::Plain), 0),
            (Span::one(0x108, Policy::Const, 0), 0),
        ];
        assert_eq!(Map::new(spans).err(), Some(OverlapError(0x108)));
    }

    #[test]
    fn outside_is_refused() {
        let spans = vec![(Span::one(MMIO_SIZE, Policy::Plain, 0), 0)];
        assert_eq!(Map::new(spans).err(), Some(OverlapError(MMIO_SIZE)));
    }

    #[test]
    fn a_page_with_a_policy_is_not_plain() {
        let map = Map::new(vec![(Span::one(0x1004, Policy::Const, 7), 0)]).unwrap();
        let pages = map.plain_pages();
        assert_eq!(pages, vec![0..0x1000, 0x2000..u64::from(MMIO_SIZE)]);
        assert_eq!(map.get(0x1004), Some((Policy::Const, 0)));
        assert_eq!(map.get(0x1008), None);
    }
}
