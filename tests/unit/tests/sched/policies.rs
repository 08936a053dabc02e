// SPDX-License-Identifier: GPL-2.0

//! Caps, reservations, priorities, and the host's part.

use super::engine::{Engine, Guest};
use super::{weight, MILLISECOND};
use proptest::prelude::*;
use unit::model::sched::Policy;

const SECOND: u64 = 1000 * MILLISECOND;

/// `part` of `total` in percent, rounded.
fn percent(part: u64, total: u64) -> u64 {
    (part * 100 + total / 2) / total
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 100, ..ProptestConfig::default() })]

    /// In no second does it get more than 2 % of that second above its cap, alone or not.
    #[test]
    fn a_cap_holds_in_every_second(cap in 1_u8..100, length in 200_000_u64..5_000_000, others in 0_usize..3) {
        let capped = Policy { cap_percent: cap, ..weight(10) };
        let mut guests = vec![Guest::busy(capped, length)];
        guests.extend(vec![Guest::busy(weight(1), MILLISECOND); others]);
        let mut engine = Engine::new(&guests, true, 0);
        let mut before = 0;
        for _ in 0..8 {
            engine.run(SECOND);
            let used = engine.used[0] - before;
            before = engine.used[0];
            prop_assert!(used <= SECOND / 100 * u64::from(cap) + SECOND / 50, "{used}");
        }
        // And it gets that, if its weight lets it, less what it takes to prepare its pieces.
        let fair = 10 * 100 / (10 + others as u64);
        let expected = u64::from(cap).min(fair);
        let had = percent(engine.used[0], 8 * SECOND);
        prop_assert!(had + 6 >= expected, "{had} of {expected}");
    }

    #[test]
    fn a_reservation_is_kept(reserved in 1_u8..90, others in 1_usize..6, length in 200_000_u64..10_000_000) {
        let policy = Policy { reservation_percent: reserved, ..weight(1) };
        let mut guests = vec![Guest::busy(policy, MILLISECOND)];
        guests.extend(vec![Guest::busy(weight(100), length); others]);
        let mut engine = Engine::new(&guests, true, 0);
        engine.run(10 * SECOND);
        let had = percent(engine.used[0], 10 * SECOND);
        prop_assert!(had + 2 >= u64::from(reserved), "{had} of {reserved}");
        prop_assert!(had <= u64::from(reserved) + 4, "{had} of {reserved}");
    }

    #[test]
    fn the_host_keeps_its_part(host in 1_u8..100, guests in 1_usize..5) {
        let guests = vec![Guest::busy(weight(1), MILLISECOND); guests];
        let mut engine = Engine::new(&guests, true, host);
        engine.run(10 * SECOND);
        let had = percent(engine.used.iter().sum(), 10 * SECOND);
        prop_assert!(had <= 100 - u64::from(host) + 2, "{had}");
        prop_assert!(had + 3 >= 100 - u64::from(host), "{had}");
    }
}

/// A small part is nearly used up most of the time, which is nothing to look at every few nanoseconds.
#[test]
fn the_host_keeps_a_small_part() {
    let guests = vec![Guest::busy(weight(1), MILLISECOND); 2];
    let mut engine = Engine::new(&guests, true, 1);
    engine.run(10 * SECOND);
    let had = percent(engine.used.iter().sum(), 10 * SECOND);
    assert!((97..=100).contains(&had), "{had}");
}

/// So is a cap just below all there is.
#[test]
fn a_high_cap_holds() {
    let capped = Policy {
        cap_percent: 99,
        ..weight(1)
    };
    let mut engine = Engine::new(&[Guest::busy(capped, MILLISECOND)], true, 0);
    engine.run(10 * SECOND);
    let had = percent(engine.used[0], 10 * SECOND);
    assert!((97..=99).contains(&had), "{had}");
}

#[test]
fn a_higher_priority_goes_first_always() {
    let high = Policy {
        priority: 1,
        ..weight(1)
    };
    let rare = Guest {
        thinks: 5 * MILLISECOND,
        ..Guest::busy(high, MILLISECOND)
    };
    let guests = [
        rare,
        Guest::busy(weight(100), 40 * MILLISECOND),
        Guest::busy(weight(100), u64::MAX),
    ];
    let mut engine = Engine::new(&guests, true, 0);
    engine.run(5 * SECOND);
    assert_eq!(engine.delay[0], 0, "not for a slice");
    // Who always has work leaves nothing to the others.
    let guests = [
        Guest::busy(high, MILLISECOND),
        Guest::busy(weight(100), MILLISECOND),
    ];
    let mut engine = Engine::new(&guests, true, 0);
    engine.run(5 * SECOND);
    assert!(engine.used[1] <= 2 * MILLISECOND, "{:?}", engine.used);
}

#[test]
fn without_preemption_a_priority_waits_for_what_runs() {
    let high = Policy {
        priority: 1,
        ..weight(1)
    };
    let rare = Guest {
        thinks: 5 * MILLISECOND,
        ..Guest::busy(high, MILLISECOND)
    };
    let guests = [
        rare,
        Guest::busy(weight(100), 3 * MILLISECOND),
        Guest::busy(weight(100), 3 * MILLISECOND),
    ];
    let mut engine = Engine::new(&guests, false, 0);
    engine.run(5 * SECOND);
    assert!(engine.delay[0] <= 6 * MILLISECOND, "{}", engine.delay[0]);
}

#[test]
fn a_policy_has_bounds() {
    let valid = weight(1);
    assert!(valid.is_valid());
    let change = |change: fn(&mut Policy)| {
        let mut policy = valid;
        change(&mut policy);
        policy
    };
    for good in [
        change(|policy| policy.weight = 10_000),
        change(|policy| policy.cap_percent = 1),
        change(|policy| policy.reservation_percent = 100),
        change(|policy| policy.priority = -100),
        change(|policy| policy.timeslice_us = 500),
        change(|policy| policy.preempt_timeout_us = 60_000_000),
    ] {
        assert!(good.is_valid(), "{good:?}");
    }
    for bad in [
        change(|policy| policy.weight = 0),
        change(|policy| policy.weight = 10_001),
        change(|policy| policy.cap_percent = 0),
        change(|policy| policy.cap_percent = 101),
        change(|policy| policy.reservation_percent = 101),
        change(|policy| (policy.cap_percent, policy.reservation_percent) = (20, 21)),
        change(|policy| policy.priority = -101),
        change(|policy| policy.priority = 101),
        change(|policy| policy.timeslice_us = 499),
        change(|policy| policy.timeslice_us = 1_000_001),
        change(|policy| policy.preempt_timeout_us = 999),
        change(|policy| policy.preempt_timeout_us = 60_000_001),
    ] {
        assert!(!bad.is_valid(), "{bad:?}");
    }
}
