// SPDX-License-Identifier: GPL-2.0
//! The side that runs in L1: one guest's QEMU, its watcher, and what became of it.

mod camera;
pub mod evidence;
pub mod monitor;
mod operator;
pub mod outcome;
pub mod supervise;
pub mod trace;
