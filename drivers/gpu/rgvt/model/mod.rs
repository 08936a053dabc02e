// SPDX-License-Identifier: GPL-2.0

//! The virtual GPU as pure logic: no FFI, no locks, no waiting. What it wants done is said by the
//! values that it returns; who calls it does that, in the order given.
//!
//! What a guest wrote is hostile: every path from it is free of panics.

#![deny(missing_docs, unsafe_code)]

pub mod bits;
pub mod cfg;
pub mod execlist;
pub mod ggtt;
pub mod image;
pub mod irq;
pub mod milestones;
pub mod mmio;
pub mod parser;
pub mod partition;
pub mod ppgtt;
pub mod pvinfo;
pub mod sched;
pub mod screen;
pub mod seam;
pub mod types;
