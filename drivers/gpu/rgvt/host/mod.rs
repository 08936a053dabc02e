// SPDX-License-Identifier: GPL-2.0

//! The GPUs that the stock i915 lends to us.

mod gpu;
mod refusal;

pub(crate) use refusal::Refusal;

use kernel::prelude::*;

use crate::rust::{
    i915::Attachment,
    utsname, //
};
use gpu::HostGpu;
use refusal::Unfit;

/// The attachment to i915, of which at least one GPU was fit when it was made.
pub(crate) struct Host {
    _attachment: Attachment<HostGpu>,
}

impl Host {
    /// Attaches to i915, or says why not.
    pub(crate) fn attach() -> Result<Self, Refusal> {
        // The layout of i915's private data is only known for the kernel that we were built for, and the
        // module loader's own check can be forced.
        let running = utsname::running();
        if running != utsname::BUILT_FOR {
            return Err(Refusal::OtherKernel {
                built_for: utsname::BUILT_FOR,
                running,
            });
        }

        let attachment = Attachment::new().map_err(|error| match error {
            EBUSY => Refusal::OtherModule,
            error => Refusal::Other(error),
        })?;

        // i915 keeps to itself why it does not lend a GPU.
        let mut attached = false;
        let mut unfit = None;
        attachment.for_each_gpu(|gpu, ours| match ours {
            Some(_) => attached = true,
            None => unfit = unfit.max(Some(Unfit::of(gpu))),
        });
        if !attached {
            return Err(unfit.map_or(Refusal::NoGpu, Refusal::Unfit));
        }

        Ok(Self {
            _attachment: attachment,
        })
    }
}
