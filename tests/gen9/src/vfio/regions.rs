// SPDX-License-Identifier: GPL-2.0

//! What the client is told of the device's regions.

use std::io;
use std::ops::Range;

use vfio_bindings::bindings::vfio::{
    VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_BAR2_REGION_INDEX, VFIO_PCI_BAR4_REGION_INDEX,
    VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_NUM_REGIONS, VFIO_REGION_INFO_CAP_SPARSE_MMAP,
    VFIO_REGION_INFO_FLAG_CAPS, VFIO_REGION_INFO_FLAG_MMAP, VFIO_REGION_INFO_FLAG_READ,
    VFIO_REGION_INFO_FLAG_WRITE,
};
use vmm_sys_util::errno::Error as Errno;

use super::proto::{Fields, Header, Reply, invalid};
use super::{ApertureSize, ioport, pci, registers};
use crate::ggtt;
use crate::gpu::Gpu;

/// Bytes of `struct vfio_region_info`; capabilities follow it.
const INFO_SIZE: u32 = 32;
/// Version of the sparse mapping capability.
const SPARSE_VERSION: u16 = 1;

/// A region that exists; the others of a PCI device have no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// BAR0.
    Registers,
    /// BAR2.
    Aperture,
    /// BAR4.
    Ports,
    /// Configuration space.
    Config,
}

impl Region {
    /// The region of that index.
    ///
    /// # Errors
    /// `EINVAL` when there can be none; `None` when it has no bytes.
    pub fn from_index(index: u32) -> Result<Option<Self>, Errno> {
        match index {
            VFIO_PCI_BAR0_REGION_INDEX => Ok(Some(Self::Registers)),
            VFIO_PCI_BAR2_REGION_INDEX => Ok(Some(Self::Aperture)),
            VFIO_PCI_BAR4_REGION_INDEX => Ok(Some(Self::Ports)),
            VFIO_PCI_CONFIG_REGION_INDEX => Ok(Some(Self::Config)),
            _ if index < VFIO_PCI_NUM_REGIONS => Ok(None),
            _ => Err(invalid()),
        }
    }

    /// Its size in bytes, if the aperture is as large as that.
    pub const fn size(self, aperture: ApertureSize) -> u64 {
        match self {
            Self::Registers => registers::SIZE,
            Self::Aperture => aperture.bytes(),
            Self::Ports => ioport::SIZE,
            Self::Config => pci::SIZE as u64,
        }
    }
}

/// The parts of BAR0 that a client may map: register pages without side effects and the GGTT.
pub fn mappable(gpu: &Gpu) -> Vec<Range<u64>> {
    let mut areas = gpu.plain_pages();
    areas.push(ggtt::BAR0_OFFSET..ggtt::BAR0_OFFSET + ggtt::SIZE);
    areas
}

/// Answers what the client asks about a region. `mappable` are the parts of BAR0 to offer, `aperture` is the
/// size of BAR2.
///
/// # Errors
/// `EINVAL` for a request that is too short or an index that cannot be, and what duplicating the
/// descriptor of BAR0 gives.
pub fn info(
    header: &Header,
    fields: &mut Fields<'_>,
    gpu: &Gpu,
    mappable: &[Range<u64>],
    aperture: ApertureSize,
) -> Result<Reply, Errno> {
    let (argsz, _flags, index) = (fields.u32()?, fields.u32()?, fields.u32()?);
    if argsz < INFO_SIZE {
        return Err(invalid());
    }
    let region = Region::from_index(index)?;
    let areas = if region == Some(Region::Registers) {
        mappable
    } else {
        &[]
    };
    let mut flags = match region {
        Some(_) => VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
        None => 0,
    };
    let mut needed = INFO_SIZE;
    if !areas.is_empty() {
        flags |= VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
        // CAST: there are fewer areas than register pages.
        needed += 16 + 16 * areas.len() as u32;
    }
    let at = if areas.is_empty() { 0 } else { INFO_SIZE };
    // The capability comes with the descriptor, or neither does and the client asks again with
    // the size that it was told. The offset stands in both answers: QEMU refuses one without.
    let complete = argsz >= needed;
    let mut reply = Reply::with_capacity(header, needed as usize);
    reply
        .push_u32(&[needed, flags, index, at])
        .push_u64(&[region.map_or(0, |region| region.size(aperture)), 0]);
    if complete && !areas.is_empty() {
        let id = VFIO_REGION_INFO_CAP_SPARSE_MMAP | u32::from(SPARSE_VERSION) << 16;
        // CAST: as above.
        reply.push_u32(&[id, 0, areas.len() as u32, 0]);
        for area in areas {
            reply.push_u64(&[area.start, area.end - area.start]);
        }
        reply.attach(gpu.bar0().file().try_clone().map_err(errno)?);
    }
    Ok(reply)
}

fn errno(error: io::Error) -> Errno {
    Errno::new(error.raw_os_error().unwrap_or(libc::EIO))
}
