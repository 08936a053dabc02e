// SPDX-License-Identifier: GPL-2.0

//! A software Intel Gen8/Gen9 GPU: what stock i915 and a vendor driver for mediated devices need
//! of one, served as a PCI device over vfio-user.

pub mod addr;
pub mod clock;
pub mod cs;
pub mod display;
pub mod engine;
pub mod ggtt;
pub mod gpu;
pub mod gt;
pub mod platform;
pub mod ppgtt;
pub mod ram;
pub mod regs;
mod shared;
pub mod tiling;
pub mod vfio;
pub mod witness;
