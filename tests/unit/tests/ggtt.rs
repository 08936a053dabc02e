// SPDX-License-Identifier: GPL-2.0

//! A guest's writes to the global translation table.

use std::collections::BTreeMap;

use kernel::alloc::failing;
use kernel::error::code::ENOMEM;
use proptest::prelude::*;
use unit::hw::addr::{Bytes, DmaAddr, Gfn, GgttIndex, GmaRange, HostGma};
use unit::hw::gtt::{GgttPte, GGTT_SIZE};
use unit::model::ggtt::{Ggtt, Order, Orders, Refused, Value, Written};
use unit::model::partition::Share;

/// Entries 4 to 7 and 16 to 23.
fn share() -> Share {
    let range = |first: u64, count: u64| {
        GmaRange::new(HostGma::new(first << 12), Bytes::new(count << 12)).unwrap()
    };
    Share {
        aperture: range(4, 4),
        hidden: range(16, 8),
        fences: 4,
    }
}

fn map(index: u32, gfn: u64) -> Option<Order> {
    Some(Order::Map(GgttIndex::new(index), Gfn::new(gfn)))
}

fn unmap(index: u32) -> Option<Order> {
    Some(Order::Unmap(GgttIndex::new(index)))
}

fn own(earlier: Option<Order>, now: Option<Order>) -> Result<Written, Refused> {
    Ok(Written::Own(Orders { earlier, now }))
}

#[test]
fn whole_entries() {
    let mut ggtt = Ggtt::new(&share()).unwrap();
    assert_eq!(
        ggtt.write(4 * 8, Value::Whole(0x1_2345_6001)),
        own(None, map(4, 0x12_3456))
    );
    assert_eq!(ggtt.read(4 * 8, 8), Ok(0x1_2345_6001));
    assert_eq!(ggtt.read(4 * 8, 4), Ok(0x2345_6001));
    assert_eq!(ggtt.read(4 * 8 + 4, 4), Ok(0x1));
    assert_eq!(ggtt.lookup(GgttIndex::new(4)), Some(Gfn::new(0x12_3456)));
    // The same page again, which may not have been there before; with bits that the hardware ignores.
    assert_eq!(
        ggtt.write(4 * 8, Value::Whole(0x1_2345_6003)),
        own(None, map(4, 0x12_3456))
    );
    assert_eq!(
        ggtt.write(4 * 8, Value::Whole(0x5001)),
        own(None, map(4, 5))
    );
    assert_eq!(ggtt.write(4 * 8, Value::Whole(0x5000)), own(None, unmap(4)));
    assert_eq!(ggtt.write(4 * 8, Value::Whole(0x6000)), own(None, None));
    assert_eq!(ggtt.lookup(GgttIndex::new(4)), None);
}

#[test]
fn halves_in_either_order() {
    let mut ggtt = Ggtt::new(&share()).unwrap();
    for (first, second) in [(0, 4), (4, 0)] {
        let value = |offset| Value::Half(if offset == 0 { 0x7001 } else { 0x1 });
        assert_eq!(ggtt.write(16 * 8 + first, value(first)), own(None, None));
        assert_eq!(ggtt.lookup(GgttIndex::new(16)), None, "half an entry");
        assert_eq!(
            ggtt.write(16 * 8 + second, value(second)),
            own(None, map(16, 0x10_0007))
        );
        assert_eq!(
            ggtt.write(16 * 8 + first, Value::Half(0)),
            own(None, unmap(16))
        );
        assert_eq!(ggtt.write(16 * 8 + second, Value::Half(0)), own(None, None));
    }
}

