// SPDX-License-Identifier: GPL-2.0

//! A GPU that i915 drives.
//!
//! C header: [`drivers/gpu/drm/i915/i915_drv.h`](srctree/drivers/gpu/drm/i915/i915_drv.h)

use kernel::{
    device::Device,
    fmt,
    types::Opaque, //
};

use crate::rust::bindings;

/// The platforms of which i915 can be a host.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    Broadwell,
    Skylake,
    Broxton,
    KabyLake,
    CoffeeLake,
    CometLake,
}

impl Platform {
    fn from_i915(platform: bindings::intel_platform) -> Option<Self> {
        Some(match platform {
            bindings::intel_platform_INTEL_BROADWELL => Self::Broadwell,
            bindings::intel_platform_INTEL_SKYLAKE => Self::Skylake,
            bindings::intel_platform_INTEL_BROXTON => Self::Broxton,
            bindings::intel_platform_INTEL_KABYLAKE => Self::KabyLake,
            bindings::intel_platform_INTEL_COFFEELAKE => Self::CoffeeLake,
            bindings::intel_platform_INTEL_COMETLAKE => Self::CometLake,
            _ => return None,
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broadwell => "Broadwell",
            Self::Skylake => "Skylake",
            Self::Broxton => "Broxton",
            Self::KabyLake => "Kaby Lake",
            Self::CoffeeLake => "Coffee Lake",
            Self::CometLake => "Comet Lake",
        })
    }
}

/// The extent of a GPU's global graphics address space, the GGTT.
#[derive(Clone, Copy)]
pub(crate) struct Ggtt {
    /// Bytes that the table can map.
    pub(crate) size: u64,
    /// Bytes, from address 0, that the CPU reaches through BAR 2.
    pub(crate) aperture: u64,
    /// Fence registers.
    pub(crate) fences: u32,
}

/// A GPU that i915 drives.
///
/// # Invariants
///
/// The `struct drm_i915_private` is valid, and i915 is between `intel_gvt_init()` and the end of
/// `intel_gvt_driver_remove()` for it. What i915 sets up before the one and tears down after the other is
/// there: parameters, platform, `gt[0]` and its GGTT.
#[repr(transparent)]
pub(crate) struct Gpu(Opaque<bindings::drm_i915_private>);

impl Gpu {
    /// Makes a reference of what i915 passes around.
    ///
    /// # Safety
    ///
    /// The type's invariants must hold for `i915` during `'a`.
    pub(super) unsafe fn from_raw<'a>(i915: *mut bindings::drm_i915_private) -> &'a Self {
        // SAFETY: `Gpu` is a transparent wrapper, and the caller vouches for the rest.
        unsafe { &*i915.cast() }
    }

    pub(super) fn as_raw(&self) -> *mut bindings::drm_i915_private {
        self.0.get()
    }

    /// The PCI device.
    pub(crate) fn device(&self) -> &Device {
        // SAFETY: The type's invariants: i915 is valid, and holds a reference of its device.
        unsafe { Device::from_raw(bindings::rgvt_i915_dev(self.as_raw())) }
    }

    /// The platform, if i915 can be a host on it.
    pub(crate) fn platform(&self) -> Option<Platform> {
        // SAFETY: The type's invariants; the value is constant.
        Platform::from_i915(unsafe { bindings::rgvt_i915_platform(self.as_raw()) })
    }

    /// Whether i915 was loaded with `enable_gvt`.
    pub(crate) fn is_gvt_enabled(&self) -> bool {
        // SAFETY: The type's invariants; the parameter cannot be set later.
        unsafe { bindings::rgvt_i915_enable_gvt(self.as_raw()) }
    }

    /// Whether the GPU is itself a virtual one, shared out by a host below this kernel.
    pub(crate) fn is_virtual(&self) -> bool {
        // SAFETY: The type's invariants; i915 finds out before it sets up GVT.
        unsafe { bindings::rgvt_i915_vgpu_active(self.as_raw()) }
    }

    /// Whether i915 leaves the submission of work to the GPU's firmware.
    pub(crate) fn wants_guc_submission(&self) -> bool {
        // SAFETY: The type's invariants; i915 decides before it sets up GVT.
        unsafe { bindings::rgvt_uc_wants_guc_submission(self.as_raw()) }
    }

    /// Whether its GGTT must not be changed while a processor accesses the aperture, so that i915 has all of
    /// them stand still for that: Broxton behind an IOMMU (intel_ggtt.c: `bxt_vtd_ggtt_insert_page__BKL`).
    pub(crate) fn needs_standstill(&self) -> bool {
        // SAFETY: The type's invariants; the IOMMU is the same as long as a driver is bound.
        let mapped = unsafe { bindings::rgvt_i915_iommu_mapped(self.as_raw()) };

        self.platform() == Some(Platform::Broxton) && mapped
    }

    /// The extent of the GGTT.
    pub(crate) fn ggtt(&self) -> Ggtt {
        let i915 = self.as_raw();

        // SAFETY: The type's invariants; the GGTT is set up before GVT is, and its extent is constant.
        unsafe {
            Ggtt {
                size: bindings::rgvt_ggtt_total(i915),
                aperture: bindings::rgvt_ggtt_mappable_end(i915),
                fences: bindings::rgvt_ggtt_num_fences(i915),
            }
        }
    }
}
