// SPDX-License-Identifier: GPL-2.0

//! The time that work takes. What is slow here may be the host, so times have lower bounds only, and
//! a wait is judged by the processor's time that it costs.

mod machine;

use std::time::{Duration, Instant};

use gen9::engine::EngineId;
use gen9::platform::Device;
use machine::{Context, Machine};

const SCRATCH: u32 = 0x30_0000;
const STARTED: u32 = 0x30_1000;
const BATCH: u32 = 0x38_0000;
const GDRST: u32 = 0x941c;
const IDLE_TO_ACTIVE: u32 = 0x1;
const PREEMPTED: u32 = 0x2;
const ELEMENT_SWITCH: u32 = 0x14;
const ACTIVE_TO_IDLE: u32 = 0x18;

const ARB_CHECK: u32 = 0x05 << 23;
const ARB_OFF: u32 = 0x08 << 23;
const ARB_ON: u32 = ARB_OFF | 1;
const BATCH_END: u32 = 0x0a << 23;
/// A batch in the GGTT.
const BATCH_START: [u32; 3] = [0x31 << 23 | 1, BATCH, 0];
/// MI_FLUSH does nothing, and takes 64 clocks.
const WORK: u32 = 0x04 << 23;

fn store_dword(at: u32, value: u32) -> [u32; 4] {
    [0x20 << 23 | 1 << 22 | 2, at, 0, value]
}

fn wait_for_one(at: u32) -> [u32; 4] {
    [0x1c << 23 | 1 << 22 | 1 << 15 | 4 << 12 | 2, 1, at, 0]
}

/// A Skylake at 1 MHz, so that a clock takes a microsecond.
fn slow(engine: EngineId) -> Machine {
    Machine::with_clock(Device::Skl, engine, 1)
}

/// Until then a context can still be preempted before its first command.
fn wait_until_started(machine: &Machine) {
    while machine.load(STARTED) == 0 {
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Processor time that the threads of all engines with this name have had. Only one test uses the
/// engine that it asks for.
fn processor_time(engine: EngineId) -> Duration {
    let name = format!("{engine:?}\n").to_lowercase();
    let mut sum = Duration::ZERO;
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap();
        // Other tests' threads end at any time.
        if std::fs::read_to_string(task.path().join("comm")).ok() != Some(name.clone()) {
            continue;
        }
        let tid: i32 = task.file_name().to_str().unwrap().parse().unwrap();
        // As the kernel makes the clock of a thread: CPUCLOCK_SCHED, CPUCLOCK_PERTHREAD_MASK.
        let clock = !tid << 3 | 2 | 4;
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `time` is a timespec of ours.
        if unsafe { libc::clock_gettime(clock, &raw mut time) } == 0 {
            sum += Duration::new(time.tv_sec as u64, time.tv_nsec as u32);
        }
    }
    sum
}

/// A context whose batch does 64 ms of work, the word `between`, and as much again; then it stores.
fn long_batch(machine: &mut Machine, between: u32) -> Context {
    let mut words = store_dword(STARTED, 1).to_vec();
    words.extend([WORK; 1000]);
    words.push(between);
    words.extend([WORK; 1000]);
    words.extend(store_dword(SCRATCH, 1));
    words.push(BATCH_END);
    machine.store(BATCH, &words);
    let mut context = machine.context();
    machine.emit(&mut context, &BATCH_START);
    context
}

#[test]
fn a_batch_takes_its_time_while_a_submission_waits() {
    for (between, clocks, stored) in [(WORK, 128_000, 1), (ARB_CHECK, 64_000, 0)] {
        let mut machine = slow(EngineId::Vcs0);
        let long = long_batch(&mut machine, between);
        let other = machine.context();
        let start = Instant::now();
        machine.submit(&[&long]);
        assert_eq!(machine.event(), Some((IDLE_TO_ACTIVE, 0)));
        wait_until_started(&machine);
        machine.submit(&[&other]);
        // At the arbitration point, or between the batch and the end of the ring.
        assert_eq!(machine.event(), Some((PREEMPTED, 0x100)));
        assert_eq!(machine.load(SCRATCH), stored);
        // Not all of it: an arbitration point does not wait for what is owed.
        let (took, cost) = (start.elapsed(), Duration::from_micros(clocks));
        assert!(took > cost / 2, "{took:?} of {cost:?}");
    }
}

/// Has the engine wait for a semaphore with arbitration off, while another submission is pending.
fn wait_unpreemptibly(machine: &mut Machine) {
    let (mut waits, mut other) = (machine.context(), machine.context());
    machine.emit(&mut waits, &[ARB_OFF, 0]);
    machine.emit(&mut waits, &store_dword(STARTED, 1));
    machine.emit(&mut waits, &wait_for_one(SCRATCH));
    machine.emit(&mut waits, &store_dword(SCRATCH + 8, 7));
    machine.emit(&mut waits, &[ARB_ON, 0]);
    machine.emit(&mut other, &store_dword(SCRATCH + 12, 8));
    machine.submit(&[&waits]);
    assert_eq!(machine.event(), Some((IDLE_TO_ACTIVE, 0)));
    wait_until_started(machine);
    machine.submit(&[&other, &waits]);
}

#[test]
fn a_wait_that_cannot_be_preempted_sleeps() {
    let mut machine = Machine::new(EngineId::Vecs);
    wait_unpreemptibly(&mut machine);
    let (start, before) = (Instant::now(), processor_time(EngineId::Vecs));
    std::thread::sleep(Duration::from_millis(300));
    let spent = processor_time(EngineId::Vecs) - before;
    let waited = start.elapsed();
    assert!(spent < waited / 10, "{spent:?} of {waited:?}");
    assert_eq!([8, 12].map(|at| machine.load(SCRATCH + at)), [0, 0]);

    machine.store(SCRATCH, &[1]);
    // Preempted where arbitration is on again.
    assert_eq!(machine.event(), Some((PREEMPTED, 0x100)));
    assert_eq!(machine.event(), Some((ELEMENT_SWITCH, 0x101)));
    assert_eq!(machine.event(), Some((ACTIVE_TO_IDLE, 0x100)));
    assert_eq!([8, 12].map(|at| machine.load(SCRATCH + at)), [7, 8]);
}

#[test]
fn a_wait_that_cannot_be_preempted_ends_with_a_reset() {
    let mut machine = Machine::new(EngineId::Rcs);
    wait_unpreemptibly(&mut machine);
    assert!(machine.gpu.engines.is_busy(EngineId::Rcs));
    machine.gpu.mmio_write(GDRST, EngineId::Rcs.reset_bit());
    assert!(!machine.gpu.engines.is_busy(EngineId::Rcs));
    assert_eq!([8, 12].map(|at| machine.load(SCRATCH + at)), [0, 0]);
}
