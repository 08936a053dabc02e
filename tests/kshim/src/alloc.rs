// SPDX-License-Identifier: GPL-2.0

//! Boxes and vectors whose allocation can fail, and an allocator that can be told to.

use core::borrow::{Borrow, BorrowMut};
use core::ops::{Deref, DerefMut};
use std_alloc::boxed::Box;
use std_alloc::vec::Vec;

/// Memory ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocError;

/// How to allocate; without meaning here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(());

/// The flags that may be given.
pub mod flags {
    use super::Flags;

    /// May sleep.
    pub const GFP_KERNEL: Flags = Flags(());
    /// May not sleep.
    pub const GFP_ATOMIC: Flags = Flags(());
}

/// Allocation failures on purpose, for each thread on its own.
pub mod failing {
    extern crate std;

    use core::cell::Cell;

    std::thread_local! {
        static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    }

    /// Runs `work`; allocations within it fail after the first `allowed` of them.
    pub fn after<R>(allowed: u32, work: impl FnOnce() -> R) -> R {
        struct Restore(Option<u32>);
        impl Drop for Restore {
            fn drop(&mut self) {
                LEFT.set(self.0);
            }
        }
        let _restore = Restore(LEFT.replace(Some(allowed)));
        work()
    }

    /// Counts one allocation; false if it must fail.
    pub(crate) fn permit() -> bool {
        match LEFT.get() {
            None => true,
            Some(0) => false,
            Some(left) => {
                LEFT.set(Some(left - 1));
                true
            }
        }
    }
}

/// A box as `kernel::alloc::KBox`.
#[derive(Debug)]
pub struct KBox<T>(Box<T>);

impl<T> KBox<T> {
    /// Moves `value` into a box.
    pub fn new(value: T, _flags: Flags) -> Result<Self, AllocError> {
        if failing::permit() {
            Ok(Self(Box::new(value)))
        } else {
            Err(AllocError)
        }
    }

    /// Moves the value out again.
    pub fn into_inner(this: Self) -> T {
        *this.0
    }
}

impl<T> Deref for KBox<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for KBox<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// A vector as `kernel::alloc::KVec`: what may allocate takes flags and returns a result.
#[derive(Debug, PartialEq, Eq)]
pub struct KVec<T>(Vec<T>);

/// A vector whose memory need not be contiguous in the kernel; the same here.
pub type KVVec<T> = KVec<T>;

impl<T> KVec<T> {
    /// An empty vector; does not allocate.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty vector with room for `capacity` elements.
    pub fn with_capacity(capacity: usize, flags: Flags) -> Result<Self, AllocError> {
        let mut vector = Self::new();
        vector.reserve(capacity, flags)?;
        Ok(vector)
    }

    /// `n` copies of `value`.
    pub fn from_elem(value: T, n: usize, flags: Flags) -> Result<Self, AllocError>
    where
        T: Clone,
    {
        let mut vector = Self::with_capacity(n, flags)?;
        vector.0.resize(n, value);
        Ok(vector)
    }

    /// Makes room for `additional` more elements.
    pub fn reserve(&mut self, additional: usize, _flags: Flags) -> Result<(), AllocError> {
        if self.0.capacity() - self.0.len() >= additional {
            return Ok(());
        }
        if !failing::permit() {
            return Err(AllocError);
        }
        self.0.try_reserve(additional).map_err(|_| AllocError)
    }

    /// Appends an element.
    pub fn push(&mut self, value: T, flags: Flags) -> Result<(), AllocError> {
        self.reserve(1, flags)?;
        self.0.push(value);
        Ok(())
    }

    /// Appends copies of elements.
    pub fn extend_from_slice(&mut self, other: &[T], flags: Flags) -> Result<(), AllocError>
    where
        T: Clone,
    {
        self.reserve(other.len(), flags)?;
        self.0.extend_from_slice(other);
        Ok(())
    }

    /// Takes the last element off.
    pub fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    /// Takes element `index` out and moves the later ones up.
    pub fn remove(&mut self, index: usize) -> Result<T, RemoveError> {
        if index < self.0.len() {
            Ok(self.0.remove(index))
        } else {
            Err(RemoveError)
        }
    }

    /// Drops all elements and keeps the memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Drops the elements from `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Keeps the elements for which `keep` says so.
    pub fn retain(&mut self, keep: impl FnMut(&mut T) -> bool) {
        self.0.retain_mut(keep);
    }
}

/// There is no element to remove at that index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoveError;

impl<T> Default for KVec<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for KVec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for KVec<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T> Borrow<[T]> for KVec<T> {
    fn borrow(&self) -> &[T] {
        &self.0
    }
}

impl<T> BorrowMut<[T]> for KVec<T> {
    fn borrow_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<'a, T> IntoIterator for &'a KVec<T> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
