// SPDX-License-Identifier: GPL-2.0

//! A part of a device's file that user space maps.
//!
//! C header: [`include/linux/mm.h`](srctree/include/linux/mm.h)

use kernel::{
    bindings::{
        region_intersects,
        IORESOURCE_SYSTEM_RAM,
        IORES_DESC_NONE,
        REGION_DISJOINT, //
    },
    error::to_result,
    mm::virt::{
        flags,
        VmaNew, //
    },
    prelude::*,
};

use super::guest::PAGE_SHIFT;
use crate::rust::{
    bindings,
    shared::SharedMemory, //
};

/// A mapping that is being made.
pub(crate) struct Mapping<'a>(&'a VmaNew);

impl<'a> Mapping<'a> {
    /// Wraps what `mmap` is called with.
    pub(super) fn new(vma: &'a VmaNew) -> Self {
        Self(vma)
    }

    /// Where it begins in the device's file, in bytes.
    pub(crate) fn offset(&self) -> u64 {
        // SAFETY: The area is valid, and nobody else has it yet.
        let pages = unsafe { (*self.0.as_ptr()).vm_pgoff };
        (pages as u64) << PAGE_SHIFT
    }

    /// Its length in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.0.end().saturating_sub(self.0.start()) as u64
    }

    /// Whether what is written to it is seen by others.
    pub(crate) fn is_shared(&self) -> bool {
        self.0.flags() & flags::SHARED != 0
    }

    /// Has it show the memory of a device from physical address `start` on, write-combined. EINVAL if a
    /// byte of that is not a device's.
    pub(crate) fn show_device_memory(&self, start: u64) -> Result {
        let size = self.size();
        if start.checked_add(size).is_none() || start & ((1 << PAGE_SHIFT) - 1) != 0 {
            return Err(EINVAL);
        }

        // SAFETY: The function takes any range. It looks only into the list of resources.
        let what = unsafe {
            region_intersects(
                start,
                size as usize,
                IORESOURCE_SYSTEM_RAM as usize,
                IORES_DESC_NONE as usize,
            )
        };
        if what != REGION_DISJOINT as i32 {
            return Err(EINVAL);
        }

        // SAFETY: The area is being set up, and is as long as the range, none of which is RAM: no memory
        // that the kernel uses for anything else.
        to_result(unsafe { bindings::rgvt_io_remap_wc(self.0.as_ptr(), start) })
    }

    /// Has it show `memory` from byte `offset` on, a whole number of pages, to be read only. EINVAL if it
    /// is to be written or executed, or is longer than the memory.
    pub(crate) fn show_memory(&self, memory: &SharedMemory, offset: u64) -> Result {
        self.0.try_clear_maywrite()?;
        self.0.try_clear_mayexec()?;

        let first = usize::try_from(offset >> PAGE_SHIFT)?;
        // SAFETY: The area is being set up. The function checks that the memory, which can be mapped, is
        // long enough; it takes a reference of each page.
        to_result(unsafe {
            bindings::remap_vmalloc_range(self.0.as_ptr(), memory.as_ptr().cast(), first)
        })
    }
}
