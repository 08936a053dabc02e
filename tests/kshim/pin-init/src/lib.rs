// SPDX-License-Identifier: GPL-2.0

//! What `kernel::bitfield!` needs of the crate `pin_init`: the trait behind `T::zeroed()`.

#![no_std]

/// Types for which memory full of zeros is a valid value.
///
/// # Safety
///
/// The implementor must be valid when all of its bytes are zero.
pub unsafe trait Zeroable: Sized {
    /// The value whose bytes are all zero.
    fn zeroed() -> Self {
        // SAFETY: whoever implements the trait promises that this is a valid value.
        unsafe { core::mem::zeroed() }
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(
            // SAFETY: all bits clear is the number 0.
            unsafe impl Zeroable for $number {}
        )*
    };
}

numbers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);
