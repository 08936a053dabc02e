// SPDX-License-Identifier: GPL-2.0

//! The wire format: headers, fields of requests, replies.
//!
//! Source: QEMU's `docs/interop/vfio-user.rst`. All numbers are little-endian, which is what the
//! protocol's "endianness of the host" is on every host that this program runs on.

use std::fs::File;

use thiserror::Error;
use vmm_sys_util::errno::Error as Errno;

/// Bytes of the header that starts each message.
pub const HEADER_SIZE: usize = 16;
/// Most bytes that one message may read or write; what the version reply announces.
pub const MAX_DATA: usize = 1 << 20;
/// Most bytes of a message: a write of [`MAX_DATA`] with its header and place.
pub const MAX_MESSAGE: usize = HEADER_SIZE + 16 + MAX_DATA;
/// Most descriptors that come with one message; what the version reply announces.
pub const MAX_FDS: usize = 16;

/// Commands that a client sends.
pub mod command {
    pub const VERSION: u16 = 1;
    pub const DMA_MAP: u16 = 2;
    pub const DMA_UNMAP: u16 = 3;
    pub const DEVICE_GET_INFO: u16 = 4;
    pub const DEVICE_GET_REGION_INFO: u16 = 5;
    pub const DEVICE_GET_IRQ_INFO: u16 = 7;
    pub const DEVICE_SET_IRQS: u16 = 8;
    pub const REGION_READ: u16 = 9;
    pub const REGION_WRITE: u16 = 10;
    pub const DEVICE_RESET: u16 = 13;
    pub const REGION_WRITE_MULTI: u16 = 15;
    pub const DEVICE_FEATURE: u16 = 16;
}

/// Bits 3:0 of the flags: whether the message is a command (0) or a reply (1).
const TYPE_MASK: u32 = 0xf;
const TYPE_REPLY: u32 = 1;
/// The sender of a command wants no reply.
const NO_REPLY: u32 = 1 << 4;
/// A reply tells of a failure.
const ERROR: u32 = 1 << 5;

/// Why a stream of messages cannot be followed any further.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum HeaderError {
    /// Fewer bytes than a header has, or not as many as the header tells.
    #[error("the message is cut short")]
    Short,
    /// The size is below that of a header or above [`MAX_MESSAGE`].
    #[error("a message cannot have {0} bytes")]
    Size(u32),
    /// Only commands come from a client, as the server never asks for anything.
    #[error("the message is no command")]
    NotACommand,
}

/// Start of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's mark, which the reply repeats.
    pub id: u16,
    /// What to do; see [`command`].
    pub command: u16,
    /// Bytes of the message, the header included.
    pub size: usize,
    /// The sender wants no reply.
    pub no_reply: bool,
}

impl Header {
    /// Reads the header of a command.
    ///
    /// # Errors
    /// [`HeaderError`] when it is not one.
    pub fn parse(message: &[u8]) -> Result<Self, HeaderError> {
        let head = message.get(..HEADER_SIZE).ok_or(HeaderError::Short)?;
        let mut fields = Fields::new(head);
        let short = |_| HeaderError::Short;
        let id = fields.u16().map_err(short)?;
        let command = fields.u16().map_err(short)?;
        let size = fields.u32().map_err(short)?;
        let flags = fields.u32().map_err(short)?;
        if !(HEADER_SIZE..=MAX_MESSAGE).contains(&(size as usize)) {
            return Err(HeaderError::Size(size));
        }
        if flags & TYPE_MASK != 0 {
            return Err(HeaderError::NotACommand);
        }
        let no_reply = flags & NO_REPLY != 0;
        Ok(Self {
            id,
            command,
            size: size as usize,
            no_reply,
        })
    }
}

/// `EINVAL`: the request makes no sense.
pub fn invalid() -> Errno {
    Errno::new(libc::EINVAL)
}

/// The fields of a request, taken one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields in `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been taken yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// `EINVAL` when the request is too short for them. So it is for all methods.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Errno> {
        let (field, rest) = self.rest.split_first_chunk().ok_or_else(invalid)?;
        self.rest = rest;
        Ok(*field)
    }

    /// A 16-bit field.
    #[allow(clippy::missing_errors_doc)]
    pub fn u16(&mut self) -> Result<u16, Errno> {
        self.array().map(u16::from_le_bytes)
    }

    /// A 32-bit field.
    #[allow(clippy::missing_errors_doc)]
    pub fn u32(&mut self) -> Result<u32, Errno> {
        self.array().map(u32::from_le_bytes)
    }

    /// A 64-bit field.
    #[allow(clippy::missing_errors_doc)]
    pub fn u64(&mut self) -> Result<u64, Errno> {
        self.array().map(u64::from_le_bytes)
    }
}

