// SPDX-License-Identifier: GPL-2.0

//! The client's memory that the device may reach.

use std::collections::BTreeMap;
use std::fs::File;

use vfio_bindings::bindings::vfio::{VFIO_DMA_MAP_FLAG_READ, VFIO_DMA_MAP_FLAG_WRITE};
use vmm_sys_util::errno::Error as Errno;

use super::proto::{Fields, invalid};
use crate::addr::{Dma, PAGE_SIZE};
use crate::ram::{MapError, Ram};

/// Most windows at a time; each holds a descriptor and a mapping.
pub const MAX_WINDOWS: usize = 512;

/// A request to map memory.
#[derive(Clone, Copy, Debug)]
pub struct MapRequest {
    flags: u32,
    offset: u64,
    address: u64,
    size: u64,
}

impl MapRequest {
    /// Reads the request.
    ///
    /// # Errors
    /// `EINVAL` when it is too short, not aligned to pages, or wraps.
    pub fn parse(fields: &mut Fields<'_>) -> Result<Self, Errno> {
        let _argsz = fields.u32()?;
        let request = Self {
            flags: fields.u32()?,
            offset: fields.u64()?,
            address: fields.u64()?,
            size: fields.u64()?,
        };
        let known = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
        let aligned = [request.offset, request.address, request.size]
            .iter()
            .all(|value| value % PAGE_SIZE == 0);
        if request.flags & !known != 0 || !aligned || request.size == 0 {
            return Err(invalid());
        }
        request
            .address
            .checked_add(request.size)
            .ok_or_else(invalid)?;
        Ok(request)
    }

    /// Whether `file` has all the bytes. Memory past its end would raise SIGBUS when the device
    /// touches it.
    fn fits(&self, file: &File) -> bool {
        let end = self.offset.checked_add(self.size);
        match (file.metadata(), end) {
            (Ok(meta), Some(end)) => meta.is_file() && end <= meta.len(),
            _ => false,
        }
    }
}

/// A request to take memory away.
#[derive(Clone, Copy, Debug)]
pub struct UnmapRequest {
    /// First address.
    pub address: u64,
    /// Bytes.
    pub size: u64,
}

impl UnmapRequest {
    /// Reads the request.
    ///
    /// # Errors
    /// `EINVAL` when it is too short, wraps, or has flags, of which there are none.
    pub fn parse(fields: &mut Fields<'_>) -> Result<Self, Errno> {
        let (_argsz, flags) = (fields.u32()?, fields.u32()?);
        let request = Self {
            address: fields.u64()?,
            size: fields.u64()?,
        };
        if flags != 0 || request.size == 0 {
            return Err(invalid());
        }
        request
            .address
            .checked_add(request.size)
            .ok_or_else(invalid)?;
        Ok(request)
    }
}

/// All windows by address, with their sizes. Those that came without a file are kept too, so that
/// the client's view of what is mapped and this one agree, but the device cannot reach them: QEMU
/// sends such for the pages of BAR0 that it has mapped itself.
#[derive(Debug, Default)]
pub struct Windows {
    sizes: BTreeMap<u64, u64>,
}

impl Windows {
    /// Makes a window.
    ///
    /// # Errors
    /// `EEXIST` when it meets another, `ENOSPC` when there are too many, and what mapping the file
    /// gives.
    pub fn map(
        &mut self,
        ram: &Ram,
        request: &MapRequest,
        file: Option<File>,
    ) -> Result<(), Errno> {
        let end = request.address + request.size;
        if self.meeting(request.address, end).next().is_some() {
            return Err(Errno::new(libc::EEXIST));
        }
        if self.sizes.len() >= MAX_WINDOWS {
            return Err(Errno::new(libc::ENOSPC));
        }
        // A window with neither right is memory that the device may not touch.
        if let (Some(file), true) = (file, request.flags != 0) {
            if !request.fits(&file) {
                return Err(invalid());
            }
            let writable = request.flags & VFIO_DMA_MAP_FLAG_WRITE != 0;
            ram.map(
                Dma(request.address),
                request.size,
                writable,
                file,
                request.offset,
            )
            .map_err(|error| {
                tracing::warn!(%error, ?request, "window refused");
                errno_of(&error)
            })?;
        }
        self.sizes.insert(request.address, request.size);
        Ok(())
    }

    /// Takes away all windows inside the range.
    ///
    /// # Errors
    /// `EINVAL` when the range cuts a window, `ENOENT` when there is none; nothing is taken then.
    pub fn unmap(&mut self, ram: &Ram, request: &UnmapRequest) -> Result<(), Errno> {
        let end = request.address + request.size;
        let hit: Vec<(u64, u64)> = self.meeting(request.address, end).collect();
        if hit.is_empty() {
            return Err(Errno::new(libc::ENOENT));
        }
        if hit
            .iter()
            .any(|&(start, size)| start < request.address || start + size > end)
        {
            return Err(invalid());
        }
        ram.unmap(Dma(request.address), request.size);
        for (start, _) in hit {
            self.sizes.remove(&start);
        }
        Ok(())
    }

    /// Takes away everything.
    pub fn clear(&mut self, ram: &Ram) {
        ram.unmap_all();
        self.sizes.clear();
    }

