// SPDX-License-Identifier: GPL-2.0
//! What the user of a device does, not its guest: interrupts, memory, closing, removing.

use anyhow::Result;
use harness::Rng;

use super::Fuzzer;
use crate::client::Client;
use crate::device::{Device, IrqSet};
use crate::eventfd::EventFd;
use crate::mapping::SHARED;
use crate::memory::{BASE, PAGE, SIZE};
use crate::uapi::BAR2;

impl Fuzzer<'_> {
    pub(super) fn interrupts(&mut self) {
        let event = EventFd::new();
        let number = event.as_ref().map_or(-1, EventFd::number);
        let number = if self.rng.one_in(4) {
            self.rng.number() as i32
        } else {
            number
        };
        let flags = match self.rng.below(8) {
            0 => self.rng.number() as u32,
            _ => 1 << self.rng.below(3) | 1 << (3 + self.rng.below(3)),
        };
        let small = |rng: &mut Rng| match rng.below(8) {
            0 => rng.number() as u32,
            _ => rng.below(3) as u32,
        };
        let set = IrqSet {
            argsz: self.rng.one_in(8).then(|| small(&mut self.rng)),
            flags,
            index: self.rng.below(6) as u32,
            start: if self.rng.one_in(8) {
                small(&mut self.rng)
            } else {
                0
            },
            count: if self.rng.one_in(4) {
                small(&mut self.rng)
            } else {
                1
            },
            data: &number.to_ne_bytes(),
        };
        // The eventfd is closed afterwards, so the device is left with one that nobody else has.
        let _ = self.client.device.set_irqs(set);
    }

    /// Takes the memory away and gives it back, whole or in part, here or there.
    pub(super) fn remap(&mut self) {
        let memory = self.client.memory.address();
        let container = &self.client.container;
        if self.rng.one_in(2) {
            let _ = container.unmap(BASE, SIZE);
        } else {
            let _ = container.unmap_all();
        }
        if self.rng.one_in(2) {
            let pages = self.rng.below(SIZE / PAGE) + 1;
            let _ = container.map(BASE, pages * PAGE, memory);
            let _ = container.unmap(BASE, pages * PAGE);
        }
        let _ = container.map(BASE, SIZE, memory);
        let offset = self.gma();
        if let Ok(view) = self
            .client
            .device
            .map(Device::start(BAR2) + offset, PAGE, SHARED)
        {
            view.write(self.rng.below(1024) as usize, self.rng.next32());
        }
    }

    /// Closes the device and opens it again, or another.
    pub(super) fn again(mut self) -> Result<Self> {
        let mdev = self.client.close();
        let form = if self.rng.one_in(2) {
            "region"
        } else {
            "dmabuf"
        };
        let _ = mdev.set_attribute("rgvt/display", form);
        self.client = if self.rng.one_in(2) {
            Client::new(mdev, self.bench.kvm)?
        } else {
            drop(mdev);
            self.bench.client()?
        };
        Ok(self)
    }
}
