// SPDX-License-Identifier: GPL-2.0

//! One GPU that i915 lends to us.

use kernel::{
    fmt,
    prelude::*, //
    sizes::SizeConstants,
};

use crate::rust::i915::{
    Client,
    Ggtt,
    Gpu,
    Platform, //
};

/// What there is to share of a GPU.
pub(super) struct HostGpu {
    platform: Platform,
    ggtt: Ggtt,
}

impl Client for HostGpu {
    fn attach(gpu: &Gpu) -> Result<Pin<KBox<Self>>> {
        let platform = gpu.platform().ok_or(ENXIO)?;
        let ggtt = gpu.ggtt();
        let this = KBox::new(Self { platform, ggtt }, GFP_KERNEL)?;

        pr_info!("{}: attached, {}\n", gpu.device().name(), *this);
        Ok(this.into())
    }

    fn detach(_this: Pin<KBox<Self>>, gpu: &Gpu) {
        pr_info!("{}: detached\n", gpu.device().name());
    }
}

impl fmt::Display for HostGpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ggtt {
            size,
            aperture,
            fences,
        } = self.ggtt;
        let mib = |bytes: u64| bytes / u64::SZ_1M;

        f.write_fmt(fmt!(
            "{}: {} MiB aperture, {} MiB GGTT, {fences} fences",
            self.platform,
            mib(aperture),
            mib(size)
        ))
    }
}
