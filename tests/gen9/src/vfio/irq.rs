// SPDX-License-Identifier: GPL-2.0

//! From the device's interrupt line to the client's event descriptors.
//!
//! With MSI set up, each rising edge sends a message. Without, the line is INTx: level triggered
//! and masked as soon as it has been delivered, until the client unmasks it (as in Linux's
//! `vfio_pci_intrs.c`).

mod request;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard};

use vmm_sys_util::eventfd::EventFd;

pub use request::{SetRequest, info};

use request::Action;

/// Which kinds there are for the client to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The level-triggered pin.
    Intx,
    /// The message.
    Msi,
}

impl Kind {
    /// The witness's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intx => "intx",
            Self::Msi => "msi",
        }
    }
}

/// State of the line and of its delivery.
#[derive(Debug, Default)]
struct State {
    level: bool,
    msi: Option<EventFd>,
    intx: Option<EventFd>,
    /// INTx has been delivered, or masked by the client, and waits for the client to unmask it.
    masked: bool,
    /// The command register forbids INTx.
    disabled: bool,
}

impl State {
    /// Sends a message for a rising edge.
    fn edge(&self) -> Option<Kind> {
        signal(self.msi.as_ref()?).then_some(Kind::Msi)
    }

    /// Delivers INTx if it is due.
    fn pin(&mut self) -> Option<Kind> {
        if self.msi.is_some() || !self.level || self.masked || self.disabled {
            return None;
        }
        let delivered = signal(self.intx.as_ref()?);
        self.masked = true;
        delivered.then_some(Kind::Intx)
    }
}

fn signal(event: &EventFd) -> bool {
    let result = event.write(1);
    if let Err(error) = &result {
        tracing::warn!(%error, "interrupt not delivered");
    }
    result.is_ok()
}

/// The interrupt line's end at the client. Its lock is the last to be taken.
#[derive(Debug, Default)]
pub struct Line(Mutex<State>);

impl Line {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// The device raises or lowers the line. Tells what was delivered.
    pub fn set_level(&self, level: bool) -> Option<Kind> {
        let mut state = self.lock();
        let rising = level && !state.level;
        state.level = level;
        if !rising {
            return None;
        }
        state.edge().or_else(|| state.pin())
    }

    /// Level of the line.
    pub fn level(&self) -> bool {
        self.lock().level
    }

    /// The command register allows or forbids INTx. Tells what was delivered.
    pub fn set_intx_disabled(&self, disabled: bool) -> Option<Kind> {
        let mut state = self.lock();
        state.disabled = disabled;
        state.pin()
    }

    /// Does what the client asks. Tells what was delivered.
    pub fn apply(&self, request: SetRequest) -> Option<Kind> {
        let kind = request.kind?;
        let mut state = self.lock();
        match (request.action, kind) {
            (Action::Install(event), Kind::Msi) => {
                state.msi = event;
                // An edge that came before has not been seen by anyone.
                if state.level {
                    state.edge().or_else(|| state.pin())
                } else {
                    None
                }
            }
            (Action::Install(event), Kind::Intx) => {
                state.intx = event;
                state.masked = false;
                state.pin()
            }
            (Action::Trigger, Kind::Msi) => state.edge(),
            (Action::Trigger, Kind::Intx) => {
                let event = state.intx.as_ref()?;
                signal(event).then_some(Kind::Intx)
            }
            (Action::Mask, _) => {
                state.masked = true;
                None
            }
            (Action::Unmask, _) => {
                state.masked = false;
                state.pin()
            }
            (Action::Nothing, _) => None,
        }
    }

    /// Forgets the client's descriptors.
    pub fn release(&self) {
        let mut state = self.lock();
        *state = State {
            level: state.level,
            ..State::default()
        };
    }
}
