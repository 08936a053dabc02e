// SPDX-License-Identifier: GPL-2.0
//! Numbers of VFIO's and KVM's interfaces. Source: linux/vfio.h, linux/kvm.h.

pub use vfio_bindings::bindings::vfio::*;

/// The ioctl of VFIO's with this number.
const fn vfio(number: u32) -> u32 {
    (VFIO_TYPE as u32) << 8 | (VFIO_BASE + number)
}

pub const SET_IOMMU: u32 = vfio(2);
pub const GROUP_SET_CONTAINER: u32 = vfio(4);
pub const GROUP_GET_DEVICE_FD: u32 = vfio(6);
pub const DEVICE_GET_INFO: u32 = vfio(7);
pub const DEVICE_GET_REGION_INFO: u32 = vfio(8);
pub const DEVICE_GET_IRQ_INFO: u32 = vfio(9);
pub const DEVICE_SET_IRQS: u32 = vfio(10);
pub const DEVICE_RESET: u32 = vfio(11);
pub const MAP_DMA: u32 = vfio(13);
pub const UNMAP_DMA: u32 = vfio(14);
pub const QUERY_GFX_PLANE: u32 = vfio(14);
pub const GET_GFX_DMABUF: u32 = vfio(15);

/// `enum drm_plane_type`; drm/drm_mode.h has it for properties only.
pub const DRM_PLANE_TYPE_OVERLAY: u32 = 0;
pub const DRM_PLANE_TYPE_PRIMARY: u32 = 1;
pub const DRM_PLANE_TYPE_CURSOR: u32 = 2;

/// The regions.
pub const BAR0: u32 = 0;
pub const BAR2: u32 = 2;
pub const CONFIG: u32 = 7;
pub const OPREGION: u32 = 9;
/// The picture of the guest's monitor.
pub const PICTURE: u32 = 10;
/// The guest's monitor, as user space wants it.
pub const EDID: u32 = 11;

/// The interrupts.
pub const INTX: u32 = 0;
pub const MSI: u32 = 1;
pub const MSIX: u32 = 2;
pub const ERR: u32 = 3;
pub const REQ: u32 = 4;

pub const KVM_CREATE_VM: u32 = 0xae01;
pub const KVM_CREATE_DEVICE: u32 = 0xc00c_aee0;
pub const KVM_SET_DEVICE_ATTR: u32 = 0x4018_aee1;
pub const KVM_SET_USER_MEMORY_REGION: u32 = 0x4020_ae46;
pub const KVM_DEV_TYPE_VFIO: u32 = 4;
pub const KVM_DEV_VFIO_FILE: u32 = 1;
pub const KVM_DEV_VFIO_FILE_ADD: u64 = 1;
