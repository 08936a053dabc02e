// SPDX-License-Identifier: GPL-2.0

//! The device's place on a PCI bus: served over vfio-user to a client such as QEMU's
//! `vfio-user-pci`.
//!
//! One access, function by function: [`socket`] receives a message, [`session`] takes it apart and
//! [`device`] gives it to the unit of its region ([`registers`], [`aperture`], [`ioport`] or
//! [`pci`]); the reply goes back the same way in one system call.
//!
//! Nothing that a client sends is trusted: sizes are checked before memory is taken, descriptors
//! before they are mapped, and a stream of messages that makes no sense ends the conversation. The
//! one thing that is trusted is that a client does not shrink a file that it has mapped.

mod aperture;
mod device;
mod dma;
mod ioport;
mod irq;
mod pci;
mod proto;
mod regions;
mod registers;
mod server;
mod session;
mod socket;
mod version;

pub use aperture::Size as ApertureSize;
pub use device::{Device, Setup};
pub use proto::{HeaderError, Reply};
pub use server::Server;
pub use session::{Answer, Session};
pub use socket::Stop;

#[cfg(test)]
mod testing {
    use std::sync::Arc;

    use vmm_sys_util::tempfile::TempFile;

    use crate::addr::{Dma, PAGE_SIZE};
    use crate::display::Monitor;
    use crate::gpu::{Gpu, Options};
    use crate::platform::Device;

    /// A GPU without memory.
    pub fn gpu() -> Arc<Gpu> {
        let platform = Device::Skl.platform();
        Gpu::new(&Options {
            platform,
            monitor: Monitor::None,
            clock_mhz: 0,
        })
        .unwrap()
    }

    /// Gives the GPU that many pages of memory from address 0.
    pub fn ram(gpu: &Gpu, pages: u64) {
        let file = TempFile::new().unwrap().into_file();
        file.set_len(pages * PAGE_SIZE).unwrap();
        gpu.ram
            .map(Dma(0), pages * PAGE_SIZE, true, file, 0)
            .unwrap();
    }
}
