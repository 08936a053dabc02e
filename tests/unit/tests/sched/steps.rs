// SPDX-License-Identifier: GPL-2.0

//! One step at a time.

use super::{ids, weight};
use unit::model::partition::VgpuId;
use unit::model::sched::{Policy, RunQueue, Weight, SLOTS};

/// A queue in which all have work.
fn backlogged<const N: usize>(weights: [u16; N]) -> (RunQueue, [VgpuId; N]) {
    let (mut queue, ids) = (RunQueue::new(), ids());
    for (id, value) in ids.into_iter().zip(weights) {
        queue.add(id, weight(value));
        queue.wake(id);
    }
    (queue, ids)
}

const MILLISECOND: u64 = 1_000_000;

#[test]
fn only_who_has_work_is_picked() {
    assert_eq!(Weight::new(0), None);
    let mut queue = RunQueue::new();
    let [first, stranger] = ids();
    queue.add(first, weight(1));
    assert_eq!(queue.pick(), None);
    queue.wake(stranger);
    queue.charge(stranger, 1);
    queue.set_policy(stranger, weight(2));
    queue.sleep(stranger);
    queue.remove(stranger);
    assert_eq!(queue.pick(), None, "it was never entered");
    queue.wake(first);
    assert_eq!(queue.pick(), Some(first));
    assert_eq!(queue.pick(), None, "one piece at a time");
    queue.charge(first, MILLISECOND);
    assert_eq!(queue.pick(), Some(first), "it has more");
    queue.sleep(first);
    queue.charge(first, MILLISECOND);
    assert_eq!(queue.pick(), None, "it has no more");
}

#[test]
fn one_runs_and_one_waits() {
    let (mut queue, [a, b, c]) = backlogged([1, 1, 1]);
    assert_eq!([queue.pick(), queue.pick()], [Some(a), Some(b)]);
    assert_eq!(queue.pick(), None, "both slots are taken");
    assert_eq!(SLOTS, 2);
    queue.charge(a, MILLISECOND);
    assert_eq!(queue.pick(), Some(c));
    queue.charge(b, MILLISECOND);
    assert_eq!(
        queue.pick(),
        None,
        "how long the third's work is nobody knows yet"
    );
    queue.charge(c, MILLISECOND);
    for pair in [[a, b], [c, a], [b, c]] {
        assert_eq!([queue.pick(), queue.pick()], pair.map(Some));
        for id in pair {
            queue.charge(id, MILLISECOND);
        }
    }
}

#[test]
fn nothing_waits_behind_whose_turn_comes_again() {
    let (mut queue, [heavy, light]) = backlogged([8, 1]);
    let mut order = Vec::new();
    for _ in 0..20 {
        let running = queue.pick().expect("the engine is idle");
        let behind = queue.pick();
        order.push(running);
        queue.charge(running, MILLISECOND);
        if let Some(behind) = behind {
            order.push(behind);
            queue.charge(behind, MILLISECOND);
        }
    }
    let of_light = order.iter().filter(|&&id| id == light).count();
    assert!(order.len() > 20, "something waited now and then");
    assert_eq!(of_light, order.len().div_ceil(9), "{order:?}");

    queue.sleep(heavy);
    assert_eq!(queue.pick(), Some(light), "nobody else has work");
    queue.wake(heavy);
    assert_eq!(queue.pick(), Some(heavy));
    queue.sleep(heavy);
    queue.charge(light, MILLISECOND);
    assert_eq!(queue.pick(), Some(light), "what runs has no more");
}

#[test]
fn waiting_is_no_credit() {
    let (mut queue, [busy, idle]) = backlogged([1, 1]);
    queue.sleep(idle);
    for _ in 0..100 {
        assert_eq!(queue.pick(), Some(busy));
        queue.charge(busy, MILLISECOND);
    }
    queue.wake(idle);
    let mut turns = [0, 0];
    for _ in 0..10 {
        let id = queue.pick().expect("both have work");
        turns[usize::from(id == idle)] += 1;
        queue.charge(id, MILLISECOND);
    }
    assert_eq!(turns, [5, 5]);
}

