// SPDX-License-Identifier: GPL-2.0

//! A stretch of the global graphics address space that is kept from the host.
//!
//! C header: [`drivers/gpu/drm/i915/i915_gem_gtt.h`](srctree/drivers/gpu/drm/i915/i915_gem_gtt.h)

use core::ops::Range;

use kernel::{
    bindings::{
        drm_mm_node,
        drm_mm_remove_node, //
    },
    error::to_result,
    ffi,
    prelude::*,
    sync::Arc,
    types::Opaque, //
};

use super::{
    GpuRef,
    TablePage, //
};
use crate::rust::bindings;

/// Log2 of the bytes that an entry maps.
const PAGE_SHIFT: u32 = 12;

/// The bits of a page's address that an entry holds: physical addresses of Gen8 and Gen9 have 39 bits
/// (i915_pci.c: `dma_mask_size`).
const ADDRESS: u64 = (1 << 39) - (1 << PAGE_SHIFT);

/// `PIN_NOSEARCH` (i915_gem_gtt.h): i915 does not wait until the GPU is idle for what is in the way.
const NO_SEARCH: ffi::c_uint = 1 << 1;

/// `I915_COLOR_UNEVICTABLE`: in this node there is no object of i915's.
const UNEVICTABLE: ffi::c_ulong = ffi::c_ulong::MAX;

/// The lock of the GGTT's address space. i915 allocates no memory with it held, as it takes it to free some.
///
/// # Invariants
///
/// The lock is held, and was taken for this object.
pub(super) struct GgttLock<'a> {
    ggtt: *mut bindings::i915_ggtt,
    _gpu: &'a GpuRef,
}

impl<'a> GgttLock<'a> {
    /// Takes the lock; sleeps until it is free.
    pub(super) fn new(gpu: &'a GpuRef) -> Self {
        // SAFETY: i915 is valid, and its GGTT set up.
        let ggtt = unsafe {
            let ggtt = bindings::rgvt_ggtt(gpu.as_raw());
            bindings::rgvt_ggtt_lock(ggtt);
            ggtt
        };

        // INVARIANT: It has just been taken.
        Self { ggtt, _gpu: gpu }
    }

    /// The C object; valid while `self` lives.
    pub(super) fn as_raw(&self) -> *mut bindings::i915_ggtt {
        self.ggtt
    }
}

impl Drop for GgttLock<'_> {
    fn drop(&mut self) {
        // SAFETY: The type's invariants: the lock is held, and ours to release.
        unsafe { bindings::rgvt_ggtt_unlock(self.ggtt) };
    }
}

/// A stretch of the GGTT that i915 uses for nothing, until this is dropped.
///
/// Entries that were not mapped here lead to a scratch page of the caller's. All methods wake the GPU, and may
/// sleep.
///
/// # Invariants
///
/// `node` is part of the allocator of the GGTT of `gpu`, and `range` is what it covers, in bytes.
pub(crate) struct GgttNode {
    node: Pin<KBox<Opaque<drm_mm_node>>>,
    range: Range<u64>,
    scratch: Arc<TablePage>,
    gpu: GpuRef,
}

// SAFETY: The node is accessed with the GGTT's lock held only; what is left can be sent.
unsafe impl Send for GgttNode {}

// SAFETY: As above; entries are set in one access, which is for the hardware to order.
unsafe impl Sync for GgttNode {}

