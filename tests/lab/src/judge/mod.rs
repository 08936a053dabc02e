// SPDX-License-Identifier: GPL-2.0
//! Judges: pure functions from what was recorded to a verdict.

pub mod kmsg;
pub mod stall;
pub mod symbols;
