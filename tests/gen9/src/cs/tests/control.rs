// SPDX-License-Identifier: GPL-2.0

//! Rings, batches, conditions, arbitration.

use super::*;
use crate::cs::irq;
use crate::witness::ContextKey;

const START: u32 = 0x31 << 23 | 1;
const ARB_ON_OFF: u32 = 0x08 << 23;
const SECOND_LEVEL: u32 = 1 << 22;

/// GT interrupts pending for the render engine; clears them.
fn pending(f: &Fixture) -> u32 {
    let iir = f.gpu.mmio_read(0x4_4308);
    f.gpu.mmio_write(0x4_4308, iir);
    iir
}

fn unmask(f: &Fixture) {
    f.set_reg(0xa8, 0);
    f.gpu.mmio_write(0x4_4304, 0);
    f.gpu.mmio_write(0x4_430c, !0);
}

#[test]
fn a_ring_wraps() {
    let f = Fixture::new(EngineId::Rcs);
    let mut streamer = f.ring(&[]);
    let last = u64::from(RING_SIZE) - 8;
    f.write(RING + last, &[STORE, lo(DATA)]);
    f.write(RING, &[0, 0x77, 0, 0]);
    streamer.state.ring.head = last as u32;
    streamer.state.ring.tail = 16;
    finish(&mut streamer);
    assert_eq!((streamer.state.ring.head, f.read(DATA)), (16, 0x77));
    assert_eq!(f.reg(0x34), 16);
    assert_eq!(f.reg(0x74), lo(RING) + 16);
}

#[test]
fn half_a_command_waits_for_its_rest() {
    let f = Fixture::new(EngineId::Rcs);
    let mut streamer = f.ring(&[0, STORE, lo(DATA), 0, 0x55]);
    streamer.state.ring.tail = 12;
    assert!(matches!(streamer.step(), Step::Ran { .. }));
    assert_eq!(streamer.step(), Step::Waiting);
    streamer.state.ring.tail = 20;
    finish(&mut streamer);
    assert_eq!(f.read(DATA), 0x55);
}

#[test]
fn commands_behind_the_tail_are_not_remembered() {
    let f = Fixture::new(EngineId::Rcs);
    let mut streamer = f.ring(&[0, 0]);
    finish(&mut streamer);
    f.write(RING + 8, &[STORE, lo(DATA), 0, 0x66]);
    streamer.state.ring.tail = 24;
    finish(&mut streamer);
    assert_eq!(f.read(DATA), 0x66);
}

#[test]
fn batches_of_both_levels() {
    let f = Fixture::new(EngineId::Rcs);
    let third = SECOND + 0x800;
    f.write(
        BATCH,
        &[
            START | IN_PPGTT | SECOND_LEVEL,
            lo(SECOND),
            0,
            STORE,
            lo(DATA) + 8,
            0,
            3,
            END,
        ],
    );
    // The second chains to the third, which returns to the first.
    f.write(
        SECOND,
        &[STORE, lo(DATA), 0, 1, START | IN_PPGTT, lo(third), 0],
    );
    f.write(third, &[STORE, lo(DATA) + 4, 0, 2, END]);
    f.run(&[START | IN_PPGTT, lo(BATCH), 0, STORE, lo(DATA) + 12, 0, 4]);
    assert_eq!([0, 4, 8, 12].map(|i| f.read(DATA + i)), [1, 2, 3, 4]);
}

#[test]
fn a_batch_shows_in_the_registers() {
    let f = Fixture::new(EngineId::Vcs0);
    let mut streamer = f.batch(false, &[ARB_CHECK, ARB_CHECK, END]);
    streamer.step();
    assert_eq!(f.reg(0x140), (lo(BATCH) + 4) | 1);
    assert_eq!(f.reg(0x110), 1 << 5);
    assert_eq!(f.reg(0x68), ARB_CHECK);
    finish(&mut streamer);
    assert_eq!(f.reg(0x140), 0);
}

#[test]
fn a_batch_may_rewrite_itself() {
    let f = Fixture::new(EngineId::Rcs);
    // The dword after the store is an invalid command until it is overwritten.
    f.run_batch(false, &[STORE, lo(BATCH) + 16, 0, ARB_CHECK, 0x30c0_c0c0]);
}

#[test]
fn arbitration_points() {
    let f = Fixture::new(EngineId::Rcs);
    let points = |steps: Vec<Step>| -> Vec<bool> {
        steps
            .into_iter()
            .map(|step| {
                matches!(
                    step,
                    Step::Ran {
                        arbitration: true,
                        ..
                    }
                )
            })
            .collect()
    };
    f.write(BATCH, &[0, ARB_CHECK, 0, END]);
    let start = [START | IN_PPGTT, lo(BATCH), 0];
    let words = [&[0, 0], &start[..], &[ARB_ON_OFF], &[0]].concat();
    let mut streamer = f.ring(&words);
    let steps = finish(&mut streamer);
    assert_eq!(
        points(steps),
        [true, true, false, false, true, false, true, false, false]
    );
    assert!(!streamer.state.arbitrate);
    let words = [&[ARB_ON_OFF], &start[..], &[ARB_ON_OFF | 1, 0]].concat();
    let steps = finish(&mut f.ring(&words));
    assert_eq!(
        points(steps),
        [false, false, false, false, false, false, true, true]
    );
}

