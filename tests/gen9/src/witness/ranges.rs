// SPDX-License-Identifier: GPL-2.0

//! Sets of addresses, as ranges.

use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize};

/// A run of addresses, as requests name it.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Extent {
    /// First byte.
    #[serde(deserialize_with = "number")]
    pub start: u64,
    /// Length in bytes.
    #[serde(deserialize_with = "number")]
    pub size: u64,
}

impl Extent {
    /// The addresses, unless there are none or they reach beyond `limit`.
    pub fn range(self, limit: u64) -> Option<Range<u64>> {
        let end = self.start.checked_add(self.size)?;
        (self.size != 0 && end <= limit).then_some(self.start..end)
    }
}

/// Reads an unsigned number given as such or as a string of hexadecimal digits after `0x`.
pub fn number<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    use serde::de::Error;

    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "a number that is not negative, or a string like \"0x1000\""
    )]
    enum Form {
        Number(u64),
        Text(String),
    }

    let value = match Form::deserialize(deserializer)? {
        Form::Number(value) => value,
        Form::Text(text) => text
            .strip_prefix("0x")
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .ok_or_else(|| Error::custom(format!("{text:?} is not a number like \"0x1000\"")))?,
    };
    T::try_from(value).map_err(|_| Error::custom(format!("{value:#x} is too large")))
}

/// A set of addresses.
///
/// # Invariants
/// The ranges are sorted and not empty, and between two of them there is an address that does not
/// belong to the set.
#[derive(Clone, Debug, Default)]
pub struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// Adds addresses.
    pub fn extend(&mut self, more: impl IntoIterator<Item = Range<u64>>) {
        self.0
            .extend(more.into_iter().filter(|range| !range.is_empty()));
        self.0.sort_unstable_by_key(|range| range.start);
        self.0.dedup_by(|next, kept| {
            let joins = next.start <= kept.end;
            if joins {
                kept.end = kept.end.max(next.end);
            }
            joins
        });
    }

    /// Number of ranges kept.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Number of addresses.
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    /// Whether any address of `range` belongs to the set.
    pub fn meets(&self, range: &Range<u64>) -> bool {
        self.from(range.start)
            .first()
            .is_some_and(|first| first.start < range.end)
    }

    /// The parts of `range` that do not belong to the set.
    pub fn gaps(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let inside = self
            .from(range.start)
            .iter()
            .take_while(move |held| held.start < range.end);
        let ends = inside.clone().map(|held| held.end);
        let starts = inside.map(|held| held.start).chain([range.end]);
        [range.start]
            .into_iter()
            .chain(ends)
            .zip(starts)
            .filter_map(|(start, end)| {
                let gap = start..end;
                (!gap.is_empty()).then_some(gap)
            })
    }

    /// The ranges that end after `address`.
    fn from(&self, address: u64) -> &[Range<u64>] {
        &self.0[self.0.partition_point(|range| range.end <= address)..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(u64, u64)]) -> Ranges {
        let mut set = Ranges::default();
        set.extend(ranges.iter().map(|&(start, end)| start..end));
        set
    }

    #[test]
    fn ranges_that_touch_become_one() {
        for (given, kept) in [
            (vec![(0, 1), (1, 2)], vec![(0, 2)]),
            (vec![(4, 8), (0, 2)], vec![(0, 2), (4, 8)]),
            (vec![(0, 9), (2, 3), (5, 12)], vec![(0, 12)]),
            (vec![(3, 3)], vec![]),
        ] {
            let ranges = set(&given).0;
            let found: Vec<_> = ranges.iter().map(|r| (r.start, r.end)).collect();
            assert_eq!(found, kept, "{given:?}");
        }
    }

    #[test]
    fn gaps_are_what_is_missing() {
        let set = set(&[(10, 20), (30, 40)]);
        for (range, gaps) in [
            ((0, 5), vec![(0, 5)]),
            ((0, 10), vec![(0, 10)]),
            ((5, 15), vec![(5, 10)]),
            ((12, 18), vec![]),
            ((15, 35), vec![(20, 30)]),
            ((5, 50), vec![(5, 10), (20, 30), (40, 50)]),
            ((40, 41), vec![(40, 41)]),
            ((7, 7), vec![]),
        ] {
            let (start, end) = range;
            let found: Vec<_> = set.gaps(start..end).map(|r| (r.start, r.end)).collect();
            assert_eq!(found, gaps, "{range:?}");
            let whole = gaps == [range] || start == end;
            assert_eq!(set.meets(&(start..end)), !whole, "{range:?}");
        }
        assert_eq!((set.len(), set.bytes()), (2, 20));
    }

    #[test]
    fn an_extent_must_not_wrap_or_be_empty() {
        let extent = |start, size| Extent { start, size }.range(1 << 32);
        assert_eq!(extent(0x1000, 0x1000), Some(0x1000..0x2000));
        assert_eq!(extent(0, 1 << 32), Some(0..1 << 32));
        assert_eq!(extent(1, 1 << 32), None);
        assert_eq!(extent(0, 0), None);
        assert_eq!(extent(u64::MAX, 2), None);
    }

    #[test]
    fn numbers_may_be_hexadecimal_text() {
        for (text, value) in [
            (r#"{"start":4096,"size":1}"#, Some(4096)),
            (r#"{"start":"0xfff","size":1}"#, Some(0xfff)),
            (r#"{"start":"fff","size":1}"#, None),
            (r#"{"start":-1,"size":1}"#, None),
            (r#"{"start":1.5,"size":1}"#, None),
            (r#"{"start":1}"#, None),
        ] {
            let start = serde_json::from_str::<Extent>(text)
                .ok()
                .map(|extent| extent.start);
            assert_eq!(start, value, "{text}");
        }
    }
}
