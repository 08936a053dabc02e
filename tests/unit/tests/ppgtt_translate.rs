// SPDX-License-Identifier: GPL-2.0

//! Where in the guest's memory the GPU finds what is at an address.

mod ppgtt_world;

use ppgtt_world::guest::{four, Guest, IPS, PS, RW};
use unit::hw::addr::GuestPhys;
use unit::model::ppgtt::Hold;
use unit::model::pvinfo::Root;

fn at(guest: &Guest, hold: &Hold, address: u64) -> Option<u64> {
    guest.tables.translate(hold, address).map(GuestPhys::get)
}

#[test]
fn through_four_levels() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest.set(13, 2, 21, RW);
    let hold = guest.hold(four(10));
    assert_eq!(at(&guest, &hold, 0), Some(20 << 12));
    assert_eq!(at(&guest, &hold, 0xffc), Some(20 << 12 | 0xffc));
    assert_eq!(at(&guest, &hold, 0x1000), None, "absent");
    assert_eq!(at(&guest, &hold, 0x2004), Some(21 << 12 | 4));
    for bit in 21..64 {
        assert_eq!(at(&guest, &hold, 1 << bit), None, "bit {bit}");
    }
}

#[test]
fn each_level_has_its_part_of_the_address() {
    let mut guest = Guest::new();
    for (gfn, index) in [(10, 511), (11, 1), (12, 300), (13, 77)] {
        guest.set(gfn, index, if gfn == 13 { 20 } else { gfn + 1 }, RW);
    }
    let hold = guest.hold(four(10));
    let address = 511 << 39 | 1 << 30 | 300 << 21 | 77 << 12 | 0x123;
    assert_eq!(at(&guest, &hold, address), Some(20 << 12 | 0x123));
}

#[test]
fn three_levels() {
    let mut guest = Guest::new();
    guest.simple(20);
    let directories = [0, 12, 0, 12].map(|gfn: u64| GuestPhys::new(gfn << 12));
    let hold = guest.hold(Root::Three(directories));
    assert_eq!(at(&guest, &hold, 0), None);
    assert_eq!(at(&guest, &hold, 1 << 30 | 8), Some(20 << 12 | 8));
    assert_eq!(at(&guest, &hold, 3 << 30), Some(20 << 12));
    assert_eq!(at(&guest, &hold, 1 << 32 | 1 << 30), None, "too long");
}

#[test]
fn larger_pages() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest
        .world
        .state()
        .memory
        .extend((512..1024).map(|gfn| (gfn, [0; 512])));
    guest.set(12, 3, 512, RW | PS);
    let hold = guest.hold(four(10));
    let address = 3 << 21 | 0x12_3456;
    assert_eq!(at(&guest, &hold, address), Some(512 << 12 | 0x12_3456));
}

#[test]
fn pages_of_64_kib() {
    let mut guest = Guest::new();
    guest.pages_64k = true;
    guest.tables.set_pages_64k(true);
    guest.simple(20);
    guest.set(12, 0, 13, RW | IPS);
    guest.set(13, 16, 32, RW);
    let hold = guest.hold(four(10));
    assert_eq!(at(&guest, &hold, 0x1_5678), Some(32 << 12 | 0x5678));
}

#[test]
fn what_is_not_the_guests_memory() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest.set(13, 1, 1 << 20, RW);
    let hold = guest.hold(four(10));
    assert_eq!(at(&guest, &hold, 0x1000), None);
}

#[test]
fn a_hold_that_is_none_any_more() {
    let mut guest = Guest::new();
    guest.simple(20);
    let first = guest.hold(four(10));
    guest.tables.clear();
    assert_eq!(at(&guest, &first, 0), None);
}
