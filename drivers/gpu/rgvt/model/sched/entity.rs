// SPDX-License-Identifier: GPL-2.0

//! A virtual GPU in the queue of an engine.

use super::Policy;
use crate::model::partition::VgpuId;
use core::num::NonZeroU16;

/// A share of an engine's time, relative to others'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(NonZeroU16);

impl Weight {
    /// A weight; `None` for 0.
    pub fn new(weight: u16) -> Option<Self> {
        NonZeroU16::new(weight).map(Self)
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

/// What a piece of work counts at least, in nanoseconds: handing it over takes the host's time, and
/// what is rejected never runs. Otherwise a guest that only submits what is rejected would always be
/// next.
const LEAST: u64 = 10_000;

/// Log2 of the units of virtual time in a nanosecond of weight 1, so that little is lost by dividing.
const UNIT_SHIFT: u32 = 10;

/// A virtual time is kept as its lead over the lowest of those that have work. Hence who has none loses
/// its lead as the others go on, and gains nothing by waiting longer.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    pub(super) id: VgpuId,
    pub(super) policy: Policy,
    /// Virtual time, as a lead.
    pub(super) lead: u64,
    /// Virtual time that its last piece of work took.
    last: u64,
    /// It has work that is not with the GPU.
    pub(super) waiting: bool,
    /// It has a piece of work with the GPU.
    pub(super) on_gpu: bool,
}

impl Entity {
    pub(super) fn new(id: VgpuId, policy: Policy) -> Self {
        Self {
            id,
            policy,
            lead: 0,
            last: 0,
            waiting: false,
            on_gpu: false,
        }
    }

    /// Whether it takes part: has work.
    pub(super) fn active(&self) -> bool {
        self.ready() || self.on_gpu
    }

    /// Whether it has work that it may hand to the GPU.
    pub(super) fn ready(&self) -> bool {
        self.waiting && !self.policy.stop
    }

    /// Its lead when the piece that is with the GPU is over, if that is like the last one.
    pub(super) fn expected(&self) -> u64 {
        self.lead.saturating_add(self.last)
    }

    pub(super) fn charge(&mut self, nanoseconds: u64) {
        let units = nanoseconds.max(LEAST).saturating_mul(1 << UNIT_SHIFT);
        let weight = u64::from(self.policy.weight);
        self.last = units.checked_div(weight).unwrap_or(units);
        self.lead = self.lead.saturating_add(self.last);
    }
}
