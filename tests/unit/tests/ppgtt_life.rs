// SPDX-License-Identifier: GPL-2.0

//! How long the shadow of a guest's per-process tables keeps what, and what happens at its limits.

mod ppgtt_world;

use kernel::alloc::failing;
use kernel::error::code::{EAGAIN, EBUSY, EFAULT, ENOMEM};
use ppgtt_world::guest::{four, Guest, RW};
use ppgtt_world::{World, PAGES};
use unit::hw::addr::{Gfn, GuestPhys};
use unit::model::ppgtt::{Config, Tables};
use unit::model::pvinfo::Root;
use unit::model::seam::{edquot, PagePinner};

#[test]
fn the_last_of_many_writes_counts() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest.submit(four(10));
    let before = guest.count();
    for round in 0..1000 {
        guest.set(13, round % 4, 30 + round % 20, RW);
    }
    guest.set(13, 0, 20, RW);
    guest.submit(four(10));
    let after = guest.count();
    let patience = Config::default().patience;
    assert_eq!(after.written, before.written + u64::from(patience));
    assert_eq!(after.read, before.read + 1);
    assert_eq!(after.set, before.set + 3, "entry 0 is what it was");
    // It is tracked again, and patience is new.
    assert_eq!(guest.tracked(), [10, 11, 12, 13]);
    for round in 1..patience {
        guest.set(13, 0, u64::from(20 + round), RW);
        assert_eq!(guest.tracked(), [10, 11, 12, 13]);
    }
    guest.set(13, 0, 29, RW);
    assert_eq!(guest.tracked(), [10, 11, 12]);
    guest.set(13, 1, 29, RW);
    guest.submit(four(10));
}

#[test]
fn what_runs_keeps_its_pages() {
    let mut guest = Guest::new();
    guest.simple(20);
    let first = guest.hold(four(10));
    guest.set(13, 0, 21, RW);
    let second = guest.hold(four(10));
    guest.set(12, 0, 0, 0);
    let third = guest.hold(four(10));
    assert_eq!(guest.pinned(), [20, 21]);
    assert_eq!(guest.tracked(), [10, 11, 12]);
    assert_eq!(guest.count().retired, 1);
    guest.tables.release(first);
    assert_eq!(guest.pinned(), [21], "what left before the second");
    guest.tables.release(third);
    assert_eq!(guest.pinned(), [21]);
    guest.tables.release(second);
    assert!(guest.pinned().is_empty());
    assert_eq!(guest.count().retired, 0);
}

#[test]
fn what_runs_catches_up() {
    let mut guest = Guest::new();
    guest.simple(20);
    let hold = guest.hold(four(10));
    guest.set(13, 0, 21, RW);
    guest.tables.catch_up().unwrap();
    assert_eq!(guest.find(&hold, 0), (PAGES + 21) << 12 | RW);
    assert_eq!(guest.pinned(), [20, 21], "the GPU may still know it");
    guest.tables.release(hold);
    assert_eq!(guest.pinned(), [21]);
}

#[test]
fn what_runs_catches_up_in_portions() {
    let mut guest = Guest::with(Config {
        work: 100,
        ..Config::default()
    });
    guest.simple(20);
    let hold = guest.hold(four(10));
    for count in [390, 410] {
        for index in 0..count {
            guest.set(13, index, 21 + count % 2 + index % 3, RW);
        }
        let done = guest.tables.catch_up();
        assert_eq!(done, if count < 400 { Ok(()) } else { Err(EAGAIN) });
        for index in 0..count {
            guest.set(13, index, 30, RW);
        }
        while guest.tables.catch_up().is_err() {}
    }
    assert_eq!(guest.find(&hold, 409 << 12), (PAGES + 30) << 12 | RW);
    guest.tables.release(hold);
    assert_eq!(guest.pinned(), [30]);
}