    /// The windows that have bytes in `start..end`. Windows never meet each other, so going down
    /// from the end, the first that stops before `start` is the last to look at.
    fn meeting(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> {
        let below = self.sizes.range(..end).rev();
        below
            .map(|(&at, &size)| (at, size))
            .take_while(move |&(at, size)| at + size > start)
    }
}

fn errno_of(error: &MapError) -> Errno {
    match error {
        MapError::Mmap(vm_memory::mmap::MmapRegionError::Mmap(io)) => {
            Errno::new(io.raw_os_error().unwrap_or(libc::EINVAL))
        }
        MapError::Overlap(_) => Errno::new(libc::EEXIST),
        _ => invalid(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vmm_sys_util::tempfile::TempFile;

    fn request(flags: u32, offset: u64, address: u64, size: u64) -> Result<MapRequest, Errno> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&32u32.to_le_bytes());
        bytes.extend_from_slice(&flags.to_le_bytes());
        for field in [offset, address, size] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        MapRequest::parse(&mut Fields::new(&bytes))
    }

    fn memory(pages: u64) -> File {
        let file = TempFile::new().unwrap().into_file();
        file.set_len(pages * PAGE_SIZE).unwrap();
        file
    }

    #[test]
    fn a_window_is_reached_until_it_goes() {
        let (ram, mut windows) = (Ram::default(), Windows::default());
        let map = request(3, 0x1000, 0x10_0000, 0x2000).unwrap();
        windows.map(&ram, &map, Some(memory(3))).unwrap();
        assert_eq!(ram.write(Dma(0x10_1ffc), &[1, 2, 3, 4]), Ok(()));
        assert!(ram.write(Dma(0x10_1ffd), &[1, 2, 3, 4]).is_err());
        let all = UnmapRequest {
            address: 0x10_0000,
            size: 0x2000,
        };
        windows.unmap(&ram, &all).unwrap();
        assert!(ram.read(Dma(0x10_0000), &mut [0]).is_err());
        assert_eq!(
            windows.unmap(&ram, &all).err(),
            Some(Errno::new(libc::ENOENT))
        );
    }

    #[test]
    fn windows_never_meet() {
        let (ram, mut windows) = (Ram::default(), Windows::default());
        windows
            .map(&ram, &request(3, 0, 0x4000, 0x2000).unwrap(), None)
            .unwrap();
        let exists = Some(Errno::new(libc::EEXIST));
        for (address, size) in [
            (0x4000, 0x2000),
            (0x5000, 0x1000),
            (0x3000, 0x2000),
            (0, 0x10000),
        ] {
            let again = request(1, 0, address, size).unwrap();
            assert_eq!(windows.map(&ram, &again, Some(memory(16))).err(), exists);
        }
        windows
            .map(
                &ram,
                &request(1, 0, 0x3000, 0x1000).unwrap(),
                Some(memory(1)),
            )
            .unwrap();
        windows
            .map(
                &ram,
                &request(1, 0, 0x6000, 0x1000).unwrap(),
                Some(memory(1)),
            )
            .unwrap();
    }

    #[test]
    fn a_window_is_not_cut() {
        let (ram, mut windows) = (Ram::default(), Windows::default());
        windows
            .map(
                &ram,
                &request(3, 0, 0x4000, 0x2000).unwrap(),
                Some(memory(2)),
            )
            .unwrap();
        for (address, size) in [(0x4000, 0x1000), (0x5000, 0x1000), (0x5000, 0x9000)] {
            let part = UnmapRequest { address, size };
            assert_eq!(windows.unmap(&ram, &part).err(), Some(invalid()));
        }
        assert_eq!(ram.write(Dma(0x5000), &[1]), Ok(()));
        windows
            .unmap(
                &ram,
                &UnmapRequest {
                    address: 0,
                    size: 0x10000,
                },
            )
            .unwrap();
        assert!(ram.read(Dma(0x5000), &mut [0]).is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        for (flags, offset, address, size) in [
            (4, 0, 0, 0x1000),
            (3, 1, 0, 0x1000),
            (3, 0, 0x10, 0x1000),
            (3, 0, 0, 0xfff),
            (3, 0, 0, 0),
            (3, 0, !0xfff, 0x1000),
        ] {
            assert_eq!(request(flags, offset, address, size).err(), Some(invalid()));
        }
    }

    #[test]
    fn memory_past_the_file_is_refused() {
        let (ram, mut windows) = (Ram::default(), Windows::default());
        for (offset, size) in [(0, 0x2000), (0x1000, 0x1000), (!0xfff, 0x1000)] {
            let past = request(3, offset, 0, size).unwrap();
            assert_eq!(
                windows.map(&ram, &past, Some(memory(1))).err(),
                Some(invalid())
            );
        }
        let null = File::open("/dev/null").unwrap();
        let map = request(1, 0, 0, 0x1000).unwrap();
        assert_eq!(windows.map(&ram, &map, Some(null)).err(), Some(invalid()));
    }

    #[test]
    fn the_number_of_windows_is_bounded() {
        let (ram, mut windows) = (Ram::default(), Windows::default());
        for page in 0..MAX_WINDOWS as u64 {
            windows
                .map(&ram, &request(3, 0, page * 0x1000, 0x1000).unwrap(), None)
                .unwrap();
        }
        let more = request(3, 0, 1 << 40, 0x1000).unwrap();
        assert_eq!(
            windows.map(&ram, &more, None).err(),
            Some(Errno::new(libc::ENOSPC))
        );
    }
}
