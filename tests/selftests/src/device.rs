// SPDX-License-Identifier: GPL-2.0
//! An open VFIO device: its regions and interrupts.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result, ensure};

use crate::mapping::{How, Mapping};
use crate::sys::{ioctl_number, ioctl_with, result};
use crate::uapi::{
    BAR0, BAR2, CONFIG, DEVICE_GET_INFO, DEVICE_GET_IRQ_INFO, DEVICE_GET_REGION_INFO, DEVICE_RESET,
    DEVICE_SET_IRQS, GET_GFX_DMABUF, QUERY_GFX_PLANE, VFIO_REGION_INFO_CAP_SPARSE_MMAP,
    VFIO_REGION_INFO_CAP_TYPE, VFIO_REGION_INFO_FLAG_CAPS, vfio_device_info, vfio_irq_info,
    vfio_region_info,
};

/// Bytes of [`vfio_device_info`] and [`vfio_irq_info`] up to the fields that are used here.
const FOUR: u32 = 16;

/// An open device.
pub struct Device(File);

/// What is known of a region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region {
    /// Where it begins in the device's file, in bytes.
    pub offset: u64,
    /// In bytes; 0 if there is none.
    pub size: u64,
    /// `VFIO_REGION_INFO_FLAG_*`.
    pub flags: u32,
    /// Parts that can be mapped: offset in the region and size, in bytes.
    pub areas: Vec<(u64, u64)>,
    /// Type and subtype.
    pub kind: Option<(u32, u32)>,
}

/// Room for a region's description and its capabilities.
const ROOM: usize = 256;

/// An answer, with capabilities behind it.
#[repr(C)]
struct Answer {
    info: vfio_region_info,
    rest: [u8; ROOM - size_of::<vfio_region_info>()],
}

impl Device {
    /// Wraps a descriptor of VFIO's.
    pub fn new(fd: OwnedFd) -> Self {
        Self(fd.into())
    }

    /// `VFIO_DEVICE_GET_INFO`; `argsz` says how much room there is.
    pub fn info(&self, argsz: u32) -> io::Result<vfio_device_info> {
        let mut info = vfio_device_info {
            argsz,
            ..Default::default()
        };
        // SAFETY: the command reads and writes this structure.
        unsafe { ioctl_with(self.0.as_fd(), DEVICE_GET_INFO, &mut info) }?;
        Ok(info)
    }

    /// `VFIO_DEVICE_GET_REGION_INFO` as it is, with so much room.
    pub fn raw_region(&self, index: u32, argsz: u32) -> io::Result<vfio_region_info> {
        self.answer(index, argsz).map(|answer| answer.info)
    }

    fn answer(&self, index: u32, argsz: u32) -> io::Result<Answer> {
        let info = vfio_region_info {
            argsz: argsz.min(ROOM as u32),
            index,
            ..Default::default()
        };
        let mut answer = Answer {
            info,
            rest: [0; ROOM - size_of::<vfio_region_info>()],
        };
        // SAFETY: the command reads and writes as much of this structure as is said in it.
        unsafe { ioctl_with(self.0.as_fd(), DEVICE_GET_REGION_INFO, &mut answer) }?;
        Ok(answer)
    }

    /// All that is known of a region.
    pub fn region(&self, index: u32) -> Result<Region> {
        let answer = self.answer(index, ROOM as u32)?;
        let mut region = Region {
            offset: answer.info.offset,
            size: answer.info.size,
            flags: answer.info.flags,
            ..Default::default()
        };
        if region.flags & VFIO_REGION_INFO_FLAG_CAPS == 0 {
            return Ok(region);
        }
        let word = |at: usize| -> Result<u32> {
            let at = at.checked_sub(size_of::<vfio_region_info>());
            let bytes = at.and_then(|at| answer.rest.get(at..at + 4));
            let bytes = bytes.context("a capability outside of the answer")?;
            Ok(u32::from_ne_bytes(bytes.try_into()?))
        };
        let long =
            |at| -> Result<u64> { Ok(u64::from(word(at)?) | u64::from(word(at + 4)?) << 32) };
        let mut at = answer.info.cap_offset as usize;
        while at != 0 {
            let id = word(at)? & 0xffff;
            ensure!(word(at)? >> 16 == 1, "version of capability {id}");
            match id {
                VFIO_REGION_INFO_CAP_SPARSE_MMAP => {
                    for index in 0..word(at + 8)? as usize {
                        let area = at + 16 + 16 * index;
                        region.areas.push((long(area)?, long(area + 8)?));
                    }
                }
                VFIO_REGION_INFO_CAP_TYPE => region.kind = Some((word(at + 8)?, word(at + 12)?)),
                _ => {}
            }
            let next = word(at + 4)? as usize;
            ensure!(next == 0 || next > at, "capabilities in a loop");
            at = next;
        }
        Ok(region)
    }

    /// `VFIO_DEVICE_GET_IRQ_INFO`; `argsz` says how much room there is.
    pub fn irq(&self, index: u32, argsz: u32) -> io::Result<vfio_irq_info> {
        let mut info = vfio_irq_info {
            argsz,
            index,
            ..Default::default()
        };
        // SAFETY: the command reads and writes this structure.
        unsafe { ioctl_with(self.0.as_fd(), DEVICE_GET_IRQ_INFO, &mut info) }?;
        Ok(info)
    }

