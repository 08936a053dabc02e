// SPDX-License-Identifier: GPL-2.0

//! An address space of a context, a PPGTT.
//!
//! C header: [`drivers/gpu/drm/i915/gt/intel_gtt.h`](srctree/drivers/gpu/drm/i915/gt/intel_gtt.h)

use core::ptr::NonNull;

use kernel::{
    error::from_err_ptr,
    prelude::*, //
};

use super::GpuRef;
use crate::rust::bindings;

/// A PPGTT of i915's that maps nothing.
///
/// i915 wants one for each context, and loads its root when it makes a context's image anew, as after a hang.
/// What a context runs with otherwise is the root in its image, which is the user's to set.
///
/// # Invariants
///
/// It is a valid address space, of which this object holds a reference.
pub(super) struct AddressSpace(NonNull<bindings::i915_address_space>);

impl AddressSpace {
    /// Makes one. May sleep.
    pub(super) fn new(gpu: &GpuRef) -> Result<Self> {
        // SAFETY: i915 is valid; the flags are those of an ordinary allocation.
        let vm = unsafe {
            let ppgtt = bindings::i915_ppgtt_create(bindings::rgvt_i915_gt(gpu.as_raw()), 0);
            bindings::rgvt_ppgtt_vm(from_err_ptr(ppgtt)?)
        };

        // INVARIANT: The first reference is the caller's.
        Ok(Self(NonNull::new(vm).ok_or(ENOMEM)?))
    }

    pub(super) fn as_raw(&self) -> *mut bindings::i915_address_space {
        self.0.as_ptr()
    }
}

impl Drop for AddressSpace {
    fn drop(&mut self) {
        // SAFETY: The type's invariant: this object holds a reference, and gives it up.
        unsafe { bindings::rgvt_vm_put(self.as_raw()) };
    }
}
