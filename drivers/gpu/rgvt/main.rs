// SPDX-License-Identifier: GPL-2.0

//! Virtual GPUs on the stock i915: a vendor driver for VFIO mediated devices.

use core::borrow::Borrow;

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            AtomicFlag,
            Release, //
        },
        Arc, //
    }, //
};

#[deny(unsafe_code)]
mod host;
#[allow(dead_code, unreachable_pub)] // Facts are stated whole, whether all are needed or not.
mod hw;
#[allow(dead_code, unreachable_pub, unused_imports)] // tests/unit uses it, too.
mod model;
#[path = "../../../rust/mod.rs"]
mod rust;
#[deny(unsafe_code)]
mod vfio;
#[deny(unsafe_code)]
mod vgpu;

use model::types::Resolution;
use rust::{
    i915,
    pm, //
};

/// A GPU that i915 lends to us, offered to users.
struct Shared {
    /// Gone first: it ends all virtual GPUs.
    _offer: vfio::Offer,
    _notifier: pm::Notifier<Sleeper>,
    gpu: Arc<vgpu::Gpu>,
    /// Gone last: then another can be the one.
    _only: Only,
}

/// The right to share a GPU, of which there is one: mediated devices of all GPUs would have one driver, by its
/// name, and no machine has two GPUs of these generations.
struct Only;

/// Whether there is an [`Only`].
static TAKEN: AtomicFlag = AtomicFlag::new(false);

impl Only {
    /// EBUSY if somebody has it.
    fn take() -> Result<Self> {
        if TAKEN.xchg(true, Acquire) {
            return Err(EBUSY);
        }
        Ok(Self)
    }
}

impl Drop for Only {
    fn drop(&mut self) {
        TAKEN.store(false, Release);
    }
}

/// The virtual GPUs of a GPU, which go to sleep before i915 does.
struct Sleeper(Arc<vgpu::Gpu>);

impl pm::Sleeper for Sleeper {
    fn sleep(&self) -> Result {
        self.0.sleep()
    }

    fn wake(&self) {
        self.0.wake();
    }
}

/// The value of a parameter, which Linux 7.2 gives by reference, and 7.3 itself.
fn copied<T: Copy>(value: impl Borrow<T>) -> T {
    *value.borrow()
}

impl i915::Client for Shared {
    fn attach(gpu: &i915::GpuRef) -> Result<Pin<KBox<Self>>> {
        let only = Only::take().inspect_err(|_| {
            pr_warn!(
                "{}: not attached: another GPU is shared already\n",
                gpu.device().name()
            )
        })?;
        let host = host::HostGpu::new(gpu)?;
        pr_info!("{}: attached, {host}\n", gpu.device().name());

        let quota = copied(module_parameters::pin_quota_mib.value());
        let limits = vgpu::Limits {
            work_ms: copied(module_parameters::work_limit_ms.value()),
            host_percent: copied(module_parameters::host_percent.value()),
        };
        let mode = Resolution {
            width: copied(module_parameters::mode_width.value()),
            height: copied(module_parameters::mode_height.value()),
        };
        let preferred = ((mode.width, mode.height) != (0, 0)).then_some(mode);
        let shared = vgpu::Gpu::new(host, quota, limits, preferred)?;
        let this = Self {
            _notifier: pm::Notifier::new(Sleeper(shared.clone()))?,
            _offer: vfio::Offer::new(shared.clone(), gpu.device())?,
            gpu: shared,
            _only: only,
        };
        Ok(KBox::new(this, GFP_KERNEL)?.into())
    }

    fn unfit(gpu: &i915::Gpu) {
        let refusal = host::Refusal::of(gpu);
        pr_err!("{}: not attached: {refusal}\n", gpu.device().name());
    }

    fn resume(this: Pin<&Self>) {
        this.gpu.resume();
    }

    fn leaves(this: Pin<&Self>) {
        this.gpu.leave();
    }

    fn detach(this: Pin<KBox<Self>>, gpu: &i915::Gpu) {
        drop(this);
        pr_info!("{}: detached\n", gpu.device().name());
    }
}

struct Rgvt {
    _host: host::Host<Shared>,
}

impl kernel::Module for Rgvt {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let host = host::Host::attach().inspect_err(|refusal| pr_err!("{refusal}\n"))?;

        Ok(Self { _host: host })
    }
}

module! {
    type: Rgvt,
    name: "rgvt",
    authors: ["The rgvt developers"],
    description: "Virtual GPUs of Intel Gen8 and Gen9 graphics, over i915 and VFIO",
    license: "GPL",
    imports_ns: ["I915_GVT", "DMA_BUF"],
    params: {
        pin_quota_mib: u32 {
            default: 4096,
            description: "MiB of a guest's memory that one virtual GPU may have pinned at once, unless its attribute rgvt/pin_quota_mib says otherwise (default: 4096)",
        },
        work_limit_ms: u32 {
            default: 10000,
            description: "Milliseconds that a piece of a guest's work may have an engine before it is ended; 0: no limit (default: 10000)",
        },
        host_percent: u8 {
            default: 0,
            description: "Percent of each engine's time that virtual GPUs leave to the host, needed or not, 0 to 99 (default: 0)",
        },
        mode_width: u16 {
            default: 0,
            description: "With mode_height: columns of the best mode that the monitor of a new virtual GPU has, if its type can have it; its attribute rgvt/mode changes it (default: the type's)",
        },
        mode_height: u16 {
            default: 0,
            description: "Rows of it (default: the type's)",
        },
    },
}
