// SPDX-License-Identifier: GPL-2.0

//! Over long times: shares by weight, idle engines, starvation.

use super::engine::{Engine, Guest};
use super::{weight, MILLISECOND};
use proptest::prelude::*;
use unit::model::partition::MAX_VGPUS;
use unit::model::sched::CREDIT;

const SECOND: u64 = 1000 * MILLISECOND;

fn guests(longest: u64) -> impl Strategy<Value = Vec<Guest>> {
    let length = 300_000_u64..longest;
    let guest = (1_u16..17, length.clone(), length).prop_map(|(value, a, b)| Guest {
        shortest: a.min(b),
        longest: a.max(b),
        ..Guest::busy(weight(value), 0)
    });
    prop::collection::vec(guest, 2..=MAX_VGPUS)
}

/// What each had, less what it was to have by its weight, in nanoseconds.
fn errors(engine: &Engine, guests: &[Guest]) -> Vec<i64> {
    let total: u64 = engine.used.iter().sum();
    let weights: u64 = guests
        .iter()
        .map(|guest| u64::from(guest.policy.weight))
        .sum();
    let expected = guests
        .iter()
        .map(|guest| total * u64::from(guest.policy.weight) / weights);
    let pairs = engine.used.iter().zip(expected);
    pairs
        .map(|(&used, expected)| used as i64 - expected as i64)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 100, ..ProptestConfig::default() })]

    /// Short and long batches, mixed: within 2 % of 10 s.
    #[test]
    fn shares_follow_weights(guests in guests(30 * MILLISECOND)) {
        let mut engine = Engine::new(&guests, true, 0);
        engine.run(10 * SECOND);
        for error in errors(&engine, &guests) {
            prop_assert!(error.unsigned_abs() <= 10 * SECOND * 2 / 100, "{error} of {:?}", engine.used);
        }
        prop_assert_eq!(&engine.evicted, &vec![0; guests.len()]);
        prop_assert!(engine.idle <= 10 * SECOND / 50, "{} idle", engine.idle);
    }

    /// The same if nothing can be left in its middle; there, pieces have to be shorter.
    #[test]
    fn shares_follow_weights_without_preemption(guests in guests(4 * MILLISECOND)) {
        let mut engine = Engine::new(&guests, false, 0);
        engine.run(10 * SECOND);
        for error in errors(&engine, &guests) {
            prop_assert!(error.unsigned_abs() <= 10 * SECOND * 2 / 100, "{error} of {:?}", engine.used);
        }
        prop_assert_eq!(&engine.evicted, &vec![0; guests.len()]);
    }

    /// Whoever has little to do gets it done soon, whatever the others do.
    #[test]
    fn nobody_starves(guests in guests(30 * MILLISECOND)) {
        let mut guests = guests;
        guests[0] = Guest { thinks: 20 * MILLISECOND, ..Guest::busy(weight(16), MILLISECOND / 2) };
        let mut engine = Engine::new(&guests, true, 0);
        engine.run(4 * SECOND);
        // Each of the others may have begun a slice, and have a claim to another.
        let longest = 2 * 2 * MILLISECOND * guests.len() as u64;
        prop_assert!(engine.delay[0] <= longest + MILLISECOND, "{}", engine.delay[0]);
    }
}

#[test]
fn the_weights_of_the_issue() {
    for weights in [&[1, 1][..], &[1, 2], &[1, 4, 8], &[1, 1, 1, 1, 1, 1, 1]] {
        for lengths in [
            [MILLISECOND / 2; 2],
            [MILLISECOND; 2],
            [MILLISECOND / 2, 50 * MILLISECOND],
        ] {
            let guest = |(at, &value): (usize, &u16)| Guest::busy(weight(value), lengths[at % 2]);
            let guests: Vec<_> = weights.iter().enumerate().map(guest).collect();
            let mut engine = Engine::new(&guests, true, 0);
            engine.run(10 * SECOND);
            for error in errors(&engine, &guests) {
                let used = &engine.used;
                assert!(
                    error.unsigned_abs() <= 10 * SECOND * 2 / 100,
                    "{weights:?} {lengths:?}: {used:?}"
                );
            }
        }
    }
}