/// What the next steps are: a dot each, and how often a circle of them has spun by then.
fn rounds(streamer: &mut Streamer<'_>, steps: usize) -> String {
    let step = |_| match streamer.step() {
        Step::Ran { .. } => ".".to_owned(),
        Step::Spun {
            rounds,
            arbitration,
        } => format!("{rounds}{}", if arbitration { "!" } else { "" }),
        step => panic!("{step:?}"),
    };
    (0..steps).map(step).collect()
}

/// The steps of a batch that jumps to its own beginning.
fn circle(words: &[u32], steps: usize) -> String {
    let f = Fixture::new(EngineId::Rcs);
    let jump = [START | IN_PPGTT, lo(BATCH), 0];
    rounds(&mut f.batch(false, &[words, &jump].concat()), steps)
}

#[test]
fn a_batch_that_only_waits_spins() {
    // The first jump may come from anywhere.
    assert_eq!(circle(&[], 4), ".123");
    assert_eq!(circle(&[0, ARB_CHECK], 9), ".....1!..2!");
    assert_eq!(circle(&[STORE, lo(DATA), 0, 1], 6), "......");
    // A jump whose condition does not hold is none.
    let not_taken = [START | IN_PPGTT | 1 << 15, lo(DATA), 0];
    assert_eq!(circle(&not_taken, 6), "...1.2");
    // What it waited for may have come.
    assert_eq!(circle(&[ARB_ON_OFF, ARB_CHECK], 9), ".........");
}

#[test]
fn a_batch_spins_wherever_it_came_from() {
    let f = Fixture::new(EngineId::Rcs);
    let to = |at| [START | IN_PPGTT, lo(at), 0];
    let next = |n: u64| BATCH + 64 * n;
    f.write(BATCH, &to(next(1)));
    f.write(next(1), &to(next(2)));
    // Two jumps lead to where it goes round.
    f.write(next(2), &to(next(2)));
    assert_eq!(rounds(&mut f.ring(&to(BATCH)), 6), "....12");
    // A circle of three jumps.
    f.write(next(2), &[&[ARB_CHECK], &to(next(3))[..]].concat());
    f.write(next(3), &to(next(1)));
    assert_eq!(rounds(&mut f.ring(&to(BATCH)), 16), "........1!...2!...");
}

#[test]
fn a_semaphore_waits_and_tells_once() {
    let f = Fixture::new(EngineId::Rcs);
    unmask(&f);
    let mut streamer = f.ring(&[0x1c << 23 | 1 << 15 | 1 << 12 | 2, 5, lo(DATA), 0, 0]);
    f.write(DATA, &[4]);
    assert_eq!(streamer.step(), Step::Waiting);
    assert_eq!(pending(&f), irq::WAIT_SEMAPHORE);
    assert_eq!(streamer.step(), Step::Waiting);
    assert_eq!(pending(&f), 0);
    assert_eq!(streamer.state.ring.head, 0);
    // RING_CTL shows the wait.
    assert_eq!(f.reg(0x3c) & 1 << 10, 1 << 10);
    f.write(DATA, &[5]);
    finish(&mut streamer);
    assert_eq!(f.reg(0x3c) & 1 << 10, 0);
}

#[test]
fn interrupts() {
    let f = Fixture::new(EngineId::Rcs);
    unmask(&f);
    f.run(&[0x02 << 23]);
    assert_eq!(pending(&f), irq::USER);
    f.run(&[0x26 << 23 | 2 | 1 << 8, 0, 0, 0]);
    assert_eq!(pending(&f), irq::FLUSH);
    f.run(&[0x7a00_0004, 1 << 8, 0, 0, 0, 0]);
    assert_eq!(pending(&f), irq::FLUSH);
}

#[test]
fn an_unknown_command_hangs_and_tells() {
    let f = Fixture::new(EngineId::Rcs);
    unmask(&f);
    f.set_reg(0xb4, !1);
    let mut streamer = f.ring(&[0, 0x30c0_c0c0, 0]);
    streamer.step();
    assert_eq!([streamer.step(), streamer.step()], [Step::Hung; 2]);
    assert_eq!(streamer.state.ring.head, 4);
    assert_eq!([f.reg(0x68), f.reg(0xb0)], [0x30c0_c0c0, 1]);
    assert_eq!(pending(&f), irq::ERROR);
}

