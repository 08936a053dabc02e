// SPDX-License-Identifier: GPL-2.0

//! What the `kernel` crate lacks: safe abstractions of C interfaces, and the bindings below them.

mod bindings;
pub(crate) mod dma_buf;
pub(crate) mod eventfd;
pub(crate) mod i915;
pub(crate) mod mdev;
mod notifier;
pub(crate) mod page;
mod pci;
pub(crate) mod pm;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod ratelimit;
pub(crate) mod shared;
pub(crate) mod siphash;
pub(crate) mod trace;
pub(crate) mod utsname;
pub(crate) mod vfio;
pub(crate) mod workqueue;
