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
    space::AddressSpace,
    watch::{
        Fallback,
        Watch, //
    },
    EngineId,
    GpuRef,
    Observer, //
};
use crate::rust::bindings;

/// Bytes of a context's ring: as many as the hardware can have (PRM SKL, volume 2c, RING_BUFFER_CTL).
pub(super) const RING_SIZE: u32 = 2 << 20;

const PAGE_SIZE: usize = 4096;

/// A context of i915's.
///
/// # Invariants
///
/// The pointer is valid; this object holds a reference.
struct Handle(NonNull<bindings::intel_context>);

impl Handle {
    fn new(gpu: &GpuRef, engine: Engine<'_>) -> Result<Self> {
        let space = AddressSpace::new(gpu)?;

        // SAFETY: The engine is valid.
        let context = from_err_ptr(unsafe { bindings::intel_context_create(engine.as_raw()) })?;

        // SAFETY: The context is new, and was never pinned. It takes a reference of `space`.
        unsafe {
            bindings::rgvt_context_set_vm(context, space.as_raw());
            bindings::rgvt_context_set_submission(context);
            bindings::rgvt_context_set_ring_size(context, RING_SIZE);
        }

        // INVARIANT: Its first reference is the caller's.
        Ok(Self(NonNull::new(context).ok_or(ENOMEM)?))
    }
}

impl Clone for Handle {
    fn clone(&self) -> Self {
        // SAFETY: The type's invariant.
        unsafe { bindings::rgvt_context_get(self.0.as_ptr()) };

        // INVARIANT: The reference has just been taken.
        Self(self.0)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: The type's invariant: this object holds a reference, and gives it up.
        unsafe { bindings::rgvt_context_put(self.0.as_ptr()) };
    }
}

/// A context whose image and ring are kept in their places in the GGTT, and in the kernel's memory. Its engine
/// does not go to sleep meanwhile, and neither does the system.
///
/// # Invariants
///
/// The context is pinned, for this object.
struct Pinned(Handle);

impl Pinned {
    fn new(context: &Handle) -> Result<Self> {
        // SAFETY: The context is valid.
        to_result(unsafe { bindings::rgvt_context_pin(context.0.as_ptr()) })?;

        // INVARIANT: It has just been pinned.
        Ok(Self(context.clone()))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: The type's invariant. A request has a pin and a reference of its own, until i915 retires it.
        unsafe { bindings::rgvt_context_unpin(self.0 .0.as_ptr()) };
    }
}

/// A context of an engine.
///
/// It has at most one request under way. Until [`Self::reap`] tells of its end, the GPU uses the image.
///
/// It is pinned when its image is needed, and stays so until it may [rest](Self::rest).
///
/// When the context is dropped, `O` is not told of anything any more. That waits for the end of what is under way.
pub(crate) struct Context<O: Observer> {
    // Dropped in this order: what is under way stops telling `watch`, which looks at `handle`.
    pub(super) submitted: Option<Submitted>,
    pub(super) watch: Pin<KBox<Watch<O>>>,
    pinned: Option<Pinned>,
    handle: Handle,
    image_size: usize,
    clock: u32,
    _gpu: GpuRef,
}

// SAFETY: i915 has locks for what it shares, and no part of a context is bound to a thread.
unsafe impl<O: Observer> Send for Context<O> {}

impl<O: Observer> Context<O> {
    /// Makes a context of the engine `id`, with an image as for a first use. `ENODEV` if the GPU has no such
    /// engine. May sleep.
    pub(crate) fn new(gpu: GpuRef, id: EngineId, observer: Arc<O>) -> Result<Self> {
        let engine = gpu.engine(id).ok_or(ENODEV)?;
        let handle = Handle::new(&gpu, engine)?;

        // SAFETY: The context is one of `engine`; it stays until `handle` is dropped, after the `Watch`, and
        // the engine until the GPU is given back.
        let watch = unsafe { Watch::new(handle.0.as_ptr(), engine, observer) }?;

        Ok(Self {
            submitted: None,
            watch,
            pinned: None,
            handle,
            clock: engine.clock(),
            image_size: engine.context_size().next_multiple_of(PAGE_SIZE),
            _gpu: gpu,
        })
    }

    pub(super) fn as_raw(&self) -> *mut bindings::intel_context {
        self.handle.0.as_ptr()
    }

    /// Has i915 think that the context has so many levels of tables. No request is under way, or it is not
    /// submitted yet.
    pub(super) fn set_levels(&mut self, four: bool) {
        // SAFETY: The context is valid.
        unsafe { bindings::rgvt_context_set_levels(self.as_raw(), four) };
    }

    /// Has the image and the ring in their places from now on. May sleep.
    pub(super) fn pin(&mut self) -> Result {
        if self.pinned.is_none() {
            self.pinned = Some(Pinned::new(&self.handle)?);
        }
        Ok(())
    }

    /// Lets the engine, and with it the system, go to sleep, and i915 have the places of the image and the ring,
    /// until they are needed again. Does nothing while a request is under way.
    pub(crate) fn rest(&mut self) {
        if self.submitted.is_none() {
            self.pinned = None;
        }
    }

    /// Has dwords of the image be so whenever i915 gives a request to the engine again that was executed when it
    /// reset that: what hung before the request had begun would hang once more, and nobody be blamed for it. To be
    /// said once.
    ///
    /// # Errors
    ///
    /// `EINVAL` if one is not in the image.
    pub(crate) fn set_fallback(&self, fallback: Fallback) -> Result {
        let dwords = self.image_size / size_of::<u32>();

        self.watch.set_fallback(fallback, dwords)
    }

    /// Whether the hardware is to know no other context while it executes this one. Where it can preempt, it may know
    /// the next, and go on to that by itself; but i915 puts its own heartbeat there, too, and resets the engine if what
    /// is executed cannot be left when the next one is added.
    pub(crate) fn set_alone(&self, alone: bool) {
        // SAFETY: The context is valid.
        unsafe { bindings::rgvt_context_set_alone(self.as_raw(), alone) };
    }

    /// Whether it is pinned.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned.is_some()
    }

    /// Nanoseconds of so many steps of the timestamp in the image.
    pub(crate) fn nanos(&self, ticks: u32) -> u64 {
        let nanos = u64::from(ticks) * 1_000_000_000;
        nanos.checked_div(self.clock.into()).unwrap_or(0)
    }

    /// The context's image: the page of the status, that of the registers, and the engine's own state.
    ///
    /// What is in it stays when the context rests, but for what i915 sets each time when it pins one: registers
    /// of the ring, how many slices are powered, and those of performance counters.
    ///
    /// `EBUSY` while a request is under way. May sleep.
    pub(crate) fn image(&mut self) -> Result<&mut [u32]> {
        if self.submitted.is_some() {
            return Err(EBUSY);
        }
        self.pin()?;

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
