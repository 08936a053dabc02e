// SPDX-License-Identifier: GPL-2.0

//! The monitor's end of the AUX channel: VESA DisplayPort 1.2, section 2.7 (syntax) and 2.9.

use super::ddc::Ddc;
use super::dpcd::Dpcd;

/// Most bytes of a message, in either direction.
pub const MESSAGE: usize = 20;
/// Most bytes of data in a message.
const DATA: usize = 16;

/// Commands, bits 7:4 of the first byte.
const I2C_WRITE: u8 = 0;
const I2C_READ: u8 = 1;
const I2C_WRITE_STATUS: u8 = 2;
const NATIVE_WRITE: u8 = 8;
const NATIVE_READ: u8 = 9;
/// The transaction goes on: middle of transaction, an I2C command.
const MIDDLE: u8 = 4;

/// Replies, in bits 7:4.
const ACK: u8 = 0;
const NATIVE_NACK: u8 = 1 << 4;
const I2C_NACK: u8 = 4 << 4;

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    bytes: [u8; MESSAGE],
    len: usize,
}

impl Reply {
    fn new(code: u8) -> Self {
        let mut bytes = [0; MESSAGE];
        bytes[0] = code;
        Self { bytes, len: 1 }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    /// The bytes, 1 to [`MESSAGE`].
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

/// The monitor.
pub struct Sink {
    dpcd: Dpcd,
    ddc: Ddc,
}

impl Sink {
    /// A monitor that was just plugged in.
    pub fn new() -> Self {
        Self {
            dpcd: Dpcd::new(),
            ddc: Ddc::new(),
        }
    }

    /// Answers a request; `None` for one that is malformed, which a monitor lets time out.
    pub fn transact(&mut self, request: &[u8]) -> Option<Reply> {
        let (&[first, middle, last], rest) = request.split_first_chunk()?;
        let address = u32::from(first & 0xf) << 16 | u32::from(middle) << 8 | u32::from(last);
        // Without a length it is an address alone: start or stop of an I2C transaction.
        let (len, data) = match rest.split_first() {
            Some((&len, data)) => (usize::from(len) + 1, data),
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

    fn native_read(&mut self, address: u32, len: usize) -> Reply {
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
        if !self.ddc.answers(address) {
            return Reply::new(I2C_NACK);
        }
        let mut reply = Reply::new(ACK);
        for _ in 0..len {
            reply.push(self.ddc.read());
        }
        reply
    }

    fn i2c_write(&mut self, address: u32, data: &[u8]) -> Reply {
        if !self.ddc.answers(address) {
            return Reply::new(I2C_NACK);
        }
        self.ddc.write(data);
        Reply::new(ACK)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::edid;
    use super::*;

    #[test]
    fn capabilities_by_native_read() {
        let reply = Sink::new().transact(&[0x90, 0, 0, 2]).unwrap();
        assert_eq!(reply.bytes(), [0, 0x12, 0x14, 0xc4]);
    }

    #[test]
    fn edid_by_i2c_over_aux() {
        let mut sink = Sink::new();
        let ack = [0u8];
        assert_eq!(sink.transact(&[0x40, 0, 0x50]).unwrap().bytes(), ack);
        assert_eq!(sink.transact(&[0x40, 0, 0x50, 0, 0]).unwrap().bytes(), ack);
        let mut read: Vec<u8> = Vec::new();
        while read.len() < edid::SIZE {
            read.extend(&sink.transact(&[0x50, 0, 0x50, 15]).unwrap().bytes()[1..]);
        }
        assert_eq!(read, edid::block());
    }

    #[test]
    fn other_i2c_addresses_are_not_acknowledged() {
        let reply = Sink::new().transact(&[0x40, 0, 0x37, 0, 0]).unwrap();
        assert_eq!(reply.bytes(), [I2C_NACK]);
    }

    proptest! {
        #[test]
        fn any_sequence_is_survived(
            requests in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..24), 0..64)
        ) {
            let mut sink = Sink::new();
            for request in requests {
                if let Some(reply) = sink.transact(&request) {
                    prop_assert!((1..=MESSAGE).contains(&reply.bytes().len()));
                }
            }
        }
    }
}
