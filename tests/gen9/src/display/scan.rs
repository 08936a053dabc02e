// SPDX-License-Identifier: GPL-2.0

//! The progress of one pipe through its frames.
//!
//! A driver updates planes between two vblanks and takes it for an error when one comes in between;
//! it keeps clear of the vblank by 100 us (i915: `VBLANK_EVASION_TIME_US`), in which real hardware
//! takes dozens of register writes. Here each write leaves the machine and takes as long as that
//! alone. So a frame is stretched while it is being worked on: see [`Scan::hold`].

use super::timing::Timing;

/// How far away the vblank is kept from an access that may belong to an update, in nanoseconds.
const QUIET: u64 = 8_000_000;
/// By how much a frame may be stretched, in nanoseconds, so that polling a counter cannot stop it.
const STRETCH: u64 = 24_000_000;
/// Where a line counter stands before the first mode is set. Firmware has used the pipe: at exactly
/// zero, i915 waits 100 us for it to change (`__intel_get_crtc_scanline`).
const FIRMWARE_LINE: u32 = 100;

/// A pipe. Times are nanoseconds since some start.
#[derive(Debug)]
pub struct Scan {
    timing: Option<Timing>,
    next_vblank: u64,
    stretched: u64,
    frames: u32,
    line: u32,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            timing: None,
            next_vblank: 0,
            stretched: 0,
            frames: 0,
            line: FIRMWARE_LINE,
        }
    }
}

impl Scan {
    /// Whether the pipe runs.
    pub fn runs(&self) -> bool {
        self.timing.is_some()
    }

    /// Starts the pipe at the top of a frame.
    pub fn start(&mut self, now: u64, timing: Timing) {
        self.next_vblank = now.saturating_add(timing.period());
        self.stretched = 0;
        self.timing = Some(timing);
    }

    /// Stops the pipe. Its counters stay.
    pub fn stop(&mut self, now: u64) {
        self.line = self.line(now);
        self.timing = None;
    }

    /// When the next vblank is due, if the pipe runs.
    pub fn due(&self) -> Option<u64> {
        self.runs().then_some(self.next_vblank)
    }

    /// Takes the vblanks that are due. `timing` is asked for the frames to come. Returns whether
    /// there was one.
    pub fn advance(&mut self, now: u64, timing: impl FnOnce() -> Timing) -> bool {
        let Some(current) = self.timing else {
            return false;
        };
        let Some(late) = now.checked_sub(self.next_vblank) else {
            return false;
        };
        let missed = late / current.period();
        // CAST: the counter has 32 bits and wraps.
        self.frames = self.frames.wrapping_add(1).wrapping_add(missed as u32);
        let next = timing();
        self.next_vblank = now - late % current.period() + next.period();
        self.stretched = 0;
        self.timing = Some(next);
        true
    }

    /// The driver looks at or works on this frame: moves a near vblank away.
    pub fn hold(&mut self, now: u64) {
        if !self.runs() {
            return;
        }
        let lacking = now.saturating_add(QUIET).saturating_sub(self.next_vblank);
        let granted = lacking.min(STRETCH - self.stretched);
        self.next_vblank += granted;
        self.stretched += granted;
    }

    /// Number of vblanks so far.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// The line counter.
    pub fn line(&self, now: u64) -> u32 {
        match self.timing {
            Some(timing) => timing.scanline(self.next_vblank.saturating_sub(now)),
            None => self.line,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn full_hd() -> Timing {
        Timing::new(2200, 1125, 1080, Some(148_500))
    }

    fn running() -> Scan {
        let mut scan = Scan::default();
        scan.start(0, full_hd());
        scan
    }

    #[test]
    fn a_vblank_in_each_period() {
        let mut scan = running();
        let period = full_hd().period();
        assert!(!scan.advance(period - 1, full_hd));
        assert!(scan.advance(period, full_hd));
        assert!(!scan.advance(period, full_hd));
        assert_eq!(scan.frames(), 1);
        assert!(scan.advance(4 * period + 5, full_hd));
        assert_eq!((scan.frames(), scan.due()), (4, Some(5 * period)));
    }

    #[test]
    fn an_update_keeps_the_vblank_away_and_a_poll_only_for_a_while() {
        let mut scan = running();
        let period = full_hd().period();
        let mut now = period - 1000;
        scan.hold(now);
        assert!(scan.due().unwrap() >= now + QUIET);
        while !scan.advance(now, full_hd) {
            scan.hold(now);
            now += 50_000;
        }
        assert!(now <= period + STRETCH + 50_000);
    }

    #[test]
    fn a_stopped_pipe_keeps_its_counters() {
        let mut scan = running();
        scan.advance(full_hd().period(), full_hd);
        let now = full_hd().period() + 1_000_000;
        let line = scan.line(now);
        scan.stop(now);
        assert_eq!((scan.line(now * 9), scan.frames()), (line, 1));
        assert!(!scan.advance(now * 9, full_hd));
        assert_eq!(scan.due(), None);
    }

    proptest! {
        #[test]
        fn any_history_is_survived(
            steps in prop::collection::vec((0u8..4, 0u64..100_000_000, any::<u32>()), 0..100)
        ) {
            let (mut scan, mut now) = (Scan::default(), 0);
            for (what, time, lines) in steps {
                now += time;
                let timing = Timing::new(lines >> 16, lines & 0xffff, lines & 0xfff, Some(1000));
                match what {
                    0 => scan.start(now, timing),
                    1 => scan.stop(now),
                    2 => scan.hold(now),
                    _ => { scan.advance(now, || timing); }
                }
                scan.line(now);
            }
        }
    }
}
