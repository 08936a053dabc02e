// SPDX-License-Identifier: GPL-2.0

//! Having an engine execute commands.
//!
//! C header: [`drivers/gpu/drm/i915/i915_request.h`](srctree/drivers/gpu/drm/i915/i915_request.h)

use core::ptr::NonNull;

use kernel::{
    bindings::{
        dma_fence,
        dma_fence_get_status, //
    },
    error::{
        from_err_ptr,
        to_result, //
    },
    ffi,
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
};

use super::{
    context::RING_SIZE,
    Context,
    Observer,
    PinnedBuffer, //
};
use crate::rust::bindings;

/// The most dwords of one submission.
///
/// What does not fit between the last command and the end of the ring goes to the ring's start, and as much as
/// that remains empty at the end. So it is half of the ring, less what i915 adds, which is far less than this.
// CAST: Of a small constant.
const MAX_COMMANDS: usize = (RING_SIZE as usize / 2 - (64 << 10)) / size_of::<u32>();

/// The command that does nothing (PRM SKL, volume 2a).
const MI_NOOP: u32 = 0;

/// How the context's image tells the page tables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addressing {
    /// By four page directories, for 32 bits of address.
    Legacy32,
    /// By one table of level 4, for 48 bits of address.
    Legacy48,
}

/// A request that i915 has.
///
/// # Invariants
///
/// `request` is valid; this object holds a reference of it.
pub(super) struct Submitted {
    request: NonNull<bindings::i915_request>,
    is_cancelled: bool,
    /// i915 was asked to let go of its context, once.
    is_let_go: bool,
    /// What the commands lead to. i915 is not asked to keep it: that would take the lock of each, which i915 takes
    /// before the timeline's, while a request is made with the timeline locked.
    _buffers: KVec<PinnedBuffer>,
}

impl Submitted {
    fn fence(&self) -> *mut dma_fence {
        // SAFETY: The type's invariant: the request is valid, and so is its fence.
        unsafe { bindings::rgvt_request_fence(self.request.as_ptr()) }
    }

    /// How it ended, if its last command was executed, or i915 gave it up.
    fn status(&self) -> Option<Result> {
        // SAFETY: The fence is valid.
        match unsafe { dma_fence_get_status(self.fence()) } {
            0 => None,
            _ if self.is_cancelled => Some(Err(EAGAIN)),
            status => Some(to_result(status)),
        }
    }
}

impl Drop for Submitted {
    fn drop(&mut self) {
        // SAFETY: The type's invariant: this object holds a reference, and gives it up.
        unsafe { bindings::rgvt_request_put(self.request.as_ptr()) };
    }
}

/// A request that is being made. It is submitted when this is dropped: that cannot be avoided, but without
/// [`Self::keep`] it does nothing.
///
/// i915 holds the mutex of the context's timeline meanwhile, so it cannot go to another thread.
///
/// # Invariants
///
/// `request` was made for the context, is not submitted, and this object holds a reference of it.
struct Request<'a, O: Observer> {
    request: NonNull<bindings::i915_request>,
    /// In the ring.
    commands: &'a mut [u32],
    is_cancelled: bool,
    buffers: KVec<PinnedBuffer>,
    context: &'a mut Context<O>,
}

impl<'a, O: Observer> Request<'a, O> {
    /// Makes a request of `commands`, which are `count` in all and no more than [`MAX_COMMANDS`]. The context is
    /// pinned.
    fn new(
        context: &'a mut Context<O>,
        four_levels: bool,
        commands: &[&[u32]],
        count: usize,
    ) -> Result<Self> {
        // With less i915 begins each request by naming its own tables.
        context.set_levels(true);

        // SAFETY: The context is valid and pinned.
        let request = from_err_ptr(unsafe { bindings::i915_request_create(context.as_raw()) })?;

        // SAFETY: The request is valid until it is submitted.
        unsafe {
            bindings::rgvt_request_get(request);
            bindings::rgvt_request_set_preemption(request);
        }

        // INVARIANT: The reference has just been taken.
        let mut this = Self {
            request: NonNull::new(request).ok_or(ENOMEM)?,
            commands: &mut [],
            is_cancelled: true,
            buffers: KVec::new(),
            context,
        };

        this.context.set_levels(four_levels);

        // SAFETY: The type's invariants.
        to_result(unsafe { bindings::rgvt_request_emit_init_breadcrumb(request) })?;

        // The ring is read in units of two dwords.
        let count = count.checked_next_multiple_of(2).ok_or(E2BIG)?;

        // CAST: It is no more than `MAX_COMMANDS`.
        let dwords = count as ffi::c_uint;
        // SAFETY: The type's invariants. The ring has room for `MAX_COMMANDS` when no other request of the
        // context is under way.
        let ring = from_err_ptr(unsafe { bindings::intel_ring_begin(request, dwords) })?;

        // SAFETY: This part of the ring is the request's. The GPU does not read it before it is submitted.
        this.commands = unsafe { core::slice::from_raw_parts_mut(ring, count) };

        let mut rest = &mut *this.commands;
        for part in commands {
            let (used, free) = rest.split_at_mut_checked(part.len()).ok_or(EINVAL)?;
            used.copy_from_slice(part);
            rest = free;
        }
        rest.fill(MI_NOOP);
        Ok(this)
    }

