// SPDX-License-Identifier: GPL-2.0
//! The part of the i915 uAPI that the checks use, as safe functions.
//!
//! Structures, numbers and flags: `include/uapi/drm/i915_drm.h` and `include/uapi/drm/drm.h`.
//! This, `mapping.rs`, `kms.rs` and `console.rs` are the only files with `unsafe`. Structures stay private, so that no
//! pointer but those made here from live references ever reaches the kernel.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::mapping::Mapping;

/// A page of the CPU and of the GPU, in bytes.
pub const PAGE: usize = 4096;

/// Bits 31:30 of an ioctl number: the kernel reads the structure.
pub(crate) const W: u64 = 1;
/// The kernel reads and writes it.
pub(crate) const RW: u64 = 3;

/// An ioctl number as `asm-generic/ioctl.h` lays it out, of type `'d'` (DRM).
pub(crate) const fn number(direction: u64, nr: u64, size: usize) -> libc::Ioctl {
    ((direction << 30) | ((size as u64) << 16) | ((b'd' as u64) << 8) | nr) as libc::Ioctl
}

/// A structure that one DRM ioctl takes.
///
/// # Safety
/// The layout is that of the header, the number belongs to it, and every pointer in it is valid
/// for what the kernel does with it during the call.
pub(crate) unsafe trait Request {
    /// The whole ioctl number: direction, size, type and number.
    const NUMBER: libc::Ioctl;
}

/// Declares requests: name, direction, number, fields.
macro_rules! requests {
    ($($name:ident $direction:ident $nr:literal { $($field:ident: $type:ty),* })*) => { $(
        #[repr(C)]
        #[derive(Default)]
        struct $name { $($field: $type),* }
        // SAFETY: the fields repeat the header's; callers in this file fill the pointers.
        unsafe impl $crate::uapi::Request for $name {
            const NUMBER: libc::Ioctl =
                $crate::uapi::number($crate::uapi::$direction, $nr, size_of::<$name>());
        }
    )* };
}
pub(crate) use requests;

requests! {
    GemClose W 0x09 { handle: u32, pad: u32 }
    GetParam RW 0x46 { param: i32, value: u64 }
    GemCreate RW 0x5b { size: u64, handle: u32, pad: u32 }
    SetDomain W 0x5f { handle: u32, read: u32, write: u32 }
    SetTiling RW 0x61 { handle: u32, mode: u32, stride: u32, swizzle: u32 }
    MmapOffset RW 0x64 { handle: u32, pad: u32, offset: u64, flags: u64, extensions: u64 }
    ExecBuffer2 W 0x69 {
        buffers: u64, buffer_count: u32, batch_start: u32, batch_len: u32, dr1: u32, dr4: u32,
        num_cliprects: u32, cliprects: u64, flags: u64, context: u64, fences: u64
    }
    GemWait RW 0x6c { handle: u32, flags: u32, timeout_ns: i64 }
    ContextCreate RW 0x6d { id: u32, pad: u32 }
    ContextDestroy W 0x6e { id: u32, pad: u32 }
    ResetStatsArg RW 0x72 {
        context: u32, flags: u32, resets: u32, active: u32, pending: u32, pad: u32
    }
    UserPtr RW 0x73 { address: u64, size: u64, flags: u32, handle: u32 }
    ContextGetParam RW 0x74 { id: u32, size: u32, param: u64, value: u64 }
    ContextSetParam RW 0x75 { id: u32, size: u32, param: u64, value: u64 }
}

pub(crate) fn call<T: Request>(fd: BorrowedFd<'_>, arg: &mut T) -> io::Result<()> {
    loop {
        // SAFETY: `Request` vouches for number, layout and pointers; `arg` is exclusively ours.
        let status = unsafe { libc::ioctl(fd.as_raw_fd(), T::NUMBER, std::ptr::from_mut(arg)) };
        if status >= 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR | libc::EAGAIN) => {}
            _ => return Err(error),
        }
    }
}

/// `I915_PARAM_*`.
#[derive(Clone, Copy)]
#[repr(i32)]
pub enum Param {
    /// PCI device ID.
    ChipsetId = 4,
    /// Fence registers that the driver may hand out.
    FencesAvailable = 6,
    /// Bits of `I915_SCHEDULER_CAP_*`.
    Scheduler = 41,
    /// Frequency of the engines' timestamps in Hz.
    TimestampFrequency = 51,
}

