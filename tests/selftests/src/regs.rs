// SPDX-License-Identifier: GPL-2.0
//! Registers that checks use, by their names in i915, and what is shown of a virtual GPU.

use std::io;

use anyhow::{Result, ensure};

use crate::device::Device;
use crate::uapi::BAR0;

/// The page that tells a guest of its share; i915_pvinfo.h.
pub mod pvinfo {
    /// Its offset in BAR 0.
    pub const PAGE: u32 = 0x7_8000;
    /// "vGTvGTvG", 8 bytes.
    pub const MAGIC: u32 = PAGE;
    /// 2 bytes, then the minor version.
    pub const VERSION: u32 = PAGE + 0x08;
    pub const ID: u32 = PAGE + 0x0c;
    pub const CAPS: u32 = PAGE + 0x10;
    /// Start and size in the aperture, start and size in the hidden space, in bytes.
    pub const BALLOON: u32 = PAGE + 0x40;
    pub const FENCES: u32 = PAGE + 0x50;
    pub const DISPLAY_READY: u32 = PAGE + 0x804;
    pub const NOTIFY: u32 = PAGE + 0x818;
    /// Column, then row.
    pub const CURSOR_HOT: u32 = PAGE + 0x830;
    /// 4 pairs of lower and upper half.
    pub const PDP: u32 = PAGE + 0x838;
}

/// GEN8_MASTER_IRQ, and its enable bit.
pub const MASTER_IRQ: u32 = 0x4_4200;
pub const MASTER_ENABLE: u32 = 1 << 31;

/// A group of interrupt registers: status, mask, identity and enable follow each other.
pub const GT0_IRQ: u32 = 0x4_4300;
pub const PCH_IRQ: u32 = 0xc_4000;
pub const ISR: u32 = 0x0;
pub const IMR: u32 = 0x4;
pub const IIR: u32 = 0x8;
pub const IER: u32 = 0xc;

/// FUSE2: constant.
pub const FUSE2: u32 = 0x9120;
/// SOFT_SCRATCH 0 and 1, which keep what is written.
pub const SCRATCH: u32 = 0xc180;
/// INSTPM of the render engine, a masked register.
pub const INSTPM: u32 = 0x20c0;
/// GFX_FLSH_CNTL_GEN6: has the GPU forget translations of the GGTT.
pub const GFX_FLSH_CNTL: u32 = 0x10_1008;
/// FENCE_REG_GEN6_LO(0).
pub const FENCE: u32 = 0x10_0000;
/// GEN6_GDRST: resets engines.
pub const GDRST: u32 = 0x941c;

/// The GGTT in BAR 0.
pub const GGTT: u64 = 8 << 20;
/// Its size in bytes.
pub const GGTT_SIZE: u64 = 8 << 20;
/// Of an entry: it maps a page.
pub const PRESENT: u64 = 1;

/// What a virtual GPU has of the GGTT's address space, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub aperture: (u64, u64),
    pub hidden: (u64, u64),
}

impl Share {
    /// As PVINFO tells.
    pub fn of(device: &Device) -> io::Result<Self> {
        let word = |index: u32| device.reg(pvinfo::BALLOON + 4 * index).map(u64::from);
        Ok(Self {
            aperture: (word(0)?, word(1)?),
            hidden: (word(2)?, word(3)?),
        })
    }

    /// The address of page `index` of the part in the aperture.
    pub fn page(&self, index: u64) -> u64 {
        self.aperture.0 + index * 4096
    }
}

/// Where the entry for an address is in BAR 0.
pub fn entry_of(address: u64) -> u64 {
    GGTT + (address >> 12) * 8
}

/// Reads the GGTT's entry for an address.
pub fn entry(device: &Device, address: u64) -> io::Result<u64> {
    device.read_sized(BAR0, entry_of(address), 8)
}

/// Writes it.
pub fn set_entry(device: &Device, address: u64, value: u64) -> io::Result<()> {
    device.write_sized(BAR0, entry_of(address), 8, value)
}

/// Has the GPU see entries that were written.
pub fn flush(device: &Device) -> io::Result<()> {
    device.set_reg(GFX_FLSH_CNTL, 1)
}

/// Registers that tell whether a device is as after power-on; none of them changes by itself.
const TELLING: &[u32] = &[
    0x2030,
    0x2034,
    0x2038,
    0x203c,
    0x2080,
    0x20a8,
    0x20c0,
    0x229c,
    0x2_2030,
    0x2_2038,
    0x1_2038,
    0x1_a038,
    FUSE2,
    SCRATCH,
    SCRATCH + 4,
    FENCE,
    FENCE + 4,
    FENCE + 8,
    MASTER_IRQ,
    GT0_IRQ + IMR,
    GT0_IRQ + IIR,
    GT0_IRQ + IER,
    PCH_IRQ + ISR,
    PCH_IRQ + IMR,
    PCH_IRQ + IIR,
    PCH_IRQ + IER,
    0x7_0008,
    0x7_0180,
    0x6_0000,
    pvinfo::DISPLAY_READY,
    pvinfo::PDP,
    pvinfo::PDP + 4,
];

/// What is shown of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    config: Vec<u32>,
    registers: Vec<u32>,
    entries: Vec<u64>,
}

impl Snapshot {
    /// Takes one.
    pub fn of(device: &Device) -> io::Result<Self> {
        let share = Share::of(device)?;
        let pages = (0..16).map(|index| share.page(index));
        let pages = pages.chain((0..4).map(|index| share.hidden.0 + index * 4096));
        Ok(Self {
            config: (0..256)
                .step_by(4)
                .map(|at| device.config(at))
                .collect::<io::Result<_>>()?,
            registers: TELLING
                .iter()
                .map(|&at| device.reg(at))
                .collect::<io::Result<_>>()?,
            entries: pages
                .map(|page| entry(device, page))
                .collect::<io::Result<_>>()?,
        })
    }

    /// Fails unless it is like an earlier one.
    pub fn is(&self, wanted: &Self) -> Result<()> {
        let dwords = (0u32..).step_by(4);
        for (at, (got, wanted)) in dwords.zip(self.config.iter().zip(&wanted.config)) {
            ensure!(got == wanted, "config {at:#x}: {got:#x}, not {wanted:#x}");
        }
        for (at, (got, wanted)) in TELLING
            .iter()
            .zip(self.registers.iter().zip(&wanted.registers))
        {
            ensure!(got == wanted, "register {at:#x}: {got:#x}, not {wanted:#x}");
        }
        for (index, (got, wanted)) in self.entries.iter().zip(&wanted.entries).enumerate() {
            ensure!(
                got == wanted,
                "GGTT entry {index}: {got:#x}, not {wanted:#x}"
            );
        }
        Ok(())
    }
}