    /// Lets the commands be executed, which lead to `buffers`.
    fn keep(mut self, buffers: KVec<PinnedBuffer>) {
        self.buffers = buffers;
        self.is_cancelled = false;
    }
}

impl<O: Observer> Drop for Request<'_, O> {
    fn drop(&mut self) {
        if self.is_cancelled {
            self.commands.fill(MI_NOOP);
        }

        // SAFETY: The type's invariants; this is the thread which holds the mutex that is released here.
        unsafe { bindings::i915_request_add(self.request.as_ptr()) };

        // INVARIANT: The reference goes from `self`, which ends.
        let submitted = Submitted {
            request: self.request,
            is_cancelled: self.is_cancelled,
            is_let_go: false,
            _buffers: core::mem::take(&mut self.buffers),
        };
        let fence = submitted.fence();

        self.context.submitted = Some(submitted);

        // SAFETY: Whoever takes `submitted`, and so the fence's reference, disarms the `Watch` before. No other
        // request was there.
        unsafe { self.context.watch.as_ref().arm(fence) };
    }
}

impl<O: Observer> Context<O> {
    /// Has the engine execute `commands`, part by part, with the context as its image says, and `addressing`
    /// instead of what i915 thinks. `buffers` are kept until its end was told. What the image leads to is the caller's
    /// to keep as long.
    ///
    /// `EBUSY` if a request is under way, `E2BIG` if there are more than [`MAX_COMMANDS`]. Even if this fails
    /// a request may be under way then, of which [`Self::reap`] tells; it does nothing.
    ///
    /// May sleep, but does not wait for the GPU.
    pub(crate) fn submit(
        &mut self,
        addressing: Addressing,
        commands: &[&[u32]],
        buffers: KVec<PinnedBuffer>,
    ) -> Result {
        if self.submitted.is_some() {
            return Err(EBUSY);
        }
        let count = commands.iter().map(|part| part.len()).sum::<usize>();
        if count > MAX_COMMANDS {
            return Err(E2BIG);
        }

        self.pin()?;

        let four_levels = addressing == Addressing::Legacy48;
        self.watch.begin(four_levels);

        Request::new(self, four_levels, commands, count)?.keep(buffers);
        Ok(())
    }

    /// Whether a request is under way, or its end was not told yet.
    pub(crate) fn is_busy(&self) -> bool {
        self.submitted.is_some()
    }

    /// Has i915 end the request under way, if there is one: by preemption if the commands allow it, or else by
    /// a reset of the engine, of which others notice no more than the time that it takes. [`Self::reap`] tells
    /// when it is over. May sleep, but does not wait for the GPU.
    ///
    /// Returns false, and does nothing, if that might end another's request instead: where the engine cannot
    /// preempt, on Gen8, while i915 does not know for sure which one it executes.
    #[must_use]
    pub(crate) fn cancel(&self) -> bool {
        self.submitted.as_ref().is_none_or(|submitted| {
            // SAFETY: The invariant of `Submitted`: the request is valid.
            unsafe { bindings::rgvt_request_cancel(submitted.request.as_ptr()) }
        })
    }

    /// Whether the engine may be executing the request under way, or is about to.
    pub(crate) fn is_on_hardware(&self) -> bool {
        self.submitted.is_some() && self.watch.is_on_hardware()
    }

