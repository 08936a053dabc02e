// SPDX-License-Identifier: GPL-2.0

//! The monitor's end of the AUX channel: VESA DisplayPort 1.2, sections 2.7 (syntax) and 2.9.

use super::{dpcd::Dpcd, edid};

/// Most bytes of a message, in either direction.
pub(super) const MESSAGE: usize = 20;
/// Most bytes of data in a message.
const DATA: usize = 16;

/// Commands, bits 7:4 of the first byte.
const I2C_WRITE: u8 = 0;
const I2C_READ: u8 = 1;
const I2C_WRITE_STATUS: u8 = 2;
const NATIVE_WRITE: u8 = 8;
const NATIVE_READ: u8 = 9;
/// Middle of transaction: an I2C command after which the bus is not released.
const MIDDLE: u8 = 4;

/// Replies, in bits 7:4.
const ACK: u8 = 0;
const NATIVE_NACK: u8 = 1 << 4;
const I2C_NACK: u8 = 4 << 4;

/// I2C address of the memory that holds the EDID.
const EDID: u32 = 0x50;

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    bytes: [u8; MESSAGE],
    len: usize,
}

impl Reply {
    const fn new(code: u8) -> Self {
        let mut bytes = [0; MESSAGE];
        bytes[0] = code;
        Self { bytes, len: 1 }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len = self.len.wrapping_add(1);
        }
    }

    /// The bytes, 1 to [`MESSAGE`].
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

/// The monitor.
#[derive(Clone, Debug)]
pub(super) struct Sink {
    dpcd: Dpcd,
    edid: [u8; edid::SIZE],
    /// Where the EDID is read next.
    position: u8,
}

impl Sink {
    /// A monitor with this EDID, just plugged in.
    pub(super) const fn new(edid: [u8; edid::SIZE]) -> Self {
        Self {
            dpcd: Dpcd::new(),
            edid,
            position: 0,
        }
    }

    /// Forgets what the source wrote.
    pub(super) fn reset(&mut self) {
        self.dpcd = Dpcd::new();
        self.position = 0;
    }

    /// Answers a request; `None` for one that is malformed, which a monitor lets time out.
    pub(super) fn transact(&mut self, request: &[u8]) -> Option<Reply> {
        let (&[first, middle, last], rest) = request.split_first_chunk()?;
        let address = u32::from_be_bytes([0, first & 0xf, middle, last]);
        // Without a length it is an address alone: start or stop of an I2C transaction.
        let (len, data) = match rest.split_first() {
            Some((&len, data)) => (usize::from(len).checked_add(1)?, data),
            None => (0, rest),
        };
        if len > DATA {
            return None;
        }
        match first >> 4 {
            NATIVE_READ => Some(self.native_read(address, len)),
            NATIVE_WRITE => Some(self.native_write(address, data.get(..len)?)),
            command => match command & !MIDDLE {
                I2C_READ => Some(self.i2c_read(address, len)),
                I2C_WRITE => Some(self.i2c_write(address, data.get(..len)?)),
                I2C_WRITE_STATUS => Some(self.i2c_write(address, &[])),
                _ => Some(Reply::new(NATIVE_NACK)),
            },
        }
    }

    fn native_read(&self, address: u32, len: usize) -> Reply {
        let mut reply = Reply::new(ACK);
        for at in (address..).take(len) {
            reply.push(self.dpcd.read(at));
        }
        reply
    }

    fn native_write(&mut self, address: u32, data: &[u8]) -> Reply {
        for (at, &byte) in (address..).zip(data) {
            self.dpcd.write(at, byte);
        }
        Reply::new(ACK)
    }

    fn i2c_read(&mut self, address: u32, len: usize) -> Reply {
        if address != EDID {
            return Reply::new(I2C_NACK);
        }
        let mut reply = Reply::new(ACK);
        for _ in 0..len {
            let byte = self.edid.get(usize::from(self.position));
            // Past the EDID the memory is empty.
            reply.push(byte.copied().unwrap_or(0xff));
            self.position = self.position.wrapping_add(1);
        }
        reply
    }

    /// The first byte that is written is the position; the content is read-only.
    fn i2c_write(&mut self, address: u32, data: &[u8]) -> Reply {
        if address != EDID {
            return Reply::new(I2C_NACK);
        }
        if let Some(&position) = data.first() {
            self.position = position;
        }
        Reply::new(ACK)
    }
}