impl GgttNode {
    /// Reserves `range`, whole pages in bytes of the global graphics address space; what the host has there
    /// is moved out of the way, for which it waits until the GPU is idle if it `waits`. `ENOSPC` if that is impossible.
    /// Until it is mapped, an entry leads to `scratch`.
    pub(crate) fn reserve(
        gpu: GpuRef,
        range: Range<u64>,
        scratch: Arc<TablePage>,
        waits: bool,
    ) -> Result<Self> {
        let is_whole = |bytes: u64| bytes % (1 << PAGE_SHIFT) == 0;

        if range.is_empty()
            || range.end > gpu.ggtt().size
            || !is_whole(range.start)
            || !is_whole(range.end)
        {
            return Err(EINVAL);
        }

        // A node of the kernel's allocator must not move, and be zero at first.
        let node = KBox::new(Opaque::<drm_mm_node>::zeroed(), GFP_KERNEL)?;
        let node = KBox::into_pin(node);

        {
            // What is moved may have to be written.
            let _awake = gpu.wake();
            let ggtt = GgttLock::new(&gpu);

            // SAFETY: The lock is held, the node is zero, and the range is pages of the GGTT.
            to_result(unsafe {
                bindings::i915_gem_gtt_insert(
                    bindings::rgvt_ggtt_vm(ggtt.as_raw()),
                    core::ptr::null_mut(),
                    node.get(),
                    range.end - range.start,
                    1 << PAGE_SHIFT,
                    UNEVICTABLE,
                    range.start,
                    range.end,
                    if waits { 0 } else { NO_SEARCH },
                )
            })?;
        }

        // INVARIANT: The allocator has just taken the node.
        let this = Self {
            node,
            range,
            scratch,
            gpu,
        };

        this.clear();
        Ok(this)
    }

    /// Has the entry `index` of the GGTT map the page at the DMA address `page`. `EINVAL` if it is not one of
    /// these, or `page` not one of the addresses that an entry can hold.
    pub(crate) fn map(&self, index: u32, page: u64) -> Result {
        if page & !ADDRESS != 0 {
            return Err(EINVAL);
        }

        let index = self.own(index)?;
        let awake = self.gpu.wake();

        // SAFETY: i915 is valid and the GPU awake; the entry is in the table, and not the host's.
        unsafe { bindings::rgvt_ggtt_map(bindings::rgvt_ggtt(awake.as_raw()), index, page) };
        Ok(())
    }

    /// Has the entry `index` of the GGTT map the scratch page. `EINVAL` if it is not one of these.
    pub(crate) fn unmap(&self, index: u32) -> Result {
        self.map(index, self.scratch.address())
    }

    /// Makes the GPU, and the CPU through BAR 2, see the changes.
    pub(crate) fn flush(&self) {
        let awake = self.gpu.wake();

        // SAFETY: i915 is valid and the GPU awake.
        unsafe { bindings::rgvt_ggtt_invalidate(bindings::rgvt_ggtt(awake.as_raw())) };
    }

    /// `index`, if the entry is one of these.
    fn own(&self, index: u32) -> Result<u32> {
        if self.range.contains(&(u64::from(index) << PAGE_SHIFT)) {
            Ok(index)
        } else {
            Err(EINVAL)
        }
    }

    /// Has all entries map the scratch page.
    pub(crate) fn clear(&self) {
        let scratch = self.scratch.address();

        // SAFETY: As in `map()`.
        self.for_each(|ggtt, index| unsafe { bindings::rgvt_ggtt_map(ggtt, index, scratch) });
    }

    /// Calls `set` for all entries, and has the GPU see what it did.
    fn for_each(&self, set: impl Fn(*mut bindings::i915_ggtt, u32)) {
        let awake = self.gpu.wake();
        // SAFETY: i915 is valid.
        let ggtt = unsafe { bindings::rgvt_ggtt(awake.as_raw()) };

        for page in (self.range.start >> PAGE_SHIFT)..(self.range.end >> PAGE_SHIFT) {
            // CAST: The GGTT has no more than 2^32 entries.
            set(ggtt, page as u32);
        }

        // SAFETY: i915 is valid and the GPU awake.
        unsafe { bindings::rgvt_ggtt_invalidate(ggtt) };
    }
}

impl Drop for GgttNode {
    fn drop(&mut self) {
        // SAFETY: As in `map()`: they lead to i915's own scratch page again.
        self.for_each(|ggtt, index| unsafe { bindings::rgvt_ggtt_unmap(ggtt, index) });

        let _ggtt = GgttLock::new(&self.gpu);

        // SAFETY: The type's invariants: the node is in the allocator, whose lock is held.
        unsafe { drm_mm_remove_node(self.node.get()) };
    }
}
