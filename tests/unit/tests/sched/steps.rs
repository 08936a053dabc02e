// SPDX-License-Identifier: GPL-2.0

//! One step at a time.

use super::{ids, weight, MILLISECOND};
use unit::model::partition::VgpuId;
use unit::model::sched::{Policy, RunQueue, Step, Weight, ENDING, PATIENCE};

/// A queue in which all have work ready.
fn ready<const N: usize>(weights: [u16; N]) -> (RunQueue, [VgpuId; N]) {
    ready_on(true, weights)
}

/// The same on hardware that can leave a piece in its middle, or not.
fn ready_on<const N: usize>(preempts: bool, weights: [u16; N]) -> (RunQueue, [VgpuId; N]) {
    let (mut queue, ids) = (RunQueue::new(preempts, 0).unwrap(), ids());
    for (id, value) in ids.into_iter().zip(weights) {
        queue.add(id, weight(value));
        queue.ready(id);
    }
    (queue, ids)
}

/// A queue in which the first of two has just been told to make way for the second, and when.
fn taking_turns(weights: [u16; 2]) -> (RunQueue, [VgpuId; 2], u64) {
    let (mut queue, [a, b]) = ready(weights);
    assert_eq!(queue.next(0), Step::Start(a));
    assert_eq!(queue.next(0), Step::Start(b));
    queue.begun(a, 0);
    let now = 2 * MILLISECOND;
    assert_eq!(queue.next(now), Step::GiveWay(a));
    (queue, [a, b], now)
}

#[test]
fn only_who_has_work_is_started() {
    assert_eq!(Weight::new(0), None);
    let (mut queue, [first, stranger]) = (RunQueue::new(true, 0).unwrap(), ids());
    queue.add(first, weight(1));
    assert_eq!(queue.next(0), Step::Wait(None));
    queue.ready(stranger);
    assert!(!queue.expect(stranger, false));
    queue.begun(stranger, 0);
    queue.cancel(stranger);
    queue.set_policy(stranger, weight(2));
    queue.unready(stranger);
    queue.remove(stranger);
    assert_eq!(queue.landed(stranger, Some(1), 1), 0);
    assert_eq!(queue.next(2), Step::Wait(None), "it was never entered");
    queue.ready(first);
    assert_eq!(queue.next(3), Step::Start(first));
    assert_eq!(queue.not_begun(), Some(first));
    queue.begun(first, 0);
    assert_eq!(queue.not_begun(), None);
    queue.ready(first);
    assert_eq!(queue.next(4), Step::Wait(None), "one piece at a time");
    assert_eq!(queue.landed(first, Some(1), 5), 1);
    assert_eq!(queue.next(5), Step::Start(first), "it has more");
    assert_eq!(queue.landed(first, None, 7), 2, "nobody knows better");
    assert_eq!(queue.next(8), Step::Wait(None), "it has no more");
}

#[test]
fn one_runs_and_one_waits() {
    let (mut queue, [a, b, c]) = ready([1, 1, 1]);
    assert_eq!(queue.next(0), Step::Start(a));
    assert_eq!(queue.next(0), Step::Start(b));
    let slice = 2 * MILLISECOND;
    assert_eq!(queue.next(0), Step::Wait(Some(slice)));
    queue.landed(a, Some(MILLISECOND), MILLISECOND);
    assert_eq!(queue.next(MILLISECOND), Step::Start(c));
}

#[test]
fn those_that_the_gpu_has_are_told_one_by_one() {
    let (mut queue, [a, b, c]) = ready([1, 1, 1]);
    assert_eq!(queue.next_aloft(None), None);
    assert_eq!(queue.next(0), Step::Start(a));
    assert_eq!(queue.next(0), Step::Start(b));
    assert_eq!(queue.next_aloft(None), Some(a));
    assert_eq!(queue.next_aloft(Some(a)), Some(b));
    assert_eq!(queue.next_aloft(Some(b)), None);
    queue.landed(a, Some(MILLISECOND), MILLISECOND);
    assert_eq!(queue.next_aloft(None), Some(b), "{a:?} is over");
    assert_eq!(queue.next(MILLISECOND), Step::Start(c));
    assert_eq!(queue.next_aloft(Some(b)), Some(c));
}

