// SPDX-License-Identifier: GPL-2.0

//! The submission port: one step at a time.

use unit::hw::execlist::{CsbEntry, Descriptor, CSB, CSB_POINTERS, ELSP, STATUS};
use unit::model::execlist::{Effects, Execlists, Refused, Ticket, Written};

/// A context's descriptor: valid, with an address space, image at page `id`.
fn context(id: u64) -> u64 {
    id << 32 | id << 12 | 0x101
}

fn submit(port: &mut Execlists, first: u64, second: u64) -> Result<Effects, Refused> {
    let dwords = [second >> 32, second, first >> 32, first].map(|value| value as u32);
    for value in &dwords[..3] {
        assert_eq!(port.write(ELSP, *value), Some(Written::Noted));
    }
    match port.write(ELSP, dwords[3]).expect("the port is there") {
        Written::Submitted(effects) => Ok(effects),
        Written::Refused(refused) => Err(refused),
        Written::Noted => panic!("the submission is whole"),
    }
}

fn run(port: &mut Execlists, first: u64, second: u64) -> Effects {
    submit(port, first, second).expect("a submission as drivers make them")
}

fn entries(effects: &Effects) -> Vec<u64> {
    effects
        .reports
        .iter()
        .map(|report| report.entry.into_raw())
        .collect()
}

fn queued(effects: &Effects) -> Vec<(Ticket, u64)> {
    effects
        .queue
        .iter()
        .map(|work| (work.ticket, work.descriptor.into_raw()))
        .collect()
}

fn cancelled(effects: &Effects) -> Vec<Ticket> {
    effects.cancel.iter().collect()
}

const IDLE_TO_ACTIVE: u64 = 1 << 0;
const PREEMPTED: u64 = 1 << 1;
const ELEMENT_SWITCH: u64 = 1 << 2;
const ACTIVE_TO_IDLE: u64 = 1 << 3;
const COMPLETE: u64 = 1 << 4;
const LITE_RESTORE: u64 = 1 << 15;

#[test]
fn two_contexts_run_one_after_the_other() {
    let mut port = Execlists::new();
    assert!(port.idle());
    let effects = run(&mut port, context(1), context(2));
    let work = queued(&effects);
    assert_eq!(
        work.iter().map(|work| work.1).collect::<Vec<_>>(),
        [context(1), context(2)]
    );
    assert_eq!(entries(&effects), [IDLE_TO_ACTIVE]);
    assert_eq!(
        port.read(STATUS),
        Some(0x4_4012),
        "slot 0 runs element 1, slot 1 is next"
    );
    assert_eq!(port.read(STATUS + 4), Some(1));

    assert!(port.start(work[0].0));
    assert!(!port.start(work[0].0), "only once");
    let effects = port.complete(work[0].0);
    assert_eq!(entries(&effects), [1 << 32 | COMPLETE | ELEMENT_SWITCH]);
    assert_eq!(port.read(STATUS), Some(0x4_8012), "element 2");
    assert_eq!(
        port.complete(work[0].0),
        Effects::default(),
        "it was done before"
    );
    assert_eq!(
        port.complete(work[1].0),
        Effects::default(),
        "it has not started"
    );
    assert!(port.start(work[1].0));
    let effects = port.complete(work[1].0);
    assert_eq!(entries(&effects), [2 << 32 | COMPLETE | ACTIVE_TO_IDLE]);
    assert!(port.idle());
    assert_eq!(port.read(STATUS), Some(0x2));
}

#[test]
fn reports_go_round_the_buffer() {
    let mut port = Execlists::new();
    assert_eq!(port.read(CSB_POINTERS), Some(7));
    let mut seen = Vec::new();
    for _ in 0..4 {
        let effects = run(&mut port, context(3), 0);
        let (ticket, _) = queued(&effects)[0];
        seen.extend(effects.reports.iter());
        assert!(port.start(ticket));
        seen.extend(port.complete(ticket).reports.iter());
    }
    let places: Vec<_> = seen
        .iter()
        .map(|report| {
            (
                report.index,
                report.entry_offset(),
                report.pointer_offset(),
                report.pointer(),
            )
        })
        .collect();
    let at = |index: u8| (index, 0x40 + 8 * u64::from(index), 0x7c, u32::from(index));
    assert_eq!(places, [0, 1, 2, 3, 4, 5, 0, 1].map(at));
    assert_eq!(port.read(CSB_POINTERS), Some(1));
    assert_eq!(port.read(CSB), Some(IDLE_TO_ACTIVE as u32));
    assert_eq!(port.read(CSB + 8), Some((COMPLETE | ACTIVE_TO_IDLE) as u32));
    assert_eq!(port.read(CSB + 12), Some(3));
}

