// SPDX-License-Identifier: GPL-2.0

//! Where a virtual GPU's picture is put.

use kernel::prelude::*;

use crate::{
    model::seam::Canvas,
    rust::shared::Contents, //
};

/// A picture in memory that user space can map.
pub(crate) struct Picture(Contents);

impl Picture {
    /// The one that is in there.
    pub(crate) fn new(contents: Contents) -> Self {
        Self(contents)
    }

    /// Reads from byte `offset` on. EINVAL if a byte of that is past the end.
    pub(crate) fn copy(&self, offset: usize, into: &mut [u8]) -> Result {
        self.0.read(offset, into)
    }
}

impl Canvas for Picture {
    fn read(&self, offset: u32, into: &mut [u8]) {
        // What is past the end reads as it was.
        let _ = self.0.read(offset as usize, into);
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) {
        // What is past the end is dropped.
        let _ = self.0.write(offset as usize, bytes);
    }
}
