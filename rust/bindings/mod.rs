// SPDX-License-Identifier: GPL-2.0

//! Bindings of what the kernel crate has none of: i915's private headers and the helpers.
//!
//! Made by `bindgen` from `input.h`. For the safe abstractions around this folder only.

#![allow(
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub
)]

use kernel::{
    bindings::{
        bool_,
        device,
        pci_dev,
        u32_,
        u64_, //
    },
    ffi, //
};

include!("generated.rs");