#[test]
fn what_runs_catches_up_at_the_quota() {
    let mut guest = Guest::new();
    guest.simple(20);
    for gfn in 30..33 {
        guest.set(gfn, 0, gfn + 1, RW);
    }
    guest.set(33, 0, 21, RW);
    guest.submit(four(30));
    let hold = guest.hold(four(10));
    guest.world.state().quota = Some(3);
    guest.set(13, 0, 22, RW);
    guest.tables.catch_up().unwrap();
    assert_eq!(guest.find(&hold, 0), (PAGES + 22) << 12 | RW);
    guest.set(13, 1, 23, RW);
    // 20, 21 and 22 are pinned, and what runs may still know each.
    assert_eq!(guest.tables.catch_up(), Err(EBUSY));
    guest.tables.release(hold);
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [22, 23], "the idle root was given up");
}

#[test]
fn what_runs_with_a_root_that_was_forgotten_does_not_catch_up() {
    let mut guest = Guest::new();
    guest.simple(20);
    let first = guest.hold(four(10));
    guest.tables.catch_up().unwrap();
    guest.tables.destroy(four(10));
    assert_eq!(guest.tables.catch_up(), Err(EBUSY));
    // Nor if it has come back.
    let second = guest.hold(four(10));
    assert_eq!(guest.tables.catch_up(), Err(EBUSY));
    guest.tables.release(first);
    guest.tables.catch_up().unwrap();
    guest.tables.release(second);
}

#[test]
fn a_table_that_is_forgotten_while_it_runs() {
    let mut guest = Guest::new();
    guest.simple(20);
    let hold = guest.hold(four(10));
    guest.tables.destroy(four(10));
    assert!(guest.tracked().is_empty());
    assert_eq!(guest.pinned(), [20]);
    // The guest uses the page for another table at once.
    guest.simple(21);
    let again = guest.hold(four(10));
    assert!(hold.pdps() != again.pdps());
    guest.tables.release(hold);
    assert_eq!(guest.pinned(), [21]);
    // Late, and twice.
    guest.tables.destroy(four(10));
    guest.tables.destroy(four(10));
    guest.tables.release(again);
    assert!(guest.pinned().is_empty() && guest.tracked().is_empty());
    guest.submit(four(10));
}

#[test]
fn a_page_of_a_table_becomes_something_else() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest.submit(four(10));
    // Text, before anyone says that the table is none.
    let text = [b'x'; 4096];
    guest.write(13 << 12, &text);
    guest.write(11 << 12, &text);
    guest.submit(four(10));
    guest.submit(four(30));
    guest.tables.destroy(four(10));
    assert!(guest.pinned().is_empty());
}

#[test]
fn tracks_that_end_by_themselves() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest.submit(four(10));
    guest.world.lose_tracks();
    guest.set(13, 0, 21, RW);
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [21], "the write was told to nobody");
    assert_eq!(guest.tracked(), [10, 11, 12, 13]);
    let before = guest.count();
    guest.submit(four(10));
    assert_eq!(guest.count(), before, "once is enough");
}

#[test]
fn tracks_that_end_while_one_is_held() {
    let mut guest = Guest::new();
    guest.simple(20);
    let first = guest.hold(four(10));
    guest.tables.destroy(four(10));
    guest.world.lose_tracks();
    guest.simple(21);
    let second = guest.hold(four(10));
    guest.tables.release(first);
    guest.tables.release(second);
    assert_eq!(guest.tracked(), [10, 11, 12, 13]);
    assert_eq!(guest.pinned(), [21]);
}

/// What is no table any more is not read as one, whichever number it has.
#[test]
fn a_table_that_was_given_up_is_not_looked_at() {
    let mut guest = Guest::new();
    // So that a table at the bottom has a lower number than those above it.
    guest.set(41, 0, 20, RW);
    guest.set(40, 0, 41, RW);
    let directories = |gfn: u64| Root::Three([gfn, 0, 0, 0].map(|gfn| GuestPhys::new(gfn << 12)));
    guest.submit(directories(40));
    guest.simple(21);
    guest.set(12, 1, 41, RW);
    guest.submit(four(10));
    guest.tables.destroy(directories(40));

    guest.world.state().quota = Some(1);
    guest.set(12, 1, 0, 0);
    for index in 0..3 {
        guest.set(41, index, 30 + index, RW);
    }
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [21]);
}

