// SPDX-License-Identifier: GPL-2.0

//! References that are counted, as `kernel::sync::Arc`.

use crate::alloc::{failing, AllocError, Flags};
use core::ops::Deref;
use std_alloc::sync;

/// A counted reference.
#[derive(Debug)]
pub struct Arc<T>(sync::Arc<T>);

impl<T> Arc<T> {
    /// Moves `value` to where it can be shared.
    pub fn new(value: T, _flags: Flags) -> Result<Self, AllocError> {
        if failing::permit() {
            Ok(Self(sync::Arc::new(value)))
        } else {
            Err(AllocError)
        }
    }
}

impl<T> Clone for Arc<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for Arc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
