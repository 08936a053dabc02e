// SPDX-License-Identifier: GPL-2.0

//! The I2C bus inside the monitor: one EEPROM, which holds the EDID.

use super::edid;

/// I2C address of the EDID.
const EDID: u32 = 0x50;

/// The bus. The EEPROM keeps its read position between messages.
pub struct Ddc {
    edid: [u8; edid::SIZE],
    position: u8,
}

impl Ddc {
    /// A bus with an EEPROM at its first byte.
    pub fn new() -> Self {
        Self {
            edid: edid::block(),
            position: 0,
        }
    }

    /// Whether a device answers at `address`.
    pub fn answers(&self, address: u32) -> bool {
        address == EDID
    }

    /// Bytes written to the EEPROM: the first one is the position, the content is read-only.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(&position) = bytes.first() {
            self.position = position;
        }
    }

    /// The next byte of the EEPROM; past the EDID it is empty.
    pub fn read(&mut self) -> u8 {
        let byte = self
            .edid
            .get(usize::from(self.position))
            .copied()
            .unwrap_or(0xff);
        self.position = self.position.wrapping_add(1);
        byte
    }
}