#[test]
fn tables_that_point_at_themselves() {
    let mut guest = Guest::new();
    for index in 0..512 {
        guest.set(10, index, 10, RW);
    }
    guest.set(11, 0, 12, RW);
    guest.set(12, 0, 11, RW);
    guest.submit(four(10));
    assert_eq!(guest.count().tables, 4, "one for each level");
    assert_eq!(guest.pinned(), [10]);
    guest.submit(four(11));
    guest.set(10, 7, 0, 0);
    guest.submit(four(10));
    guest.tables.destroy(four(10));
    guest.tables.destroy(four(11));
    assert_eq!(guest.count().tables, 0);
    assert!(guest.pinned().is_empty() && guest.tracked().is_empty());
}

#[test]
fn shadows_of_one_page_at_several_levels() {
    let three = Root::Three([13, 0, 0, 0].map(|gfn: u64| GuestPhys::new(gfn << 12)));
    let roots = [four(10), four(13), three];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        for forgotten in roots {
            let mut guest = Guest::new();
            guest.simple(20);
            order
                .iter()
                .for_each(|&which: &usize| guest.submit(roots[which]));
            guest.tables.destroy(forgotten);
            guest.set(13, 7, 30, RW);
            roots.into_iter().for_each(|root| guest.submit(root));
            roots
                .into_iter()
                .for_each(|root| guest.tables.destroy(root));
            assert_eq!(guest.count().tables, 0);
        }
    }
}

#[test]
fn memory_that_comes_and_goes_unsaid() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest.submit(four(10));
    for _ in 0..2 {
        let page = guest.world.state().memory.remove(&12).unwrap();
        guest.tables.written(GuestPhys::new(12 << 12), 8);
        for _ in 0..2 {
            guest.submit(four(10));
            assert!(guest.pinned().is_empty());
            assert_eq!(guest.tracked(), [10, 11]);
        }
        guest.world.state().memory.insert(12, page);
        guest.submit(four(10));
        assert_eq!(guest.pinned(), [20]);
        assert_eq!(guest.tracked(), [10, 11, 12, 13]);
    }
}

/// To empty a table takes room for all that it may hold. One that holds nothing needs none.
#[test]
fn a_table_that_never_was_memory() {
    let config = Config {
        retired: 8,
        ..Config::default()
    };
    let mut guest = Guest::with(config);
    guest.simple(20);
    let running = guest.hold(four(10));
    guest.submit(four(99));
    guest.submit(four(99));

    let page = guest.world.state().memory.remove(&12).unwrap();
    guest.tables.written(GuestPhys::new(12 << 12), 8);
    assert_eq!(guest.tables.hold(four(10)).unwrap_err(), EBUSY);
    guest.tables.release(running);
    guest.submit(four(10));
    guest.world.state().memory.insert(12, page);
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [20]);
}

#[test]
fn memory_that_is_taken_away() {
    let mut guest = Guest::new();
    guest.simple(20);
    guest.set(13, 1, 21, RW);
    guest.submit(four(10));
    guest.tables.unmapped(Gfn::new(18), 2);
    assert_eq!(guest.pinned(), [20, 21]);
    guest.tables.unmapped(Gfn::new(21), 100);
    assert_eq!(guest.pinned(), [20]);
    // It was put back before anything looked.
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [20, 21]);
    // A table.
    guest.tables.unmapped(Gfn::new(12), 1);
    assert!(guest.pinned().is_empty());
    assert_eq!(guest.tracked(), [10, 11]);
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [20, 21]);
    // Everything, with something that formally still runs.
    let hold = guest.hold(four(10));
    guest.set(13, 1, 22, RW);
    let other = guest.hold(four(10));
    guest.tables.unmapped(Gfn::new(0), u64::MAX);
    assert!(guest.pinned().is_empty() && guest.tracked().is_empty());
    guest.tables.release(hold);
    guest.tables.release(other);
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [20, 22]);
}

