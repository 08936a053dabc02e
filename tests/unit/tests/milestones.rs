// SPDX-License-Identifier: GPL-2.0

//! What a guest is told of before a piece of its work is over.

use proptest::prelude::*;
use unit::hw::addr::GuestGma;
use unit::model::milestones::Milestones;
use unit::model::parser::Marks;

/// Where a context has the numbers of its requests, and where all write when they flush.
const NUMBERS: GuestGma = GuestGma::new(0x1000);
const SCRATCH: GuestGma = GuestGma::new(0x20d0);

/// Of requests as i915 makes them: the even numbers up to twice `count`.
fn milestones(count: u32) -> Milestones {
    let mut marks = Marks::default();
    for number in 1..=count {
        marks.write(NUMBERS, 2 * number - 1);
        marks.write(SCRATCH, 0);
        marks.write(NUMBERS, 2 * number);
        marks.interrupt();
    }
    Milestones::new(marks)
}

#[test]
fn the_last_one_is_the_end() {
    for count in [0, 1] {
        assert!(!milestones(count).is_waiting());
    }
    let mut milestones = milestones(2);
    assert_eq!(milestones.place(), Some(NUMBERS));
    assert!(milestones.is_waiting());
    assert!(milestones.advance(2));
    assert!(!milestones.is_waiting());
}

#[test]
fn each_is_told_of_once() {
    let mut milestones = milestones(4);
    let mut at = |value| milestones.advance(value);
    // What was there before, and that the first one has begun.
    assert!(!at(0) && !at(1));
    assert!(at(2) && !at(2));
    // The next one has begun, or one was passed since.
    assert!(!at(3) && at(5) && at(6) && !at(7));
    assert!(!milestones.is_waiting());
}

proptest! {
    /// An engine writes one value after the other; whenever it is looked at before the end, what it has passed is
    /// told of.
    #[test]
    fn nothing_is_missed(count in 1u32..40, looks in prop::collection::vec(any::<bool>(), 80)) {
        let mut milestones = milestones(count);
        let mut told = 0;
        for (value, look) in (1..2 * count).zip(looks) {
            let done = value / 2;
            if look {
                prop_assert_eq!(milestones.advance(value), told < done);
                prop_assert_eq!(milestones.is_waiting(), done + 1 < count);
                told = done;
            }
        }
    }
}
