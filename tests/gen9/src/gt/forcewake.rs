// SPDX-License-Identifier: GPL-2.0

//! Forcewake: the driver asks for a power domain to stay awake and waits for the answer.
//!
//! Each of the lower 16 bits of a request is a client of its own, written through the mask in the
//! upper half; the acknowledge register repeats the bits (i915: `intel_uncore.c`,
//! intel_uncore_fw_domains_init). Bit 0 is the kernel's, bit 15 the one that i915 toggles when an
//! acknowledge got lost (WaRsForcewakeAddDelayForAck).

use crate::gpu::Gpu;
use crate::platform::Platform;

/// A power domain.
pub struct Domain {
    /// Register with the requests.
    pub request: u32,
    /// Register with the acknowledges.
    pub ack: u32,
}

/// FORCEWAKE_RENDER_GEN9.
const RENDER: Domain = Domain {
    request: 0xa278,
    ack: 0xd84,
};
/// FORCEWAKE_GT_GEN9; Broadwell has it as FORCEWAKE_MT with FORCEWAKE_ACK_HSW.
const GT: Domain = Domain {
    request: 0xa188,
    ack: 0x13_0044,
};
/// FORCEWAKE_MEDIA_GEN9.
const MEDIA: Domain = Domain {
    request: 0xa270,
    ack: 0xd88,
};

/// The domains of a device. Broadwell has one for all of the GT.
pub fn domains(platform: &Platform) -> &'static [Domain] {
    if platform.graphics >= 9 {
        &[RENDER, GT, MEDIA]
    } else {
        &[GT]
    }
}

/// Takes a masked write to a request register and acknowledges it, unless a lost acknowledge was
/// injected: then the register keeps its value until the next request.
///
/// The acknowledge is stored rather than computed on a read, so that its page can be mapped into
/// the machine: i915 polls it for each wake-up.
pub fn request(gpu: &Gpu, domain: &Domain, value: u32) {
    gpu.regs.set_masked(domain.request, value);
    let granted = gpu.regs.get(domain.request);
    if gpu.regs.get(domain.ack) != granted && !gpu.witness.forcewake_stuck(domain.ack) {
        gpu.regs.set(domain.ack, granted);
    }
}

/// Whether any client keeps any domain awake.
pub fn held(gpu: &Gpu) -> bool {
    domains(gpu.platform)
        .iter()
        .any(|domain| gpu.regs.get(domain.request) != 0)
}