/// A reply under construction: the whole message, so that one system call sends it.
#[derive(Debug)]
pub struct Reply {
    bytes: Vec<u8>,
    file: Option<File>,
}

impl Reply {
    /// A reply without payload.
    pub fn new(to: &Header) -> Self {
        Self::with_capacity(to, 0)
    }

    /// A reply with room for `payload` bytes.
    pub fn with_capacity(to: &Header, payload: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER_SIZE + payload);
        bytes.extend_from_slice(&to.id.to_le_bytes());
        bytes.extend_from_slice(&to.command.to_le_bytes());
        bytes.extend_from_slice(&(HEADER_SIZE as u32).to_le_bytes());
        bytes.extend_from_slice(&TYPE_REPLY.to_le_bytes());
        bytes.extend_from_slice(&0u32.to_le_bytes());
        Self { bytes, file: None }
    }

    /// A reply that tells of a failure.
    pub fn error(to: &Header, errno: Errno) -> Self {
        let mut reply = Self::new(to);
        reply.bytes[8..12].copy_from_slice(&(TYPE_REPLY | ERROR).to_le_bytes());
        reply.bytes[12..16].copy_from_slice(&errno.errno().to_le_bytes());
        reply
    }

    /// Appends payload.
    pub fn push(&mut self, payload: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(payload);
        self.sized()
    }

    /// Appends `count` bytes of payload that `fill` sets; they are zero before.
    pub fn push_with<E>(
        &mut self,
        count: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        self.bytes.resize(start + count, 0);
        self.sized();
        fill(&mut self.bytes[start..])
    }

    /// Appends 32-bit fields.
    pub fn push_u32(&mut self, fields: &[u32]) -> &mut Self {
        for field in fields {
            self.bytes.extend_from_slice(&field.to_le_bytes());
        }
        self.sized()
    }

    /// Appends 64-bit fields.
    pub fn push_u64(&mut self, fields: &[u64]) -> &mut Self {
        for field in fields {
            self.bytes.extend_from_slice(&field.to_le_bytes());
        }
        self.sized()
    }

    /// Sends a descriptor along.
    pub fn attach(&mut self, file: File) {
        self.file = Some(file);
    }

    /// The message.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The descriptor that goes with it.
    pub fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    fn sized(&mut self) -> &mut Self {
        // CAST: no reply exceeds MAX_MESSAGE.
        let size = self.bytes.len() as u32;
        self.bytes[4..8].copy_from_slice(&size.to_le_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(size: u32, flags: u32) -> Vec<u8> {
        let mut bytes = vec![0x34, 0x12, 9, 0];
        for field in [size, flags, 0] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_command_is_understood() {
        let parsed = Header::parse(&header(32, NO_REPLY));
        assert_eq!(
            parsed,
            Ok(Header {
                id: 0x1234,
                command: 9,
                size: 32,
                no_reply: true
            })
        );
    }

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(Header::parse(&header(15, 0)), Err(HeaderError::Size(15)));
        let most = MAX_MESSAGE as u32;
        assert!(Header::parse(&header(most, 0)).is_ok());
        assert_eq!(
            Header::parse(&header(most + 1, 0)),
            Err(HeaderError::Size(most + 1))
        );
        assert_eq!(Header::parse(&[0; 15]), Err(HeaderError::Short));
    }

    #[test]
    fn replies_are_refused() {
        assert_eq!(
            Header::parse(&header(16, TYPE_REPLY)),
            Err(HeaderError::NotACommand)
        );
    }

    #[test]
    fn a_reply_tells_its_size() {
        let to = Header {
            id: 7,
            command: 9,
            size: 32,
            no_reply: false,
        };
        let mut reply = Reply::new(&to);
        reply.push_u32(&[1, 2]).push_u64(&[3]);
        assert_eq!(reply.bytes().len(), 32);
        assert_eq!(reply.bytes()[..12], [7, 0, 9, 0, 32, 0, 0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn an_error_carries_its_number() {
        let to = Header {
            id: 7,
            command: 9,
            size: 32,
            no_reply: false,
        };
        let reply = Reply::error(&to, invalid());
        assert_eq!(reply.bytes()[8..], [0x21, 0, 0, 0, 22, 0, 0, 0]);
    }
}
