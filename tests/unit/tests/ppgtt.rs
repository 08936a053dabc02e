// SPDX-License-Identifier: GPL-2.0

//! What the shadow of a guest's per-process tables says.

mod ppgtt_world;

use ppgtt_world::guest::{four, Guest, IPS, PS, RW};
use ppgtt_world::PAGES;
use unit::hw::addr::{Bytes, Gfn, GuestPhys};
use unit::model::ppgtt::Config;
use unit::model::pvinfo::Root;

#[test]
fn a_page_through_four_levels() {
    let mut guest = Guest::new();
    guest.simple(20);
    let hold = guest.hold(four(10));
    assert_eq!(guest.find(&hold, 0), (20 + PAGES) << 12 | RW);
    assert_eq!(guest.find(&hold, 0x1000), 0, "absent is absent");
    assert_eq!(guest.pinned(), [20]);
    assert_eq!(guest.tracked(), [10, 11, 12, 13]);
}

#[test]
fn a_table_is_complete_before_it_is_pointed_to() {
    let mut guest = Guest::new();
    guest.simple(20);
    let hold = guest.hold(four(10));
    let log = guest.world.state().log.clone();
    let [_, _, _, (top, _, _)] = log[..] else {
        panic!("one entry at each level");
    };
    assert_eq!(top << 12, hold.pdps()[0].get());
    for pair in log.windows(2) {
        assert_eq!(pair[1].2 >> 12, pair[0].0, "from the bottom up");
    }
}

#[test]
fn bits_that_are_copied_and_that_are_not() {
    let mut guest = Guest::new();
    guest.simple(20);
    let all = 0xffff_c000_0000_0fff;
    guest.set(13, 1, 20, all);
    guest.set(13, 2, 20, all & !2);
    let hold = guest.hold(four(10));
    assert_eq!(guest.find(&hold, 0x1000) & 0xfff, 0x9b);
    assert_eq!(guest.find(&hold, 0x1000) >> 46, 0);
    assert_eq!(guest.find(&hold, 0x2000) & 0xfff, 0x99, "read-only");
}

#[test]
fn three_levels() {
    let mut guest = Guest::new();
    guest.simple(20);
    let root = |gfns: [u64; 4]| Root::Three(gfns.map(|gfn| GuestPhys::new(gfn << 12)));
    let both = guest.hold(root([12, 0, 12, 30]));
    let [a, b, c, d] = both.pdps();
    assert_eq!(a, c, "one shadow of one table");
    assert!(a != b && b != d && a != d);
    // Its directory is the one that a 4-level table points to.
    let tables = guest.count().tables;
    let other = guest.hold(four(10));
    assert_eq!(guest.count().tables, tables + 2);
    guest.tables.release(both);
    guest.tables.release(other);
}

#[test]
fn the_low_bits_of_a_root_mean_nothing() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest.submit(four(10));
    guest.submit(Root::Four(GuestPhys::new(10 << 12 | 0xfff)));
    assert_eq!(guest.count().roots, 1);
    guest
        .tables
        .destroy(Root::Four(GuestPhys::new(10 << 12 | 1)));
    assert_eq!(guest.count().roots, 0);
}

#[test]
fn scratch_tables_of_a_guest_cost_one_shadow_each() {
    let mut guest = Guest::new();
    for gfn in 10..14 {
        for index in 0..512 {
            guest.set(gfn, index, gfn + 1, RW);
        }
    }
    guest.submit(four(10));
    assert_eq!(guest.count().tables, 4);
    // And once the guest puts its own in.
    let before = guest.count();
    guest.set(13, 5, 21, RW);
    guest.submit(four(10));
    assert_eq!(guest.count().set, before.set + 1);
    assert_eq!(guest.count().read, before.read + 1);
}

#[test]
fn pages_of_64k() {
    let mut guest = Guest::new();
    guest
        .world
        .state()
        .memory
        .extend((64..96).map(|gfn| (gfn, [0; 512])));
    guest.simple(20);
    guest.set(12, 0, 13, RW | IPS);
    guest.set(13, 0, 67, RW);
    guest.set(13, 5, 20, RW);
    let hold = guest.hold(four(10));
    assert_eq!(guest.find(&hold, 0x5000), (20 + PAGES) << 12 | RW, "off");
    guest.tables.release(hold);

    guest.tables.set_pages_64k(true);
    guest.pages_64k = true;
    let hold = guest.hold(four(10));
    assert_eq!(guest.find(&hold, 0x5000), (69 + PAGES) << 12 | RW);
    assert_eq!(guest.find(&hold, 0x1_0000), 0);
    assert_eq!(guest.pinned(), (64..80).collect::<Vec<_>>());
    guest.tables.release(hold);
    // The same table, from a directory that maps 4 KiB with it.
    guest.set(12, 1, 13, RW);
    let hold = guest.hold(four(10));
    assert_eq!(guest.find(&hold, 5 << 12), (69 + PAGES) << 12 | RW);
    assert_eq!(
        guest.find(&hold, 1 << 21 | 5 << 12),
        (20 + PAGES) << 12 | RW
    );
    guest.tables.release(hold);
    // The leader is what counts.
    guest.set(13, 0, 80, RW);
    guest.submit(four(10));
    assert_eq!(
        guest.pinned(),
        [20].into_iter().chain(80..96).collect::<Vec<_>>()
    );
}