#[test]
fn a_half_that_stays_alone_counts() {
    let mut ggtt = Ggtt::new(&share()).unwrap();
    assert_eq!(ggtt.write(5 * 8, Value::Half(0x1001)), own(None, None));
    assert_eq!(
        ggtt.write(5 * 8, Value::Half(0x2001)),
        own(None, None),
        "the same half"
    );
    assert_eq!(
        ggtt.write(6 * 8, Value::Half(0x3001)),
        own(map(5, 2), None),
        "another entry"
    );
    assert_eq!(ggtt.flush(), map(6, 3));
    assert_eq!(ggtt.flush(), None);
    // A foreign entry says nothing about ours.
    assert_eq!(ggtt.write(7 * 8, Value::Half(0x4001)), own(None, None));
    assert_eq!(ggtt.write(0, Value::Whole(0)), Ok(Written::Foreign));
    assert_eq!(
        ggtt.write(7 * 8, Value::Whole(0x5001)),
        own(None, map(7, 5))
    );
    // The half that makes an entry absent.
    assert_eq!(ggtt.write(7 * 8, Value::Half(0)), own(None, unmap(7)));
    assert_eq!(ggtt.flush(), None);
}

#[test]
fn what_is_not_the_guests() {
    let mut ggtt = Ggtt::new(&share()).unwrap();
    for index in [0, 3, 8, 15, 24, GGTT_SIZE / 8 - 1] {
        assert_eq!(
            ggtt.write(index * 8, Value::Whole(u64::MAX)),
            Ok(Written::Foreign)
        );
        assert_eq!(
            ggtt.write(index * 8 + 4, Value::Half(u32::MAX)),
            Ok(Written::Foreign)
        );
        assert_eq!(ggtt.read(index * 8, 8), Ok(0));
        assert_eq!(ggtt.lookup(GgttIndex::new(index)), None);
    }
    assert_eq!(ggtt.mapped().count(), 0);
}

#[test]
fn shapes() {
    let mut ggtt = Ggtt::new(&share()).unwrap();
    for (offset, size) in [
        (32, 1),
        (32, 2),
        (32, 0),
        (32, 16),
        (33, 4),
        (34, 4),
        (36, 8),
        (33, 8),
    ] {
        assert_eq!(
            ggtt.read(offset, size),
            Err(Refused::Shape),
            "{offset} {size}"
        );
    }
    assert_eq!(ggtt.write(36, Value::Whole(1)), Err(Refused::Shape));
    assert_eq!(ggtt.write(34, Value::Half(1)), Err(Refused::Shape));
    assert_eq!(ggtt.write(GGTT_SIZE, Value::Half(1)), Err(Refused::Range));
    assert_eq!(ggtt.read(u32::MAX - 7, 8), Err(Refused::Range));
}

/// All entries map a page, which is missed.
fn all_missed() -> Ggtt {
    let mut ggtt = Ggtt::new(&share()).unwrap();
    for index in (4..8).chain(16..24) {
        let page = u64::from(index) + 100;
        assert_eq!(
            ggtt.write(index * 8, Value::Whole(page << 12 | 1)),
            own(None, map(index, page))
        );
        ggtt.missed(GgttIndex::new(index));
    }
    ggtt
}

/// All that is to be tried again, and succeeds.
fn tried(ggtt: &mut Ggtt) -> Vec<u32> {
    let orders = std::iter::from_fn(|| ggtt.take_missed());
    orders
        .map(|order| match order {
            Order::Map(index, _) => index.get(),
            Order::Unmap(_) => panic!("only what maps a page can miss it"),
        })
        .collect()
}

