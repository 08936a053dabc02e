// SPDX-License-Identifier: GPL-2.0

//! What the audit has to know of the guest.

use crate::{
    hw::{
        addr::{GuestGma, MmioOffset},
        engine::Engine,
        platform::{Generation, Platform},
    },
    model::partition::Share,
};

/// What becomes of a command's access to a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as the guest wants it.
    Allow,
    /// This value is written instead, or read.
    Replace(u32),
    /// Nothing is written; zero is read.
    Drop,
    /// The work is refused.
    Reject,
}

/// Which registers a guest's commands may access. Offsets are multiples of 4 and may be past the end of
/// the registers.
pub trait RegisterPolicy {
    /// A command of `engine` writes. The value is `None` if the GPU alone will know it, or if only some of
    /// its bytes are written.
    fn command_write(&self, engine: Engine, register: MmioOffset, value: Option<u32>) -> Verdict;

    /// A command of `engine` reads.
    fn command_read(&self, engine: Engine, register: MmioOffset) -> Verdict;
}

/// What becomes of batches in a context's own address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerProcess {
    /// They run where they are.
    Trust,
    /// They are copied and audited.
    Audit,
}

impl PerProcess {
    /// What the hardware makes necessary. It keeps batches in a context's own address space from nearly all
    /// registers, but for those of Gen9's blitter (CVE-2019-0155; i915_cmd_parser.c: `gen9_blt_cmds`).
    pub fn needed(platform: Platform, engine: Engine) -> Self {
        match (platform.generation(), engine) {
            (Generation::Gen9, Engine::Bcs) => Self::Audit,
            _ => Self::Trust,
        }
    }
}

/// The guest, and the context that its commands run in.
#[derive(Debug)]
pub struct Guest<'a, R> {
    /// The platform.
    pub platform: Platform,
    /// The engine.
    pub engine: Engine,
    /// The guest's part of the GGTT.
    pub share: &'a Share,
    /// Where the guest has the engine's hardware status page.
    pub status_page: GuestGma,
    /// Where the guest has the context's image, which begins with the context's status page.
    pub context: GuestGma,
    /// What becomes of batches in the context's own address space.
    pub per_process: PerProcess,
    /// Which registers its commands may access, with the privilege that they have where they are.
    pub registers: &'a R,
}
