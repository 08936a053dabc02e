// SPDX-License-Identifier: GPL-2.0

//! Time as the GPU tells it.

use std::time::{Duration, Instant};

/// Converts the host's monotonic time to timestamps, and work to time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    timestamp_hz: u64,
    mhz: u32,
}

impl Clock {
    /// A clock that starts at zero now. `mhz` is the rate at which work is charged; 0 means that
    /// work is free.
    pub fn new(timestamp_hz: u64, mhz: u32) -> Self {
        Self {
            start: Instant::now(),
            timestamp_hz,
            mhz,
        }
    }

    /// The command streamer's timestamp: ticks of `timestamp_hz` since power-on.
    pub fn timestamp(&self) -> u64 {
        let ticks = self.start.elapsed().as_nanos() * u128::from(self.timestamp_hz) / 1_000_000_000;
        // CAST: 64 bits of ticks last for 48,000 years.
        ticks as u64
    }

    /// How long `cycles` of GPU work take.
    pub fn work(&self, cycles: u64) -> Duration {
        match u64::from(self.mhz) {
            0 => Duration::ZERO,
            mhz => Duration::from_nanos(cycles.saturating_mul(1000) / mhz),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_its_cycles() {
        for (mhz, cycles, nanos) in [
            (1000, 7, 7),
            (300, 3, 10),
            (300, 300_000_000, 1_000_000_000),
            (1, 20_000, 20_000_000),
            (0, 20_000, 0),
            (3, 1, 333),
        ] {
            let work = Clock::new(1, mhz).work(cycles);
            assert_eq!(work, Duration::from_nanos(nanos), "{cycles} at {mhz} MHz");
        }
        // More than can be told is a lot, not a little.
        assert!(Clock::new(1, 1000).work(u64::MAX) > Duration::from_secs(3600));
    }
}