#[test]
fn what_is_missed_is_tried_again() {
    let mut ggtt = Ggtt::new(&share()).unwrap();
    assert_eq!(ggtt.take_missed(), None);

    let mut ggtt = all_missed();
    // Twice is once.
    ggtt.missed(GgttIndex::new(5));
    assert_eq!(
        tried(&mut ggtt),
        [4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
    );
    assert_eq!(ggtt.take_missed(), None, "each once");
}

#[test]
fn what_is_missed_is_found_wherever_it_is() {
    let range = |first: u64, count: u64| {
        GmaRange::new(HostGma::new(first << 12), Bytes::new(count << 12)).unwrap()
    };
    let share = Share {
        aperture: range(10, 300),
        hidden: range(1000, 129),
        fences: 4,
    };
    let all = [10, 73, 74, 137, 201, 202, 309, 1000, 1063, 1064, 1128];
    // Each alone, and all.
    let sets = all.iter().map(std::slice::from_ref).chain([&all[..]]);
    for set in sets {
        let mut ggtt = Ggtt::new(&share).unwrap();
        for &index in set {
            let written = ggtt.write(index * 8, Value::Whole(0x5001));
            assert_eq!(written, own(None, map(index, 5)));
            ggtt.missed(GgttIndex::new(index));
        }
        assert_eq!(tried(&mut ggtt), set);
    }
}

#[test]
fn pages_that_are_taken_away_are_missed() {
    let mut ggtt = Ggtt::new(&share()).unwrap();
    for (index, gfn) in [(4, 7), (5, 8), (17, 7), (18, 9), (19, 7)] {
        let _ = ggtt.write(index * 8, Value::Whole(gfn << 12 | 1));
    }
    let _ = ggtt.write(19 * 8, Value::Half(0x7001));
    ggtt.missed_all(|gfn| gfn == Gfn::new(7));
    assert_eq!(ggtt.count_missed(), 2);
    assert_eq!(ggtt.take_missed(), map(4, 7));
    assert_eq!(ggtt.take_missed(), map(17, 7));
    assert_eq!(ggtt.take_missed(), None, "one that is written half waits");
}

#[test]
fn what_is_still_missed_keeps_no_others_waiting() {
    let mut ggtt = all_missed();
    for round in 0..3 {
        for index in (4..8).chain(16..24) {
            let page = u64::from(index) + 100;
            assert_eq!(ggtt.take_missed(), map(index, page), "round {round}");
            ggtt.missed(GgttIndex::new(index));
        }
    }
}

#[test]
fn what_the_guest_changes_is_missed_no_more() {
    let mut ggtt = all_missed();
    // Unmapped, another page, and half of one.
    assert_eq!(ggtt.write(5 * 8, Value::Whole(0)), own(None, unmap(5)));
    assert_eq!(
        ggtt.write(17 * 8, Value::Whole(0x7001)),
        own(None, map(17, 7))
    );
    assert_eq!(
        ggtt.write(23 * 8, Value::Half(0x8001)),
        own(None, unmap(23))
    );
    // What maps nothing misses nothing, nor does what is another's.
    for index in [0, 3, 5, 8, 15, 23, 24, GGTT_SIZE / 8 - 1, u32::MAX] {
        ggtt.missed(GgttIndex::new(index));
    }
    assert_eq!(tried(&mut ggtt), [4, 6, 7, 16, 18, 19, 20, 21, 22]);

    // The page that the table has by now.
    assert_eq!(ggtt.flush(), map(23, 8));
    ggtt.missed(GgttIndex::new(23));
    ggtt.missed(GgttIndex::new(17));
    assert_eq!(ggtt.take_missed(), map(23, 8));
    assert_eq!(ggtt.take_missed(), map(17, 7));
    assert_eq!(ggtt.take_missed(), None);

    let mut ggtt = all_missed();
    ggtt.clear();
    assert_eq!(ggtt.take_missed(), None);
    assert_eq!(
        ggtt.write(4 * 8, Value::Whole(0x9001)),
        own(None, map(4, 9))
    );
    assert_eq!(ggtt.take_missed(), None);
}

#[test]
fn memory_runs_out() {
    for allowed in 0..4 {
        let error = failing::after(allowed, || Ggtt::new(&share()).err());
        assert_eq!(error, Some(ENOMEM), "after {allowed}");
    }
    assert!(failing::after(4, || Ggtt::new(&share()).is_ok()));
}

#[test]
fn entries_for_the_host() {
    let raw = |address| GgttPte::mapping(DmaAddr::new(address)).map(GgttPte::into_raw);
    assert_eq!(raw(0x7f_ffff_f000), Some(0x7f_ffff_f001));
    assert_eq!(raw(0), Some(1));
    assert_eq!(raw(0x80_0000_0000), None, "beyond the bus");
    assert_eq!(raw(u64::MAX << 12), None);
    assert_eq!(raw(0x1800), None, "no page");
}

#[derive(Clone, Debug)]
enum Step {
    Whole(u32, u64),
    Half(u32, bool, u32),
    Flush,
    Clear,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = prop_oneof![3_u32..9, 15_u32..25];
    let low = prop_oneof![
        Just(0),
        Just(0x1001),
        Just(0x2001),
        Just(0x2000),
        any::<u32>()
    ];
    let whole =
        (low.clone(), 0_u32..3).prop_map(|(low, high)| u64::from(high) << 32 | u64::from(low));
    let step = prop_oneof![
        4 => (index.clone(), whole).prop_map(|(i, v)| Step::Whole(i, v)),
        8 => (index, any::<bool>(), low).prop_map(|(i, h, v)| Step::Half(i, h, v)),
        1 => Just(Step::Flush),
        1 => Just(Step::Clear),
    ];
    prop::collection::vec(step, 1..100)
}

/// What the host's table maps, after the orders.
fn carry_out(host: &mut BTreeMap<u32, u64>, order: Option<Order>) {
    match order {
        Some(Order::Map(index, gfn)) => {
            host.insert(index.get(), gfn.get());
        }
        Some(Order::Unmap(index)) => {
            host.remove(&index.get())
                .expect("only what is mapped is unmapped");
        }
        None => {}
    }
}

/// What hardware would map, given the bytes of the table.
fn hardware(bytes: &BTreeMap<u32, u64>) -> BTreeMap<u32, u64> {
    bytes
        .iter()
        .filter(|(_, entry)| *entry & 1 != 0)
        .map(|(&index, entry)| (index, entry >> 12 & 0x3_ffff_ffff))
        .collect()
}

proptest! {
    #[test]
    fn after_a_flush_the_host_maps_what_hardware_would(steps in steps()) {
        let mut ggtt = Ggtt::new(&share()).unwrap();
        let mut host = BTreeMap::new();
        let mut bytes = BTreeMap::new();
        let ours = |index: u32| (4..8).contains(&index) || (16..24).contains(&index);
        for step in steps {
            let written = match step {
                Step::Whole(index, value) => {
                    if ours(index) {
                        bytes.insert(index, value);
                    }
                    Some((index, ggtt.write(index * 8, Value::Whole(value))))
                }
                Step::Half(index, high, value) => {
                    if ours(index) {
                        let entry: &mut u64 = bytes.entry(index).or_default();
                        let shift = if high { 32 } else { 0 };
                        *entry = *entry & !(0xffff_ffff << shift) | u64::from(value) << shift;
                    }
                    Some((index, ggtt.write(index * 8 + u32::from(high) * 4, Value::Half(value))))
                }
                Step::Flush => {
                    carry_out(&mut host, ggtt.flush());
                    prop_assert_eq!(&host, &hardware(&bytes));
                    None
                }
                Step::Clear => {
                    for (index, gfn) in ggtt.mapped() {
                        prop_assert_eq!(host.remove(&index.get()), Some(gfn.get()));
                    }
                    prop_assert!(host.is_empty());
                    ggtt.clear();
                    bytes.clear();
                    None
                }
            };
            match written {
                Some((index, Ok(Written::Own(orders)))) => {
                    prop_assert!(ours(index));
                    carry_out(&mut host, orders.earlier);
                    carry_out(&mut host, orders.now);
                }
                Some((index, written)) => {
                    prop_assert!(!ours(index));
                    prop_assert_eq!(written, Ok(Written::Foreign));
                }
                None => {}
            }
            // What the host maps is what the guest would find, but for one half-written entry.
            let expected = hardware(&bytes);
            prop_assert!(host.iter().all(|(index, gfn)| expected.get(index) == Some(gfn)));
            prop_assert!(host.len() + 1 >= expected.len());
            for index in 0..30 {
                prop_assert_eq!(ggtt.read(index * 8, 8), Ok(bytes.get(&index).copied().unwrap_or(0)));
                let found = ggtt.lookup(GgttIndex::new(index)).map(Gfn::get);
                prop_assert_eq!(found, host.get(&index).copied());
            }
        }
    }
}
