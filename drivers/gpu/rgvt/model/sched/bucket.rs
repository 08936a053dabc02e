// SPDX-License-Identifier: GPL-2.0

//! Percentages of an engine's time, as buckets that fill while time goes on.

/// Nanoseconds of an engine that a bucket of 100 percent holds. What was not used longer ago is lost, so
/// a second has at most this much more of the percentage than is asked for.
const DEPTH: i64 = 20_000_000;

/// The deepest debt, in nanoseconds: no piece of work counts more.
const DEEPEST: i64 = -10_000_000_000;

/// A percentage of an engine's time. Times are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    percent: u8,
    /// What is in it; below 0, a debt.
    level: i64,
    /// When it was filled last.
    at: u64,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(percent: u8, now: u64) -> Self {
        Self {
            percent,
            level: DEPTH.saturating_mul(percent.into()) / 100,
            at: now,
        }
    }

    /// Fills it up to `now`, at most to the brim.
    pub(super) fn fill(&mut self, now: u64) {
        let passed = i64::try_from(now.saturating_sub(self.at)).unwrap_or(i64::MAX);
        let gained = passed.saturating_mul(self.percent.into()) / 100;
        if gained == 0 {
            // It counts the next time.
            return;
        }
        self.at = now.max(self.at);
        let brim = DEPTH.saturating_mul(self.percent.into()) / 100;
        self.level = self.level.saturating_add(gained).min(brim);
    }

    /// Takes time out of it, into debt down to `floor`.
    fn take_to(&mut self, nanos: u64, floor: i64) {
        let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
        self.level = self.level.saturating_sub(nanos).max(floor);
    }

    /// Takes time out of it; what is not there is a debt.
    pub(super) fn take(&mut self, nanos: u64) {
        self.take_to(nanos, DEEPEST);
    }

    /// Takes time out of it; a debt is never more than the bucket holds.
    pub(super) fn take_lightly(&mut self, nanos: u64) {
        let brim = DEPTH.saturating_mul(self.percent.into()) / 100;
        self.take_to(nanos, brim.saturating_neg());
    }

    /// Puts time back that was taken too much.
    pub(super) fn put_back(&mut self, nanos: u64) {
        let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
        let brim = DEPTH.saturating_mul(self.percent.into()) / 100;
        self.level = self.level.saturating_add(nanos).min(brim);
    }

    /// Whether something is in it.
    pub(super) fn any(&self) -> bool {
        self.level > 0
    }

    /// In how many nanoseconds something will be in it, at least 1.
    pub(super) fn wait(&self) -> u64 {
        let missing = u64::try_from(self.level.saturating_neg()).unwrap_or(0);
        let percent = u64::from(self.percent.max(1));
        missing
            .saturating_add(1)
            .saturating_mul(100)
            .checked_div(percent)
            .unwrap_or(u64::MAX)
            .max(1)
    }
}