#[test]
fn who_has_no_more_is_waited_for_no_longer() {
    let (mut queue, [a]) = ready([1]);
    assert!(!queue.expect(a, false), "it never had more");
    assert!(!queue.expect(a, true));
    assert!(!queue.expect(a, true));
    assert!(queue.expect(a, false), "another could wait behind it");
    assert!(!queue.expect(a, false), "that was told");

    assert_eq!(queue.next(0), Step::Start(a));
    assert!(!queue.expect(a, true));
    queue.landed(a, Some(1), 1);
    assert!(queue.expect(a, false), "its next piece was waited for");
}

#[test]
fn nobody_is_ended_for_whom_nobody_waits() {
    let (mut queue, [a, b]) = ready([4, 1]);
    let at = |tenths: u64| tenths * MILLISECOND / 10;
    let policy = Policy {
        preempt_timeout_us: 1000,
        ..weight(1)
    };
    queue.set_policy(b, policy);
    let _ = queue.expect(a, true);
    assert_eq!(queue.next(0), Step::Start(a));
    assert_eq!(queue.next(0), Step::Start(b));
    queue.begun(a, 0);
    queue.landed(a, Some(at(10)), at(10));
    queue.begun(b, at(10));
    assert_eq!(queue.next(at(20)), Step::GiveWay(b), "it fills the time");
    let rest = PATIENCE - at(16);
    assert_eq!(queue.next(at(26)), Step::Wait(Some(rest)), "a is not ready");
    queue.ready(a);
    assert_eq!(queue.next(at(27)), Step::Start(a));
    assert_eq!(queue.next(at(28)), Step::Wait(Some(at(4))));
    assert_eq!(
        queue.next(at(32)),
        Step::Evict(b),
        "half of the time is for the end"
    );
}

#[test]
fn without_preemption_nothing_waits_behind_whose_turn_comes_again() {
    let (mut queue, [a, b]) = ready_on(false, [4, 1]);
    let _ = queue.expect(a, true);
    assert_eq!(queue.next(0), Step::Start(a));
    assert_eq!(
        queue.next(0),
        Step::Start(b),
        "how long a takes nobody knows yet"
    );
    queue.landed(a, Some(MILLISECOND), MILLISECOND);
    queue.landed(b, Some(MILLISECOND), 2 * MILLISECOND);
    queue.ready(a);
    queue.ready(b);
    let now = 2 * MILLISECOND;
    assert_eq!(queue.next(now), Step::Start(a));
    assert_eq!(queue.next(now), Step::Wait(Some(2 * MILLISECOND)));
    queue.landed(a, Some(MILLISECOND), now + MILLISECOND);
    assert_eq!(
        queue.next(now + MILLISECOND),
        Step::Wait(Some(PATIENCE)),
        "its next piece is waited for"
    );
    assert_eq!(
        queue.next(now + MILLISECOND + PATIENCE),
        Step::Start(b),
        "not for ever"
    );
}

/// Until the next piece of `a` is ready, whose turn comes again, `b` has the engine, and makes way at once.
#[test]
fn another_fills_the_time_until_whose_turn_it_is_goes_on() {
    let (mut queue, [a, b]) = ready([4, 1]);
    let _ = queue.expect(a, true);
    assert_eq!(queue.next(0), Step::Start(a));
    assert_eq!(queue.next(0), Step::Start(b));
    queue.landed(a, Some(MILLISECOND), MILLISECOND);
    queue.landed(b, Some(MILLISECOND), 2 * MILLISECOND);
    queue.ready(a);
    queue.ready(b);
    let now = 2 * MILLISECOND;
    assert_eq!(queue.next(now), Step::Start(a));
    assert_eq!(queue.next(now), Step::Start(b), "behind it");
    queue.begun(a, now);
    let now = now + MILLISECOND;
    queue.landed(a, Some(MILLISECOND), now);
    assert_eq!(queue.next(now), Step::Wait(None), "b has not begun");
    queue.begun(b, now);
    assert_eq!(queue.next(now), Step::GiveWay(b), "as soon as a is ready");
    assert_eq!(queue.next(now), Step::Wait(Some(PATIENCE)));

    queue.ready(a);
    let now = now + MILLISECOND / 10;
    assert_eq!(queue.next(now), Step::Start(a), "in the middle of b");
    queue.begun(a, now);
    assert_eq!(queue.next(now), Step::Wait(Some(2 * MILLISECOND)));
    let now = now + MILLISECOND;
    queue.landed(a, Some(MILLISECOND), now);
    assert_eq!(queue.next(now), Step::Wait(Some(PATIENCE)));
    assert_eq!(
        queue.next(now + PATIENCE),
        Step::BringBack(b),
        "it is not waited for any longer"
    );
}

