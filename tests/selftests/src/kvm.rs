// SPDX-License-Identifier: GPL-2.0
//! A virtual machine without CPUs: what a vendor driver wants to know of the guest.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use anyhow::{Context, Result};

use crate::memory::{BASE, Memory, SIZE};
use crate::sys::{ioctl_number, ioctl_with};
use crate::uapi::{
    KVM_CREATE_DEVICE, KVM_CREATE_VM, KVM_DEV_TYPE_VFIO, KVM_DEV_VFIO_FILE, KVM_DEV_VFIO_FILE_ADD,
    KVM_SET_DEVICE_ATTR, KVM_SET_USER_MEMORY_REGION,
};

/// The machine, alive as long as this, or as a device that was opened with it.
pub struct Vm {
    vm: OwnedFd,
    /// Its device for VFIO, which has a reference to it.
    vfio: OwnedFd,
}

/// `struct kvm_create_device`.
#[repr(C)]
struct CreateDevice {
    kind: u32,
    fd: i32,
    flags: u32,
}

/// `struct kvm_device_attr`.
#[repr(C)]
struct DeviceAttribute {
    flags: u32,
    group: u32,
    attribute: u64,
    address: u64,
}

/// `struct kvm_userspace_memory_region`.
#[repr(C)]
struct MemoryRegion {
    slot: u32,
    flags: u32,
    guest_address: u64,
    size: u64,
    user_address: u64,
}

fn owned(fd: i32) -> OwnedFd {
    // SAFETY: KVM has just made the descriptor, and nobody else has it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Makes so many bytes of the memory the machine's: all of them, or none.
fn set_memory(vm: &OwnedFd, memory: &Memory, size: u64) -> io::Result<()> {
    let mut region = MemoryRegion {
        slot: 0,
        flags: 0,
        guest_address: BASE,
        size,
        user_address: memory.address(),
    };
    // SAFETY: the command reads this structure, and the memory outlives its use as the guest's.
    unsafe { ioctl_with(vm.as_fd(), KVM_SET_USER_MEMORY_REGION, &mut region) }.map(|_| ())
}

impl Vm {
    /// A machine with this memory.
    pub fn new(memory: &Memory) -> Result<Self> {
        let kvm = File::options().read(true).write(true).open("/dev/kvm");
        let kvm = kvm.context("opening /dev/kvm")?;
        let vm = owned(ioctl_number(kvm.as_fd(), KVM_CREATE_VM, 0).context("making a VM")?);
        set_memory(&vm, memory, SIZE).context("giving the VM its memory")?;
        let mut device = CreateDevice {
            kind: KVM_DEV_TYPE_VFIO,
            fd: -1,
            flags: 0,
        };
        // SAFETY: the command reads and writes this structure.
        unsafe { ioctl_with(vm.as_fd(), KVM_CREATE_DEVICE, &mut device) }
            .context("making the VM's VFIO device")?;
        Ok(Self {
            vfio: owned(device.fd),
            vm,
        })
    }

    /// Takes the machine's memory away, and gives it back.
    pub fn renew_memory(&self, memory: &Memory) -> io::Result<()> {
        set_memory(&self.vm, memory, 0)?;
        set_memory(&self.vm, memory, SIZE)
    }

    /// Tells the machine of a VFIO group, whose devices then know the machine.
    pub fn add_group(&self, group: &impl AsFd) -> io::Result<()> {
        let fd: i32 = group.as_fd().as_raw_fd();
        let mut attribute = DeviceAttribute {
            flags: 0,
            group: KVM_DEV_VFIO_FILE,
            attribute: KVM_DEV_VFIO_FILE_ADD,
            address: (&raw const fd) as u64,
        };
        // SAFETY: the command reads this structure, and the number that it points to.
        unsafe { ioctl_with(self.vfio.as_fd(), KVM_SET_DEVICE_ATTR, &mut attribute) }.map(|_| ())
    }
}
