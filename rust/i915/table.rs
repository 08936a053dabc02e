// SPDX-License-Identifier: GPL-2.0

//! A page that the GPU reads as a translation table, or that such tables lead to in place of another.

use kernel::{
    dma::Coherent,
    prelude::*, //
};

use super::GpuRef;

/// Entries of a table.
const ENTRIES: usize = 512;

/// A page that the GPU reads as a translation table, or that nothing is kept in; all zero at first.
pub(crate) struct TablePage {
    entries: Coherent<[u64]>,
    // The page belongs to the device, which must be i915's until it is freed.
    _gpu: GpuRef,
}

impl TablePage {
    /// Makes one, at an address that the GPU can reach. May sleep.
    pub(crate) fn new(gpu: GpuRef) -> Result<Self> {
        // SAFETY: i915 is bound to the device while it lends the GPU, and the page goes with `gpu`.
        let device = unsafe { gpu.device().as_bound() };

        Ok(Self {
            entries: Coherent::zeroed_slice(device, ENTRIES, GFP_KERNEL)?,
            _gpu: gpu,
        })
    }

    /// Where the GPU finds it.
    pub(crate) fn address(&self) -> u64 {
        #[cfg(linux_7_2)]
        return self.entries.dma_handle();
        #[cfg(not(linux_7_2))]
        return self.entries.dma_address();
    }

    /// Has it all zero again. What the GPU, or another thread, writes meanwhile may stay.
    pub(crate) fn wipe(&self) {
        let entries = self.entries.as_ptr().cast::<u64>().cast_mut();

        for index in 0..ENTRIES {
            // SAFETY: The page has that entry. It is memory that the GPU accesses at any time, too.
            unsafe { entries.add(index).write_volatile(0) };
        }
    }

    /// Sets entry `index`, in one access. What is past the end is dropped.
    pub(crate) fn set(&mut self, index: u16, entry: u64) {
        let index = usize::from(index);
        if index < ENTRIES {
            let entries = self.entries.as_mut_ptr().cast::<u64>();

            // SAFETY: The page has that entry, which the GPU reads at any time, and only `self` writes.
            unsafe { entries.add(index).write_volatile(entry) };
        }
    }
}
