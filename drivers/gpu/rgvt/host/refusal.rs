// SPDX-License-Identifier: GPL-2.0

//! Why the module does not load. Each reason has an errno of its own, for scripts, and a line of text.

use kernel::{
    fmt,
    prelude::*, //
};

use crate::rust::i915::Gpu;

/// The kernel crate has no name for it (include/uapi/asm-generic/errno.h).
const EOPNOTSUPP: i32 = 95;

/// Why i915 does not lend a GPU; the later, the nearer to working.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unfit {
    Unsupported,
    Virtual,
    GucSubmission,
    NotEnabled,
    Translated,
    Failed,
}

impl Unfit {
    /// What stands in the way of `gpu`, which i915 has not lent. First what nobody can change.
    pub(super) fn of(gpu: &Gpu) -> Self {
        if gpu.is_virtual() {
            Self::Virtual
        } else if gpu.platform().is_none() {
            Self::Unsupported
        } else if gpu.wants_guc_submission() {
            Self::GucSubmission
        } else if !gpu.is_gvt_enabled() {
            Self::NotEnabled
        } else if gpu.needs_standstill() {
            Self::Translated
        } else {
            Self::Failed
        }
    }
}

/// Why the module does not load, or does not attach to a GPU that comes later.
pub(crate) enum Refusal {
    /// The module was built for another kernel.
    OtherKernel {
        built_for: &'static CStr,
        running: &'static CStr,
    },
    /// Another module is attached to i915.
    OtherModule,
    /// i915 drives no GPU that it lends; this is why not the best of them.
    Unfit(Unfit),
    /// Attaching failed otherwise.
    Other(Error),
}

impl Refusal {
    /// Why i915 does not lend `gpu`.
    pub(crate) fn of(gpu: &Gpu) -> Self {
        Self::Unfit(Unfit::of(gpu))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::OtherKernel { .. } => ENOEXEC,
            Refusal::OtherModule => EBUSY,
            Refusal::Unfit(Unfit::Unsupported) => ENXIO,
            Refusal::Unfit(Unfit::Virtual) => EACCES,
            Refusal::Unfit(Unfit::GucSubmission) => EINVAL,
            Refusal::Unfit(Unfit::NotEnabled) => EPERM,
            Refusal::Unfit(Unfit::Translated) => Error::from_errno(-EOPNOTSUPP),
            Refusal::Unfit(Unfit::Failed) => EIO,
            Refusal::Other(error) => error,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherKernel { built_for, running } => {
                return f.write_fmt(fmt!("built for kernel {built_for}, but {running} runs"));
            }
            Self::Other(error) => return f.write_fmt(fmt!("attaching to i915 failed: {error:?}")),
            Self::OtherModule => "another module is attached to i915: unload kvmgt first",
            Self::Unfit(Unfit::Unsupported) => {
                "the GPU is not supported: it takes Broadwell, Skylake, Broxton, Kaby Lake, Coffee Lake or Comet Lake"
            }
            Self::Unfit(Unfit::Virtual) => "the GPU is itself a virtual one, and cannot be shared again",
            Self::Unfit(Unfit::GucSubmission) => {
                "i915 uses GuC submission: load it with enable_guc=0, or boot with i915.enable_guc=0"
            }
            Self::Unfit(Unfit::NotEnabled) => {
                "GVT is not enabled: load i915 with enable_gvt=1, or boot with i915.enable_gvt=1"
            }
            Self::Unfit(Unfit::Translated) => {
                "the IOMMU translates what this GPU accesses, which on Broxton would stop all processors at each change of its GGTT: boot with intel_iommu=igfx_off"
            }
            Self::Unfit(Unfit::Failed) => "the GPU could not be taken over: i915 failed to save its state, or memory ran out",
        })
    }
}