#[test]
fn whose_slice_is_over_is_overtaken() {
    let (mut queue, [a, b]) = ready([1, 1]);
    queue.unready(b);
    assert_eq!(queue.next(0), Step::Start(a));
    assert_eq!(
        queue.next(9 * MILLISECOND),
        Step::Wait(None),
        "nobody else wants it"
    );
    queue.ready(b);
    let now = 9 * MILLISECOND;
    assert_eq!(queue.next(now), Step::Start(b), "it may not have begun");
    queue.begun(a, now);
    assert_eq!(queue.next(now), Step::GiveWay(a), "b had nothing meanwhile");
    assert_eq!(queue.not_begun(), Some(b));
    let timeout = 640 * MILLISECOND - ENDING;
    let early = now + timeout - 1;
    assert_eq!(queue.next(early), Step::Wait(Some(1)));
    queue.begun(b, now);
    assert_eq!(
        queue.landed(b, Some(MILLISECOND), now + timeout),
        MILLISECOND
    );
    let later = now + 2 * timeout;
    assert_eq!(
        queue.next(later),
        Step::BringBack(a),
        "it is not ended: b had begun"
    );
    assert_eq!(queue.next(later), Step::Wait(None));
}

/// Who has made way is not ended while another goes on for longer than the time to make way is; who has not is.
#[test]
fn who_has_made_way_is_not_ended() {
    for comes_back in [true, false] {
        let (mut queue, [a, b], mut now) = taking_turns([1000, 1]);
        queue.begun(b, now);
        now += 2 * MILLISECOND;
        assert_eq!(queue.next(now), Step::GiveWay(b));
        assert_eq!(queue.next(now), Step::BringBack(a));
        assert_eq!(queue.not_begun(), None, "it began before");
        assert_eq!(queue.not_back(), Some(a));
        if comes_back {
            queue.begun(a, now);
            assert_eq!(queue.not_back(), None);
        }

        now += 640 * MILLISECOND;
        let step = queue.next(now);
        if comes_back {
            assert!(matches!(step, Step::Wait(_)), "{step:?}");
        } else {
            assert_eq!(step, Step::Evict(b));
        }
    }
}

/// The slice of who comes first again is not over before the engine is back.
#[test]
fn who_comes_first_again_has_a_slice() {
    let (mut queue, [a, b], mut now) = taking_turns([1, 1]);
    queue.begun(b, now);
    now += 3 * MILLISECOND;
    assert_eq!(queue.next(now), Step::GiveWay(b));
    assert_eq!(queue.next(now), Step::BringBack(a));
    queue.begun(a, now);
    let slice = 2 * MILLISECOND;
    assert_eq!(queue.next(now), Step::Wait(Some(slice)), "not at once");
    now += slice;
    assert_eq!(queue.next(now), Step::GiveWay(a));
    assert_eq!(queue.next(now), Step::BringBack(b));
    now += 9 * MILLISECOND;
    assert!(
        matches!(queue.next(now), Step::Wait(_)),
        "a may be executed"
    );
    queue.begun(b, now);
    assert_eq!(queue.next(now), Step::GiveWay(b));
}

/// Who is late but has left the engine for the host's work has its time again.
#[test]
fn who_has_made_way_for_the_host_is_spared() {
    let (mut queue, [a, _], mut now) = taking_turns([1, 1]);
    let time = 640 * MILLISECOND - ENDING;
    assert_eq!(queue.late(now + time - 1), None);
    now += time;
    assert_eq!(queue.late(now), Some(a));
    queue.spare(a, now);
    assert_eq!(queue.late(now), None);
    assert!(matches!(queue.next(now), Step::Wait(_)));
    assert_eq!(queue.next(now + time), Step::Evict(a));
}

#[test]
fn who_does_not_make_way_is_ended_once() {
    let (mut queue, [a, b]) = ready([1, 1]);
    let quick = Policy {
        preempt_timeout_us: 1_000,
        ..weight(1)
    };
    queue.set_policy(a, quick);
    queue.unready(b);
    assert_eq!(queue.next(0), Step::Start(a));
    queue.begun(a, 0);
    assert_eq!(queue.next(MILLISECOND), Step::Wait(None));
    queue.ready(b);
    assert_eq!(queue.next(MILLISECOND), Step::Start(b));
    assert_eq!(queue.next(MILLISECOND), Step::Wait(Some(MILLISECOND)));
    let now = 2 * MILLISECOND;
    assert_eq!(queue.next(now), Step::GiveWay(a));
    // It takes more than half of the time to end it.
    let half = MILLISECOND / 2;
    assert_eq!(queue.next(now), Step::Wait(Some(half)));
    assert_eq!(queue.next(now + half), Step::Evict(a));
    assert!(matches!(queue.next(now + half), Step::Wait(_)));
}

