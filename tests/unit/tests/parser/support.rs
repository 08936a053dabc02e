// SPDX-License-Identifier: GPL-2.0

//! A guest with a share, a policy of registers, and short names for commands.

use std::collections::HashMap;

use unit::hw::addr::{Bytes, GmaRange, GuestGma, HostGma, MmioOffset};
use unit::hw::engine::Engine;
use unit::hw::platform::Platform;
use unit::model::parser::{
    audit, Findings, Guest, Level, PerProcess, Place, RegisterPolicy, Rejected, Space, Unaudited,
    Verdict, Why,
};
use unit::model::partition::Share;

/// Where the guest's parts of the GGTT are.
pub const APERTURE: u32 = 0x0800_0000;
pub const HIDDEN: u32 = 0x4000_0000;
pub const PART: u32 = 0x0040_0000;
/// Pages of the guest's.
pub const STATUS_PAGE: u32 = HIDDEN + 0x1000;
pub const CONTEXT: u32 = HIDDEN + 0x2_0000;
pub const DATA: u32 = APERTURE + 0x3000;
/// An address in the GGTT that is not.
pub const FOREIGN: u32 = 0x1000;

pub const NOOP: u32 = 0;
pub const END: u32 = 0x0a << 23;
pub const USER_INTERRUPT: u32 = 0x02 << 23;
pub const ARB_CHECK: u32 = 0x05 << 23;
pub const ARB_OFF: u32 = 0x08 << 23;
pub const ARB_ON: u32 = ARB_OFF | 1;
pub const STORE: u32 = 0x20 << 23 | 2;
pub const LRI: u32 = 0x22 << 23 | 1;
pub const SRM: u32 = 0x24 << 23 | 2;
pub const FLUSH: u32 = 0x26 << 23 | 2;
pub const LRM: u32 = 0x29 << 23 | 2;
pub const LRR: u32 = 0x2a << 23 | 1;
pub const START: u32 = 0x31 << 23 | 1;
pub const PIPE_CONTROL: u32 = 0x7a00_0004;
pub const GLOBAL: u32 = 1 << 22;
pub const SECOND: u32 = 1 << 22;
pub const PREDICATED: u32 = 1 << 15;
pub const IN_PPGTT: u32 = 1 << 8;
pub const NOTIFY: u32 = 1 << 8;
pub const INDEX: u32 = 1 << 21;
pub const WRITE: u32 = 1 << 14;
pub const PIPE_GLOBAL: u32 = 1 << 24;
pub const PIPE_STALL: u32 = 1 << 20;
pub const FLUSH_GLOBAL: u32 = 1 << 2;

/// A register that may be accessed, and the one of the harmless write.
pub const ALLOWED: u32 = 0x7014;
pub const NOPID: u32 = 0x94;

pub const FIRST: Place = batch(Level::First, Space::Global);
pub const CALLED: Place = batch(Level::Second, Space::Global);
pub const USER: Place = batch(Level::First, Space::PerProcess);

pub const fn batch(level: Level, space: Space) -> Place {
    Place::Batch { level, space }
}

/// What each register's verdict is, for writes and reads alike; the others are allowed.
#[derive(Debug, Default)]
pub struct Policy(pub HashMap<u32, Verdict>);

impl Policy {
    fn verdict(&self, register: MmioOffset) -> Verdict {
        assert_eq!(register.get() & !0x7f_fffc, 0);
        let verdict = self.0.get(&register.get());
        verdict.copied().unwrap_or(Verdict::Allow)
    }
}

impl RegisterPolicy for Policy {
    fn command_write(&self, _: Engine, register: MmioOffset, _: Option<u32>) -> Verdict {
        self.verdict(register)
    }

    fn command_read(&self, _: Engine, register: MmioOffset) -> Verdict {
        self.verdict(register)
    }
}

/// What a guest is made of.
#[derive(Debug)]
pub struct Setting {
    pub platform: Platform,
    pub engine: Engine,
    pub share: Share,
    pub per_process: PerProcess,
    pub policy: Policy,
}

impl Setting {
    pub fn new(engine: Engine) -> Self {
        let part = |start: u32| {
            let start = HostGma::new(start.into());
            GmaRange::new(start, Bytes::new(PART.into())).unwrap()
        };
        Self {
            platform: Platform::Skylake,
            engine,
            share: Share {
                aperture: part(APERTURE),
                hidden: part(HIDDEN),
                fences: 4,
            },
            per_process: PerProcess::Trust,
            policy: Policy::default(),
        }
    }

    pub fn rcs() -> Self {
        Self::new(Engine::Rcs)
    }

    pub fn verdict(mut self, register: u32, verdict: Verdict) -> Self {
        self.policy.0.insert(register, verdict);
        self
    }

    pub fn on(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    pub fn auditing(mut self) -> Self {
        self.per_process = PerProcess::Audit;
        self
    }

    pub fn guest(&self) -> Guest<'_, Policy> {
        self.guest_with(&self.policy)
    }

    pub fn guest_with<'a, R>(&'a self, registers: &'a R) -> Guest<'a, R> {
        Guest {
            platform: self.platform,
            engine: self.engine,
            share: &self.share,
            status_page: GuestGma::new(STATUS_PAGE.into()),
            context: GuestGma::new(CONTEXT.into()),
            per_process: self.per_process,
            registers,
        }
    }

    /// The audit's outcome for commands that start no batches: what they became, and what was found.
    pub fn audit(&self, place: Place, words: &[u32]) -> Result<(Vec<u32>, Findings), Rejected> {
        let mut copy = words.to_vec();
        let audited = audit(Unaudited::new(&mut copy[..]), place, &self.guest())?;
        let (ready, findings) = audited.finish().expect("no batch is started");
        Ok((ready.to_vec(), findings))
    }

    /// What commands in the ring become.
    pub fn ring(&self, words: &[u32]) -> Vec<u32> {
        self.audit(Place::Ring, words).unwrap().0
    }

    /// What a batch without privilege becomes, without its end.
    pub fn user(&self, words: &[u32]) -> Vec<u32> {
        let batch = [words, &[END, END]].concat();
        let mut after = self.audit(USER, &batch).unwrap().0;
        after.truncate(words.len());
        after
    }

    pub fn refusal(&self, place: Place, words: &[u32]) -> Why {
        let mut copy = words.to_vec();
        let refused = audit(Unaudited::new(&mut copy[..]), place, &self.guest());
        refused.map(|_| ()).unwrap_err().why
    }
}

/// An address in the GGTT, as the reason of a refusal.
pub fn foreign(address: u64) -> Why {
    Why::Address(GuestGma::new(address))
}