    /// `VFIO_DEVICE_SET_IRQS` with these numbers and data; `argsz` is what they take unless given.
    pub fn set_irqs(&self, set: IrqSet<'_>) -> io::Result<()> {
        let argsz = set.argsz.unwrap_or(20 + set.data.len() as u32);
        let mut bytes = Vec::with_capacity(20 + set.data.len());
        for number in [argsz, set.flags, set.index, set.start, set.count] {
            bytes.extend(number.to_ne_bytes());
        }
        bytes.extend(set.data);
        // No structure says more than there is; what one lies about is for the kernel to refuse.
        bytes.resize(bytes.len().max(64), 0);
        // SAFETY: the command only reads.
        result(unsafe { libc::ioctl(self.0.as_raw_fd(), DEVICE_SET_IRQS.into(), bytes.as_ptr()) })
            .map(|_| ())
    }

    /// `VFIO_DEVICE_RESET`.
    pub fn reset(&self) -> io::Result<()> {
        ioctl_number(self.0.as_fd(), DEVICE_RESET, 0).map(|_| ())
    }

    /// `VFIO_DEVICE_QUERY_GFX_PLANE` as it is: the words of its structure.
    pub fn plane(&self, plane: u32, flags: u32, argsz: u32) -> io::Result<[u32; 16]> {
        let mut words = [0; 16];
        words[..3].copy_from_slice(&[argsz, flags, plane]);
        // SAFETY: the command reads and writes at most as many words, whatever `argsz` says.
        unsafe { ioctl_with(self.0.as_fd(), QUERY_GFX_PLANE, &mut words) }?;
        Ok(words)
    }

    /// `VFIO_DEVICE_GET_GFX_DMABUF`.
    pub fn dma_buf(&self, id: u32) -> io::Result<OwnedFd> {
        // SAFETY: the command reads a number.
        let fd = unsafe { ioctl_with(self.0.as_fd(), GET_GFX_DMABUF, &mut { id }) }?;
        // SAFETY: the kernel has just made the descriptor, and nobody else has it.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// Any ioctl with a number for an argument.
    pub fn raw_ioctl(&self, command: u32, argument: u64) -> io::Result<()> {
        ioctl_number(self.0.as_fd(), command, argument).map(|_| ())
    }

    /// Reads from the device's file.
    pub fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(into, offset)
    }

    /// Writes to the device's file.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_at(bytes, offset)
    }

    /// Reads 4 bytes to where nothing is.
    pub fn read_to_nowhere(&self, offset: u64) -> io::Result<usize> {
        let nowhere = std::ptr::without_provenance_mut(8);
        // SAFETY: nothing is mapped at the first page, so nothing is written.
        let count = unsafe { libc::pread(self.0.as_raw_fd(), nowhere, 4, offset as i64) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    }

    /// Writes 4 bytes from where nothing is.
    pub fn write_from_nowhere(&self, offset: u64) -> io::Result<usize> {
        let nowhere = std::ptr::without_provenance(8);
        // SAFETY: nothing is mapped at the first page, which is only read.
        let count = unsafe { libc::pwrite(self.0.as_raw_fd(), nowhere, 4, offset as i64) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    }

    /// Maps a part of the device's file.
    pub fn map(&self, offset: u64, size: u64, how: How) -> io::Result<Mapping> {
        Mapping::of_file(self.0.as_fd(), offset, size, how)
    }

    /// Where a region begins, by VFIO PCI's custom, which `region/offsets` checks.
    pub fn start(region: u32) -> u64 {
        u64::from(region) << 40
    }

    /// Reads a number of `N` bytes in a region.
    fn get<const N: usize>(&self, region: u32, at: u64) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        match self.read_at(Self::start(region) + at, &mut bytes)? {
            count if count == N => Ok(bytes),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn put(&self, region: u32, at: u64, bytes: &[u8]) -> io::Result<()> {
        match self.write_at(Self::start(region) + at, bytes)? {
            count if count == bytes.len() => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Reads `size` bytes, 1 to 8, in a region as one number.
    pub fn read_sized(&self, region: u32, at: u64, size: usize) -> io::Result<u64> {
        let mut bytes = [0; 8];
        match self.read_at(Self::start(region) + at, &mut bytes[..size])? {
            count if count == size => Ok(u64::from_le_bytes(bytes)),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Writes the lowest `size` bytes, 1 to 8, of a number in a region.
    pub fn write_sized(&self, region: u32, at: u64, size: usize, value: u64) -> io::Result<()> {
        self.put(region, at, &value.to_le_bytes()[..size])
    }

    /// Reads a register.
    pub fn reg(&self, at: u32) -> io::Result<u32> {
        self.get(BAR0, at.into()).map(u32::from_le_bytes)
    }

    /// Writes a register.
    pub fn set_reg(&self, at: u32, value: u32) -> io::Result<()> {
        self.put(BAR0, at.into(), &value.to_le_bytes())
    }

    /// Reads a dword of the configuration space.
    pub fn config(&self, at: u32) -> io::Result<u32> {
        self.get(CONFIG, at.into()).map(u32::from_le_bytes)
    }

    /// Writes a dword of the configuration space.
    pub fn set_config(&self, at: u32, value: u32) -> io::Result<()> {
        self.put(CONFIG, at.into(), &value.to_le_bytes())
    }

    /// Reads a dword of the aperture, by a call.
    pub fn aperture(&self, at: u64) -> io::Result<u32> {
        self.get(BAR2, at).map(u32::from_le_bytes)
    }

    /// Writes a dword of the aperture, by a call.
    pub fn set_aperture(&self, at: u64, value: u32) -> io::Result<()> {
        self.put(BAR2, at, &value.to_le_bytes())
    }

    /// The device's description has so many bytes.
    pub const INFO: u32 = FOUR;
}

/// What `VFIO_DEVICE_SET_IRQS` is to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct IrqSet<'a> {
    /// The structure's length; right if absent.
    pub argsz: Option<u32>,
    /// `VFIO_IRQ_SET_*`.
    pub flags: u32,
    pub index: u32,
    pub start: u32,
    pub count: u32,
    /// What follows.
    pub data: &'a [u8],
}
