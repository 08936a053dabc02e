// SPDX-License-Identifier: GPL-2.0

//! The devices that the emulator can be: what differs between them, as data.

use clap::ValueEnum;
use serde::Serialize;

/// Which device to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// Broadwell GT2 (Gen8).
    Bdw,
    /// Skylake GT2 (Gen9).
    Skl,
    /// Kaby Lake GT2 (Gen9.5).
    Kbl,
    /// Coffee Lake GT2 (Gen9.5).
    Cfl,
}

/// Facts of one device.
#[derive(Clone, Copy, Debug)]
pub struct Platform {
    /// The device.
    pub device: Device,
    /// PCI device ID (include/drm/intel/pciids.h).
    pub pci_id: u16,
    /// PCI revision: a production stepping, so that i915 takes no pre-production workaround.
    pub revision: u8,
    /// Graphics generation, 8 or 9.
    pub graphics: u8,
    /// Ticks of the command streamer's timestamp in a second
    /// (i915: `gt/intel_gt_clock_utils.c`).
    pub timestamp_hz: u64,
}

const BDW: Platform = Platform {
    device: Device::Bdw,
    pci_id: 0x1616,
    revision: 0x09,
    graphics: 8,
    timestamp_hz: 12_500_000,
};
const SKL: Platform = Platform {
    device: Device::Skl,
    pci_id: 0x1912,
    revision: 0x06,
    graphics: 9,
    timestamp_hz: 12_000_000,
};
const KBL: Platform = Platform {
    device: Device::Kbl,
    pci_id: 0x5912,
    revision: 0x04,
    graphics: 9,
    timestamp_hz: 12_000_000,
};
const CFL: Platform = Platform {
    device: Device::Cfl,
    pci_id: 0x3e92,
    revision: 0x00,
    graphics: 9,
    timestamp_hz: 12_000_000,
};

impl Device {
    /// The device's facts.
    pub const fn platform(self) -> &'static Platform {
        match self {
            Self::Bdw => &BDW,
            Self::Skl => &SKL,
            Self::Kbl => &KBL,
            Self::Cfl => &CFL,
        }
    }
}
