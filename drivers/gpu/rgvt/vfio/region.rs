// SPDX-License-Identifier: GPL-2.0

//! The regions: configuration space, registers, aperture, OpRegion, and the picture of the guest's monitor.

use kernel::{
    prelude::*,
    uaccess::{
        UserSliceReader,
        UserSliceWriter, //
    },
};

use super::{
    access::{
        first_piece,
        same_side, //
    },
    edid,
    gfx::MonitorRegion,
    opregion, //
};
use crate::{
    rust::vfio::{
        region,
        Mapping,
        RegionInfo,
        Special, //
    },
    vgpu::{
        Aperture,
        Vgpu,
        BAR0_SIZE,
        CONFIG_SIZE,
        VENDOR, //
    },
};

/// Log2 of the distance between regions in the device's file; that of vfio-pci, which users must not rely
/// on, and do.
const SHIFT: u32 = 40;

/// The OpRegion's number, after those of PCI.
const OPREGION: u32 = region::COUNT;

/// That of the picture of the guest's monitor.
pub(super) const PICTURE: u32 = OPREGION + 1;

/// That through which user space changes the monitor.
const EDID: u32 = PICTURE + 1;

/// How many there are.
pub(super) const COUNT: u32 = EDID + 1;

/// The most bytes of registers or of the aperture that are accessed in one call. Users go on from there
/// themselves, and can be interrupted in between.
const AT_ONCE: usize = 4096;

/// Bytes that are on their way between user space and the aperture.
const CHUNK: usize = 256;

/// A region.
#[expect(clippy::enum_variant_names, reason = "OpRegion is one word of Intel's")]
#[derive(Clone, Copy)]
pub(super) enum Region {
    /// The configuration space.
    Config,
    /// BAR 0: the registers, and the GGTT.
    Registers,
    /// BAR 2: the aperture, of which only the virtual GPU's part is there.
    Aperture,
    /// The OpRegion.
    OpRegion,
    /// The last picture that was taken of the guest's monitor.
    Picture,
    /// The monitor's description of itself.
    Edid,
    /// One of PCI's that a GPU does not have.
    None(u32),
}

impl Region {
    /// The region of a number. EINVAL if it is none's.
    pub(super) fn new(index: u32) -> Result<Self> {
        Ok(match index {
            region::CONFIG => Self::Config,
            region::BAR0 => Self::Registers,
            region::BAR2 => Self::Aperture,
            OPREGION => Self::OpRegion,
            PICTURE => Self::Picture,
            EDID => Self::Edid,
            _ if index < region::COUNT => Self::None(index),
            _ => return Err(EINVAL),
        })
    }

    fn index(self) -> u32 {
        match self {
            Self::Config => region::CONFIG,
            Self::Registers => region::BAR0,
            Self::Aperture => region::BAR2,
            Self::OpRegion => OPREGION,
            Self::Picture => PICTURE,
            Self::Edid => EDID,
            Self::None(index) => index,
        }
    }

    fn size(self, vgpu: &Vgpu) -> u64 {
        match self {
            Self::Config => CONFIG_SIZE.into(),
            Self::Registers => BAR0_SIZE,
            Self::Aperture => vgpu.aperture().bar,
            Self::OpRegion => opregion::SIZE,
            Self::Picture => vgpu.picture_size().into(),
            Self::Edid => edid::SIZE,
            Self::None(_) => 0,
        }
    }

    /// What user space wants to know of it.
    pub(super) fn info(self, vgpu: &Vgpu) -> RegionInfo {
        let info = RegionInfo {
            offset: u64::from(self.index()) << SHIFT,
            size: self.size(vgpu),
            flags: region::READ | region::WRITE,
            ..RegionInfo::default()
        };

        match self {
            Self::Config | Self::Registers => info,
            Self::Aperture => {
                let Aperture { offset, size, .. } = vgpu.aperture();
                RegionInfo {
                    flags: info.flags | region::MMAP,
                    mappable: Some((offset, size)),
                    ..info
                }
            }
            Self::OpRegion => RegionInfo {
                flags: region::READ,
                special: Some(Special {
                    kind: region::TYPE_PCI_VENDOR | u32::from(VENDOR),
                    subtype: region::SUBTYPE_INTEL_OPREGION,
                }),
                ..info
            },
            Self::Picture => RegionInfo {
                flags: region::READ | region::MMAP,
                ..info
            },
            Self::Edid => RegionInfo {
                special: Some(Special {
                    kind: region::TYPE_GFX,
                    subtype: region::SUBTYPE_GFX_EDID,
                }),
                ..info
            },
            Self::None(_) => RegionInfo { flags: 0, ..info },
        }
    }

    /// The region that an offset of the device's file lies in, and where in it; how many of `count` bytes
    /// from there on are accessed. EINVAL if there are none.
    fn at(vgpu: &Vgpu, offset: u64, count: usize) -> Result<(Self, u64, usize)> {
        let this = Self::new(u32::try_from(offset >> SHIFT)?)?;
        let position = offset & ((1 << SHIFT) - 1);
        let left = match this.size(vgpu).checked_sub(position) {
            None | Some(0) => return Err(EINVAL),
            Some(left) => usize::try_from(left).unwrap_or(usize::MAX),
        };
        let most = match this {
            Self::Registers | Self::Aperture | Self::Picture => left.min(AT_ONCE),
            _ => left,
        };
        Ok((this, position, most.min(count)))
    }
}

