// SPDX-License-Identifier: GPL-2.0

//! Error numbers.

use core::{fmt, num::NonZeroI32};

/// A negative error number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(NonZeroI32);

/// A result whose error is a number, unless said otherwise.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

impl Error {
    /// The error of a number between -4095 and -1; EINVAL if it is none.
    pub fn from_errno(errno: i32) -> Self {
        match NonZeroI32::new(errno) {
            Some(number) if (-4095..0).contains(&errno) => Self(number),
            _ => code::EINVAL,
        }
    }

    /// The error number, negative.
    pub fn to_errno(self) -> i32 {
        self.0.get()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({})", self.0)
    }
}

impl From<crate::alloc::AllocError> for Error {
    fn from(_: crate::alloc::AllocError) -> Self {
        code::ENOMEM
    }
}

/// The errors by name (include/uapi/asm-generic/errno-base.h and errno.h).
pub mod code {
    use super::Error;
    use core::num::NonZeroI32;

    macro_rules! errors {
        ($($name:ident = $number:literal;)*) => {
            $(
                #[doc = concat!("Error number ", $number, ".")]
                pub const $name: Error = Error(match NonZeroI32::new(-$number) {
                    Some(number) => number,
                    None => panic!("zero is no error"),
                });
            )*
        };
    }

    errors! {
        EPERM = 1;
        ENOENT = 2;
        EIO = 5;
        ENXIO = 6;
        E2BIG = 7;
        EAGAIN = 11;
        ENOMEM = 12;
        EACCES = 13;
        EFAULT = 14;
        EBUSY = 16;
        EEXIST = 17;
        EXDEV = 18;
        ENODEV = 19;
        EINVAL = 22;
        ENOSPC = 28;
        ERANGE = 34;
        EOVERFLOW = 75;
        EOPNOTSUPP = 95;
    }
}
