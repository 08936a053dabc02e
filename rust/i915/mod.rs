// SPDX-License-Identifier: GPL-2.0

//! The stock i915 as a host of virtual GPUs: what it exports in the namespace `I915_GVT`.

mod attachment;
mod bound;
mod gpu;

pub(crate) use attachment::{
    Attachment,
    Client, //
};
pub(crate) use gpu::{
    Ggtt,
    Gpu,
    Platform, //
};
