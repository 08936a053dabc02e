// SPDX-License-Identifier: GPL-2.0

//! The stock i915 as a host of virtual GPUs: what it exports in the namespace `I915_GVT`.

mod admission;
mod aperture;
mod attachment;
mod bound;
mod context;
mod engine;
mod fence;
mod ggtt;
mod gpu;
mod lent;
mod mmio;
mod object;
mod power;
mod request;
mod snapshot;
mod space;
mod table;
mod watch;

pub(crate) use attachment::{
    Attachment,
    Client, //
};
pub(crate) use context::Context;
pub(crate) use engine::EngineId;
pub(crate) use fence::Fence;
pub(crate) use ggtt::GgttNode;
pub(crate) use gpu::{
    Ggtt,
    Gpu,
    Platform, //
};
pub(crate) use lent::GpuRef;
pub(crate) use object::PinnedBuffer;
pub(crate) use power::{
    Awake,
    InUse, //
};
pub(crate) use request::Addressing;
pub(crate) use table::TablePage;
pub(crate) use watch::Observer;