#[test]
fn whoever_begins_does_so_where_the_last_one_stopped() {
    let (mut queue, [first, second]) = backlogged([1, 1]);
    queue.sleep(second);
    assert_eq!(queue.pick(), Some(first));
    queue.sleep(first);
    queue.charge(first, 1000 * MILLISECOND);
    // Nobody had work in between. The long piece is history.
    queue.wake(first);
    queue.wake(second);
    assert_eq!([queue.pick(), queue.pick()], [Some(first), Some(second)]);
}

#[test]
fn a_debt_is_kept_while_others_work() {
    let (mut queue, [long, short]) = backlogged([1, 1]);
    assert_eq!([queue.pick(), queue.pick()], [Some(long), Some(short)]);
    queue.sleep(long);
    queue.charge(long, 10 * MILLISECOND);
    queue.charge(short, MILLISECOND);
    queue.wake(long);
    for turn in 0..9 {
        assert_eq!(queue.pick(), Some(short), "turn {turn}");
        queue.charge(short, MILLISECOND);
    }
    assert_eq!(queue.pick(), Some(long));
}

#[test]
fn rejected_work_does_not_keep_others_away() {
    let (mut queue, [_, other]) = backlogged([16, 1]);
    let mut turns = 0;
    for _ in 0..4000 {
        let id = queue.pick().expect("both have work");
        let used = if id == other { MILLISECOND } else { 0 };
        turns += u32::from(id == other);
        queue.charge(id, used);
    }
    assert!(turns >= 2, "{turns} turns");
}

#[test]
fn weights_change_and_members_come_and_go() {
    let (mut queue, [a, b]) = backlogged([1, 1]);
    queue.set_policy(a, weight(3));
    let mut turns = [0, 0];
    for _ in 0..400 {
        let id = queue.pick().expect("both have work");
        turns[usize::from(id == b)] += 1;
        queue.charge(id, MILLISECOND);
    }
    assert_eq!(turns, [300, 100]);

    queue.add(a, weight(1));
    assert_eq!(queue.pick(), Some(a), "it is still there, with its work");
    queue.remove(a);
    queue.charge(a, MILLISECOND);
    queue.add(a, weight(1));
    assert_eq!(queue.pick(), Some(b), "it has no work yet");
}

#[test]
fn who_is_stopped_gets_nothing_and_goes_on_later() {
    let (mut queue, [a, b]) = backlogged([1, 1]);
    let stopped = Policy {
        stop: true,
        ..weight(1)
    };
    assert_eq!(queue.pick(), Some(a));
    queue.set_policy(a, stopped);
    for _ in 0..3 {
        assert_eq!(queue.pick(), Some(b));
        queue.charge(b, MILLISECOND);
    }
    queue.charge(a, MILLISECOND);
    assert_eq!(queue.pick(), Some(b));
    assert_eq!(queue.pick(), None);
    queue.set_policy(a, weight(1));
    assert_eq!(queue.pick(), Some(a));
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

#[test]
fn no_length_is_too_long() {
    let (mut queue, [a, b]) = backlogged([1, u16::MAX]);
    for _ in 0..3 {
        assert_eq!([queue.pick(), queue.pick()], [Some(a), Some(b)]);
        queue.charge(a, u64::MAX);
        queue.charge(b, u64::MAX);
        assert_eq!(queue.pick(), Some(b));
        queue.charge(b, u64::MAX);
        queue.remove(a);
        queue.add(a, weight(1));
        queue.wake(a);
        while queue.pick() != Some(a) {
            queue.charge(b, u64::MAX);
        }
        queue.charge(a, 0);
        queue.sleep(b);
        queue.sleep(a);
        queue.remove(a);
        queue.remove(b);
        for (id, value) in [(a, 1), (b, u16::MAX)] {
            queue.add(id, weight(value));
            queue.wake(id);
        }
    }
}
