// SPDX-License-Identifier: GPL-2.0

//! What an operator can ask of the queues for one virtual GPU.

use super::Weight;

/// The largest weight, as that of cgroups' CPU controller.
const MAX_WEIGHT: u16 = 10_000;

/// The highest priority, and as its negative the lowest.
const MAX_PRIORITY: i8 = 100;

/// Bounds of a slice, in microseconds.
const TIMESLICES: core::ops::RangeInclusive<u32> = 500..=1_000_000;

/// Bounds of the time to give way in, in microseconds.
const TIMEOUTS: core::ops::RangeInclusive<u32> = 1_000..=60_000_000;

/// How one virtual GPU is served, on each engine by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its share of the time relative to others', 1 to 10000.
    pub weight: u16,
    /// The most of an engine's time that it gets, in percent, 1 to 100; 100 is no limit.
    pub cap_percent: u8,
    /// What it gets of an engine's time before others do, if it has work, in percent, 0 to 100.
    pub reservation_percent: u8,
    /// Who has a higher priority goes first, always. -100 to 100.
    pub priority: i8,
    /// How long its work has an engine before others' that wait, in microseconds, 500 to 1000000.
    pub timeslice_us: u32,
    /// How long its work may keep an engine from others after that, in microseconds, 1000 to 60000000; then
    /// it is ended, and the guest sees a hang.
    pub preempt_timeout_us: u32,
    /// It gets nothing. What it has begun goes on.
    pub stop: bool,
}

impl Policy {
    /// What holds if nobody asks for anything else.
    pub const fn new(weight: Weight, preempt_timeout_us: u32) -> Self {
        Self {
            weight: weight.get(),
            cap_percent: 100,
            reservation_percent: 0,
            priority: 0,
            timeslice_us: 2_000,
            preempt_timeout_us,
            stop: false,
        }
    }

    /// How long its work has the engine before others', in nanoseconds.
    pub(super) fn timeslice(&self) -> u64 {
        u64::from(self.timeslice_us).saturating_mul(1000)
    }

    /// How long its work may take to make way, in nanoseconds.
    pub(super) fn preempt_timeout(&self) -> u64 {
        u64::from(self.preempt_timeout_us).saturating_mul(1000)
    }

    /// Whether all is within bounds.
    pub fn is_valid(&self) -> bool {
        (1..=MAX_WEIGHT).contains(&self.weight)
            && (1..=100).contains(&self.cap_percent)
            && self.reservation_percent <= self.cap_percent
            && (-MAX_PRIORITY..=MAX_PRIORITY).contains(&self.priority)
            && TIMESLICES.contains(&self.timeslice_us)
            && TIMEOUTS.contains(&self.preempt_timeout_us)
    }
}