#[test]
fn the_pointers_are_a_masked_register() {
    let mut port = Execlists::new();
    let table = [
        (0xffff_0505, 0x505),
        (0x0700_0300, 0x305),
        (0x0000_ffff, 0x305),
        (0xf8f8_ffff, 0x305),
        (0xffff_ffff, 0x707),
    ];
    for (value, expected) in table {
        assert_eq!(port.write(CSB_POINTERS, value), Some(Written::Noted));
        assert_eq!(port.read(CSB_POINTERS), Some(expected), "{value:#x}");
    }
    // What i915 writes after a reset, and where hardware goes on then.
    assert_eq!(port.write(CSB_POINTERS, 0xffff_0505), Some(Written::Noted));
    let first = run(&mut port, context(1), 0).reports.iter().next().unwrap();
    assert_eq!(first.index, 0);
}

#[test]
fn what_has_not_started_gives_way() {
    let mut port = Execlists::new();
    let old = queued(&run(&mut port, context(1), context(2)));
    let effects = run(&mut port, context(3), 0);
    assert_eq!(cancelled(&effects), [old[1].0, old[0].0]);
    assert_eq!(queued(&effects).len(), 1);
    assert_eq!(entries(&effects), [1 << 32 | PREEMPTED]);
    assert!(!port.start(old[0].0), "it was taken back");
}

#[test]
fn what_runs_is_waited_for() {
    let mut port = Execlists::new();
    let old = queued(&run(&mut port, context(1), context(2)));
    assert!(port.start(old[0].0));
    let waits = run(&mut port, context(3), 0);
    assert_eq!(waits, Effects::default());
    assert_eq!(
        port.read(STATUS).map(|status| status & 0x1c),
        Some(0x1c),
        "full, both valid"
    );
    assert_eq!(submit(&mut port, context(4), 0), Err(Refused::Full));
    let effects = port.complete(old[0].0);
    assert_eq!(cancelled(&effects), [old[1].0]);
    assert_eq!(
        entries(&effects),
        [1 << 32 | COMPLETE | ELEMENT_SWITCH, 2 << 32 | PREEMPTED]
    );
    assert_eq!(
        port.read(STATUS).map(|status| status & 0x1d),
        Some(0x9),
        "slot 1 alone"
    );
}

#[test]
fn the_end_of_a_submission_lets_the_next_in() {
    let mut port = Execlists::new();
    let (old, _) = queued(&run(&mut port, context(1), 0))[0];
    assert!(port.start(old));
    assert_eq!(run(&mut port, context(2), 0), Effects::default());
    let effects = port.complete(old);
    assert_eq!(
        entries(&effects),
        [1 << 32 | COMPLETE | ACTIVE_TO_IDLE, IDLE_TO_ACTIVE]
    );
    assert_eq!(queued(&effects).len(), 1);
}

#[test]
fn a_lite_restore_adds_work() {
    let mut port = Execlists::new();
    let old = queued(&run(&mut port, context(1), context(2)));
    assert!(port.start(old[0].0));
    let effects = run(&mut port, context(1), context(3));
    assert_eq!(cancelled(&effects), [old[1].0], "2 is no more part of it");
    let new = queued(&effects);
    assert_eq!(
        new.iter().map(|work| work.1).collect::<Vec<_>>(),
        [context(1), context(3)]
    );
    assert_eq!(entries(&effects), [1 << 32 | PREEMPTED | LITE_RESTORE]);

    // Once more: what was added has not started, so one piece stands for both.
    let effects = run(&mut port, context(1), 0);
    assert_eq!(cancelled(&effects), [new[0].0, new[1].0]);
    let (more, _) = queued(&effects)[0];
    assert_eq!(
        port.complete(old[0].0),
        Effects::default(),
        "the context goes on"
    );
    assert!(port.start(more));
    assert_eq!(
        entries(&port.complete(more)),
        [1 << 32 | COMPLETE | ACTIVE_TO_IDLE]
    );
}

