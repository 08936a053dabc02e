// SPDX-License-Identifier: GPL-2.0

//! Being told what becomes of a context's requests.
//!
//! A request is at an end for whoever looks at the context's image only after two events, in either order.
//! Its fence is signalled: the GPU has executed the last command. And the context has left the hardware: the
//! GPU has saved the image, and will load it anew.
//!
//! What i915 gives to the hardware again after a reset of the engine is mended here on its way: i915 knows
//! nothing of what its user has put into the image.
//!
//! C headers: [`include/linux/dma-fence.h`](srctree/include/linux/dma-fence.h),
//! [`drivers/gpu/drm/i915/gt/intel_execlists_submission.h`](srctree/drivers/gpu/drm/i915/gt/intel_execlists_submission.h)

use kernel::{
    bindings::{
        atomic_notifier_chain_register,
        atomic_notifier_chain_unregister,
        atomic_notifier_head,
        dma_fence,
        dma_fence_add_callback,
        dma_fence_cb,
        dma_fence_remove_callback,
        notifier_block,
        NOTIFY_DONE, //
    },
    container_of,
    error::to_result,
    ffi,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        SetOnce, //
    },
    types::Opaque,
};

use super::engine::Engine;
use crate::rust::bindings;

/// What is told that there may be news of a request.
pub(crate) trait Observer: Send + Sync + 'static {
    /// Looks at [`Context::reap`](super::Context::reap) again, or rather has a thread do so: this is called
    /// with spinlocks held and interrupts off, from interrupts, tasklets and out of the submission itself.
    fn progress(&self);
}

/// Indices of dwords of an image, and values.
pub(crate) type Fallback = [(usize, u32); 3];

/// Watches one context.
///
/// # Invariants
///
/// `context` is valid. `notifier` is registered with the `status` of its engine, which is valid, too. The indices
/// of `fallback` are in the context's image.
#[pin_data(PinnedDrop)]
pub(super) struct Watch<O: Observer> {
    context: *mut bindings::intel_context,
    status: *mut atomic_notifier_head,
    on_hardware: Atomic<bool>,
    four_levels: Atomic<bool>,
    /// How often the engine had been reset when the hardware got the context.
    resets: Atomic<u32>,
    /// The engine was reset while it executed the request.
    was_reset: Atomic<bool>,
    /// Indices of dwords of the image, and what they are to be after that.
    fallback: SetOnce<Fallback>,
    observer: Arc<O>,
    #[pin]
    notifier: Opaque<notifier_block>,
    #[pin]
    callback: Opaque<dma_fence_cb>,
}

// SAFETY: The pointers are compared and used to unregister, which any thread may do; the C structures are
// under the locks of those with whom they are registered.
unsafe impl<O: Observer> Send for Watch<O> {}

// SAFETY: As above.
unsafe impl<O: Observer> Sync for Watch<O> {}

impl<O: Observer> Watch<O> {
    /// Begins to watch `context`, of which no request is under way. May sleep.
    ///
    /// # Safety
    ///
    /// `context` must be a context of `engine`; both must be valid until the result is dropped.
    pub(super) unsafe fn new(
        context: *mut bindings::intel_context,
        engine: Engine<'_>,
        observer: Arc<O>,
    ) -> Result<Pin<KBox<Self>>> {
        // SAFETY: The engine is valid.
        let status = unsafe { bindings::rgvt_engine_context_status(engine.as_raw()) };

        // INVARIANT: `notifier` is registered below. If that fails, to take it back does nothing.
        let this = KBox::pin_init(
            pin_init!(Self {
                context,
                status,
                on_hardware: Atomic::new(false),
                four_levels: Atomic::new(true),
                resets: Atomic::new(0),
                was_reset: Atomic::new(false),
                fallback: SetOnce::new(),
                observer,
                notifier <- Opaque::ffi_init(|slot: *mut notifier_block| {
                    let block = notifier_block {
                        notifier_call: Some(Self::status_changed),
                        ..notifier_block::default()
                    };

                    // SAFETY: `slot` is to be initialised.
                    unsafe { slot.write(block) };
                }),
                callback <- Opaque::ffi_init(|slot: *mut dma_fence_cb| {
                    // SAFETY: `slot` is to be initialised.
                    unsafe { slot.write(dma_fence_cb::default()) };
                }),
            }),
            GFP_KERNEL,
        )?;

        // SAFETY: The caller vouches for the engine; the notifier stays in its place until it is taken back,
        // which is when `this` is dropped.
        to_result(unsafe { atomic_notifier_chain_register(status, this.notifier.get()) })?;
        Ok(this)
    }

    /// Whether the GPU may still use the image of the context.
    pub(super) fn is_on_hardware(&self) -> bool {
        // What the GPU saved was there before i915 said so.
        self.on_hardware.load(Acquire)
    }

    /// A request is about to be submitted; no other is under way. The hardware is to walk so many levels of tables
    /// whenever it gets the context from now on.
    pub(super) fn begin(&self, four_levels: bool) {
        self.four_levels.store(four_levels, Relaxed);
        self.was_reset.store(false, Relaxed);
    }

    /// Whether the engine was reset while it executed the request. To be asked when the context is not on the hardware.
    pub(super) fn was_reset(&self) -> bool {
        self.was_reset.load(Relaxed)
    }

