// SPDX-License-Identifier: GPL-2.0

//! One client's conversation: message in, reply out, without a socket in sight.

use std::fs::File;

use vfio_bindings::bindings::vfio::{
    VFIO_DEVICE_FLAGS_PCI, VFIO_DEVICE_FLAGS_RESET, VFIO_PCI_NUM_IRQS, VFIO_PCI_NUM_REGIONS,
};
use vmm_sys_util::errno::Error as Errno;

use super::device::Device;
use super::dma::{MapRequest, UnmapRequest};
use super::irq::{self, SetRequest};
use super::proto::{Fields, Header, HeaderError, MAX_DATA, Reply, command, invalid};
use super::version;

/// Bytes of `struct vfio_device_info` as the protocol has it.
const DEVICE_INFO_SIZE: u32 = 16;
/// Bytes of `struct vfio_irq_info`.
const IRQ_INFO_SIZE: u32 = 16;
/// Bytes of one write in a message of many, and the most that it can hold.
const MULTI_SIZE: usize = 24;
const MULTI_DATA: u32 = 8;

/// What to do after a message.
#[derive(Debug)]
pub enum Answer {
    /// Send this.
    Reply(Reply),
    /// Send nothing.
    Silence,
    /// Send this, then end the conversation: the client speaks another language.
    Goodbye(Reply),
}

/// The conversation with one client.
pub struct Session<'d> {
    device: &'d mut Device,
    negotiated: bool,
}

impl<'d> Session<'d> {
    /// A conversation that begins. The device is expected to be as after [`Device::release`].
    pub fn new(device: &'d mut Device) -> Self {
        Self {
            device,
            negotiated: false,
        }
    }

    /// Handles one message of the client with the descriptors that came with it.
    ///
    /// # Errors
    /// [`HeaderError`] when the stream of messages can no longer be trusted.
    pub fn handle(&mut self, message: &[u8], files: Vec<File>) -> Result<Answer, HeaderError> {
        let header = Header::parse(message)?;
        if header.size != message.len() {
            return Err(HeaderError::Short);
        }
        let body = &message[super::proto::HEADER_SIZE..];
        if !self.negotiated {
            return Ok(self.greet(&header, body));
        }
        let reply = match self.execute(&header, body, files) {
            Ok(reply) => reply,
            Err(errno) => {
                tracing::debug!(?header, %errno, "request refused");
                Reply::error(&header, errno)
            }
        };
        Ok(if header.no_reply {
            Answer::Silence
        } else {
            Answer::Reply(reply)
        })
    }

    /// The first message, which must be the version.
    fn greet(&mut self, header: &Header, body: &[u8]) -> Answer {
        let result = match header.command {
            command::VERSION if !header.no_reply => version::negotiate(body),
            _ => Err(invalid()),
        };
        match result {
            Ok(payload) => {
                self.negotiated = true;
                let mut reply = Reply::with_capacity(header, payload.len());
                reply.push(&payload);
                Answer::Reply(reply)
            }
            Err(errno) => Answer::Goodbye(Reply::error(header, errno)),
        }
    }

