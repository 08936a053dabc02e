// SPDX-License-Identifier: GPL-2.0

//! Pipes and transcoders: enabling, line and frame counters, latching of planes, interrupts.

use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::crc::{self, Progress};
use super::palette::Palettes;
use super::picture::Picture;
use super::plane::{self, Plane};
use super::scan::Scan;
use super::timing::Timing;
use super::{PIPES, lock, vblank};
use crate::gpu::Gpu;
use crate::gt::DisplayIrq;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// First register of pipe A, and the distance of the pipes.
const FIRST: u32 = 0x7_0000;
const STRIDE: u32 = 0x1000;
/// Registers of a pipe: PIPEDSL, TRANSCONF, PIPE_FRMCOUNT_G4X, PIPE_FLIPCOUNT_G4X, PIPE_FRMTMSTMP,
/// PIPE_FLIPTMSTMP.
const LINE: u32 = 0;
const CONFIG: u32 = 8;
const FRAMES: u32 = 0x40;
const FLIPS: u32 = 0x44;
const FRAME_TIME: u32 = 0x48;
const FLIP_TIME: u32 = 0x4c;
/// TRANSCONF of the transcoder for embedded panels. It drives no pipe here: there is no panel.
const EDP_CONFIG: u32 = 0x7_f008;
/// TRANSCONF_ENABLE and TRANSCONF_STATE_ENABLE.
const ENABLE: u32 = 1 << 31;
const ENABLED: u32 = 1 << 30;
/// IVB_TIMESTAMP_CTR, microseconds.
const TIMESTAMP: u32 = 0x4_4070;
/// GEN8_PIPE_VBLANK.
const VBLANK: u32 = 1;

/// One pipe.
#[derive(Debug, Default)]
struct Pipe {
    scan: Scan,
    /// A bit for each plane of the table with an update that waits for the vblank.
    armed: u32,
    /// What the frame that is under way shows.
    picture: Picture,
    checksum: Progress,
}

/// State under the lock.
#[derive(Debug, Default)]
struct State {
    pipes: [Pipe; PIPES],
    stop: bool,
}

/// All pipes; shared with the thread that waits for vblanks.
pub struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    start: Instant,
    palettes: Arc<Palettes>,
}

/// The unit. When it goes, its thread ends.
pub struct Pipes {
    shared: Arc<Shared>,
}

impl Pipes {
    /// Pipes that show colours through `palettes`.
    pub fn new(palettes: Arc<Palettes>) -> Self {
        let shared = Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            start: Instant::now(),
            palettes,
        };
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        lock(&self.shared.state).stop = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// Nanoseconds since the device was made.
    fn now(&self) -> u64 {
        // CAST: 64 bits of nanoseconds last for 584 years.
        self.start.elapsed().as_nanos() as u64
    }

    /// Sleeps until a vblank or a checksum is due. `false` when the device is gone.
    pub fn wait(&self) -> bool {
        let mut state = lock(&self.state);
        while !state.stop {
            if (state.pipes.iter()).any(|pipe| matches!(pipe.checksum, Progress::Due)) {
                return true;
            }
            let now = self.now();
            let left = match state.pipes.iter().filter_map(|p| p.scan.due()).min() {
                Some(due) if due <= now => return true,
                Some(due) => Duration::from_nanos(due - now),
                None => Duration::MAX,
            };
            state = match left {
                Duration::MAX => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(std::sync::PoisonError::into_inner),
                left => {
                    self.changed
                        .wait_timeout(state, left)
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .0
                }
            };
        }
        false
    }

    /// Takes the vblanks that are due on all pipes, and computes the checksums of frames that start.
    pub fn tick(&self, gpu: &Gpu) {
        for pipe in 0..PIPES {
            let bits = {
                let mut state = lock(&self.state);
                advance(gpu, &mut state.pipes[pipe], pipe, self.now())
            };
            raise(gpu, pipe, bits);
            let picture = scan_out(&mut lock(&self.state).pipes[pipe]);
            if let Some(picture) = picture {
                let sum = crc::of(gpu, &self.palettes, number(pipe), &picture);
                scanned_out(&mut lock(&self.state).pipes[pipe], sum);
            }
        }
    }

