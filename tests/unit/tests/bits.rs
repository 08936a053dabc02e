// SPDX-License-Identifier: GPL-2.0

//! Sets of small numbers.

use proptest::prelude::*;
use std::collections::BTreeSet;
use unit::model::bits::{Bits, Set};

/// Numbers up to here are asked for; members are below [`MEMBERS`].
const ASKED: u32 = 200;
const MEMBERS: u32 = 192;

#[derive(Clone, Debug)]
enum Event {
    Insert(u32),
    Remove(u32),
    RemoveBelow(u32),
    Fill(bool),
    InsertAll(Vec<u32>),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        8 => (0..ASKED).prop_map(Event::Insert),
        8 => (0..ASKED).prop_map(Event::Remove),
        1 => (0..ASKED).prop_map(Event::RemoveBelow),
        1 => any::<bool>().prop_map(Event::Fill),
        1 => prop::collection::vec(0..ASKED, 0..4).prop_map(Event::InsertAll),
    ];
    prop::collection::vec(event, 0..60)
}

proptest! {
    #[test]
    fn as_a_set_of_the_standard_library(events in events(), from in 0..ASKED) {
        let mut bits = Set::empty(MEMBERS).unwrap();
        let mut set = BTreeSet::new();
        for event in events {
            match event {
                Event::Insert(number) => {
                    let new = number < MEMBERS && set.insert(number);
                    prop_assert_eq!(bits.insert(number), new);
                }
                Event::Remove(number) => prop_assert_eq!(bits.remove(number), set.remove(&number)),
                Event::RemoveBelow(number) => {
                    bits.remove_below(number);
                    set = set.split_off(&number);
                }
                Event::Fill(member) => {
                    bits.fill(member);
                    set = (0..MEMBERS).filter(|_| member).collect();
                }
                Event::InsertAll(numbers) => {
                    let mut more = Set::empty(MEMBERS).unwrap();
                    for &number in &numbers {
                        more.insert(number);
                    }
                    bits.insert_all(&more);
                    set.extend(numbers.iter().filter(|&&number| number < MEMBERS));
                }
            }
            prop_assert_eq!(bits.len() as usize, set.len());
            prop_assert_eq!(bits.is_empty(), set.is_empty());
            prop_assert_eq!(bits.contains(from), set.contains(&from));
            prop_assert_eq!(bits.next(from), set.range(from..).next().copied());
            prop_assert!(bits.iter_from(from).eq(set.range(from..).copied()));
            prop_assert_eq!(bits.last(), set.last().copied());
            let absent = (0..MEMBERS).find(|number| !set.contains(number));
            prop_assert_eq!(bits.first_absent(), absent);
        }
    }
}

#[test]
fn words_may_have_members_from_the_beginning() {
    let bits = Bits::new([1 << 63, 1]);
    assert_eq!(bits.len(), 2);
    assert_eq!(
        (bits.next(0), bits.next(64), bits.next(65)),
        (Some(63), Some(64), None)
    );
}
