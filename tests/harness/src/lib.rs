// SPDX-License-Identifier: GPL-2.0
//! What the test programs inside the lab share, and those that read what they leave.

pub mod engines;
pub mod registers;
pub mod rng;
pub mod tap;

pub use rng::Rng;
pub use tap::Outcome;
