// SPDX-License-Identifier: GPL-2.0

//! The interrupts as user space sets them up.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
};

use crate::{
    rust::{
        eventfd::EventFd,
        vfio::{
            irq,
            Action,
            IrqData,
            IrqInfo,
            IrqSet,
            Listener,
            Signalled, //
        },
    },
    vgpu::Vgpu,
};

/// Lets INTx through again when the guest has handled it.
struct Unmask(Arc<Vgpu>);

impl Signalled for Unmask {
    fn signalled(&self) {
        self.0.interrupts().unmask_intx();
    }
}

/// What user space has set up, beside the eventfds that the virtual GPU signals.
#[pin_data]
pub(super) struct Irqs {
    vgpu: Arc<Vgpu>,
    /// Who unmasks INTx.
    #[pin]
    unmask: Mutex<Option<Pin<KBox<Listener<Unmask>>>>>,
    /// What asks the user to give the device back.
    #[pin]
    request: Mutex<Option<EventFd>>,
}

/// What an order does to the one interrupt of a kind.
enum Order {
    /// Nothing: it was left out.
    Nothing,
    /// Switches the kind off.
    Off,
    /// Does it now.
    Now,
    /// Does it whenever this eventfd is signalled, or signals it; `None` for not any more.
    EventFd(Option<i32>),
}

impl Order {
    /// Each kind has one interrupt, so an order is for that or for none.
    fn new(set: &IrqSet) -> Result<Self> {
        Ok(match &set.data {
            IrqData::None if set.range.is_empty() => Self::Off,
            IrqData::None => Self::Now,
            IrqData::Bool(chosen) => match chosen.first() {
                Some(true) => Self::Now,
                Some(false) => Self::Nothing,
                None => return Err(EINVAL),
            },
            IrqData::EventFd(fds) => match fds.first() {
                Some(&fd) => Self::EventFd((fd >= 0).then_some(fd)),
                None => return Err(EINVAL),
            },
        })
    }
}

impl Irqs {
    /// Nothing set up.
    pub(super) fn new(vgpu: Arc<Vgpu>) -> impl PinInit<Self> {
        pin_init!(Self {
            vgpu,
            unmask <- new_mutex!(None),
            request <- new_mutex!(None),
        })
    }

    /// What there is of a kind.
    pub(super) fn info(index: u32) -> Result<IrqInfo> {
        let flags = match index {
            irq::INTX => irq::EVENTFD | irq::MASKABLE | irq::AUTOMASKED,
            irq::MSI | irq::REQUEST => irq::EVENTFD | irq::NORESIZE,
            _ => return Err(EINVAL),
        };
        Ok(IrqInfo { flags, count: 1 })
    }

    /// Carries an order out.
    pub(super) fn set(&self, set: IrqSet) -> Result {
        let order = Order::new(&set)?;

        match (set.index, set.action) {
            (irq::INTX, Action::Trigger) => self.trigger_intx(order),
            (irq::INTX, Action::Mask) => self.mask_intx(order),
            (irq::INTX, Action::Unmask) => self.unmask_intx(order),
            (irq::MSI, Action::Trigger) => self.trigger_msi(order),
            (irq::REQUEST, Action::Trigger) => self.trigger_request(order),
            _ => Err(ENOTTY),
        }
    }

    fn trigger_intx(&self, order: Order) -> Result {
        let interrupts = self.vgpu.interrupts();
        match order {
            Order::Nothing => {}
            Order::Off => {
                *self.unmask.lock() = None;
                interrupts.set_intx(None);
            }
            Order::Now => interrupts.try_intx(),
            Order::EventFd(fd) => interrupts.set_intx(fd.map(EventFd::from_fd).transpose()?),
        }
        Ok(())
    }

    fn mask_intx(&self, order: Order) -> Result {
        match order {
            Order::Nothing => Ok(()),
            Order::Now => {
                self.vgpu.interrupts().mask_intx();
                Ok(())
            }
            Order::Off => Err(EINVAL),
            // Nobody has a use for this, vfio-pci included.
            Order::EventFd(_) => Err(ENOTTY),
        }
    }

    fn unmask_intx(&self, order: Order) -> Result {
        match order {
            Order::Nothing => {}
            Order::Now => self.vgpu.interrupts().unmask_intx(),
            Order::Off => return Err(EINVAL),
            Order::EventFd(fd) => {
                let mut unmask = self.unmask.lock();
                *unmask = None;
                if let Some(fd) = fd {
                    let target = Arc::new(Unmask(self.vgpu.clone()), GFP_KERNEL)?;
                    *unmask = Some(Listener::new(fd, target)?);
                }
            }
        }
        Ok(())
    }

    fn trigger_msi(&self, order: Order) -> Result {
        let interrupts = self.vgpu.interrupts();
        match order {
            Order::Nothing => {}
            Order::Off => interrupts.set_msi(None),
            Order::Now => interrupts.message(),
            Order::EventFd(fd) => interrupts.set_msi(fd.map(EventFd::from_fd).transpose()?),
        }
        Ok(())
    }

    fn trigger_request(&self, order: Order) -> Result {
        match order {
            Order::Nothing => {}
            Order::Off => *self.request.lock() = None,
            Order::Now => {
                self.ask();
            }
            Order::EventFd(fd) => {
                *self.request.lock() = fd.map(EventFd::from_fd).transpose()?;
            }
        }
        Ok(())
    }

    /// Asks the user to give the device back, if there is a way; says whether there is.
    pub(super) fn ask(&self) -> bool {
        let request = self.request.lock();
        if let Some(eventfd) = &*request {
            eventfd.signal();
        }
        request.is_some()
    }

    /// Forgets all that user space has set up, but what the virtual GPU signals.
    pub(super) fn clear(&self) {
        *self.unmask.lock() = None;
        *self.request.lock() = None;
    }
}
