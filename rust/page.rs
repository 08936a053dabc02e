// SPDX-License-Identifier: GPL-2.0

//! References to pages, whoever they belong to.
//!
//! C header: [`include/linux/mm.h`](srctree/include/linux/mm.h)

use core::ptr::NonNull;

use kernel::bindings::page;

use super::bindings;

/// A reference to a page: it is used for nothing else while this is there.
///
/// # Invariants
///
/// There is a reference of ours.
#[repr(transparent)]
pub(crate) struct PageRef(NonNull<page>);

// SAFETY: Any thread can give up a reference.
unsafe impl Send for PageRef {}

// SAFETY: A shared reference only tells which page it is.
unsafe impl Sync for PageRef {}

impl PageRef {
    /// Takes a reference.
    ///
    /// # Safety
    ///
    /// `page` must be valid, and have a reference already.
    pub(super) unsafe fn new(page: NonNull<page>) -> Self {
        // SAFETY: The caller's promise.
        unsafe { bindings::rgvt_get_page(page.as_ptr()) };

        // INVARIANT: As just done.
        Self(page)
    }

    /// Its number in physical memory.
    pub(super) fn pfn(&self) -> usize {
        // SAFETY: The type's invariant: the page is valid.
        unsafe { bindings::rgvt_page_to_pfn(self.0.as_ptr()) }
    }
}

impl Clone for PageRef {
    fn clone(&self) -> Self {
        // SAFETY: The type's invariant.
        unsafe { Self::new(self.0) }
    }
}

impl Drop for PageRef {
    fn drop(&mut self) {
        // SAFETY: The type's invariant: it is ours to give up.
        unsafe { bindings::rgvt_put_page(self.0.as_ptr()) };
    }
}
