// SPDX-License-Identifier: GPL-2.0

//! Virtual GPUs on the stock i915: a vendor driver for VFIO mediated devices.

use kernel::prelude::*;

#[deny(unsafe_code)]
mod host;
#[path = "../../../rust/mod.rs"]
mod rust;

struct Rgvt {
    _host: host::Host,
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
    imports_ns: ["I915_GVT"],
}
