// SPDX-License-Identifier: GPL-2.0
//! The side that starts L0: paths, scenarios, initrds, QEMU, the GPU, and the report.

pub mod broker;
pub mod cpio;
pub mod gen9;
pub mod initrd;
pub mod l0;
pub mod modules;
pub mod paths;
pub mod process;
pub mod ramdisks;
pub mod report;
pub mod run;
pub mod scenario;
pub mod verdict;
pub mod watch;
