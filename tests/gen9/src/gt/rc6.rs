// SPDX-License-Identifier: GPL-2.0

//! How long the GT has been in the render standby state RC6.

use std::time::{Duration, Instant};

/// Time in RC6 since power-on.
#[derive(Debug, Default)]
pub struct Residency {
    before: Duration,
    since: Option<Instant>,
}

/// Length of a tick of the residency counter (i915: `gt/intel_rc6.c`, intel_rc6_residency_ns).
const TICK_NS: u128 = 1280;

impl Residency {
    /// Notes that the GT is, or is not, in RC6 from `now` on.
    pub fn update(&mut self, in_rc6: bool, now: Instant) {
        match (self.since, in_rc6) {
            (None, true) => self.since = Some(now),
            (Some(since), false) => {
                self.before += now.saturating_duration_since(since);
                self.since = None;
            }
            _ => {}
        }
    }

    /// Whether the GT is in RC6.
    pub fn is_resident(&self) -> bool {
        self.since.is_some()
    }

    /// The hardware's counter: 1.28 us ticks, 32 bits that wrap.
    pub fn ticks(&self, now: Instant) -> u32 {
        let current = self
            .since
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        // CAST: the counter wraps at 32 bits, as on hardware.
        ((self.before + current).as_nanos() / TICK_NS) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_time_inside_counts() {
        let start = Instant::now();
        let at = |ticks: u64| start + Duration::from_nanos(1280 * ticks);
        let mut rc6 = Residency::default();
        assert_eq!(rc6.ticks(at(5)), 0);
        rc6.update(true, at(10));
        rc6.update(true, at(15));
        assert_eq!(rc6.ticks(at(20)), 10);
        rc6.update(false, at(30));
        rc6.update(false, at(35));
        assert_eq!(rc6.ticks(at(40)), 20);
        assert!(!rc6.is_resident());
    }
}