/// Reads one device parameter.
pub fn getparam(fd: BorrowedFd<'_>, param: Param) -> io::Result<i32> {
    let mut value: libc::c_int = 0;
    let mut arg = GetParam {
        param: param as i32,
        value: std::ptr::from_mut(&mut value) as u64,
    };
    call(fd, &mut arg)?;
    Ok(value)
}

/// Makes a GEM object of `size` bytes and returns its handle.
pub fn gem_create(fd: BorrowedFd<'_>, size: u64) -> io::Result<u32> {
    let mut arg = GemCreate {
        size,
        ..Default::default()
    };
    call(fd, &mut arg)?;
    Ok(arg.handle)
}

/// Drops a GEM handle.
pub fn gem_close(fd: BorrowedFd<'_>, handle: u32) -> io::Result<()> {
    call(fd, &mut GemClose { handle, pad: 0 })
}

/// Makes a GEM object out of ordinary pages of this process.
pub fn gem_userptr(fd: BorrowedFd<'_>, pages: &Mapping) -> io::Result<u32> {
    let mut arg = UserPtr {
        address: pages.address(),
        size: pages.len() as u64,
        ..Default::default()
    };
    call(fd, &mut arg)?;
    Ok(arg.handle)
}

/// `I915_GEM_DOMAIN_*`: who may see the pages coherently.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Domain {
    /// The CPU through its caches.
    Cpu = 0x01,
    /// The CPU through the aperture.
    Gtt = 0x40,
}

/// Moves an object to a domain, for reading and writing.
pub fn set_domain(fd: BorrowedFd<'_>, handle: u32, domain: Domain) -> io::Result<()> {
    let domain = domain as u32;
    call(
        fd,
        &mut SetDomain {
            handle,
            read: domain,
            write: domain,
        },
    )
}

/// `I915_TILING_*`: what a fence of an object does.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum FenceTiling {
    /// Tiles of 512 bytes by 8 rows.
    X = 1,
    /// Tiles of 128 bytes by 32 rows.
    Y = 2,
}

/// Sets an object's tiling; returns the tiling that the kernel chose and its swizzle mode
/// (0 is none).
pub fn set_tiling(
    fd: BorrowedFd<'_>,
    handle: u32,
    tiling: FenceTiling,
    stride: u32,
) -> io::Result<(u32, u32)> {
    let mut arg = SetTiling {
        handle,
        mode: tiling as u32,
        stride,
        swizzle: 0,
    };
    call(fd, &mut arg)?;
    Ok((arg.mode, arg.swizzle))
}

/// Waits until the GPU has finished with an object; `ETIME` when `timeout_ns` have passed.
pub fn gem_wait(fd: BorrowedFd<'_>, handle: u32, timeout_ns: i64) -> io::Result<()> {
    call(
        fd,
        &mut GemWait {
            handle,
            flags: 0,
            timeout_ns,
        },
    )
}

/// Makes a context with an address space of its own.
pub fn context_create(fd: BorrowedFd<'_>) -> io::Result<u32> {
    let mut arg = ContextCreate::default();
    call(fd, &mut arg)?;
    Ok(arg.id)
}

/// Destroys a context.
pub fn context_destroy(fd: BorrowedFd<'_>, id: u32) -> io::Result<()> {
    call(fd, &mut ContextDestroy { id, pad: 0 })
}

/// `I915_CONTEXT_PARAM_*`.
#[derive(Clone, Copy)]
#[repr(u64)]
pub enum ContextParam {
    /// Size of the context's address space in bytes.
    GttSize = 0x3,
    /// Priority, -1023 to 1023, as a signed number.
    Priority = 0x6,
}

/// Reads a context's parameter.
pub fn context_getparam(fd: BorrowedFd<'_>, id: u32, param: ContextParam) -> io::Result<u64> {
    let mut arg = ContextGetParam {
        id,
        size: 0,
        param: param as u64,
        value: 0,
    };
    call(fd, &mut arg)?;
    Ok(arg.value)
}

/// Sets a context's parameter.
pub fn context_setparam(
    fd: BorrowedFd<'_>,
    id: u32,
    param: ContextParam,
    value: u64,
) -> io::Result<()> {
    call(
        fd,
        &mut ContextSetParam {
            id,
            size: 0,
            param: param as u64,
            value,
        },
    )
}

/// How often a context lost batches to a reset.
#[derive(Debug, Default, Clone, Copy)]
pub struct ResetStats {
    /// Batches that ran when the engine was reset: the guilty ones.
    pub active: u32,
}

