// SPDX-License-Identifier: GPL-2.0

//! The CPU's window to what the GGTT maps, of a GPU that is awake.
//!
//! C header: [`drivers/gpu/drm/i915/gt/intel_gtt.h`](srctree/drivers/gpu/drm/i915/gt/intel_gtt.h)

use core::ops::Deref;

use kernel::{
    error::to_result,
    prelude::*, //
};

use super::{
    Awake,
    Gpu, //
};
use crate::rust::bindings;

impl<G: Deref<Target = Gpu>> Awake<G> {
    /// `EINVAL` if `length` bytes from `offset` on are not in the aperture.
    fn check_aperture(&self, offset: u64, length: usize) -> Result {
        let length = u64::try_from(length).map_err(|_| EINVAL)?;
        let end = offset.checked_add(length).ok_or(EINVAL)?;

        if end > self.gpu().ggtt().aperture {
            return Err(EINVAL);
        }
        Ok(())
    }

    /// Reads from `offset` in the aperture on. `EINVAL` past its end, `ENOMEM`. Sleeps.
    pub(crate) fn read_aperture(&self, offset: u64, into: &mut [u8]) -> Result {
        self.check_aperture(offset, into.len())?;

        // SAFETY: i915 is valid and its aperture mapped for as long; all that is read is in it, and the
        // GPU is awake.
        to_result(unsafe {
            let ggtt = bindings::rgvt_ggtt(self.as_raw());
            bindings::rgvt_aperture_read(ggtt, offset, into.as_mut_ptr().cast(), into.len())
        })
    }

    /// Writes from `offset` in the aperture on; likewise.
    pub(crate) fn write_aperture(&self, offset: u64, bytes: &[u8]) -> Result {
        self.check_aperture(offset, bytes.len())?;

        // SAFETY: As above.
        to_result(unsafe {
            let ggtt = bindings::rgvt_ggtt(self.as_raw());
            bindings::rgvt_aperture_write(ggtt, offset, bytes.as_ptr().cast(), bytes.len())
        })
    }
}
