// SPDX-License-Identifier: GPL-2.0

//! The GPUs that the stock i915 lends to us.

mod account;
mod engine;
mod exported;
mod gpu;
mod guest;
mod interrupts;
mod picture;
mod refusal;
mod reserved;
mod seal;

pub(crate) use crate::rust::{
    process::is_being_killed,
    random::random,
    ratelimit::RateLimit,
    shared::SharedMemory,
    trace,
    vfio::Guest as VfioGuest,
    workqueue::{
        flush,
        flush_delayed,
        OwnedQueue, //
    },
};
pub(crate) use account::Account;
pub(crate) use engine::*;
pub(crate) use exported::Exported;
pub(crate) use gpu::{
    HostGpu,
    StaysAwake, //
};
pub(crate) use guest::{
    Guest,
    Pin, //
};
pub(crate) use interrupts::Interrupts;
pub(crate) use picture::Picture;
pub(crate) use refusal::Refusal;
pub(crate) use reserved::{
    Kept,
    Reserved, //
};
pub(crate) use seal::Sealer;

use kernel::prelude::*;

use crate::rust::{
    i915::{
        Attachment,
        Client, //
    },
    utsname, //
};
use refusal::Unfit;

/// The attachment to i915, of which at least one GPU was fit when it was made, if there was one. `T` is kept for each.
pub(crate) struct Host<T: Client> {
    _attachment: Attachment<T>,
}

impl<T: Client> Host<T> {
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

        let mut attachment = Attachment::new().map_err(|error| match error {
            EBUSY => Refusal::OtherModule,
            error => Refusal::Other(error),
        })?;

        // i915 keeps to itself why it does not lend a GPU.
        let mut attached = false;
        let mut unfit = None;
        attachment
            .settle(|gpu, ours| {
                if ours {
                    attached = true;
                } else {
                    unfit = unfit.max(Some(Unfit::of(gpu)));
                }
            })
            .map_err(Refusal::Other)?;
        if !attached {
            if let Some(unfit) = unfit {
                return Err(Refusal::Unfit(unfit));
            }

            // Modules that are loaded at boot come in any order, and so do GPUs.
            pr_info!("waiting for a GPU, as i915 drives none: if this stays so, bind i915 to one, loaded with enable_gvt=1 enable_guc=0, or boot with i915.enable_gvt=1 i915.enable_guc=0\n");
        }

        Ok(Self {
            _attachment: attachment,
        })
    }
}