#[test]
fn a_fetch_from_nowhere_hangs() {
    let f = Fixture::new(EngineId::Rcs);
    let mut streamer = f.ring(&[START | IN_PPGTT, 0, 0x5555]);
    streamer.step();
    assert_eq!(streamer.step(), Step::Hung);
}

#[test]
fn conditional_ends() {
    let f = Fixture::new(EngineId::Rcs);
    let end_unless_above = |value: u32| [0x36 << 23 | 1 << 21 | 2, value, lo(DATA), 0];
    let store = [STORE, lo(DATA) + 8, 0, 1];
    for (memory, value, goes_on) in [(5, 4, 1), (5, 5, 0), (5, 6, 0)] {
        f.write(DATA, &[memory, 0, 0]);
        f.run_batch(false, &[end_unless_above(value), store].concat());
        assert_eq!(f.read(DATA + 8), goes_on, "{memory} {value}");
    }
    // With a mask behind the value, 0xf5 & 0x0f is not above 5.
    f.write(DATA, &[0xf5, 0x0f, 0]);
    let mut words = [end_unless_above(5), store].concat();
    words[0] |= 1 << 19;
    f.run_batch(false, &words);
    assert_eq!(f.read(DATA + 8), 0);
}

#[test]
fn predicates() {
    let f = Fixture::new(EngineId::Rcs);
    f.gpu.regs.set64(0x2400, 9);
    f.gpu.regs.set64(0x2408, 9);
    let store = |at: u32| [STORE, lo(DATA) + at, 0, 1];
    let set = |condition: u32| 0x01 << 23 | condition;
    let words = [
        &[0x0c << 23 | 2 << 6 | 2][..], // MI_PREDICATE: equal
        &[set(3)],
        &store(0), // runs: the result is set
        &[set(4)],
        &store(4), // skipped
        &[set(15)],
        &store(8), // skipped
        &[set(0)],
        &store(12), // runs
    ]
    .concat();
    f.run_batch(false, &words);
    assert_eq!([0, 4, 8, 12].map(|i| f.read(DATA + i)), [1, 0, 0, 1]);
    assert_eq!(f.reg(0x418), 1);
}

#[test]
fn draws_count_unless_predicated_off() {
    let f = Fixture::new(EngineId::Rcs);
    f.gpu
        .witness
        .context_in(f.engine, ContextKey { id: 1, lrca: 0 });
    let draws = || f.gpu.witness.report().engines[f.engine.index()].draws;
    let primitive = [0x7b00_0005, 0, 0, 0, 0, 0, 0];
    let mut predicated = primitive;
    predicated[0] |= 1 << 8;
    f.run_batch(false, &[primitive, predicated].concat());
    assert_eq!(draws(), 1);
    f.set_reg(0x418, 1);
    f.run_batch(false, &[primitive, predicated].concat());
    assert_eq!(draws(), 3);
    f.run_batch(
        false,
        &[&[0x01 << 23 | 15][..], &primitive, &[0x01 << 23]].concat(),
    );
    assert_eq!(draws(), 3);
}

#[test]
fn a_predicated_store() {
    for (engine, runs) in [(EngineId::Rcs, 0), (EngineId::Bcs, 1)] {
        let f = Fixture::new(engine);
        f.set_reg(0x600, 1);
        let store = [SRM | 1 << 21, engine.base() + 0x600, lo(DATA), 0];
        f.run(&store);
        assert_eq!(f.read(DATA), runs);
        f.set_reg(0x418, 1);
        f.run(&store);
        assert_eq!(f.read(DATA), 1);
    }
}

#[test]
fn a_predicated_jump() {
    let f = Fixture::new(EngineId::Rcs);
    f.write(SECOND, &[STORE, lo(DATA), 0, 1, END]);
    let jump = [START | IN_PPGTT | 1 << 15, lo(SECOND), 0];
    f.run_batch(false, &jump);
    assert_eq!(f.read(DATA), 0);
    f.set_reg(0x41c, 1);
    f.run_batch(false, &jump);
    assert_eq!(f.read(DATA), 1);
}

#[test]
fn the_head_is_reported() {
    let f = Fixture::new(EngineId::Rcs);
    f.run(&[0, 0, 0x07 << 23]);
    assert_eq!(f.read(LRCA + 16), 8);
}

#[test]
fn a_context_has_a_clock_of_its_own() {
    let f = Fixture::new(EngineId::Vecs);
    f.set_reg(0x3a8, 1 << 30);
    let mut streamer = f.ring(&[SRM, EngineId::Vecs.base() + 0x3a8, lo(DATA), 0]);
    std::thread::sleep(std::time::Duration::from_millis(1));
    finish(&mut streamer);
    let ran = f.read(DATA) - (1 << 30);
    assert!(ran > 0 && ran < 1 << 30);
}