#[test]
fn a_pipelined_element_is_waited_for() {
    let mut port = Execlists::new();
    let old = queued(&run(&mut port, context(1), context(2)));
    assert!(port.start(old[0].0));
    assert!(
        port.start(old[1].0),
        "handed to the GPU while the first one runs"
    );
    assert_eq!(run(&mut port, context(2), 0), Effects::default());
    let effects = port.complete(old[0].0);
    let moved = 2 << 32 | PREEMPTED | LITE_RESTORE;
    assert_eq!(
        entries(&effects),
        [1 << 32 | COMPLETE | ELEMENT_SWITCH, moved]
    );
    assert_eq!(
        port.read(STATUS).map(|status| status >> 14 & 3),
        Some(1),
        "the first of its own"
    );
}

#[test]
fn what_is_behind_failed_work_does_not_start() {
    let mut port = Execlists::new();
    let first = queued(&run(&mut port, context(1), 0));
    assert!(port.start(first[0].0));
    // The guest's heartbeat, and the same context once more.
    let more = queued(&run(&mut port, context(1), context(2)));
    assert_eq!(more.len(), 2);
    port.fail(first[0].0);
    for (ticket, ..) in more {
        assert!(!port.start(ticket));
        assert_eq!(port.complete(ticket), Effects::default());
    }
    assert_eq!(
        run(&mut port, context(3), 0),
        Effects::default(),
        "it hangs"
    );
    let _ = port.reset();
    let after = queued(&run(&mut port, context(3), 0));
    assert!(port.start(after[0].0));
}

#[test]
fn failed_work_hangs_until_a_reset() {
    let mut port = Execlists::new();
    let old = queued(&run(&mut port, context(1), context(2)));
    port.fail(old[1].0);
    assert!(port.start(old[0].0));
    assert_eq!(
        entries(&port.complete(old[0].0)).len(),
        1,
        "the first one is well"
    );
    assert!(!port.start(old[1].0));
    assert_eq!(
        run(&mut port, context(2), 0),
        Effects::default(),
        "it hangs"
    );
    assert_eq!(
        port.write(ELSP, 0xdead),
        Some(Written::Noted),
        "part of a submission"
    );
    let effects = port.reset();
    assert_eq!(cancelled(&effects), [old[1].0]);
    assert!(effects.reports.is_empty());
    assert!(port.idle());
    assert_eq!(port.read(CSB_POINTERS), Some(7));
    let new = queued(&run(&mut port, context(1), 0));
    assert!(new[0].0 > old[1].0, "tickets go on");
}

#[test]
fn submissions_that_are_none() {
    let mut port = Execlists::new();
    let invalid = context(1) & !1;
    let global = context(1) & !0x100;
    let table = [
        (invalid, 0, Refused::Invalid),
        (invalid, context(2), Refused::Invalid),
        (global, 0, Refused::Global),
        (context(2), global, Refused::Global),
        (context(1), context(1) | 1 << 2, Refused::Twice),
    ];
    for (first, second, expected) in table {
        assert_eq!(
            submit(&mut port, first, second),
            Err(expected),
            "{first:#x} {second:#x}"
        );
        assert!(port.idle());
    }
    assert_eq!(
        queued(&run(&mut port, context(1), invalid)).len(),
        1,
        "no second one"
    );
}

#[test]
fn registers() {
    let mut port = Execlists::new();
    for offset in [
        0,
        ELSP - 4,
        STATUS + 8,
        CSB - 4,
        CSB + 0x30 - 2,
        CSB_POINTERS + 4,
        u32::MAX,
    ] {
        assert_eq!(port.read(offset), None, "{offset:#x}");
        assert_eq!(port.write(offset, 1), None, "{offset:#x}");
    }
    assert_eq!(port.read(ELSP), Some(0));
    for offset in [STATUS, STATUS + 4, CSB, CSB + 0x2c] {
        let before = port.read(offset);
        assert_eq!(port.write(offset, 0x5a5a_5a5a), Some(Written::Noted));
        assert_eq!(port.read(offset), before, "{offset:#x} is read-only");
    }
}

#[test]
fn contexts_are_told_apart_by_id_and_image() {
    let one = Descriptor::from_raw(context(1));
    assert!(one.same_context(Descriptor::from_raw(context(1) | 0x1e)));
    assert!(!one.same_context(Descriptor::from_raw(context(1) | 1 << 20)));
    assert!(!one.same_context(Descriptor::from_raw(context(1) | 1 << 40)));
    assert_eq!(one.image_address().get(), 0x1000);
    assert!(CsbEntry::from_raw(PREEMPTED | LITE_RESTORE).lite_restore());
}
