// SPDX-License-Identifier: GPL-2.0

//! One virtual GPU: what it owns, its lock, and its life.
//!
//! All that a guest can see is in [`state::State`], behind one lock. Accesses of the guest's processors
//! come in through `registers` and `config`, work goes out to the real engines through `submission`, whose
//! [`runner::Runner`] is shared by all virtual GPUs on an engine.

mod aperture;
mod config;
mod desk;
mod exits;
mod ggtt;
mod gpu;
mod lane;
mod life;
mod log;
mod memory;
mod monitor;
mod policy;
mod registers;
mod runner;
mod screen;
mod sleep;
mod state;
mod statistics;
mod submission;
mod trace;
mod vblank;

pub(crate) use crate::{
    host::{
        Account,
        Interrupts, //
    },
    hw::pci::{
        BAR0_SIZE,
        VENDOR, //
    },
    model::{
        cfg::SIZE as CONFIG_SIZE,
        sched::Policy,
        screen::{
            Format,
            Tiling, //
        },
        types::VgpuType, //
    },
};
pub(crate) use aperture::Aperture;
pub(crate) use gpu::{
    Gpu,
    Limits, //
};
pub(crate) use screen::{
    Frame,
    Shown,
    Which, //
};
pub(crate) use statistics::Statistics;

use kernel::{
    prelude::*,
    sync::{
        Arc,
        CondVar,
        Mutex, //
    },
};

use crate::{
    host::RateLimit,
    model::partition::{
        Share,
        VgpuId, //
    }, //
};
use exits::Exits;
use gpu::Seat;
use screen::Screen;
use state::State;
use statistics::AllCounters;

/// A virtual GPU.
///
/// Fields are dropped in this order: the state gives back what it has of the hardware, and only then can
/// someone else take the seat.
#[pin_data]
pub(crate) struct Vgpu {
    kind: VgpuType,
    account: Arc<Account>,
    #[pin]
    interrupts: Interrupts,
    /// Protects all that the guest sees, and what of it the host holds. Taken before the lock of a
    /// [`desk::Desk`] or [`runner::Runner`], before that of the guest's pins, and before i915's.
    #[pin]
    state: Mutex<State>,
    #[pin]
    screen: Screen,
    /// Notified when a piece of work has left an engine.
    #[pin]
    quiet: CondVar,
    /// How it is served. Taken before the lock of a [`runner::Runner`], and not with `state`.
    #[pin]
    policy: Mutex<Policy>,
    counters: AllCounters,
    /// How many lines the log may have about it.
    #[pin]
    lines: RateLimit,
    exits: Exits,
    seat: Seat,
}

impl Vgpu {
    /// Its number, which is unique on its GPU.
    pub(crate) fn id(&self) -> VgpuId {
        self.seat.id()
    }

    /// Where its interrupts go.
    pub(crate) fn interrupts(&self) -> &Interrupts {
        &self.interrupts
    }

    /// What it has pinned of its guest's memory, and may have.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    fn gpu(&self) -> &Arc<Gpu> {
        self.seat.gpu()
    }

    fn share(&self) -> &Share {
        self.seat.share()
    }
}
