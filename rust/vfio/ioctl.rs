// SPDX-License-Identifier: GPL-2.0

//! The ioctls of a device: what user space passes, checked, and what it gets.
//!
//! C header: [`include/uapi/linux/vfio.h`](srctree/include/uapi/linux/vfio.h)

use core::mem::offset_of;

use kernel::{
    error::to_result,
    ioctl::_IO,
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

use super::{
    gfx,
    irq,
    Action,
    IrqData,
    IrqSet,
    Operations,
    RegionInfo, //
};
use crate::rust::bindings::{
    self,
    vfio_device_info,
    vfio_irq_info,
    vfio_irq_set, //
};

/// The ioctl of this number.
const fn command(number: u32) -> u32 {
    // CAST: `u32::from` is not `const`.
    _IO(bindings::VFIO_TYPE as u32, bindings::VFIO_BASE + number)
}

const GET_INFO: u32 = command(7);
const GET_IRQ_INFO: u32 = command(9);
const SET_IRQS: u32 = command(10);
const RESET: u32 = command(11);
const QUERY_GFX_PLANE: u32 = command(14);
const GET_GFX_DMABUF: u32 = command(15);

/// Bytes of four numbers of 32 bits, which `GET_INFO` and `GET_IRQ_INFO` pass; newer fields follow.
const FOUR: usize = 16;
const _: () = assert!(offset_of!(vfio_device_info, num_irqs) == FOUR - 4);
const _: () = assert!(offset_of!(vfio_irq_info, count) == FOUR - 4);

/// Bytes of five numbers of 32 bits, which `SET_IRQS` passes before the data.
const FIVE: usize = 20;
const _: () = assert!(offset_of!(vfio_irq_set, count) == FIVE - 4);

/// Does what user space asks for.
pub(super) fn dispatch(
    operations: &impl Operations,
    command: u32,
    argument: UserPtr,
) -> Result<isize> {
    match command {
        GET_INFO => get_info(operations, argument)?,
        GET_IRQ_INFO => get_irq_info(operations, argument)?,
        SET_IRQS => set_irqs(operations, argument)?,
        RESET => operations.reset()?,
        QUERY_GFX_PLANE => gfx::query(operations, argument)?,
        GET_GFX_DMABUF => return Ok(gfx::get_dma_buf(operations, argument)? as isize),
        _ => return Err(ENOTTY),
    }
    Ok(0)
}

fn get_info(operations: &impl Operations, argument: UserPtr) -> Result {
    let (mut from, mut to) = UserSlice::new(argument, FOUR).reader_writer();
    let argsz = from.read::<u32>()?;
    if (argsz as usize) < FOUR {
        return Err(EINVAL);
    }

    let info = operations.info();
    let flags = bindings::VFIO_DEVICE_FLAGS_PCI | bindings::VFIO_DEVICE_FLAGS_RESET;
    to.write(&[argsz, flags, info.regions, info.irqs])
}

fn get_irq_info(operations: &impl Operations, argument: UserPtr) -> Result {
    let (mut from, mut to) = UserSlice::new(argument, FOUR).reader_writer();
    let [argsz, _, index, _] = from.read::<[u32; 4]>()?;
    if (argsz as usize) < FOUR || index >= irq::COUNT {
        return Err(EINVAL);
    }

    let info = operations.irq_info(index)?;
    to.write(&[argsz, info.flags, index, info.count])
}

fn set_irqs(operations: &impl Operations, argument: UserPtr) -> Result {
    let [argsz, flags, index, start, count] =
        UserSlice::new(argument, FIVE).reader().read::<[u32; 5]>()?;
    let mut header = vfio_irq_set {
        argsz,
        flags,
        index,
        start,
        count,
        data: bindings::__IncompleteArrayField::new(),
    };
    if index >= irq::COUNT {
        return Err(EINVAL);
    }
    let there_are = operations.irq_info(index)?.count;

    let mut bytes = 0;
    // SAFETY: Both pointers are to variables of ours.
    to_result(unsafe {
        bindings::vfio_set_irqs_validate_and_prepare(
            &mut header,
            there_are as i32,
            irq::COUNT as i32,
            &mut bytes,
        )
    })?;

    let action = match flags & bindings::VFIO_IRQ_SET_ACTION_TYPE_MASK {
        bindings::VFIO_IRQ_SET_ACTION_MASK => Action::Mask,
        bindings::VFIO_IRQ_SET_ACTION_UNMASK => Action::Unmask,
        bindings::VFIO_IRQ_SET_ACTION_TRIGGER => Action::Trigger,
        _ => return Err(EINVAL),
    };

    // The data is no longer than the interrupts are many.
    let mut data = UserSlice::new(argument.wrapping_byte_add(FIVE), bytes).reader();
    let data = match flags & bindings::VFIO_IRQ_SET_DATA_TYPE_MASK {
        bindings::VFIO_IRQ_SET_DATA_NONE => IrqData::None,
        // Only to switch off is there nothing to say.
        _ if count == 0 => return Err(EINVAL),
        bindings::VFIO_IRQ_SET_DATA_BOOL => {
            let mut chosen = KVec::with_capacity(count as usize, GFP_KERNEL)?;
            for _ in 0..count {
                chosen.push(data.read::<u8>()? != 0, GFP_KERNEL)?;
            }
            IrqData::Bool(chosen)
        }
        bindings::VFIO_IRQ_SET_DATA_EVENTFD => {
            let mut fds = KVec::with_capacity(count as usize, GFP_KERNEL)?;
            for _ in 0..count {
                fds.push(data.read::<i32>()?, GFP_KERNEL)?;
            }
            IrqData::EventFd(fds)
        }
        _ => return Err(EINVAL),
    };

    operations.set_irqs(IrqSet {
        index,
        range: start..start.saturating_add(count),
        action,
        data,
    })
}

/// The capability of a region that can be mapped in one part only.
#[repr(C)]
struct Sparse {
    capability: bindings::vfio_region_info_cap_sparse_mmap,
    area: bindings::vfio_region_sparse_mmap_area,
}
const _: () = assert!(
    offset_of!(Sparse, area) == offset_of!(bindings::vfio_region_info_cap_sparse_mmap, areas)
);

/// Puts what is known of a region where VFIO wants it.
///
/// # Safety
///
/// `caps` must be what VFIO passed.
pub(super) unsafe fn fill_region_info(
    region: &RegionInfo,
    info: &mut bindings::vfio_region_info,
    caps: *mut bindings::vfio_info_cap,
) -> Result {
    info.offset = region.offset;
    info.size = region.size;
    info.flags = region.flags;

    let add = |header: *mut bindings::vfio_info_cap_header, size| {
        // SAFETY: The caller vouches for `caps`. A capability is copied from where its header is, as long as
        // said.
        to_result(unsafe { bindings::vfio_info_add_capability(caps, header, size) })
    };
    let header = |id: u32| bindings::vfio_info_cap_header {
        // CAST: The numbers of capabilities are small.
        id: id as u16,
        version: 1,
        next: 0,
    };

    if let Some((offset, size)) = region.mappable {
        let mut sparse = Sparse {
            capability: bindings::vfio_region_info_cap_sparse_mmap {
                header: header(bindings::VFIO_REGION_INFO_CAP_SPARSE_MMAP),
                nr_areas: 1,
                reserved: 0,
                areas: bindings::__IncompleteArrayField::new(),
            },
            area: bindings::vfio_region_sparse_mmap_area { offset, size },
        };
        add((&raw mut sparse).cast(), size_of::<Sparse>())?;
    }
    if let Some(special) = region.special {
        let mut kind = bindings::vfio_region_info_cap_type {
            header: header(bindings::VFIO_REGION_INFO_CAP_TYPE),
            type_: special.kind,
            subtype: special.subtype,
        };
        add((&raw mut kind).cast(), size_of_val(&kind))?;
    }
    Ok(())
}