    /// Works on a pipe that is brought up to date before; interrupts go out after.
    fn with<R>(
        &self,
        gpu: &Gpu,
        pipe: usize,
        work: impl FnOnce(&mut Pipe, u64, &mut u32) -> R,
    ) -> R {
        let mut state = lock(&self.state);
        let now = self.now();
        let mut bits = advance(gpu, &mut state.pipes[pipe], pipe, now);
        let result = work(&mut state.pipes[pipe], now, &mut bits);
        if matches!(state.pipes[pipe].checksum, Progress::Due) {
            self.changed.notify_all();
        }
        drop(state);
        raise(gpu, pipe, bits);
        result
    }
}

impl Block for Pipes {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        let mut spans = vec![
            Span::one(EDP_CONFIG, Policy::Handled, 0),
            Span::one(TIMESTAMP, Policy::Handled, 0),
        ];
        // The pages trap for their counters' sake, so all writes can be seen at no cost.
        spans.extend(
            (0..PIPES)
                .map(|pipe| Span::range(base(pipe), base(pipe) + STRIDE - 4, Policy::Handled)),
        );
        spans
    }

    fn start(&self, gpu: &Arc<Gpu>) -> io::Result<()> {
        vblank::spawn(self.shared.clone(), Arc::downgrade(gpu))
    }

    fn read(&self, gpu: &Gpu, offset: u32) -> u32 {
        match split(offset) {
            None if offset == TIMESTAMP => microseconds(gpu),
            None => gpu.regs.get(offset),
            Some((pipe, register)) => self.shared.with(gpu, pipe, |pipe, now, _| match register {
                LINE => {
                    pipe.scan.hold(now);
                    pipe.scan.line(now)
                }
                FRAMES => {
                    pipe.scan.hold(now);
                    pipe.scan.frames()
                }
                _ => gpu.regs.get(offset),
            }),
        }
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        let Some((pipe, register)) = split(offset) else {
            if offset == EDP_CONFIG {
                gpu.regs.set(offset, config(value));
            }
            return;
        };
        let planes = plane::table(gpu.platform);
        match register {
            LINE | FRAMES | FLIPS | FRAME_TIME | FLIP_TIME => {}
            CONFIG => {
                gpu.regs.set(offset, config(value));
                let run = value & ENABLE != 0;
                self.shared
                    .with(gpu, pipe, |p, now, _| enable(gpu, p, pipe, now, run));
                self.shared.changed.notify_all();
            }
            _ if planes.iter().any(|p| p.live == register) => {}
            _ => self.shared.with(gpu, pipe, |p, now, bits| {
                p.scan.hold(now);
                gpu.regs.set(offset, value);
                if let Some(plane) = planes.iter().position(|p| p.surface == register) {
                    *bits |= arm(gpu, p, pipe, planes, plane);
                }
            }),
        }
    }

    fn reset(&self, _gpu: &Gpu) {
        lock(&self.shared.state).pipes = Default::default();
    }
}

/// A pipe's number.
fn number(pipe: usize) -> u32 {
    // CAST: there are three pipes.
    pipe as u32
}

/// First register of a pipe.
fn base(pipe: usize) -> u32 {
    FIRST + STRIDE * number(pipe)
}

/// The pipe that a register belongs to, and its offset there.
fn split(offset: u32) -> Option<(usize, u32)> {
    let inside = offset.checked_sub(FIRST)?;
    let pipe = (inside / STRIDE) as usize;
    (pipe < PIPES).then_some((pipe, inside % STRIDE))
}

