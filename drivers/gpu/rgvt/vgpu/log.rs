// SPDX-License-Identifier: GPL-2.0

//! Lines of the kernel's log about a virtual GPU, which its guest can cause.

/// Prints a warning about a [`Vgpu`](super::Vgpu), unless there were too many lately. Each has a limit of its own,
/// so that no guest keeps what is said about another out of the log.
macro_rules! warn_about {
    ($vgpu:expr, $($argument:tt)*) => {
        if $vgpu.lines.allows(c"rgvt: lines about a virtual GPU") {
            ::kernel::pr_warn!(
                "vGPU {}: {}",
                $vgpu.id().get(),
                ::kernel::prelude::fmt!($($argument)*)
            );
        }
    };
}

pub(super) use warn_about;
