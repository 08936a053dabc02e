// SPDX-License-Identifier: GPL-2.0

//! The thread of an engine: takes submissions, runs contexts, preempts them.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::context::Image;
use super::csb::{self, Event};
use super::pace::Pace;
use super::registers::{STOP_RING, at};
use super::{Descriptor, Engine, Ports};
use crate::cs::{Ring, State, Step, Streamer};
use crate::gpu::Gpu;

/// First and longest pause between two looks at what a context waits for.
const WAIT_FIRST: Duration = Duration::from_micros(20);
const WAIT_LONGEST: Duration = Duration::from_micros(400);
/// Commands of a workaround batch; a longer one counts as a hang.
const WORKAROUND_LIMIT: u32 = 4096;

/// Why a context leaves the engine.
enum End {
    /// Its ring is empty.
    Complete,
    /// Another submission waits.
    Preempted,
    /// A reset threw it away.
    Aborted,
}

/// What a look at what the machine asks led to.
enum Attended {
    /// The context must leave the engine.
    Leave(End),
    /// Another submission waits until the context can be preempted.
    Held,
    /// Nothing is left to do.
    Done,
}

/// Serves submissions until the device goes away.
pub fn thread(engine: &Engine, gpu: &Weak<Gpu>) {
    let mut pace = Pace::new();
    while let Some(ports) = next_submission(engine) {
        let Some(gpu) = gpu.upgrade() else { return };
        csb::report(&gpu, engine.id, Event::IdleToActive, ports[0]);
        run_ports(engine, &gpu, &mut pace, ports);
    }
}

/// Parks until there is a submission; `None` when the device goes away.
fn next_submission(engine: &Engine) -> Option<Ports> {
    let mut control = engine.lock();
    loop {
        if control.quit {
            return None;
        }
        if !control.abort {
            if let Some(ports) = control.pending.take() {
                control.parked = false;
                engine.attention.store(false, Ordering::SeqCst);
                return Some(ports);
            }
        }
        control.parked = true;
        engine.busy.store(false, Ordering::SeqCst);
        engine.changed.notify_all();
        control = engine
            .changed
            .wait(control)
            .unwrap_or_else(|e| e.into_inner());
    }
}

/// Runs the contexts of a submission, and of those that take its place, until the engine is idle.
pub(super) fn run_ports(engine: &Engine, gpu: &Gpu, pace: &mut Pace, mut ports: Ports) {
    while ports[0].is_valid() {
        let context = ports[0];
        gpu.witness.context_in(engine.id, context.key());
        let end = run_context(engine, gpu, pace, &mut ports);
        gpu.witness.context_out(engine.id);
        match end {
            End::Aborted => {
                // What was owed for is lost as well.
                *pace = Pace::new();
                return;
            }
            End::Preempted => {
                // Lost only if a reset came between; then there is nothing left to do.
                let Some(next) = engine.lock().pending.take() else {
                    return;
                };
                csb::report(gpu, engine.id, Event::Preempted, context);
                ports = next;
            }
            End::Complete if ports[1].is_valid() => {
                csb::report(gpu, engine.id, Event::ElementSwitch, context);
                ports = [ports[1], Descriptor::default()];
            }
            End::Complete => {
                csb::report(gpu, engine.id, Event::ActiveToIdle, context);
                return;
            }
        }
    }
}

/// Loads the first context of `ports`, runs it and saves it. A lite restore changes `ports`.
fn run_context(engine: &Engine, gpu: &Gpu, pace: &mut Pace, ports: &mut Ports) -> End {
    let context = ports[0];
    let base = engine.id.base();
    gpu.regs.set(base + at::EXECLIST_STATUS_HI, context.id());
    let image = Image::new(gpu, engine.id, context);
    let started = gpu.clock.timestamp();
    let ran_before = image.timestamp();
    let state = image.load();
    let vm = image.page_tables();
    let mut streamer = Streamer::new(gpu, engine.id, state, vm, context.lrca());
    let hung = gpu.witness.hang_injected(engine.id) || !restore(engine, gpu, &image, &mut streamer);
    let end = if hung {
        wait_for_reset(engine)
    } else {
        pace.resume();
        let end = run_commands(engine, gpu, pace, &mut streamer, &image, ports);
        // A context that was preempted did not wait for its debt; the next one will.
        pace.settle(&gpu.clock);
        end
    };
    if !matches!(end, End::Aborted) {
        image.save(&streamer.state, || {
            let ran = gpu.clock.timestamp().wrapping_sub(started) as u32;
            ran_before.wrapping_add(ran)
        });
    }
    end
}