/// A host that takes a good part of a slice to prepare a piece, or more, costs nobody his share.
#[test]
fn a_slow_host_does_not_shift_shares() {
    let busy = |value, length| Guest {
        preparation: 1_500_000,
        ..Guest::busy(weight(value), length)
    };
    let (long, usual, short) = (60 * MILLISECOND, 8 * MILLISECOND, 4 * MILLISECOND);
    for guests in [
        &[busy(1, usual), busy(1, usual)][..],
        &[busy(1, usual), busy(2, usual)],
        &[busy(1, usual), busy(4, usual), busy(8, usual)],
        &[busy(1, long), busy(1, short)],
        &[busy(1, long), busy(2, short)],
    ] {
        let mut engine = Engine::new(guests, true, 0);
        engine.run(10 * SECOND);
        for error in errors(&engine, guests) {
            let used = &engine.used;
            assert!(
                error.unsigned_abs() <= 10 * SECOND * 2 / 100,
                "{guests:?}: {used:?}"
            );
        }
        assert_eq!(engine.evicted, vec![0; guests.len()]);
    }
}

#[test]
fn work_that_never_ends_has_its_share_and_no_more() {
    let spins = Guest::busy(weight(2), u64::MAX);
    let guests = [
        spins,
        Guest::busy(weight(2), MILLISECOND),
        Guest::busy(weight(4), MILLISECOND / 4),
    ];
    let mut engine = Engine::new(&guests, true, 0);
    engine.run(10 * SECOND);
    for error in errors(&engine, &guests) {
        assert!(
            error.unsigned_abs() <= 10 * SECOND * 2 / 100,
            "{:?}",
            engine.used
        );
    }
    assert_eq!(engine.evicted, [0, 0, 0]);
}

#[test]
fn who_does_not_make_way_is_ended() {
    for preempts in [false, true] {
        let rude = Guest {
            polite: false,
            ..Guest::busy(weight(16), u64::MAX)
        };
        let job = Guest {
            thinks: 50 * MILLISECOND,
            ..Guest::busy(weight(1), MILLISECOND)
        };
        let mut engine = Engine::new(&[rude, job], preempts, 0);
        engine.run(10 * SECOND);
        assert!(engine.evicted[0] > 5, "{:?}", engine.evicted);
        assert_eq!(engine.evicted[1], 0);
        // The timeout, a slice, and that its turn has come by weight.
        let longest = 640 * MILLISECOND + 2 * MILLISECOND + 16 * MILLISECOND;
        assert!(
            engine.delay[1] <= longest,
            "{preempts}: {}",
            engine.delay[1]
        );
    }
}

/// Whoever comes back with much to do goes first for a moment, however long it had nothing.
#[test]
fn waiting_is_a_small_credit() {
    let idle = Guest {
        thinks: 3 * SECOND,
        ..Guest::busy(weight(1), 200 * MILLISECOND)
    };
    let guests = [idle, Guest::busy(weight(1), MILLISECOND)];
    let mut engine = Engine::new(&guests, true, 0);
    engine.run(10 * SECOND);
    let longest = CREDIT + 4 * MILLISECOND;
    assert!(engine.delay[1] <= longest, "{}", engine.delay[1]);
    assert!(engine.delay[1] > CREDIT / 2, "{}", engine.delay[1]);
}

#[test]
fn little_work_now_and_then_is_soon_done() {
    let idle = Guest {
        thinks: 3 * SECOND,
        ..Guest::busy(weight(1), MILLISECOND)
    };
    let guests = [idle, Guest::busy(weight(1), MILLISECOND)];
    let mut engine = Engine::new(&guests, true, 0);
    engine.run(7 * SECOND);
    assert_eq!(engine.used[0], 3 * MILLISECOND);
    assert!(engine.delay[1] <= 5 * MILLISECOND, "{}", engine.delay[1]);
}
