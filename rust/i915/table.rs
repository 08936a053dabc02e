// SPDX-License-Identifier: GPL-2.0

//! A page that the GPU reads as a translation table, or that such tables lead to in place of another.

use kernel::{
    dma::Coherent,
    prelude::*, //
};

use super::GpuRef;
use crate::rust::bindings;

/// Entries of a table.
const ENTRIES: usize = 512;

/// A page that the GPU reads as a translation table, or that nothing is kept in; all zero at first.
pub(crate) struct TablePage {
    entries: Coherent<[u64]>,
    /// Whether the GPU sees what is written here only when the CPU's caches were flushed: that the memory is coherent
    /// is true of what goes over PCI, and Broxton has no cache in common with the CPU (i915: `HAS_LLC`).
    needs_flush: bool,
    // The page belongs to the device, which must be i915's until it is freed.
    _gpu: GpuRef,
}

impl TablePage {
    /// Makes one, at an address that the GPU can reach. May sleep.
    pub(crate) fn new(gpu: GpuRef) -> Result<Self> {
        // SAFETY: i915 is bound to the device while it lends the GPU, and the page goes with `gpu`.
        let device = unsafe { gpu.device().as_bound() };

        let this = Self {
            entries: Coherent::zeroed_slice(device, ENTRIES, GFP_KERNEL)?,
            // SAFETY: i915 is valid while it lends the GPU.
            needs_flush: unsafe { bindings::rgvt_tables_need_flush(gpu.as_raw()) },
            _gpu: gpu,
        };

        this.flush(0, ENTRIES);
        Ok(this)
    }

    /// Has the GPU see `count` entries from `first` on, all of which the page has.
    fn flush(&self, first: usize, count: usize) {
        if self.needs_flush {
            let entries = self.entries.as_ptr().cast::<u64>().cast_mut();

            // SAFETY: The page has these entries; their values stay.
            unsafe {
                bindings::rgvt_table_flush(entries.add(first).cast(), count * size_of::<u64>());
            }
        }
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
        self.flush(0, ENTRIES);
    }

    /// Sets entry `index`, in one access. What is past the end is dropped.
    pub(crate) fn set(&mut self, index: u16, entry: u64) {
        let index = usize::from(index);
        if index < ENTRIES {
            let entries = self.entries.as_mut_ptr().cast::<u64>();

            // SAFETY: The page has that entry, which the GPU reads at any time, and only `self` writes.
            unsafe { entries.add(index).write_volatile(entry) };
            self.flush(index, 1);
        }
    }
}