#[test]
fn roots_that_are_never_given_back() {
    for config in [
        Config {
            roots: 4,
            ..Config::default()
        },
        Config {
            tables: 8,
            ..Config::default()
        },
    ] {
        let mut guest = Guest::with(config);
        for gfn in 1..60 {
            guest.submit(four(gfn));
            guest.submit(four(1));
        }
        // One that runs keeps what others give up.
        let hold = guest.hold(four(1));
        let mut hold = Some(hold);
        for gfn in 1..60 {
            let roots = guest.count().roots;
            match guest.tables.hold(four(gfn)) {
                Ok(other) => guest.tables.release(other),
                Err(error) => {
                    assert_eq!(error, EBUSY);
                    assert!(guest.count().roots + 1 >= roots, "one at a time");
                    guest.tables.release(hold.take().unwrap());
                    hold = Some(guest.hold(four(1)));
                }
            }
        }
        guest.tables.release(hold.unwrap());
        let roots = guest.count().roots;
        assert!((4..=8).contains(&roots), "{roots}");
        let before = guest.count().read;
        guest.submit(four(1));
        assert_eq!(guest.count().read, before, "the one in use stays");
    }
}

#[test]
fn limits_that_are_reached() {
    let config = Config {
        tables: 5,
        ..Config::default()
    };
    let mut guest = Guest::with(config);
    guest.simple(20);
    guest.simple(21);
    let hold = guest.hold(four(10));
    // Needs more than is left beside the first.
    guest.set(30, 0, 11, RW);
    guest.set(30, 1, 31, RW);
    assert_eq!(guest.tables.hold(four(30)).unwrap_err(), EBUSY);
    guest.tables.release(hold);
    guest.submit(four(30));
    // More than there is.
    for index in 0..8 {
        guest.set(30, index, 40 + index, RW);
    }
    assert_eq!(guest.tables.hold(four(30)).unwrap_err(), edquot());
    // That is no reason to refuse others.
    guest.submit(four(10));

    let config = Config {
        tables: 2,
        ..Config::default()
    };
    let mut small = Guest::with(config);
    let root = Root::Three([1, 2, 3, 4].map(|gfn: u64| GuestPhys::new(gfn << 12)));
    assert_eq!(small.tables.hold(root).unwrap_err(), edquot());
    assert_eq!(small.count().tables, 0);

    guest.world.state().quota = Some(1);
    guest.set(13, 1, 22, RW);
    assert_eq!(guest.tables.hold(four(10)).unwrap_err(), edquot());
    guest.world.state().quota = None;
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [21, 22]);
}

/// Another table's page takes the room of what does not run, of as little as need be.
#[test]
fn room_for_another_table() {
    let mut guest = Guest::new();
    // Roots in pages 30 to 33 that map a page each, and share no table.
    for root in 0..4 {
        let (top, table) = (30 + root, 40 + 3 * root);
        guest.set(top, 0, table, RW);
        guest.set(table, 0, table + 1, RW);
        guest.set(table + 1, 0, table + 2, RW);
        guest.set(table + 2, 0, 20 + root, RW);
        guest.submit(four(top));
    }
    guest.world.state().quota = Some(4);
    let pin = |guest: &mut Guest, gfn| {
        let world = guest.world.clone();
        let pinned = guest.tables.make_room_for(|| world.pin(Gfn::new(gfn)));
        pinned.map(|(pin, _)| pin)
    };

    // The one that was used longest ago.
    guest.submit(four(30));
    let first = pin(&mut guest, 1).unwrap();
    assert_eq!(guest.pinned(), [1, 20, 22, 23]);
    assert_eq!(pin(&mut guest, 63).map(drop), Ok(()));
    assert_eq!(guest.pinned(), [1, 20, 23]);
    drop(first);
    guest.submit(four(31));
    guest.submit(four(32));
    assert_eq!(guest.pinned(), [20, 21, 22, 23]);

    // What is not the guest's memory is no reason to give up anything.
    assert_eq!(pin(&mut guest, 99).map(drop), Err(EFAULT));
    assert_eq!(guest.pinned(), [20, 21, 22, 23]);

    // What runs may have the page that its neighbour gives up: no more than one does, until it is known.
    let running = guest.hold(four(31));
    for _ in 0..2 {
        assert_eq!(pin(&mut guest, 1).map(drop), Err(EBUSY));
        assert_eq!(guest.count().roots, 3);
        assert_eq!(guest.pinned(), [20, 21, 22, 23]);
    }
    guest.tables.release(running);
    let second = pin(&mut guest, 1).unwrap();
    assert_eq!(guest.count().roots, 3);

    // What runs gives up nothing. When nothing does, all do, but that is not enough.
    guest.world.state().quota = Some(1);
    let running = guest.hold(four(31));
    for _ in 0..3 {
        assert_eq!(pin(&mut guest, 2).map(drop), Err(EBUSY));
        assert_eq!(guest.count().roots, 2);
    }
    guest.tables.release(running);
    assert_eq!(pin(&mut guest, 2).map(drop), Err(edquot()));
    assert_eq!(guest.count().roots, 0);
    assert_eq!(guest.pinned(), [1]);
    drop(second);
    assert!(guest.pinned().is_empty());
}

