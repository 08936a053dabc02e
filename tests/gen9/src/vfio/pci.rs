// SPDX-License-Identifier: GPL-2.0

//! PCI configuration space of device 2, the integrated graphics.
//!
//! Layout: PCI Local Bus Specification 3.0, chapter 6, for the header and the capabilities; PRM
//! Skylake vol. 4 "Configurations" and i915 (`include/drm/intel/pci_config.h`, `i915_drm.h`) for
//! what is Intel's own.
//!
//! Decoding of the BARs, the command register's enable bits and MSI's address and data belong to
//! the client, which alone knows where the device sits; here they are stored only.

use super::ApertureSize;
use crate::platform::Platform;

/// Bytes of the space. The extended part holds no capability and reads as zero, as on hardware;
/// were it absent it would read as all ones, and a vendor driver that copies the space for its
/// virtual devices would hand them a capability list that never ends.
pub const SIZE: usize = 4096;

const COMMAND: usize = 0x04;
const STATUS: usize = 0x06;
const CAPABILITY_LIST: usize = 0x34;

/// Command: I/O, memory, bus master, parity response, SERR, INTx disable.
const COMMAND_BITS: u16 = 0x0547;
/// Command bit: the device does not assert INTx.
const INTX_DISABLE: u16 = 1 << 10;
/// Status bit: the device wants to assert INTx, whether it may or not.
const INTX_STATUS: u8 = 1 << 3;
/// Status bit: there is a list of capabilities.
const HAS_CAPABILITIES: u16 = 1 << 4;

/// Capabilities, in the order of their list.
const VENDOR: usize = 0x40;
const MSI: usize = 0xac;
const POWER: usize = 0xd0;
const ADVANCED: usize = 0xa4;

/// GMCH graphics control (GGC): bits 7:6 tell the size of the GGTT, 3 for 8 MiB; bits 15:8 that of
/// stolen memory, 0 for none.
const GGC: usize = 0x50;
const GGC_GGTT_8M: u16 = 3 << 6;
/// Doorbell of the firmware's graphics calls (SWSCI).
const SWSCI: usize = 0xe8;
/// Address of the firmware's OpRegion (ASLS), 0 for none.
const ASLS: usize = 0xfc;

/// What a write makes the rest of the device do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Function-level reset.
    pub reset: bool,
}

/// The space, with the bits that a write can change.
pub struct Config {
    bytes: [u8; SIZE],
    writable: [u8; SIZE],
    platform: &'static Platform,
    aperture: ApertureSize,
}

impl Config {
    /// The space of a device at power-on.
    pub fn new(platform: &'static Platform, aperture: ApertureSize) -> Self {
        let mut config = Self {
            bytes: [0; SIZE],
            writable: [0; SIZE],
            platform,
            aperture,
        };
        config.reset();
        config
    }

    /// Back to the values of power-on.
    pub fn reset(&mut self) {
        let platform = self.platform;
        self.bytes.fill(0);
        self.writable.fill(0);
        self.put16(0x00, 0x8086, 0);
        self.put16(0x02, platform.pci_id, 0);
        self.put16(COMMAND, 0, COMMAND_BITS);
        self.put16(STATUS, HAS_CAPABILITIES, 0);
        // Revision; class: display controller, VGA compatible.
        self.put(0x08, [platform.revision, 0x00, 0x00, 0x03], [0; 4]);
        // BAR0: 64 bits, registers and GGTT, 16 MiB.
        self.put32(0x10, 0x4, !0xff_ffff);
        self.put32(0x14, 0, !0);
        // BAR2: 64 bits and prefetchable, the aperture.
        let address = !(self.aperture.bytes() - 1);
        // CAST: the two halves.
        self.put32(0x18, 0xc, address as u32);
        self.put32(0x1c, 0, (address >> 32) as u32);
        // BAR4: I/O, 64 bytes.
        self.put32(0x20, 0x1, !0x3f);
        // Subsystem: Intel's reference board.
        self.put16(0x2c, 0x8086, 0);
        self.put16(0x2e, 0x2212, 0);
        self.put(CAPABILITY_LIST, [VENDOR as u8], [0]);
        // Interrupt line, for the firmware's use; pin A.
        self.put(0x3c, [0, 1], [0xff, 0]);

        // Vendor specific, 12 bytes, version 1: fuses, all as built (CAPID0).
        self.put(VENDOR, [0x09, MSI as u8, 0x0c, 0x01], [0; 4]);
        self.put16(GGC, GGC_GGTT_8M, 0);
        // MSI: one message, 32-bit address, no masks. Control, address, data.
        self.put(MSI, [0x05, POWER as u8, 0x00, 0x00], [0, 0, 0x01, 0]);
        self.put32(MSI + 4, 0, !0x3);
        self.put16(MSI + 8, 0, !0);
        // Power management version 2, D0 and D3; going back to D0 keeps the state (bit 3).
        self.put(POWER, [0x01, ADVANCED as u8, 0x02, 0x00], [0; 4]);
        self.put16(POWER + 4, 0x0008, 0x0003);
        // Advanced features: transactions pending and function-level reset.
        self.put(ADVANCED, [0x13, 0x00, 0x06, 0x03], [0; 4]);
        self.put16(SWSCI, 0, !0);
        self.put32(ASLS, 0, !0);
    }

