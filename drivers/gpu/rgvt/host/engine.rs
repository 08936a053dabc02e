// SPDX-License-Identifier: GPL-2.0

//! Contexts, requests and copies of batches on the engines of the real GPU.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    gpu::engine_id,
    HostGpu, //
};
use crate::{
    hw::engine::Engine,
    rust::i915, //
};

pub(crate) use i915::{
    Addressing,
    Context as EngineContext,
    Observer,
    PinnedBuffer, //
};

/// Makes the context in which an engine runs all work of one virtual GPU. `observer` is told when a piece
/// of it may be done.
pub(crate) fn context<O: Observer>(
    host: &HostGpu,
    engine: Engine,
    observer: Arc<O>,
) -> Result<i915::Context<O>> {
    i915::Context::new(host.lent().clone(), engine_id(engine), observer)
}

/// Makes room for a copy of a batch of `dwords`, where the GPU can read it.
pub(crate) fn buffer(host: &HostGpu, dwords: usize) -> Result<PinnedBuffer> {
    let bytes = dwords.checked_mul(4).ok_or(E2BIG)?;
    PinnedBuffer::new(host.lent(), bytes)
}
