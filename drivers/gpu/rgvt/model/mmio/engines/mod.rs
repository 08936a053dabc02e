// SPDX-License-Identifier: GPL-2.0

//! The registers in the engines' blocks that do more than keep what is written.
//!
//! Source of the bits: intel_engine_regs.h.

mod table;

use super::{
    cells::{masked, Cells},
    nonpriv, Effect,
};
use crate::hw::{
    addr::{GuestGma, MmioOffset, PAGE_SIZE},
    engine::Engine,
    platform::Platform,
};

pub use table::TABLE;

/// RING_BUFFER_TAIL.
pub const TAIL: u32 = 0x30;
/// RING_BUFFER_HEAD.
pub const HEAD: u32 = 0x34;
/// RING_BUFFER_START.
pub const START: u32 = 0x38;
/// RING_BUFFER_CONTROL.
pub const CONTROL: u32 = 0x3c;
/// ACTHD, upper half.
pub const ACTIVE_HEAD_UDW: u32 = 0x5c;
/// ACTHD, lower half: where the engine reads.
pub const ACTIVE_HEAD: u32 = 0x74;
/// RING_HWS_PGA: the page of hardware status.
const STATUS_PAGE: u32 = 0x80;
/// RING_MI_MODE.
const MI_MODE: u32 = 0x9c;
/// RING_IMR: bits at their places in the GT's interrupt registers.
const INTERRUPT_MASK: u32 = 0xa8;
/// RING_RESET_CTL.
const RESET_CONTROL: u32 = 0xd0;
/// CTX_TIMESTAMP.
pub const CONTEXT_TIMESTAMP: u32 = 0x3a8;
/// RING_MODE (GFX_MODE).
const MODE: u32 = 0x29c;

/// RING_MI_MODE: the engine has nothing to do. Read-only.
const MODE_IDLE: u32 = 1 << 9;
/// RING_MODE: submission by execlists.
const RUN_LIST_ENABLE: u32 = 1 << 15;
/// RING_MODE, Gen9: interrupts go to the microcontroller, which a virtual GPU does not have.
const INTERRUPT_STEERING: u32 = 1 << 14;
/// RING_RESET_CTL: the driver asks for permission to reset.
const REQUEST_RESET: u32 = 1 << 0;
/// RING_RESET_CTL: the engine grants it. Read-only.
const READY_TO_RESET: u32 = 1 << 1;
/// What INSTDONE reads: all units are done, or all but the command streamer.
const ALL_DONE: u32 = u32::MAX;
const STREAMER_WORKS: u32 = !1;

/// Which register of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// RING_INSTDONE: which units are done.
    Done,
    /// RING_HWS_PGA.
    StatusPage,
    /// RING_MI_MODE.
    MiMode,
    /// RING_IMR.
    InterruptMask,
    /// RING_RESET_CTL.
    ResetControl,
    /// RING_MODE.
    Mode,
    /// CTX_TIMESTAMP.
    ContextTimestamp,
    /// RING_FORCE_TO_NONPRIV: opens a register to batches without privilege.
    NonPrivileged,
}

/// The offset of a register of `engine`'s block.
pub const fn at(engine: Engine, offset: u32) -> MmioOffset {
    MmioOffset::new(engine.mmio_base().get().wrapping_add(offset))
}

/// A set of engines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineSet(u8);

impl EngineSet {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self(0x1f);

    const fn bit(engine: Engine) -> u8 {
        match engine {
            Engine::Rcs => 1 << 0,
            Engine::Bcs => 1 << 1,
            Engine::Vcs0 => 1 << 2,
            Engine::Vcs1 => 1 << 3,
            Engine::Vecs => 1 << 4,
        }
    }

    /// The set with `engine` in it.
    pub const fn with(self, engine: Engine) -> Self {
        Self(self.0 | Self::bit(engine))
    }

    /// The set without `engine`.
    pub const fn without(self, engine: Engine) -> Self {
        Self(self.0 & !Self::bit(engine))
    }

    /// Whether `engine` is in it.
    pub const fn contains(self, engine: Engine) -> bool {
        self.0 & Self::bit(engine) != 0
    }

    /// Whether it has none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The engines in it, in order.
    pub fn iter(self) -> impl Iterator<Item = Engine> {
        Engine::ALL
            .into_iter()
            .filter(move |&engine| self.contains(engine))
    }
}

/// The page of hardware status of `engine`; 0 until the guest says.
pub(super) fn status_page(cells: &Cells, engine: Engine) -> GuestGma {
    let value = u64::from(cells.get(at(engine, STATUS_PAGE)));
    GuestGma::new(value & !(PAGE_SIZE - 1))
}

/// The interrupts that `engine` keeps to itself, at their places in the GT's interrupt registers.
pub(super) fn interrupt_mask(cells: &Cells, engine: Engine) -> u32 {
    cells.get(at(engine, INTERRUPT_MASK))
}

/// Whether `engine` takes submissions by execlists.
pub(super) fn execlists(cells: &Cells, engine: Engine) -> bool {
    cells.get(at(engine, MODE)) & RUN_LIST_ENABLE != 0
}

/// What a guest reads. `None` if it is what the host's register holds.
pub(super) fn read(cells: &Cells, register: Register, at: MmioOffset, busy: bool) -> Option<u32> {
    let stored = cells.get(at);
    Some(match register {
        Register::Done if busy => STREAMER_WORKS,
        Register::Done => ALL_DONE,
        Register::MiMode if busy => stored & !MODE_IDLE,
        Register::MiMode => stored | MODE_IDLE,
        Register::ContextTimestamp if busy => return None,
        _ => stored,
    })
}

/// A guest's write.
pub(super) fn write(
    cells: &mut Cells,
    platform: Platform,
    register: Register,
    at: MmioOffset,
    value: u32,
) -> Effect {
    let Some((engine, _)) = Engine::of_register(at) else {
        return Effect::None;
    };
    let old = cells.get(at);
    match register {
        Register::Done | Register::ContextTimestamp => Effect::None,
        Register::StatusPage => {
            cells.set(at, value);
            Effect::None
        }
        Register::InterruptMask => {
            cells.set(at, value);
            Effect::Listen
        }
        Register::MiMode => {
            cells.set(at, masked(old, value) & !MODE_IDLE);
            Effect::None
        }
        Register::ResetControl => {
            let asked = masked(old, value) & REQUEST_RESET;
            let granted = if asked != 0 { READY_TO_RESET } else { 0 };
            cells.set(at, asked | granted);
            Effect::None
        }
        Register::Mode => {
            let new = masked(old, value);
            cells.set(at, new & !INTERRUPT_STEERING);
            if new & INTERRUPT_STEERING != 0 {
                Effect::Refused
            } else {
                Effect::None
            }
        }
        Register::NonPrivileged => {
            if nonpriv::permitted(platform, engine, value) {
                cells.set(at, value);
                Effect::None
            } else {
                Effect::Refused
            }
        }
    }
}