/// Goes through `count` bytes in pieces: `piece` is told where the next one begins and how much is left, and
/// says how long it was. What came before a failure counts.
fn in_pieces(
    position: u64,
    count: usize,
    mut piece: impl FnMut(u64, usize) -> Result<usize>,
) -> Result<usize> {
    let mut done = 0;
    while done < count {
        let at = position.saturating_add(done as u64);
        match piece(at, count.saturating_sub(done)) {
            Ok(size) => done = done.saturating_add(size),
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(done)
}

/// Reads at `offset` of the device's file.
pub(super) fn read(
    vgpu: &Vgpu,
    monitor: &MonitorRegion,
    offset: u64,
    mut into: UserSliceWriter,
) -> Result<usize> {
    let (region, position, count) = Region::at(vgpu, offset, into.len())?;

    match region {
        Region::Config => in_pieces(position, count, |at, left| {
            let size = first_piece(at, left, 4);
            let value = vgpu.config_read(u16::try_from(at)?, size)?;
            put(&mut into, &value.to_le_bytes(), size)
        }),
        Region::Registers => in_pieces(position, count, |at, left| {
            let size = first_piece(at, left, 8);
            let value = vgpu.register_read(u32::try_from(at)?, size)?;
            put(&mut into, &value.to_le_bytes(), size)
        }),
        Region::Aperture => in_pieces(position, count, |at, left| {
            let (size, inside) = within_share(vgpu, at, left);
            // As on a bus where nobody answers.
            let mut chunk = [0xff; CHUNK];
            let bytes = chunk.get_mut(..size).ok_or(EINVAL)?;
            if inside {
                vgpu.aperture_read(at, bytes)?;
            }
            put(&mut into, bytes, size)
        }),
        Region::OpRegion => in_pieces(position, count, |at, _| {
            put(&mut into, &[opregion::byte(at)], 1)
        }),
        Region::Picture => in_pieces(position, count, |at, left| {
            let mut chunk = [0; CHUNK];
            let size = left.min(CHUNK);
            let bytes = chunk.get_mut(..size).ok_or(EINVAL)?;
            vgpu.read_picture(usize::try_from(at)?, bytes)?;
            put(&mut into, bytes, size)
        }),
        Region::Edid => in_pieces(position, count, |at, _| {
            put(&mut into, &[monitor.byte(at)], 1)
        }),
        Region::None(_) => Err(EINVAL),
    }
}

/// Writes at `offset` of the device's file.
pub(super) fn write(
    vgpu: &Vgpu,
    monitor: &MonitorRegion,
    offset: u64,
    mut from: UserSliceReader,
) -> Result<usize> {
    let (region, position, count) = Region::at(vgpu, offset, from.len())?;

    match region {
        Region::Config => in_pieces(position, count, |at, left| {
            let size = first_piece(at, left, 4);
            let value = u32::from_le_bytes(get(&mut from, size)?);
            vgpu.config_write(u16::try_from(at)?, size, value)?;
            Ok(size)
        }),
        Region::Registers => in_pieces(position, count, |at, left| {
            let size = first_piece(at, left, 8);
            let value = u64::from_le_bytes(get(&mut from, size)?);
            vgpu.register_write(u32::try_from(at)?, size, value)?;
            Ok(size)
        }),
        Region::Aperture => in_pieces(position, count, |at, left| {
            let (size, inside) = within_share(vgpu, at, left);
            let chunk: [u8; CHUNK] = get(&mut from, size)?;
            if inside {
                vgpu.aperture_write(at, chunk.get(..size).ok_or(EINVAL)?)?;
            }
            Ok(size)
        }),
        Region::Edid => in_pieces(position, count, |at, left| {
            let size = first_piece(at, left, 4);
            let bytes: [u8; 4] = get(&mut from, size)?;
            monitor.write(vgpu, at, bytes.get(..size).ok_or(EINVAL)?)?;
            Ok(size)
        }),
        Region::OpRegion | Region::Picture | Region::None(_) => Err(EINVAL),
    }
}

/// How much of the aperture, up to [`CHUNK`], is accessed at once, and whether it is the virtual GPU's.
fn within_share(vgpu: &Vgpu, at: u64, left: usize) -> (usize, bool) {
    let Aperture { offset, size, .. } = vgpu.aperture();

    same_side(at, left.min(CHUNK), offset, offset.saturating_add(size))
}

/// Hands the first `size` bytes of a value to user space.
fn put(into: &mut UserSliceWriter, bytes: &[u8], size: usize) -> Result<usize> {
    into.write_slice(bytes.get(..size).ok_or(EINVAL)?)?;
    Ok(size)
}

/// Takes the first `size` bytes of a value from user space; the others are zero.
fn get<const N: usize>(from: &mut UserSliceReader, size: usize) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_slice(bytes.get_mut(..size).ok_or(EINVAL)?)?;
    Ok(bytes)
}

/// Maps a part of a region.
pub(super) fn mmap(vgpu: &Vgpu, mapping: &Mapping<'_>) -> Result {
    let index = u32::try_from(mapping.offset() >> SHIFT)?;
    let position = mapping.offset() & ((1 << SHIFT) - 1);

    match Region::new(index)? {
        Region::Aperture => mmap_aperture(vgpu, mapping, position),
        Region::Picture => mapping.show_memory(&*vgpu.picture_memory()?, position),
        _ => Err(EINVAL),
    }
}

/// Maps a part of the aperture, all of which must be the virtual GPU's.
fn mmap_aperture(vgpu: &Vgpu, mapping: &Mapping<'_>, position: u64) -> Result {
    if !mapping.is_shared() {
        return Err(EINVAL);
    }

    let share = vgpu.aperture();
    let start = position.checked_sub(share.offset).ok_or(EINVAL)?;
    let end = start.checked_add(mapping.size()).ok_or(EINVAL)?;
    if end > share.size {
        return Err(EINVAL);
    }

    mapping.show_device_memory(share.phys.checked_add(start).ok_or(EINVAL)?)
}
