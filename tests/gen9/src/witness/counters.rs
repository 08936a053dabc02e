// SPDX-License-Identifier: GPL-2.0

//! Counters that any thread increments.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::report::RegisterCount;
use crate::addr::Access;
use crate::regs::MMIO_SIZE;

/// Names that a [`Named`] tells apart.
const NAMES: usize = 128;
/// What the names beyond [`NAMES`] are counted under.
const OTHER: &str = "other";

/// Accesses by register. Counts wrap at 2^32.
pub struct Registers {
    reads: Vec<AtomicU32>,
    writes: Vec<AtomicU32>,
    outside: AtomicU64,
}

impl Registers {
    /// All counts zero.
    pub fn new() -> Self {
        let zeros = || (0..MMIO_SIZE / 4).map(|_| AtomicU32::new(0)).collect();
        Self {
            reads: zeros(),
            writes: zeros(),
            outside: AtomicU64::new(0),
        }
    }

    /// Counts an access to the register that holds the byte at `offset`.
    pub fn count(&self, offset: u32, access: Access) {
        let counts = match access {
            Access::Read => &self.reads,
            Access::Write => &self.writes,
        };
        match counts.get((offset / 4) as usize) {
            Some(count) => _ = count.fetch_add(1, Ordering::Relaxed),
            None => _ = self.outside.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Accesses beyond the last register.
    pub fn outside(&self) -> u64 {
        self.outside.load(Ordering::Relaxed)
    }

    /// The registers that were accessed, by offset.
    pub fn accessed(&self) -> Vec<RegisterCount> {
        (0..MMIO_SIZE)
            .step_by(4)
            .zip(self.reads.iter().zip(&self.writes))
            .map(|(offset, (reads, writes))| RegisterCount {
                offset,
                reads: reads.load(Ordering::Relaxed),
                writes: writes.load(Ordering::Relaxed),
            })
            .filter(|count| count.reads != 0 || count.writes != 0)
            .collect()
    }

    /// All counts back to zero.
    pub fn reset(&self) {
        for count in self.reads.iter().chain(&self.writes) {
            count.store(0, Ordering::Relaxed);
        }
        self.outside.store(0, Ordering::Relaxed);
    }
}

/// Counts by name, without a lock: a name takes a slot at its first use and keeps it.
pub struct Named {
    slots: Vec<(OnceLock<&'static str>, AtomicU64)>,
    other: AtomicU64,
}

impl Named {
    /// No name, no counts.
    pub fn new() -> Self {
        let slots = (0..NAMES)
            .map(|_| (OnceLock::new(), AtomicU64::new(0)))
            .collect();
        Self {
            slots,
            other: AtomicU64::new(0),
        }
    }

    /// Adds one to the count of `name`.
    pub fn count(&self, name: &'static str) {
        let slot = self
            .slots
            .iter()
            .find(|(held, _)| *held.get_or_init(|| name) == name);
        slot.map_or(&self.other, |(_, count)| count)
            .fetch_add(1, Ordering::Relaxed);
    }

    /// The counts that are not zero.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let named = self
            .slots
            .iter()
            .filter_map(|(name, count)| Some((*name.get()?, count)));
        let mut counts = BTreeMap::new();
        for (name, count) in named.chain([(OTHER, &self.other)]) {
            // A caller's own "other" adds to the overflow.
            *counts.entry(name).or_insert(0) += count.load(Ordering::Relaxed);
        }
        counts.retain(|_, count| *count != 0);
        counts
    }

    /// All counts back to zero.
    pub fn reset(&self) {
        for count in self
            .slots
            .iter()
            .map(|(_, count)| count)
            .chain([&self.other])
        {
            count.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_counted_by_dword_and_direction() {
        let registers = Registers::new();
        for (offset, access) in [
            (0, Access::Read),
            (0x2034, Access::Read),
            (0x2036, Access::Write),
            (0x2034, Access::Write),
            (MMIO_SIZE - 1, Access::Write),
            (MMIO_SIZE, Access::Read),
            (u32::MAX, Access::Write),
        ] {
            registers.count(offset, access);
        }
        let seen: Vec<_> = registers
            .accessed()
            .iter()
            .map(|c| (c.offset, c.reads, c.writes))
            .collect();
        assert_eq!(seen, [(0, 1, 0), (0x2034, 1, 2), (MMIO_SIZE - 4, 0, 1)]);
        assert_eq!(registers.outside(), 2);
        registers.reset();
        assert!(registers.accessed().is_empty());
        assert_eq!(registers.outside(), 0);
    }

    #[test]
    fn names_beyond_the_slots_are_counted_together() {
        let named = Named::new();
        for i in 0..NAMES + 3 {
            named.count(Box::leak(format!("name {i}").into_boxed_str()));
        }
        named.count("name 0");
        let counts = named.counts();
        assert_eq!(counts.len(), NAMES + 1);
        assert_eq!(counts["name 0"], 2);
        assert_eq!(counts[OTHER], 3);
        named.reset();
        assert!(named.counts().is_empty());
    }

    #[test]
    fn threads_agree_on_the_slot_of_a_name() {
        let named = Named::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|i| named.count(["a", "b"][i % 2])));
            }
        });
        assert_eq!(named.counts(), BTreeMap::from([("a", 2000), ("b", 2000)]));
    }
}