#[test]
fn pages_of_2m() {
    let mut guest = Guest::new();
    guest
        .world
        .state()
        .memory
        .extend((512..1024).map(|gfn| (gfn, [0; 512])));
    guest.simple(20);
    // With the third bit of cacheability, and bits of the address that count for nothing.
    guest.set(12, 0, 512 + 77, RW | PS);
    guest.submit(four(10));
    assert_eq!(guest.pinned().len(), 512);
    assert_eq!(guest.count().tables, 4);
    // A hole in it.
    guest.tables.unmapped(Gfn::new(700), 1);
    guest.world.state().memory.remove(&700);
    guest.submit(four(10));
    assert_eq!(guest.pinned().len(), 511);
    // Gone with its entry.
    guest.set(12, 0, 0, 0);
    guest.submit(four(10));
    assert!(guest.pinned().is_empty());
    assert_eq!(guest.count().tables, 3);
}

#[test]
fn a_larger_type_has_more_tables() {
    let tables = |mib| Config::for_size(Bytes::mib(mib)).tables;
    assert_eq!(tables(0), 1024);
    assert_eq!(tables(32 + 192), 1792);
    assert_eq!(tables(64 + 384), 3584);
    assert_eq!(tables(512 + 2048), 8192);
    assert_eq!(tables(1 << 30), 8192);
}

#[test]
fn what_is_not_supported_or_not_memory() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest.set(11, 1, 0, RW | PS);
    guest.set(12, 1, 99, RW);
    guest.set(13, 1, 99, RW);
    guest.set(13, 2, 0x3_ffff_ffff, RW);
    let hold = guest.hold(four(10));
    let scratch = guest.find(&hold, 0x1000);
    assert_eq!(scratch, guest.find(&hold, 0x2000));
    assert_eq!(
        guest.find(&hold, 1 << 21),
        0,
        "in a table that is no memory"
    );
    guest.tables.release(hold);
    guest.submit(four(0xdead_beef));
    // Memory that the GPU does not reach.
    guest.world.state().far.insert(21);
    guest.set(13, 3, 21, RW);
    let hold = guest.tables.hold(four(10)).unwrap();
    assert_eq!(guest.find(&hold, 0x3000), scratch);
    guest.tables.release(hold);
    guest.set(13, 3, 0, 0);
    guest.submit(Root::Four(GuestPhys::new(u64::MAX)));
    assert_eq!(guest.pinned(), [20]);
}

#[test]
fn writes_of_any_shape() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest.submit(four(10));
    let entry = |gfn: u64| (gfn << 12 | RW).to_le_bytes();
    // Halves.
    guest.write(13 << 12 | 8, &entry(21)[..4]);
    guest.write(13 << 12 | 12, &entry(21)[4..]);
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [20, 21]);
    // Two entries at once, and one byte of the next.
    let bytes: Vec<u8> = [entry(22), entry(23)].concat();
    guest.write(13 << 12 | 16, &bytes);
    guest.write(13 << 12 | 33, &[0x40]);
    guest.write(13 << 12 | 32, &[0x03]);
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [4, 20, 21, 22, 23]);
    // Across the end of a page, of which the one after is a table, too.
    let bytes: Vec<u8> = [entry(24), entry(26)].concat();
    guest.write((13 << 12) - 8, &bytes);
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [4, 21, 22, 23, 26]);
    assert_eq!(guest.tracked(), [10, 11, 12, 13, 24]);
    // Nothing, and more than any instruction writes.
    guest.tables.written(GuestPhys::new(13 << 12), 0);
    guest.tables.written(GuestPhys::new(u64::MAX), 2);
    guest.world.write(13 << 12, &entry(25));
    guest.tables.written(GuestPhys::new(0), usize::MAX);
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [4, 21, 22, 23, 25]);
}