    fn execute(&mut self, to: &Header, body: &[u8], files: Vec<File>) -> Result<Reply, Errno> {
        let mut fields = Fields::new(body);
        let takes_files = matches!(to.command, command::DMA_MAP | command::DEVICE_SET_IRQS);
        if !takes_files && !files.is_empty() {
            return Err(invalid());
        }
        match to.command {
            command::DMA_MAP => {
                let request = MapRequest::parse(&mut fields)?;
                let mut files = files.into_iter();
                let (file, more) = (files.next(), files.next());
                if more.is_some() {
                    return Err(invalid());
                }
                self.device.dma_map(&request, file)?;
                Ok(Reply::new(to))
            }
            command::DMA_UNMAP => {
                let request = UnmapRequest::parse(&mut fields)?;
                self.device.dma_unmap(&request)?;
                let mut reply = Reply::new(to);
                reply
                    .push_u32(&[24, 0])
                    .push_u64(&[request.address, request.size]);
                Ok(reply)
            }
            command::DEVICE_GET_INFO => device_info(to, &mut fields),
            command::DEVICE_GET_REGION_INFO => self.device.region_info(to, &mut fields),
            command::DEVICE_GET_IRQ_INFO => irq_info(to, &mut fields),
            command::DEVICE_SET_IRQS => {
                self.device.set_irqs(SetRequest::parse(&mut fields, files)?);
                Ok(Reply::new(to))
            }
            command::REGION_READ => self.read(to, &mut fields),
            command::REGION_WRITE => self.write(to, &mut fields),
            command::REGION_WRITE_MULTI => self.write_multi(to, &mut fields),
            command::DEVICE_RESET => {
                self.device.reset();
                Ok(Reply::new(to))
            }
            // The number by which VFIO in the kernel says that it lacks a feature.
            command::DEVICE_FEATURE => Err(Errno::new(libc::ENOTTY)),
            command::VERSION => Err(invalid()),
            _ => Err(Errno::new(libc::ENOTSUP)),
        }
    }

    fn read(&mut self, to: &Header, fields: &mut Fields<'_>) -> Result<Reply, Errno> {
        let (offset, region, count) = (fields.u64()?, fields.u32()?, fields.u32()?);
        if count as usize > MAX_DATA {
            return Err(invalid());
        }
        let mut reply = Reply::with_capacity(to, 16 + count as usize);
        reply.push_u64(&[offset]).push_u32(&[region, count]);
        reply.push_with(count as usize, |buf| self.device.read(region, offset, buf))?;
        Ok(reply)
    }

    fn write(&mut self, to: &Header, fields: &mut Fields<'_>) -> Result<Reply, Errno> {
        let (offset, region, count) = (fields.u64()?, fields.u32()?, fields.u32()?);
        let data = fields.rest();
        if data.len() != count as usize {
            return Err(invalid());
        }
        self.device.write(region, offset, data)?;
        let mut reply = Reply::with_capacity(to, 16);
        reply.push_u64(&[offset]).push_u32(&[region, count]);
        Ok(reply)
    }

    /// Many small writes in one message; the first that fails ends it.
    fn write_multi(&mut self, to: &Header, fields: &mut Fields<'_>) -> Result<Reply, Errno> {
        let count = fields.u64()?;
        let writes = fields.rest().chunks_exact(MULTI_SIZE);
        if !writes.remainder().is_empty() || writes.len() as u64 != count {
            return Err(invalid());
        }
        for write in writes {
            let mut fields = Fields::new(write);
            let (offset, region, count) = (fields.u64()?, fields.u32()?, fields.u32()?);
            if count > MULTI_DATA {
                return Err(invalid());
            }
            self.device
                .write(region, offset, &fields.rest()[..count as usize])?;
        }
        let mut reply = Reply::with_capacity(to, 8);
        reply.push_u64(&[count]);
        Ok(reply)
    }
}

fn device_info(to: &Header, fields: &mut Fields<'_>) -> Result<Reply, Errno> {
    if fields.u32()? < DEVICE_INFO_SIZE {
        return Err(invalid());
    }
    let flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
    let mut reply = Reply::new(to);
    reply.push_u32(&[
        DEVICE_INFO_SIZE,
        flags,
        VFIO_PCI_NUM_REGIONS,
        VFIO_PCI_NUM_IRQS,
    ]);
    Ok(reply)
}

fn irq_info(to: &Header, fields: &mut Fields<'_>) -> Result<Reply, Errno> {
    let (argsz, _flags, index) = (fields.u32()?, fields.u32()?, fields.u32()?);
    if argsz < IRQ_INFO_SIZE {
        return Err(invalid());
    }
    let (flags, count) = irq::info(index)?;
    let mut reply = Reply::new(to);
    reply.push_u32(&[IRQ_INFO_SIZE, flags, index, count]);
    Ok(reply)
}
