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