/// Who waits for one that does not make way has the engine when its time is over.
#[test]
fn it_takes_time_to_end_a_piece() {
    let (mut queue, [a, b, c]) = ready([1, 1, 1]);
    queue.unready(c);
    let mut now = 0;
    let mut wait_of = |a, b, takes| {
        queue.ready(a);
        queue.unready(b);
        assert_eq!(queue.next(now), Step::Start(a));
        queue.begun(a, now);
        now += 10 * MILLISECOND;
        queue.ready(b);
        assert_eq!(queue.next(now), Step::GiveWay(a));
        assert_eq!(queue.next(now), Step::Start(b));
        let asked = now;
        while let Step::Wait(Some(more)) = queue.next(now) {
            now += more;
        }
        let wait = now - asked;
        now += takes;
        queue.begun(b, now);
        // That the end is told later counts no more.
        queue.landed(a, None, now + MILLISECOND);
        now += 100 * MILLISECOND;
        queue.landed(b, Some(100 * MILLISECOND), now);
        wait
    };
    let timeout = 640 * MILLISECOND;
    let mut wait = |takes| wait_of(a, b, takes);
    assert_eq!(wait(40 * MILLISECOND), timeout - ENDING);
    let kept = 50 * MILLISECOND;
    assert_eq!(wait(4 * MILLISECOND), timeout - kept);
    assert_eq!(wait(500 * MILLISECOND), timeout - (kept - kept / 8));
    assert_eq!(wait(0), timeout / 2, "it has half of it");
    assert_eq!(
        wait_of(b, c, 0),
        timeout - ENDING,
        "nobody pays for another"
    );
}

#[test]
fn what_has_the_engine_for_too_long_is_ended_once() {
    let (_, [a]) = ready([1]);
    let mut queue = RunQueue::new(true, 0).unwrap().with_limit(10 * MILLISECOND);
    queue.add(a, weight(1));
    queue.ready(a);
    assert_eq!(queue.next(0), Step::Start(a));
    queue.begun(a, 0);
    assert_eq!(queue.next(0), Step::Wait(Some(10 * MILLISECOND)));
    assert_eq!(queue.next(9 * MILLISECOND), Step::Wait(Some(MILLISECOND)));
    assert_eq!(queue.next(10 * MILLISECOND), Step::Evict(a));
    assert_eq!(queue.next(10 * MILLISECOND), Step::Wait(None));
}

#[test]
fn who_is_stopped_gets_nothing_and_goes_on_later() {
    let (mut queue, [a, b]) = ready([1, 1]);
    let stopped = Policy {
        stop: true,
        ..weight(1)
    };
    assert_eq!(queue.next(0), Step::Start(a));
    queue.set_policy(b, stopped);
    assert_eq!(queue.next(0), Step::Wait(None));
    queue.landed(a, Some(MILLISECOND), MILLISECOND);
    assert_eq!(queue.next(MILLISECOND), Step::Wait(None));
    queue.set_policy(b, weight(1));
    assert_eq!(queue.next(MILLISECOND), Step::Start(b));
}

#[test]
fn what_could_not_be_handed_over_costs_no_more_than_time() {
    let (mut queue, [a, b]) = ready([1, 1]);
    assert_eq!(queue.next(0), Step::Start(a));
    queue.cancel(a);
    assert_eq!(queue.next(0), Step::Start(b));
    queue.ready(a);
    assert_eq!(queue.next(0), Step::Start(a));
    queue.remove(b);
    assert_eq!(queue.landed(b, None, 5), 0);
    assert_eq!(queue.next(5), Step::Wait(None));
}

#[test]
fn no_time_is_too_long() {
    let (mut queue, [a, b]) = ready([1, 10_000]);
    for now in [0, u64::MAX, u64::MAX] {
        assert!(matches!(queue.next(now), Step::Start(..)));
        let _ = queue.next(now);
        queue.landed(a, Some(u64::MAX), u64::MAX);
        queue.landed(b, Some(u64::MAX), u64::MAX);
        for id in [a, b] {
            queue.ready(id);
        }
    }
}