    /// Has dwords of the image be so whenever the hardware gets the context again after that. Does nothing if it
    /// was said before.
    ///
    /// # Errors
    ///
    /// `EINVAL` if one is not in an image of `dwords` dwords.
    pub(super) fn set_fallback(&self, fallback: Fallback, dwords: usize) -> Result {
        if fallback.iter().any(|&(index, _)| index >= dwords) {
            return Err(EINVAL);
        }
        // INVARIANT: They are in the image, as was just seen.
        self.fallback.populate(fallback);
        Ok(())
    }

    /// Asks for the end of a request, of which `fence` is the fence.
    ///
    /// # Safety
    ///
    /// `fence` must be valid until [`Self::disarm`], which must be called before the next of these and before
    /// `self` is dropped.
    pub(super) unsafe fn arm(self: Pin<&Self>, fence: *mut dma_fence) {
        // SAFETY: The caller vouches for the fence, and that the callback is not in use. It stays in its place.
        let result = to_result(unsafe {
            dma_fence_add_callback(fence, self.callback.get(), Some(Self::signalled))
        });

        // It was signalled before.
        if result.is_err() {
            self.observer.progress();
        }
    }

    /// Takes back what [`Self::arm`] asked for. When this returns, it is not and will not be answered.
    ///
    /// # Safety
    ///
    /// `fence` must be that of the call of [`Self::arm`] before.
    pub(super) unsafe fn disarm(self: Pin<&Self>, fence: *mut dma_fence) {
        // SAFETY: The caller vouches for the fence; the callback was initialised when it was added, be it in
        // vain. If it cannot be removed it has been called: that happens with the fence's lock held, which is
        // taken here, too.
        unsafe { dma_fence_remove_callback(fence, self.callback.get()) };
    }

    /// # Safety
    ///
    /// For the notifier chain of the engine: `block` must be the `notifier` of a `Watch`, `data` a request.
    unsafe extern "C" fn status_changed(
        block: *mut notifier_block,
        action: ffi::c_ulong,
        data: *mut ffi::c_void,
    ) -> ffi::c_int {
        // SAFETY: The caller vouches for it; before the `Watch` is dropped it waits for the end of this.
        let this = unsafe { &*container_of!(Opaque::cast_from(block).cast_mut(), Self, notifier) };

        // SAFETY: The caller vouches for the request.
        let context = unsafe { bindings::rgvt_request_context(data.cast()) };

        if context == this.context {
            // CAST: Of a small constant.
            match action as ffi::c_uint {
                bindings::INTEL_CONTEXT_SCHEDULE_IN => {
                    this.on_hardware.store(true, Release);
                    let four_levels = this.four_levels.load(Relaxed);
                    // The image was changed behind i915's back, which has to be told each time.
                    // SAFETY: The type's invariants. i915 reads the descriptor after it has told of this.
                    unsafe { bindings::rgvt_context_set_addressing(context, four_levels) };

                    // SAFETY: The caller vouches for the request, which is one of the context.
                    unsafe { this.fall_back(data.cast()) };
                }
                bindings::INTEL_CONTEXT_SCHEDULE_OUT => {
                    let resets = this.resets.load(Relaxed);
                    // SAFETY: The caller vouches for the request.
                    if unsafe { bindings::rgvt_request_was_reset(data.cast(), resets) } {
                        this.was_reset.store(true, Relaxed);
                    }
                    // Whoever sees that sees the above.
                    this.on_hardware.store(false, Release);
                    this.observer.progress();
                }
                _ => (),
            }
        }

        // CAST: It is 0.
        NOTIFY_DONE as ffi::c_int
    }

    /// If the engine was reset while it executed `request`, has it do without what may have been the reason.
    ///
    /// # Safety
    ///
    /// `request` must be one of the context, which the hardware does not have, and is about to get.
    unsafe fn fall_back(&self, request: *const bindings::i915_request) {
        // SAFETY: The caller vouches for the request.
        let resets = unsafe { bindings::rgvt_request_resets(request) };

        self.resets.store(resets, Relaxed);
        let Some(fallback) = self.fallback.as_ref().filter(|_| self.was_reset()) else {
            return;
        };
        // SAFETY: A context that the hardware is about to get is pinned, so its image is mapped.
        let image: *mut u32 = unsafe { bindings::rgvt_context_image(self.context) }.cast();

        for &(index, value) in fallback {
            // SAFETY: The type's invariants: it is in the image. Neither the hardware nor, while a request is under
            // way, this module uses that.
            unsafe { image.add(index).write_volatile(value) };
        }
    }

    /// # Safety
    ///
    /// For the fence only: `callback` must be that of a `Watch` which is armed.
    unsafe extern "C" fn signalled(_fence: *mut dma_fence, callback: *mut dma_fence_cb) {
        // SAFETY: The caller vouches for it; the `Watch` is disarmed before it is dropped, and that waits for
        // the end of this.
        let this =
            unsafe { &*container_of!(Opaque::cast_from(callback).cast_mut(), Self, callback) };

        this.observer.progress();
    }
}

#[pinned_drop]
impl<O: Observer> PinnedDrop for Watch<O> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: The type's invariants. The function waits for calls that are under way.
        unsafe { atomic_notifier_chain_unregister(self.status, self.notifier.get()) };
    }
}
