// SPDX-License-Identifier: GPL-2.0

//! A context of an engine, whose image is its user's to fill.
//!
//! C header: [`drivers/gpu/drm/i915/gt/intel_context.h`](srctree/drivers/gpu/drm/i915/gt/intel_context.h)

use core::ptr::NonNull;

use kernel::{
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*,
    sync::Arc, //
};

use super::{
    engine::Engine,
    request::Submitted,
    watch::Watch,
    AddressSpace,
    EngineId,
    GpuRef,
    Observer, //
};
use crate::rust::bindings;

/// Bytes of a context's ring: as many as the hardware can have (PRM SKL, volume 2c, RING_BUFFER_CTL).
pub(super) const RING_SIZE: u32 = 2 << 20;

const PAGE_SIZE: usize = 4096;

/// A context in its place in the GGTT, with a ring.
///
/// # Invariants
///
/// `context` is valid; this object holds a reference of it.
struct Pinned(NonNull<bindings::intel_context>);

impl Pinned {
    fn new(space: &AddressSpace, engine: Engine<'_>) -> Result<Self> {
        // SAFETY: The engine is valid.
        let context = from_err_ptr(unsafe { bindings::intel_context_create(engine.as_raw()) })?;

        // SAFETY: The context is new, and was never pinned. It takes a reference of `space`. If it cannot be
        // pinned, its only reference is given up.
        unsafe {
            bindings::rgvt_context_set_vm(context, space.as_raw());
            bindings::rgvt_context_set_ring_size(context, RING_SIZE);
            to_result(bindings::rgvt_context_pin(context))
                .inspect_err(|_| bindings::rgvt_context_put(context))?;
        }

        // INVARIANT: It has just been pinned, and its first reference is the caller's.
        Ok(Self(NonNull::new(context).ok_or(ENOMEM)?))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: The type's invariants. A request that is under way has a pin and a reference of its own.
        unsafe {
            bindings::rgvt_context_unpin(self.0.as_ptr());
            bindings::rgvt_context_put(self.0.as_ptr());
        }
    }
}

/// A context of an engine.
///
/// It has at most one request under way. Until [`Self::reap`] tells of its end, the GPU uses the image.
/// When the context is dropped, `O` is not told of anything any more; but the GPU goes on, and with it the use
/// of all the memory that the image and the commands lead to.
pub(crate) struct Context<O: Observer> {
    // Dropped in this order: what is under way stops telling `watch`, which looks at `pinned`.
    pub(super) submitted: Option<Submitted>,
    pub(super) watch: Pin<KBox<Watch<O>>>,
    pinned: Pinned,
    image_size: usize,
    clock: u32,
    _gpu: GpuRef,
}

// SAFETY: i915 has locks for what it shares, and no part of a context is bound to a thread.
unsafe impl<O: Observer> Send for Context<O> {}

impl<O: Observer> Context<O> {
    /// Makes a context of the engine `id` in `space`, with an image as for a first use. `ENODEV` if the GPU
    /// has no such engine. May sleep.
    pub(crate) fn new(space: &AddressSpace, id: EngineId, observer: Arc<O>) -> Result<Self> {
        let gpu = space.gpu();
        let engine = gpu.engine(id).ok_or(ENODEV)?;
        let pinned = Pinned::new(space, engine)?;

        // SAFETY: The context is one of `engine`; it stays until `pinned` is dropped, after the `Watch`, and
        // the engine until the GPU is given back.
        let watch = unsafe { Watch::new(pinned.0.as_ptr(), engine, observer) }?;

        Ok(Self {
            submitted: None,
            watch,
            pinned,
            clock: engine.clock(),
            image_size: engine.context_size().next_multiple_of(PAGE_SIZE),
            _gpu: gpu.clone(),
        })
    }

    pub(super) fn as_raw(&self) -> *mut bindings::intel_context {
        self.pinned.0.as_ptr()
    }

    /// Nanoseconds of so many steps of the timestamp in the image.
    pub(crate) fn nanos(&self, ticks: u32) -> u64 {
        let nanos = u64::from(ticks) * 1_000_000_000;
        nanos.checked_div(self.clock.into()).unwrap_or(0)
    }

    /// The context's image: the page of the status, that of the registers, and the engine's own state.
    /// `EBUSY` while a request is under way.
    pub(crate) fn image(&mut self) -> Result<&mut [u32]> {
        if self.submitted.is_some() {
            return Err(EBUSY);
        }

        // SAFETY: The context is pinned, so the image is mapped, as a whole, in pages. No request is under
        // way: it is not on the hardware, and i915 looks at it only when one is submitted, which `self` would
        // have to be borrowed for.
        Ok(unsafe {
            core::slice::from_raw_parts_mut(
                bindings::rgvt_context_image(self.as_raw()).cast(),
                self.image_size / size_of::<u32>(),
            )
        })
    }
}
