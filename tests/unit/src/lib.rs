// SPDX-License-Identifier: GPL-2.0

//! The driver's `hw` and `model`, compiled as they are into a crate of user space, so that cargo can
//! test them. `crate::hw` and `crate::model` resolve as in the module.

#![no_std]
// A guest's number must not reach a panic: what the kernel's overflow and bounds checks would turn
// into a BUG is refused here, in hw and model alike.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::todo,
    clippy::unreachable,
    clippy::unwrap_used
)]

#[path = "../../../drivers/gpu/rgvt/hw/mod.rs"]
pub mod hw;
#[path = "../../../drivers/gpu/rgvt/model/mod.rs"]
pub mod model;

/// The parts of `vfio` that need nothing of the kernel.
#[path = "../../../drivers/gpu/rgvt/vfio"]
pub mod vfio {
    pub mod access;
    pub mod description;
    pub mod edid;
    pub mod opregion;
}
