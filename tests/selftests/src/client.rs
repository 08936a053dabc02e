// SPDX-License-Identifier: GPL-2.0
//! Who opens a virtual GPU: a VFIO container and group, memory, and perhaps a KVM.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use anyhow::{Context, Result};

use crate::device::Device;
use crate::kvm::Vm;
use crate::mdev::{Mdev, group_of};
use crate::memory::{BASE, Memory, SIZE};
use crate::sys::{ioctl_number, ioctl_with, result};
use crate::uapi::{
    GROUP_GET_DEVICE_FD, GROUP_SET_CONTAINER, MAP_DMA, SET_IOMMU, UNMAP_DMA,
    VFIO_DMA_MAP_FLAG_READ, VFIO_DMA_MAP_FLAG_WRITE, VFIO_DMA_UNMAP_FLAG_ALL, VFIO_TYPE1v2_IOMMU,
    vfio_iommu_type1_dma_map, vfio_iommu_type1_dma_unmap,
};

/// A container: an address space for devices.
pub struct Container(File);

/// A group, in a container.
pub struct Group(File);

/// A virtual GPU with its user. Parts are given up in the order in which they stand here.
pub struct Client {
    /// The open device.
    pub device: Device,
    /// What stands for a guest's memory.
    pub memory: Memory,
    pub group: Group,
    pub container: Container,
    pub vm: Option<Vm>,
    pub mdev: Mdev,
}

impl Container {
    /// An empty one.
    pub fn new() -> io::Result<Self> {
        open("/dev/vfio/vfio").map(Self)
    }

    /// Chooses how addresses are translated; a group must be in it already.
    pub fn set_iommu(&self) -> io::Result<()> {
        ioctl_number(self.0.as_fd(), SET_IOMMU, VFIO_TYPE1v2_IOMMU.into()).map(|_| ())
    }

    /// Lets devices reach `size` bytes at `address` of this process by `iova`.
    pub fn map(&self, iova: u64, size: u64, address: u64) -> io::Result<()> {
        self.map_with(
            iova,
            size,
            address,
            VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
        )
    }

    /// Likewise, to do what the flags say.
    pub fn map_with(&self, iova: u64, size: u64, address: u64, flags: u32) -> io::Result<()> {
        let mut map = vfio_iommu_type1_dma_map {
            argsz: size_of::<vfio_iommu_type1_dma_map>() as u32,
            flags,
            vaddr: address,
            iova,
            size,
        };
        // SAFETY: the command reads this structure. What devices do to the memory, this process expects:
        // it accesses it in no other way than as device memory.
        unsafe { ioctl_with(self.0.as_fd(), MAP_DMA, &mut map) }.map(|_| ())
    }

    /// Takes `size` bytes from `iova` on away; says how many bytes were mapped there.
    pub fn unmap(&self, iova: u64, size: u64) -> io::Result<u64> {
        self.unmap_with(iova, size, 0)
    }

    /// Takes all away.
    pub fn unmap_all(&self) -> io::Result<u64> {
        self.unmap_with(0, 0, VFIO_DMA_UNMAP_FLAG_ALL)
    }

    fn unmap_with(&self, iova: u64, size: u64, flags: u32) -> io::Result<u64> {
        let mut unmap = vfio_iommu_type1_dma_unmap {
            argsz: size_of::<vfio_iommu_type1_dma_unmap>() as u32,
            flags,
            iova,
            size,
            ..Default::default()
        };
        // SAFETY: the command reads and writes this structure.
        unsafe { ioctl_with(self.0.as_fd(), UNMAP_DMA, &mut unmap) }?;
        Ok(unmap.size)
    }
}

impl Group {
    /// Opens the group of a mediated device.
    pub fn open(uuid: &str) -> Result<io::Result<Self>> {
        Ok(open(&group_of(uuid)?.to_string_lossy()).map(Self))
    }

    /// Puts it into a container.
    pub fn join(&self, container: &Container) -> io::Result<()> {
        let fd: i32 = container.0.as_raw_fd();
        // SAFETY: the command reads a number.
        unsafe { ioctl_with(self.0.as_fd(), GROUP_SET_CONTAINER, &mut { fd }) }.map(|_| ())
    }

    /// Opens its device.
    pub fn device(&self, uuid: &str) -> io::Result<Device> {
        let name = std::ffi::CString::new(uuid)?;
        // SAFETY: the command reads a string.
        let fd = result(unsafe {
            libc::ioctl(
                self.0.as_raw_fd(),
                GROUP_GET_DEVICE_FD.into(),
                name.as_ptr(),
            )
        })?;
        // SAFETY: VFIO has just made the descriptor, and nobody else has it.
        Ok(Device::new(unsafe { OwnedFd::from_raw_fd(fd) }))
    }
}

impl Client {
    /// Opens a virtual GPU.
    pub fn new(mdev: Mdev, kvm: bool) -> Result<Self> {
        let memory = Memory::new()?;
        let container = Container::new().context("opening a container")?;
        let group = Group::open(mdev.uuid())?.context("opening the group")?;
        group.join(&container).context("joining the container")?;
        container.set_iommu().context("choosing an IOMMU")?;
        container
            .map(BASE, SIZE, memory.address())
            .context("mapping memory")?;
        let vm = if kvm {
            let vm = Vm::new(&memory)?;
            vm.add_group(&group.0).context("telling KVM of the group")?;
            Some(vm)
        } else {
            None
        };
        let device = group.device(mdev.uuid()).context("opening the device")?;
        Ok(Self {
            device,
            memory,
            group,
            container,
            vm,
            mdev,
        })
    }

    /// Closes it, and opens it again as a new user.
    pub fn reopen(self) -> Result<Self> {
        let kvm = self.vm.is_some();
        let mdev = self.close();
        Self::new(mdev, kvm)
    }

    /// Closes all but the mediated device.
    pub fn close(self) -> Mdev {
        self.mdev
    }
}

fn open(path: &str) -> io::Result<File> {
    File::options().read(true).write(true).open(path)
}
