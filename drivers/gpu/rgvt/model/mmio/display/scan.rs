// SPDX-License-Identifier: GPL-2.0

//! The progress of one pipe through its frames: a function of the time, so that counters are right
//! whether or not a timer follows the vblanks.

use super::{timing::Timing, Nanos};

/// Where the line counter stands before a mode is set. At exactly zero, drivers wait for it to change
/// (i915: `__intel_get_crtc_scanline`).
const REST: u32 = 1;

/// A pipe.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    timing: Option<Timing>,
    /// When the last vblank was, or the pipe started.
    since: Nanos,
    frames: u32,
    line: u32,
}

impl Scan {
    /// A pipe that is off.
    pub(super) const fn new() -> Self {
        Self {
            timing: None,
            since: Nanos(0),
            frames: 0,
            line: REST,
        }
    }

    /// The timing, if the pipe is on.
    pub(super) const fn timing(&self) -> Option<Timing> {
        self.timing
    }

    /// Starts the pipe, one frame before its first vblank.
    pub(super) fn start(&mut self, now: Nanos, timing: Timing) {
        self.since = now;
        self.timing = Some(timing);
    }

    /// Stops the pipe. Its counters stay.
    pub(super) fn stop(&mut self, now: Nanos) {
        self.line = self.line(now);
        self.timing = None;
    }

    /// Takes the vblanks that have come by `now`; `timing` is asked for the frames after them. Whether
    /// there was one.
    pub(super) fn advance(&mut self, now: Nanos, timing: impl FnOnce() -> Timing) -> bool {
        let Some(current) = self.timing else {
            return false;
        };
        let period = current.period().0;
        let passed = now.0.saturating_sub(self.since.0).checked_div(period);
        let Some(passed @ 1..) = passed else {
            return false;
        };
        // The counter has 32 bits and wraps.
        let counted = u32::try_from(passed & u64::from(u32::MAX)).unwrap_or(0);
        self.frames = self.frames.wrapping_add(counted);
        self.since = Nanos(self.since.0.saturating_add(passed.saturating_mul(period)));
        self.timing = Some(timing());
        true
    }

    /// When the next vblank is due, if the pipe is on.
    pub(super) fn due(&self) -> Option<Nanos> {
        let period = self.timing?.period();
        Some(Nanos(self.since.0.saturating_add(period.0)))
    }

    /// When the last vblank was.
    pub(super) const fn last(&self) -> Nanos {
        self.since
    }

    /// Number of vblanks so far.
    pub(super) const fn frames(&self) -> u32 {
        self.frames
    }

    /// What the line counter reads.
    pub(super) fn line(&self, now: Nanos) -> u32 {
        match self.timing {
            Some(timing) => timing.line(Nanos(now.0.saturating_sub(self.since.0))),
            None => self.line,
        }
    }
}
