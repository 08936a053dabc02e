// SPDX-License-Identifier: GPL-2.0

//! The engines that a GPU has.
//!
//! C header: [`drivers/gpu/drm/i915/gt/intel_engine_types.h`](srctree/drivers/gpu/drm/i915/gt/intel_engine_types.h)

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    error::to_result,
    page::PAGE_SIZE,
    prelude::*, //
};

use super::Gpu;
use crate::rust::bindings;

/// The engines that Gen8 and Gen9 can have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EngineId {
    Rcs0,
    Bcs0,
    Vcs0,
    Vcs1,
    Vecs0,
}

impl EngineId {
    fn to_i915(self) -> bindings::intel_engine_id {
        match self {
            Self::Rcs0 => bindings::intel_engine_id_RCS0,
            Self::Bcs0 => bindings::intel_engine_id_BCS0,
            Self::Vcs0 => bindings::intel_engine_id_VCS0,
            Self::Vcs1 => bindings::intel_engine_id_VCS1,
            Self::Vecs0 => bindings::intel_engine_id_VECS0,
        }
    }
}

/// An engine of a GPU.
///
/// # Invariants
///
/// `engine` is valid during `'a`.
#[derive(Clone, Copy)]
pub(super) struct Engine<'a> {
    engine: NonNull<bindings::intel_engine_cs>,
    _gpu: PhantomData<&'a Gpu>,
}

impl Engine<'_> {
    pub(super) fn as_raw(&self) -> *mut bindings::intel_engine_cs {
        self.engine.as_ptr()
    }

    /// The size of a context's image, in bytes: the page of the status, that of the registers, and the
    /// engine's own state. Not always whole pages.
    pub(super) fn context_size(&self) -> usize {
        // SAFETY: The type's invariant; the value is constant. CAST: It is a few pages.
        unsafe { bindings::rgvt_engine_context_size(self.as_raw()) as usize }
    }

    /// In how many steps of a second the timestamps in the images of contexts count.
    pub(super) fn clock(&self) -> u32 {
        // SAFETY: The type's invariant; the value is constant.
        unsafe { bindings::rgvt_engine_clock(self.as_raw()) }
    }
}

impl Gpu {
    /// Whether this GPU has the engine `id`.
    pub(crate) fn has_engine(&self, id: EngineId) -> bool {
        self.engine(id).is_some()
    }

    /// Whether the engine `id` can leave a request in its middle for another.
    pub(crate) fn preempts(&self, id: EngineId) -> bool {
        let engine = self.engine(id);

        // SAFETY: The type's invariant; the value is constant when the probe is over, and no client asks before.
        engine.is_some_and(|engine| unsafe { bindings::rgvt_engine_preempts(engine.as_raw()) })
    }

    /// Has the engine `id`, if this GPU has it, forget its translations. `ETIMEDOUT` if it does not say that it has.
    /// May sleep.
    pub(crate) fn invalidate_tlb(&self, id: EngineId) -> Result {
        let Some(engine) = self.engine(id) else {
            return Ok(());
        };
        let _awake = self.wake();

        // SAFETY: The type's invariant; the GPU is awake, and its registers are mapped as long as i915 is bound.
        to_result(unsafe { bindings::rgvt_engine_invalidate_tlb(engine.as_raw()) })
    }

    /// The batch that i915 has its contexts on the engine `id` run in the middle of a restore: whole cache lines,
    /// without an end; empty if there is none.
    pub(crate) fn restore_batch(&self, id: EngineId) -> Result<KVec<u32>> {
        let mut words = KVec::from_elem(0_u32, PAGE_SIZE / size_of::<u32>(), GFP_KERNEL)?;
        let Some(engine) = self.engine(id) else {
            return Ok(KVec::new());
        };

        // SAFETY: The type's invariant; there is a page of room. The batch is not changed when the probe is over, and
        // no client asks before. CAST: The size of a page.
        let bytes = unsafe {
            bindings::rgvt_engine_restore_batch(
                engine.as_raw(),
                words.as_mut_ptr().cast(),
                PAGE_SIZE as u32,
            )
        };

        to_result(bytes)?;
        words.truncate(usize::try_from(bytes)? / size_of::<u32>());
        Ok(words)
    }

    /// The engine `id`, if this GPU has it.
    pub(super) fn engine(&self, id: EngineId) -> Option<Engine<'_>> {
        // SAFETY: The type's invariants; the engines are set up before GVT is, and stay.
        let engine = NonNull::new(unsafe { bindings::rgvt_engine(self.as_raw(), id.to_i915()) })?;

        // INVARIANT: It stays as long as i915.
        Some(Engine {
            engine,
            _gpu: PhantomData,
        })
    }
}
