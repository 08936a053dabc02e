// SPDX-License-Identifier: GPL-2.0

//! Bindings of what the kernel crate has none of: i915's private headers and the helpers.
//!
//! Made by `bindgen` from `input.h`. For the safe abstractions around this folder only.

#![allow(
    clippy::all,
    clippy::cast_lossless,
    clippy::ptr_as_ptr,
    clippy::ref_as_ptr,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]

use kernel::{
    bindings::*,
    ffi, //
};
use pin_init::MaybeZeroable;

/// Declares C types of which Rust holds only pointers, whatever is in them.
macro_rules! opaque {
    ($($name:ident)*) => {$(
        #[repr(C)]
        pub struct $name {
            _unused: [u8; 0],
        }
    )*};
}

opaque! {
    drm_i915_gem_object
    drm_i915_private
    i915_address_space
    i915_fence_reg
    i915_gem_ww_ctx
    i915_ggtt
    i915_ppgtt
    i915_request
    i915_vma
    intel_context
    intel_engine_cs
    intel_gt
    ref_tracker
}

include!("generated.rs");
