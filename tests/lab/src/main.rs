// SPDX-License-Identifier: GPL-2.0
//! The lab's runner.
//!
//! L0 is this program's QEMU, with the software GPU behind `vfio-user-pci`. L1 is the kernel under
//! test, booted in L0 with i915 and, when nested, a vendor driver. L2 are guests on vGPUs, started
//! in L1 by this same program (`lab supervise`), which L1 reaches through its read-only root share.

mod cli;
mod guest;
mod host;
mod judge;
mod tap;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::main() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("lab: {error:#}");
            ExitCode::from(2)
        }
    }
}