/// One page in many entries takes nothing of the quota, but each entry that changes keeps something.
#[test]
fn what_leaves_while_something_runs_is_bounded() {
    let config = Config {
        retired: 8,
        ..Config::default()
    };
    let mut guest = Guest::with(config);
    guest.simple(20);
    for index in 0..16 {
        guest.set(13, index, 20, RW);
    }
    let running = guest.hold(four(10));
    for round in 0..100 {
        for index in 0..16 {
            guest.set(13, index, 20 + (round + 1) % 2, RW);
        }
        assert_eq!(guest.tables.hold(four(10)).unwrap_err(), EBUSY);
    }
    let kept = guest.world.state().pins.values().sum::<u32>();
    assert_eq!(kept, 16 + config.retired);
    // What was absent is no reason to wait.
    guest.set(30, 0, 31, RW);
    guest.set(10, 1, 30, RW);
    guest.tables.release(running);
    guest.submit(four(10));
    assert_eq!(guest.world.state().pins.values().sum::<u32>(), 16);
}

#[test]
fn work_in_portions() {
    let config = Config {
        work: 1,
        ..Config::default()
    };
    let mut guest = Guest::with(config);
    guest.simple(20);
    for index in 0..16 {
        guest.set(13, index, 20 + index, RW);
    }
    let mut portions = 0;
    let hold = loop {
        match guest.tables.hold(four(10)) {
            Err(EAGAIN) => portions += 1,
            other => break other.unwrap(),
        }
        assert!(portions < 100, "each makes progress");
    };
    assert!(portions >= 16);
    guest.tables.release(hold);
    guest.submit(four(10));
}

#[test]
fn without_tracking() {
    let mut guest = Guest::new();
    guest.world.state().kvm = false;
    guest.simple(20);
    guest.submit(four(10));
    assert!(guest.tracked().is_empty());
    guest.set(13, 0, 21, RW);
    let before = guest.count();
    guest.submit(four(10));
    assert_eq!(guest.pinned(), [21]);
    assert_eq!(guest.count().read, before.read + 4);
    assert_eq!(guest.count().set, before.set + 1);
    // From now on there is.
    guest.world.state().kvm = true;
    guest.submit(four(10));
    assert_eq!(guest.tracked(), [10, 11, 12, 13]);
    let before = guest.count();
    guest.submit(four(10));
    assert_eq!(guest.count(), before);
}

#[test]
fn memory_runs_out_anywhere() {
    for allowed in 0..100 {
        let mut guest = Guest::new();
        guest.simple(20);
        let running = guest.hold(four(10));
        guest.set(12, 1, 14, RW);
        guest.set(14, 3, 21, RW);
        guest.set(13, 0, 22, RW);
        let error = failing::after(allowed, || guest.tables.hold(four(10)).err());
        let new = failing::after(allowed, || guest.tables.hold(four(30)).err());
        assert!(error.is_none_or(|error| error == ENOMEM));
        assert!(guest.pinned().contains(&20), "something runs");
        assert!(new.is_none_or(|error| error == ENOMEM));
        guest.submit(four(30));
        guest.submit(four(10));
        guest.tables.release(running);
        guest.tables.clear();
        assert!(guest.pinned().is_empty() && guest.tracked().is_empty());
        let world = guest.world.clone();
        drop(guest);
        assert!(world.nothing_is_left());
    }
}

#[test]
fn a_shadow_that_cannot_be_made() {
    let world = World::new(true);
    let config = Config::default();
    let most = (0..).find(|&allowed| {
        let made = failing::after(allowed, || Tables::new(world.clone(), config, 1));
        made.map_err(|error| assert_eq!(error, ENOMEM)).is_ok()
    });
    assert!(most.is_some_and(|most| (5..20).contains(&most)));
    assert!(world.nothing_is_left());
}