/// Reads a context's reset statistics.
pub fn reset_stats(fd: BorrowedFd<'_>, id: u32) -> io::Result<ResetStats> {
    let mut arg = ResetStatsArg {
        context: id,
        ..Default::default()
    };
    call(fd, &mut arg)?;
    Ok(ResetStats { active: arg.active })
}

/// `EXEC_OBJECT_*` flags of an object that is pinned where we say.
pub mod object_flags {
    /// The GPU writes to it.
    pub const WRITE: u64 = 1 << 2;
    /// Addresses above 4 GiB are allowed.
    pub const SUPPORTS_48B_ADDRESS: u64 = 1 << 3;
    /// `offset` is an order, not a hint.
    pub const PINNED: u64 = 1 << 4;
    /// No implicit ordering with other users.
    pub const ASYNC: u64 = 1 << 6;
}

/// `struct drm_i915_gem_exec_object2`, without relocations.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct ExecObject {
    handle: u32,
    relocation_count: u32,
    relocs_ptr: u64,
    alignment: u64,
    offset: u64,
    flags: u64,
    rsvd1: u64,
    rsvd2: u64,
}

impl ExecObject {
    /// An object at a fixed 48-bit address. The kernel wants it canonical: bit 47 repeated above.
    pub fn pinned(handle: u32, address: u64, flags: u64) -> Self {
        let flags = flags | object_flags::PINNED | object_flags::SUPPORTS_48B_ADDRESS;
        let sign = if address & (1 << 47) == 0 {
            0
        } else {
            0xffff << 48
        };
        let offset = address | sign;
        Self {
            handle,
            offset,
            flags,
            ..Default::default()
        }
    }
}

/// `I915_EXEC_NO_RELOC`: the addresses in the batch are right as they stand.
const EXEC_NO_RELOC: u64 = 1 << 11;

/// Submits a batch, the last of `objects`, on the engine that `selector` names.
pub fn execbuffer(
    fd: BorrowedFd<'_>,
    context: u32,
    selector: u64,
    objects: &mut [ExecObject],
) -> io::Result<()> {
    let count = u32::try_from(objects.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut arg = ExecBuffer2 {
        buffers: objects.as_mut_ptr() as u64,
        buffer_count: count,
        flags: selector | EXEC_NO_RELOC,
        context: u64::from(context),
        ..Default::default()
    };
    call(fd, &mut arg)
}

/// `I915_MMAP_OFFSET_*`: how the CPU sees an object.
#[derive(Clone, Copy)]
#[repr(u64)]
pub enum MapMode {
    /// Through the aperture, and so through its fence.
    Aperture = 0,
    /// Its pages, cached.
    Cached = 2,
}

/// The offset in the device's file at which an object can be mapped.
pub fn mmap_offset(fd: BorrowedFd<'_>, handle: u32, mode: MapMode) -> io::Result<u64> {
    let mut arg = MmapOffset {
        handle,
        flags: mode as u64,
        ..Default::default()
    };
    call(fd, &mut arg)?;
    Ok(arg.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers as a C compiler makes them of the header, sizes included.
    #[test]
    fn numbers() {
        for (number, wanted) in [
            (GemClose::NUMBER, 0x4008_6409),
            (GetParam::NUMBER, 0xc010_6446),
            (GemCreate::NUMBER, 0xc010_645b),
            (SetDomain::NUMBER, 0x400c_645f),
            (SetTiling::NUMBER, 0xc010_6461),
            (MmapOffset::NUMBER, 0xc020_6464),
            (ExecBuffer2::NUMBER, 0x4040_6469),
            (GemWait::NUMBER, 0xc010_646c),
            (ContextCreate::NUMBER, 0xc008_646d),
            (ContextDestroy::NUMBER, 0x4008_646e),
            (ResetStatsArg::NUMBER, 0xc018_6472),
            (UserPtr::NUMBER, 0xc018_6473),
            (ContextGetParam::NUMBER, 0xc018_6474),
            (ContextSetParam::NUMBER, 0xc018_6475),
        ] {
            assert_eq!(number, wanted, "{number:#x}");
        }
        assert_eq!(size_of::<ExecObject>(), 56);
    }

    #[test]
    fn addresses_are_canonical() {
        let offset = |address| ExecObject::pinned(1, address, 0).offset;
        assert_eq!(offset(0x7fff_ffff_f000), 0x7fff_ffff_f000);
        assert_eq!(offset(0x8000_0000_0000), 0xffff_8000_0000_0000);
    }
}