    /// Whether the command register forbids INTx.
    pub fn intx_disabled(&self) -> bool {
        u16::from_le_bytes([self.bytes[COMMAND], self.bytes[COMMAND + 1]]) & INTX_DISABLE != 0
    }

    /// Reads from `offset`; bytes past the end are zero. `asserted` is the interrupt's level.
    pub fn read(&self, offset: usize, buf: &mut [u8], asserted: bool) {
        for (at, byte) in (offset..).zip(buf) {
            let intx = if asserted && at == STATUS {
                INTX_STATUS
            } else {
                0
            };
            *byte = self.bytes.get(at).copied().unwrap_or(0) | intx;
        }
    }

    /// Writes from `offset`; bytes past the end and bits that are fixed do not change.
    #[must_use]
    pub fn write(&mut self, offset: usize, data: &[u8]) -> Effects {
        let mut effects = Effects::default();
        for (at, new) in (offset..).zip(data).take_while(|(at, _)| *at < SIZE) {
            let mask = self.writable[at];
            self.bytes[at] = self.bytes[at] & !mask | new & mask;
            // Control byte of the advanced features: bit 0 starts a reset and reads as zero.
            effects.reset |= at == ADVANCED + 4 && new & 1 != 0;
        }
        effects
    }

    fn put<const N: usize>(&mut self, at: usize, value: [u8; N], writable: [u8; N]) {
        self.bytes[at..at + N].copy_from_slice(&value);
        self.writable[at..at + N].copy_from_slice(&writable);
    }

    fn put16(&mut self, at: usize, value: u16, writable: u16) {
        self.put(at, value.to_le_bytes(), writable.to_le_bytes());
    }

    fn put32(&mut self, at: usize, value: u32, writable: u32) {
        self.put(at, value.to_le_bytes(), writable.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Device;

    fn config() -> Config {
        Config::new(Device::Skl.platform(), ApertureSize::default())
    }

    fn read32(config: &Config, at: usize) -> u32 {
        let mut bytes = [0; 4];
        config.read(at, &mut bytes, false);
        u32::from_le_bytes(bytes)
    }

    #[test]
    fn it_is_intels_graphics() {
        assert_eq!(read32(&config(), 0), 0x1912_8086);
        assert_eq!(read32(&config(), 8), 0x0300_0006);
    }

    #[test]
    fn bars_tell_their_sizes() {
        let mut config = config();
        for at in (0x10..0x28).step_by(4) {
            let _ = config.write(at, &[0xff; 4]);
        }
        let sized: Vec<u32> = (0x10..0x28)
            .step_by(4)
            .map(|at| read32(&config, at))
            .collect();
        assert_eq!(sized, [0xff00_0004, !0, 0xf000_000c, !0, 0xffff_ffc1, 0]);
    }

    #[test]
    fn the_list_of_capabilities_ends() {
        let config = config();
        let mut ids = Vec::new();
        let mut at = read32(&config, 0x34) & 0xff;
        while at != 0 && ids.len() < 10 {
            let head = read32(&config, at as usize);
            ids.push(head & 0xff);
            at = head >> 8 & 0xff;
        }
        assert_eq!(ids, [0x09, 0x05, 0x01, 0x13]);
    }

    #[test]
    fn fixed_bits_stay() {
        let mut config = config();
        let before = config.bytes;
        for at in (0..SIZE).step_by(4).filter(|at| *at != 0xa8) {
            assert_eq!(config.write(at, &[0xff; 4]), Effects::default());
        }
        let fixed = |bytes: &[u8; SIZE]| -> Vec<u8> {
            bytes
                .iter()
                .zip(&config.writable)
                .map(|(byte, mask)| byte & !mask)
                .collect()
        };
        assert_eq!(fixed(&config.bytes), fixed(&before));
        config.reset();
        assert_eq!(config.bytes, before);
    }

    #[test]
    fn any_place_and_size_is_legal() {
        let mut config = config();
        config.read(255, &mut [0; 8], true);
        config.read(0x5000, &mut [0; 8], true);
        assert_eq!(config.write(253, &[0; 8]), Effects::default());
        assert_eq!(config.write(0x5000, &[0; 8]), Effects::default());
    }

    #[test]
    fn function_level_reset_is_seen() {
        let mut config = config();
        assert!(config.write(0xa8, &[1]).reset);
        assert!(config.write(0xa7, &[0, 1, 0, 0]).reset);
        assert_eq!(read32(&config, 0xa8), 0);
    }

    #[test]
    fn a_pending_interrupt_shows() {
        let mut status = [0; 2];
        config().read(6, &mut status, true);
        assert_eq!(status, [0x18, 0]);
    }
}