    /// Whether the engine has begun with the request under way, or is done with it.
    pub(crate) fn has_begun(&self) -> bool {
        let begun = |submitted: &Submitted| {
            // SAFETY: The invariant of `Submitted`: the request is valid.
            unsafe { bindings::rgvt_request_started(submitted.request.as_ptr()) }
        };
        self.submitted.as_ref().is_some_and(begun)
    }

    /// Whether the engine executes the request under way, or is done with it. It may have been asked to leave it.
    pub(crate) fn is_executed(&self) -> bool {
        let is_executed = |submitted: &Submitted| {
            // SAFETY: The invariant of `Submitted`: the request is valid.
            unsafe { bindings::rgvt_request_is_executed(submitted.request.as_ptr()) }
        };
        self.submitted.as_ref().is_some_and(is_executed)
    }

    /// The same, and it was not asked to leave it.
    pub(crate) fn goes_on(&self) -> bool {
        let goes_on = |submitted: &Submitted| {
            // SAFETY: The invariant of `Submitted`: the request is valid.
            unsafe { bindings::rgvt_request_goes_on(submitted.request.as_ptr()) }
        };
        self.submitted.as_ref().is_some_and(goes_on)
    }

    /// What the engine's timestamp for the context was when the engine last left the request under way, or before it.
    pub(crate) fn timestamp(&self) -> Option<u32> {
        let submitted = self.submitted.as_ref()?;
        // SAFETY: The invariant of `Submitted`: the request is valid. The context may not rest before that is reaped.
        Some(unsafe { bindings::rgvt_request_timestamp(submitted.request.as_ptr()) })
    }

    /// Has the request under way make way for those that are submitted after it, if the hardware has it and
    /// can leave it in its middle; on Gen8 it cannot. i915 does so when the next one comes, or after a slice of its own.
    pub(crate) fn make_way(&self) {
        if let Some(submitted) = &self.submitted {
            // SAFETY: The invariant of `Submitted`: the request is valid.
            unsafe { bindings::rgvt_request_make_way(submitted.request.as_ptr()) };
        }
    }

    /// Has the request under way make way no more.
    pub(crate) fn come_first(&self) {
        if let Some(submitted) = &self.submitted {
            // SAFETY: The invariant of `Submitted`: the request is valid.
            unsafe { bindings::rgvt_request_come_first(submitted.request.as_ptr()) };
        }
    }

    /// Tells, once, how the request under way ended, if it did: then the image is as the GPU saved it.
    ///
    /// `EIO` if the engine hung, and i915 has reset it: then there is no saying what is in the image.
    /// `EAGAIN` if the request could not be submitted as a whole, and so did nothing.
    pub(crate) fn reap(&mut self) -> Option<Result> {
        let status = self.submitted.as_ref()?.status()?;

        if self.watch.is_on_hardware() {
            return None;
        }
        // i915 says nothing of the reset if it has given the request to the engine again.
        let status = status.and(if self.watch.was_reset() {
            Err(EIO)
        } else {
            Ok(())
        });

        self.forget();
        Some(status)
    }

    /// Has i915 let go of the context of a request that is over, of which [`Self::reap`] does not tell yet, if the
    /// hardware does not come to it again before another's is over.
    ///
    /// Returns true if that cannot be said yet, and has to be asked again.
    #[must_use]
    pub(crate) fn let_go(&mut self) -> bool {
        let Some(submitted) = &mut self.submitted else {
            return false;
        };
        if submitted.status().is_none() || !self.watch.is_on_hardware() {
            return false;
        }
        let request = submitted.request.as_ptr();
        // SAFETY: The invariant of `Submitted`: the request is valid.
        if unsafe { bindings::rgvt_request_is_leaving(request) } {
            return true;
        }
        // SAFETY: As above.
        if !submitted.is_let_go && unsafe { bindings::rgvt_request_is_behind(request) } {
            submitted.is_let_go = true;
            // SAFETY: As above.
            unsafe { bindings::rgvt_request_beat(request) };
        }
        false
    }

    /// Ends the connection to the request under way.
    fn forget(&mut self) {
        if let Some(submitted) = self.submitted.take() {
            // SAFETY: It was armed with the fence of the request when that was submitted.
            unsafe { self.watch.as_ref().disarm(submitted.fence()) };
        }
    }
}

impl<O: Observer> Drop for Context<O> {
    fn drop(&mut self) {
        while self.submitted.is_some() && self.reap().is_none() {
            let _ = self.cancel();
            let _ = self.let_go();
            fsleep(Delta::from_millis(1));
        }
    }
}
