// SPDX-License-Identifier: GPL-2.0

//! Facts of Gen8 and Gen9 graphics hardware: addresses, page table entries, the context image,
//! registers and what their bits mean. No behaviour of the virtual GPU is in here.
//!
//! Sources are named beside each fact: headers of the kernel's i915 driver, or the Programmer's
//! Reference Manuals (PRM) of Broadwell and Skylake by volume.

#![deny(unsafe_code)]

pub mod addr;
pub mod command;
pub mod context;
pub mod engine;
pub mod execlist;
pub mod gtt;
pub mod irq;
pub mod pci;
pub mod platform;
pub mod pvinfo;