/// What TRANSCONF reads after `value` was written.
fn config(value: u32) -> u32 {
    if value & ENABLE != 0 {
        value | ENABLED
    } else {
        value & !ENABLED
    }
}

fn microseconds(gpu: &Gpu) -> u32 {
    let ticks = u128::from(gpu.clock.timestamp());
    // CAST: the register has 32 bits and wraps.
    (ticks * 1_000_000 / u128::from(gpu.platform.timestamp_hz)) as u32
}

fn enable(gpu: &Gpu, pipe: &mut Pipe, index: usize, now: u64, run: bool) {
    match (pipe.scan.runs(), run) {
        (false, true) => {
            pipe.scan.start(now, Timing::programmed(gpu, index));
            start_frame(gpu, pipe, index);
        }
        (true, false) => {
            pipe.scan.stop(now);
            pipe.checksum = Progress::Unwanted;
            latch(gpu, pipe, index);
        }
        _ => {}
    }
}

/// A surface was written. Returns the interrupt of a flip that is done already.
fn arm(gpu: &Gpu, pipe: &mut Pipe, index: usize, planes: &[Plane], plane: usize) -> u32 {
    let runs = pipe.scan.runs();
    let now = !runs || planes[plane].is_async(gpu, base(index));
    pipe.armed |= 1 << plane;
    if !now {
        return 0;
    }
    let others = pipe.armed & !(1 << plane);
    pipe.armed = 1 << plane;
    let bits = latch(gpu, pipe, index);
    pipe.armed = others;
    if runs { bits } else { 0 }
}

/// Makes armed updates live. Returns the interrupts of flips that are done.
fn latch(gpu: &Gpu, pipe: &mut Pipe, index: usize) -> u32 {
    let base = base(index);
    let mut bits = 0;
    for (i, plane) in plane::table(gpu.platform).iter().enumerate() {
        if pipe.armed & 1 << i == 0 {
            continue;
        }
        plane.latch(gpu, base);
        pipe.picture.latch_plane(gpu, number(index), i);
        bits |= plane.flip_done;
        if i == 0 {
            gpu.regs.update(base + FLIPS, |old| old.wrapping_add(1));
            gpu.regs.set(base + FLIP_TIME, microseconds(gpu));
        }
    }
    pipe.armed = 0;
    bits
}

/// Takes a pipe to `now`, but not beyond a frame that is not scanned out. Returns its interrupts.
fn advance(gpu: &Gpu, pipe: &mut Pipe, index: usize, now: u64) -> u32 {
    if pipe.checksum.is_open() || !pipe.scan.advance(now, || Timing::programmed(gpu, index)) {
        return 0;
    }
    gpu.regs.set(base(index) + FRAME_TIME, microseconds(gpu));
    let bits = VBLANK | pipe.checksum.report(gpu, number(index)) | latch(gpu, pipe, index);
    start_frame(gpu, pipe, index);
    bits
}

fn start_frame(gpu: &Gpu, pipe: &mut Pipe, index: usize) {
    pipe.picture.latch_pipe(gpu, number(index));
    pipe.checksum = Progress::start(gpu, number(index));
}

/// What is to be scanned out for a checksum. [`scanned_out`] follows.
fn scan_out(pipe: &mut Pipe) -> Option<Picture> {
    matches!(pipe.checksum, Progress::Due).then(|| {
        pipe.checksum = Progress::Underway;
        pipe.picture.clone()
    })
}

/// The frame has this checksum, if it is still the same one.
fn scanned_out(pipe: &mut Pipe, sum: u32) {
    if matches!(pipe.checksum, Progress::Underway) {
        pipe.checksum = Progress::Done(sum);
    }
}

fn raise(gpu: &Gpu, pipe: usize, bits: u32) {
    if bits != 0 {
        // CAST: there are three pipes.
        gpu.irq.display(gpu, DisplayIrq::Pipe(pipe as u8), bits);
    }
}

#[cfg(test)]
#[path = "pipe_tests.rs"]
mod tests;
