// SPDX-License-Identifier: GPL-2.0

//! Memory for commands, in the host's part of the GGTT.
//!
//! C header: [`drivers/gpu/drm/i915/gem/i915_gem_object.h`](srctree/drivers/gpu/drm/i915/gem/i915_gem_object.h)

use core::ptr::NonNull;

use kernel::{
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*, //
};

use super::GpuRef;
use crate::rust::bindings;

const PAGE_SIZE: usize = 4096;

/// A GEM object that no one else knows.
///
/// # Invariants
///
/// `object` is valid; this object holds a reference of it.
struct Object {
    object: NonNull<bindings::drm_i915_gem_object>,
    _gpu: GpuRef,
}

impl Object {
    fn new(gpu: &GpuRef, bytes: usize) -> Result<Self> {
        // SAFETY: i915 is valid.
        let object = from_err_ptr(unsafe {
            bindings::i915_gem_object_create_shmem(gpu.as_raw(), bytes as u64)
        })?;

        // INVARIANT: The first reference is the caller's.
        Ok(Self {
            object: NonNull::new(object).ok_or(ENOMEM)?,
            _gpu: gpu.clone(),
        })
    }

    fn as_raw(&self) -> *mut bindings::drm_i915_gem_object {
        self.object.as_ptr()
    }

    /// Calls `f` with the object's lock held.
    ///
    /// Besides us only i915's shrinker and its eviction lock the object, and these do not wait for a lock. Not to be
    /// called while a request is made: with the timeline locked that is the wrong order.
    fn locked<T>(&self, f: impl FnOnce() -> Result<T>) -> Result<T> {
        // SAFETY: The type's invariant: the object is valid.
        to_result(unsafe { bindings::rgvt_object_lock(self.as_raw()) })?;

        let result = f();

        // SAFETY: The lock has been taken above.
        unsafe { bindings::rgvt_object_unlock(self.as_raw()) };
        result
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: The type's invariant: this object holds a reference, and gives it up.
        unsafe { bindings::rgvt_object_put(self.as_raw()) };
    }
}

/// Memory of an object, as the CPU writes it.
///
/// # Invariants
///
/// The pages of `object` are pinned and mapped, all of them from `memory` on.
struct Mapped {
    memory: NonNull<[u32]>,
    object: Object,
}

impl Mapped {
    fn new(object: Object, bytes: usize) -> Result<Self> {
        let memory = object.locked(|| {
            // SAFETY: The object is valid, and locked. If it can be mapped, it is also pinned.
            unsafe {
                to_result(bindings::i915_gem_object_set_to_cpu_domain(
                    object.as_raw(),
                    true,
                ))?;
                from_err_ptr(bindings::i915_gem_object_pin_map(
                    object.as_raw(),
                    bindings::i915_map_type_I915_MAP_WB,
                ))
            }
        })?;

        // INVARIANT: It has just been mapped.
        Ok(Self {
            memory: NonNull::slice_from_raw_parts(
                NonNull::new(memory.cast()).ok_or(ENOMEM)?,
                bytes / size_of::<u32>(),
            ),
            object,
        })
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: The type's invariant: the pages are pinned, for this object.
        unsafe { bindings::rgvt_object_unpin_map(self.object.as_raw()) };
    }
}

/// Memory that the GPU reads.
///
/// # Invariants
///
/// `vma` is the place in the GGTT of the object that is `mapped`. It is pinned, for this object.
pub(crate) struct PinnedBuffer {
    vma: NonNull<bindings::i915_vma>,
    mapped: Mapped,
}

// SAFETY: The CPU's side of the memory is this object's alone, and i915 locks what it shares.
unsafe impl Send for PinnedBuffer {}

impl PinnedBuffer {
    /// Makes one of at least `bytes`, in whole pages, all zero. May sleep.
    pub(crate) fn new(gpu: &GpuRef, bytes: usize) -> Result<Self> {
        let bytes = bytes
            .checked_next_multiple_of(PAGE_SIZE)
            .filter(|&bytes| bytes != 0)
            .ok_or(EINVAL)?;
        let mapped = Mapped::new(Object::new(gpu, bytes)?, bytes)?;

        // SAFETY: The object is valid, and not locked.
        let vma = from_err_ptr(unsafe { bindings::rgvt_object_ggtt_pin(mapped.object.as_raw()) })?;

        // INVARIANT: It has just been pinned.
        Ok(Self {
            vma: NonNull::new(vma).ok_or(ENOMEM)?,
            mapped,
        })
    }

    /// Where the GPU finds it: the address of a page, in the global graphics address space.
    pub(crate) fn address(&self) -> u32 {
        // SAFETY: The type's invariants.
        unsafe { bindings::rgvt_vma_ggtt_offset(self.vma.as_ptr()) }
    }

    /// Copies `parts` one after the other to its start, for the GPU to see. `E2BIG` if there is no room for them.
    pub(crate) fn fill(&mut self, parts: &[&[u32]]) -> Result {
        // SAFETY: The type's invariants. The GPU, if it has it at all, only reads.
        let memory = unsafe { self.mapped.memory.as_mut() };

        let mut bytes = 0_usize;
        let mut free = &mut *memory;
        for part in parts {
            let (used, rest) = free.split_at_mut_checked(part.len()).ok_or(E2BIG)?;
            used.copy_from_slice(part);
            bytes = bytes.saturating_add(size_of_val(*part));
            free = rest;
        }

        // SAFETY: The object is valid, pinned and mapped, and not shorter than all the parts.
        unsafe { bindings::__i915_gem_object_flush_map(self.mapped.object.as_raw(), 0, bytes) };
        Ok(())
    }
}

impl Drop for PinnedBuffer {
    fn drop(&mut self) {
        // SAFETY: The type's invariants: it is pinned, and ours to unpin.
        unsafe { bindings::rgvt_vma_unpin(self.vma.as_ptr()) };
    }
}
