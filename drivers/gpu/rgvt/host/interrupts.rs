// SPDX-License-Identifier: GPL-2.0

//! Where a virtual GPU's interrupts go: to eventfds of user space, which KVM turns into interrupts of the
//! guest.

use kernel::{
    new_spinlock,
    prelude::*,
    sync::SpinLock, //
};

use crate::rust::eventfd::EventFd;

/// What is signalled, and when.
struct State {
    intx: Option<EventFd>,
    msi: Option<EventFd>,
    /// Whether the device asserts INTx.
    level: bool,
    /// Whether INTx is held back: since it was signalled, or because user space wants so.
    masked: bool,
}

impl State {
    /// Signals INTx if it is asserted and not held back, and holds it back from then on: an eventfd can
    /// tell that the level is up, but not that it still is.
    fn deliver(&mut self) {
        if !self.level || self.masked {
            return;
        }
        if let Some(intx) = &self.intx {
            self.masked = true;
            intx.signal();
        }
    }
}

/// The interrupts of one virtual GPU: a pin, INTx, and one message, MSI. Which of them the guest wants is in
/// the configuration space, and the caller's business.
///
/// Not for use in interrupt handlers: the lock is taken with interrupts on.
#[pin_data]
pub(crate) struct Interrupts {
    /// Nothing else is locked inside of it but what an eventfd locks.
    #[pin]
    state: SpinLock<State>,
}

impl Interrupts {
    /// Interrupts that go nowhere yet.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            state <- new_spinlock!(State {
                intx: None,
                msi: None,
                level: false,
                masked: false,
            }),
        })
    }

    /// Asserts INTx, or deasserts it.
    pub(crate) fn set_level(&self, up: bool) {
        let mut state = self.state.lock();
        state.level = up;
        state.deliver();
    }

    /// Sends the message.
    pub(crate) fn message(&self) {
        if let Some(msi) = &self.state.lock().msi {
            msi.signal();
        }
    }

    /// Has INTx signal an eventfd, or none. It is not held back at first.
    pub(crate) fn set_intx(&self, trigger: Option<EventFd>) {
        let mut state = self.state.lock();
        let old = core::mem::replace(&mut state.intx, trigger);
        state.masked = false;
        state.deliver();
        drop(state);
        drop(old);
    }

    /// Has the message signal an eventfd, or none.
    pub(crate) fn set_msi(&self, trigger: Option<EventFd>) {
        let old = core::mem::replace(&mut self.state.lock().msi, trigger);
        drop(old);
    }

    /// Holds INTx back.
    pub(crate) fn mask_intx(&self) {
        self.state.lock().masked = true;
    }

    /// Holds INTx back no more; if it is still asserted, signals it again.
    pub(crate) fn unmask_intx(&self) {
        let mut state = self.state.lock();
        state.masked = false;
        state.deliver();
    }

    /// Signals INTx whatever its level, for user space to try out the way.
    pub(crate) fn try_intx(&self) {
        if let Some(intx) = &self.state.lock().intx {
            intx.signal();
        }
    }

    /// Back to how it was made.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock();
        let old = (state.intx.take(), state.msi.take());
        state.level = false;
        state.masked = false;
        drop(state);
        drop(old);
    }
}
