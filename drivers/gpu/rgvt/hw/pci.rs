// SPDX-License-Identifier: GPL-2.0

//! PCI configuration space of integrated graphics.
//!
//! Offsets are in bytes and multiples of 4, bits count from the dword's bit 0. Source: linux/pci_regs.h
//! for what PCI says; drm/intel/pci_config.h, drm/intel/i915_drm.h and the PRMs' volume on
//! configuration registers for what is Intel's.

/// Vendor (15:0) and device.
pub const ID: u8 = 0x00;
/// Intel.
pub const VENDOR: u16 = 0x8086;

/// Command (15:0) and status.
pub const COMMAND: u8 = 0x04;
/// Answers to I/O ports.
pub const COMMAND_IO: u32 = 1 << 0;
/// Answers to memory accesses.
pub const COMMAND_MEMORY: u32 = 1 << 1;
/// May access memory and send messages.
pub const COMMAND_MASTER: u32 = 1 << 2;
/// Does not assert INTx.
pub const COMMAND_INTX_DISABLE: u32 = 1 << 10;
/// INTx is pending, asserted or not.
pub const STATUS_INTX: u32 = 1 << 19;
/// There is a list of capabilities.
pub const STATUS_CAPABILITIES: u32 = 1 << 20;

/// Revision (7:0) and class.
pub const CLASS: u8 = 0x08;
/// A VGA controller.
pub const CLASS_VGA: u32 = 0x03_0000 << 8;

/// Registers and GGTT: 16 MiB, 64 bits of address in two dwords.
pub const BAR0: u8 = 0x10;
/// Size of [`BAR0`] in bytes.
pub const BAR0_SIZE: u64 = 16 << 20;
/// The aperture, 64 bits of address in two dwords.
pub const BAR2: u8 = 0x18;
/// Bits of a BAR that say: memory with 64 bits of address.
pub const BAR_MEMORY_64: u32 = 0x4;
/// Likewise, that may be prefetched.
pub const BAR_PREFETCH: u32 = 0x8;

/// Vendor (15:0) and number of the subsystem.
pub const SUBSYSTEM: u8 = 0x2c;
/// Offset of the first capability (7:0).
pub const CAPABILITIES: u8 = 0x34;
/// Interrupt line (7:0) and pin (15:8).
pub const INTERRUPT: u8 = 0x3c;
/// INTA.
pub const INTERRUPT_PIN_A: u32 = 1 << 8;

/// GGC: sizes of the GGTT and of stolen memory.
pub const GGC: u8 = 0x50;
/// The GGTT has 8 MiB.
pub const GGC_GGTT_8M: u32 = 3 << 6;

/// The MSI capability: ID (7:0), next (15:8) and control.
pub const MSI: u8 = 0xac;
/// Its capability ID.
pub const MSI_ID: u32 = 0x05;
/// MSI is in use.
pub const MSI_ENABLE: u32 = 1 << 16;
/// Address of the message, 32 bits.
pub const MSI_ADDRESS: u8 = 0xb0;
/// Data of the message (15:0).
pub const MSI_DATA: u8 = 0xb4;

/// The power management capability: ID (7:0), next (15:8) and what is supported.
pub const PM: u8 = 0xd0;
/// Its capability ID.
pub const PM_ID: u32 = 0x01;
/// Version 2 of the specification; needs initialisation of its own.
pub const PM_CAPABILITIES: u32 = 0x0022 << 16;
/// Control and status of power management.
pub const PM_CONTROL: u8 = 0xd4;
/// The power state, 0 (D0) to 3 (D3hot).
pub const PM_STATE: u32 = 0x3;

/// Software SCI: calls the firmware, which finds its orders in the OpRegion.
pub const SWSCI: u8 = 0xe8;
/// An SCI, no SMI.
pub const SWSCI_SELECT: u32 = 1 << 15;
/// Calls. Reads as 0.
pub const SWSCI_TRIGGER: u32 = 1 << 0;

/// ASLS: where the OpRegion is, a physical address of 32 bits.
pub const ASLS: u8 = 0xfc;