/// Loads what a context's image holds beyond the ring: indirect-context commands, the units'
/// registers, the per-context batch, in this order. False when commands hang.
fn restore(engine: &Engine, gpu: &Gpu, image: &Image<'_>, streamer: &mut Streamer<'_>) -> bool {
    let own = streamer.state.clone();
    let mut fine = true;
    let mut run = |streamer: &mut Streamer<'_>| {
        fine &= !gpu.witness.hang_in_restore(engine.id) && run_to_idle(streamer);
    };
    if !image.inhibited() {
        if let Some(ring) = image.indirect_context() {
            streamer.state = State::new(ring);
            run(streamer);
        }
        image.load_units();
    }
    if let Some(batch) = image.per_context_batch() {
        streamer.state = State::new(Ring {
            tail: own.ring.head,
            ..own.ring
        });
        streamer.state.batch = Some(batch);
        run(streamer);
    }
    streamer.state = own;
    fine
}

fn run_to_idle(streamer: &mut Streamer<'_>) -> bool {
    for _ in 0..WORKAROUND_LIMIT {
        match streamer.step() {
            Step::Idle => return true,
            Step::Hung => return false,
            Step::Ran { .. } | Step::Spun { .. } | Step::Waiting => {}
        }
    }
    false
}

/// Executes commands until the ring is empty or something else is to be done.
fn run_commands(
    engine: &Engine,
    gpu: &Gpu,
    pace: &mut Pace,
    streamer: &mut Streamer<'_>,
    image: &Image<'_>,
    ports: &mut Ports,
) -> End {
    let mut pause = WAIT_FIRST;
    // A context that was just loaded can be preempted before its first command.
    let mut preemptible = true;
    let mut held = false;
    loop {
        if held || engine.attention.load(Ordering::SeqCst) {
            match attend(engine, gpu, streamer, image, ports, preemptible) {
                Attended::Leave(end) => return end,
                Attended::Held => held = true,
                Attended::Done => held = false,
            }
        }
        let rest = match streamer.step() {
            Step::Ran {
                cycles,
                arbitration,
            } => {
                preemptible = arbitration;
                pause = WAIT_FIRST;
                pace.charge(&gpu.clock, cycles)
            }
            Step::Spun {
                rounds,
                arbitration,
            } => {
                preemptible = false;
                // A submission that came behind the arbitration point gets the next one soon.
                let held = held && arbitration;
                (!held).then(|| WAIT_FIRST.saturating_mul(rounds).min(WAIT_LONGEST))
            }
            Step::Waiting => {
                preemptible = streamer.state.arbitrate;
                let rest = pause;
                pause = (pause * 2).min(WAIT_LONGEST);
                Some(rest)
            }
            Step::Idle => {
                preemptible = true;
                let rest = pace.settle(&gpu.clock);
                if rest.is_none() {
                    // A lite restore may have come meanwhile; it must not be lost between here and
                    // the end of the context.
                    match attend(engine, gpu, streamer, image, ports, preemptible) {
                        Attended::Leave(end) => return end,
                        Attended::Held | Attended::Done => held = false,
                    }
                    if streamer.state.ring.head == streamer.state.ring.tail {
                        return End::Complete;
                    }
                }
                rest
            }
            Step::Hung => return wait_for_reset(engine),
        };
        // What was held can be done now, so the rest can wait.
        if let Some(rest) = rest.filter(|_| !(held && preemptible)) {
            engine.nap(rest);
        }
    }
}

/// Looks at what the machine asks.
fn attend(
    engine: &Engine,
    gpu: &Gpu,
    streamer: &mut Streamer<'_>,
    image: &Image<'_>,
    ports: &mut Ports,
    preemptible: bool,
) -> Attended {
    let mut control = engine.lock();
    // STOP_RING halts between commands of the ring, not inside a batch.
    while streamer.state.batch.is_none()
        && gpu.regs.get(engine.id.base() + at::MI_MODE) & STOP_RING != 0
        && !control.abort
    {
        engine.busy.store(false, Ordering::SeqCst);
        control = engine
            .changed
            .wait(control)
            .unwrap_or_else(|e| e.into_inner());
        engine.busy.store(true, Ordering::SeqCst);
    }
    // The lock is held: what comes from here on sets it again.
    engine.attention.store(false, Ordering::SeqCst);
    if control.abort {
        return Attended::Leave(End::Aborted);
    }
    let Some(next) = control.pending else {
        return Attended::Done;
    };
    if !preemptible {
        return Attended::Held;
    }
    if next[0].lrca() != ports[0].lrca() || next[0].force_restore() || !next[0].is_valid() {
        return Attended::Leave(End::Preempted);
    }
    control.pending = None;
    drop(control);
    *ports = next;
    let base = engine.id.base();
    gpu.regs.set(base + at::EXECLIST_STATUS_HI, next[0].id());
    streamer.state.ring.tail = image.tail();
    gpu.regs.set(base + at::TAIL, streamer.state.ring.tail);
    csb::report(gpu, engine.id, Event::LiteRestore, next[0]);
    Attended::Done
}

/// A hung engine does nothing until it is reset.
fn wait_for_reset(engine: &Engine) -> End {
    let mut control = engine.lock();
    while !control.abort {
        control = engine
            .changed
            .wait(control)
            .unwrap_or_else(|e| e.into_inner());
    }
    End::Aborted
}
