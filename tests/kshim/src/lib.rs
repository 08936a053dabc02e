// SPDX-License-Identifier: GPL-2.0

//! A crate named `kernel` that offers what the driver's pure parts (`hw`, `model`) may use of the
//! kernel crate, so that they are built and tested in user space too.
//!
//! `bitfield` and `num` are the kernel's own files, linked in by the build script. The rest is
//! written here, with the names and signatures of the kernel crate.

#![no_std]
#![allow(unexpected_cfgs)]

extern crate alloc as std_alloc;
// The kernel's files name their own crate.
extern crate self as kernel;

pub mod alloc;
pub mod error;
pub mod sync;

/// Formatting, under the kernel's name.
pub mod fmt {
    pub use core::fmt::*;
}

/// Procedural macros.
pub mod macros {
    pub use kernel_macros::{kunit_tests, paste};
}

/// Assertions that hold at compile time in the kernel. What needs an optimiser there
/// (`build_assert!`) is checked when it runs here.
pub mod build_assert {
    pub use crate::{
        build_assert_macro as build_assert, build_error_macro as build_error, const_assert,
        static_assert,
    };
}

/// What most files import.
pub mod prelude {
    pub use crate::alloc::{flags::*, KBox, KVVec, KVec};
    pub use crate::build_assert::{build_assert, build_error, const_assert, static_assert};
    pub use crate::error::{code::*, Error, Result};
    pub use crate::fmt_macro as fmt;
    pub use crate::macros::kunit_tests;
    pub use core::mem::{align_of, size_of};
    pub use core::pin::Pin;
    pub use pin_init::Zeroable;
}

#[doc(hidden)]
#[macro_export]
macro_rules! fmt_macro {
    ($($input:tt)*) => { ::core::format_args!($($input)*) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! static_assert {
    ($condition:expr $(,$message:literal)?) => {
        const _: () = ::core::assert!($condition $(,$message)?);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! const_assert {
    ($condition:expr $(,$message:literal)?) => {
        const { ::core::assert!($condition $(,$message)?) };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! build_assert_macro {
    ($condition:expr $(,)?) => {
        ::core::assert!($condition)
    };
    ($condition:expr, $message:expr) => {
        ::core::assert!($condition, $message)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! build_error_macro {
    ($($message:expr)?) => { ::core::panic!($($message)?) };
}

// In an include, modules are looked for beside the included file: in the build script's folder.
include!(concat!(env!("OUT_DIR"), "/kernel.rs"));
