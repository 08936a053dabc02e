// SPDX-License-Identifier: GPL-2.0

//! Memory of the kernel's that user space can be shown.
//!
//! C header: [`include/linux/vmalloc.h`](srctree/include/linux/vmalloc.h)

use core::ptr::NonNull;

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::bindings;

/// Memory that user space can map, to read it only. What is in it is reached through its [`Contents`].
///
/// # Invariants
///
/// `start` is what `vmalloc_user()` returned for `size` bytes, and nobody has freed it.
pub(crate) struct SharedMemory {
    start: NonNull<u8>,
    size: usize,
}

// SAFETY: The memory belongs to nobody's thread.
unsafe impl Send for SharedMemory {}

// SAFETY: A shared reference gives no access to what is in the memory.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// Takes `size` bytes of zeroes, which are more than none. ENOMEM if there are not as many. May sleep.
    pub(crate) fn new(size: usize) -> Result<(Arc<Self>, Contents)> {
        // SAFETY: The function takes any size.
        let start = NonNull::new(unsafe { bindings::rgvt_vmalloc_user(size) }).ok_or(ENOMEM)?;

        // INVARIANT: As just done.
        let this = Self {
            start: start.cast(),
            size,
        };
        let this = Arc::new(this, GFP_KERNEL)?;

        // INVARIANT: It is the first.
        Ok((this.clone(), Contents(this)))
    }

    /// The first byte.
    pub(super) fn as_ptr(&self) -> *mut u8 {
        self.start.as_ptr()
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: The type's invariants. Pages that user space has mapped stay until it unmaps them.
        unsafe { bindings::vfree(self.start.as_ptr().cast()) };
    }
}

/// What is in a [`SharedMemory`].
///
/// # Invariants
///
/// There is one only for each memory.
pub(crate) struct Contents(Arc<SharedMemory>);

impl Contents {
    /// Where the `len` bytes from `offset` on are. EINVAL if they are not all in here.
    fn at(&self, offset: usize, len: usize) -> Result<*mut u8> {
        let end = offset.checked_add(len).ok_or(EINVAL)?;
        if end > self.0.size {
            return Err(EINVAL);
        }
        Ok(self.0.as_ptr().wrapping_add(offset))
    }

    /// Fills `into` from byte `offset` on. EINVAL if a byte of that is not in here.
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) -> Result {
        let from = self.at(offset, into.len())?;

        // SAFETY: The bytes are in the allocation, and nobody writes them: that takes the only reference to
        // the only object that can, and user space can only read. `into` is somewhere else, as nobody has a
        // reference into here.
        unsafe { core::ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    /// Writes `bytes` from byte `offset` on; likewise. User space may look on.
    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) -> Result {
        let to = self.at(offset, bytes.len())?;

        // SAFETY: As above.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        Ok(())
    }
}
