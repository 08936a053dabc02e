// SPDX-License-Identifier: GPL-2.0

//! The registration of a device, and the way from VFIO's calls to its [`Operations`].
//!
//! C header: [`include/linux/vfio.h`](srctree/include/linux/vfio.h)

use core::{
    mem::{
        align_of,
        size_of, //
    },
    ptr::NonNull,
};

use kernel::{
    bindings::{
        loff_t,
        put_device,
        vm_area_struct, //
    },
    device,
    error::{
        from_err_ptr,
        from_result,
        to_result, //
    },
    ffi,
    mm::virt::VmaNew,
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    types::Opaque,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

use super::{
    bindings,
    ioctl,
    Guest,
    Mapping,
    Operations, //
};

type RawDevice = bindings::vfio_device;

/// A device as VFIO allocates and frees it.
///
/// # Invariants
///
/// There is a guest while the device is open, and only then. It was made by `Guest::open::<T>`.
#[repr(C)]
pub(super) struct Device<T: Operations> {
    vdev: Opaque<RawDevice>,
    // In a box, since the kernel crate initialises nothing in place in memory that C has allocated.
    guest: Pin<KBox<Mutex<Option<Arc<Guest>>>>>,
    operations: Pin<KBox<T>>,
}

impl<T: Operations> Device<T> {
    /// What VFIO allocates with `kvzalloc()` has at least this alignment.
    const ALIGNED: () = assert!(align_of::<Self>() <= 8);

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>` that stays during `'a`.
    unsafe fn from_raw<'a>(vdev: *mut RawDevice) -> &'a Self {
        // SAFETY: It is the first member of a `repr(C)` struct; the caller vouches for the rest.
        unsafe { &*vdev.cast() }
    }

    /// # Safety
    ///
    /// As for [`Device::from_raw`].
    pub(super) unsafe fn operations<'a>(vdev: NonNull<RawDevice>) -> &'a T {
        // SAFETY: The caller's promise.
        &unsafe { Self::from_raw(vdev.as_ptr()) }.operations
    }

    /// The guest of an open device.
    fn guest(&self) -> Option<Arc<Guest>> {
        self.guest.lock().clone()
    }
}

/// A device that user space can find and open, until this is dropped.
///
/// # Invariants
///
/// The device is registered, embedded in a `Device<T>`, and this object holds a reference.
pub(crate) struct Registration<T: Operations> {
    vdev: NonNull<RawDevice>,
    _device: core::marker::PhantomData<Device<T>>,
}

// SAFETY: A device can be unregistered by any thread, and its operations are `Send`.
unsafe impl<T: Operations> Send for Registration<T> {}

// SAFETY: A shared reference gives out one of the operations, which are `Sync`.
unsafe impl<T: Operations> Sync for Registration<T> {}

impl<T: Operations> Registration<T> {
    /// Registers a device that does `operations`, as the VFIO side of `device`.
    ///
    /// A driver of this module must be bound to `device`, and its parent be what accesses pinned memory.
    pub(crate) fn new(device: &device::Device, operations: Pin<KBox<T>>) -> Result<Self> {
        let () = Device::<T>::ALIGNED;
        let guest = KBox::pin_init(new_mutex!(None, "rgvt_vfio_guest"), GFP_KERNEL)?;

        // SAFETY: `device` is valid. What is allocated begins with the C struct.
        let vdev = from_err_ptr(unsafe {
            bindings::_vfio_alloc_device(
                size_of::<Device<T>>(),
                core::ptr::from_ref(device).cast_mut().cast(),
                &Vtable::<T>::OPERATIONS,
            )
        })?;
        let place = vdev.cast::<Device<T>>();

        // SAFETY: Nobody else knows of the allocation yet, whose first member is set up. The others are now.
        unsafe {
            (&raw mut (*place).guest).write(guest);
            (&raw mut (*place).operations).write(operations);
        }

        // SAFETY: The device is set up.
        to_result(unsafe { bindings::vfio_register_emulated_iommu_dev(vdev) }).inspect_err(
            |_| {
                // SAFETY: It is not registered, so the reference is ours to give up, and with it all of it.
                unsafe { put(vdev) }
            },
        )?;

        // INVARIANT: As just done; `from_err_ptr` has not returned NULL, which VFIO never does.
        Ok(Self {
            vdev: NonNull::new(vdev).ok_or(ENOMEM)?,
            _device: core::marker::PhantomData,
        })
    }

    /// What the device does.
    pub(crate) fn operations(&self) -> &T {
        // SAFETY: The type's invariants.
        unsafe { Device::operations(self.vdev) }
    }
}

impl<T: Operations> Drop for Registration<T> {
    /// Waits until the device is closed, and asks its user for that again and again.
    fn drop(&mut self) {
        let vdev = self.vdev.as_ptr();

        // SAFETY: The type's invariants: it is registered, and the reference is ours to give up.
        unsafe {
            bindings::vfio_unregister_group_dev(vdev);
            put(vdev);
        }
    }
}

/// # Safety
///
/// `vdev` must be valid, with a reference to give up.
unsafe fn put(vdev: *mut RawDevice) {
    // SAFETY: The caller's promise.
    unsafe { put_device(&raw mut (*vdev).device) };
}

/// What VFIO calls. Each function is for VFIO only, with a `vdev` that is embedded in a `Device<T>`; that is
/// what the safety comments in here call VFIO's promise.
struct Vtable<T: Operations>(core::marker::PhantomData<T>);

impl<T: Operations> Vtable<T> {
    const OPERATIONS: bindings::vfio_device_ops = bindings::vfio_device_ops {
        release: Some(Self::release),
        open_device: Some(Self::open_device),
        close_device: Some(Self::close_device),
        read: Some(Self::read),
        write: Some(Self::write),
        ioctl: Some(Self::ioctl),
        get_region_info_caps: Some(Self::get_region_info_caps),
        mmap: Some(Self::mmap),
        request: Some(Self::request),
        dma_unmap: Some(Self::dma_unmap),
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>`, which this is the last call for.
    unsafe extern "C" fn release(vdev: *mut RawDevice) {
        let place = vdev.cast::<Device<T>>();

        // SAFETY: VFIO's promise, and its last call: both were set up before VFIO got hold of the device.
        // The first member and the memory are VFIO's to free.
        unsafe {
            core::ptr::drop_in_place(&raw mut (*place).guest);
            core::ptr::drop_in_place(&raw mut (*place).operations);
        }
    }

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>`, which is being opened.
    unsafe extern "C" fn open_device(vdev: *mut RawDevice) -> ffi::c_int {
        // SAFETY: VFIO's promise.
        let device = unsafe { Device::<T>::from_raw(vdev) };

        from_result(|| {
            // SAFETY: The device is being opened. If that fails the guest is closed below, else when the
            // device is.
            let guest = unsafe { Guest::open::<T>(NonNull::new(vdev).ok_or(EINVAL)?) }?;
            *device.guest.lock() = Some(guest.clone());

            device.operations.open(&guest).inspect_err(|_| {
                guest.close();
                *device.guest.lock() = None;
            })?;
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>`, which is being closed.
    unsafe extern "C" fn close_device(vdev: *mut RawDevice) {
        // SAFETY: VFIO's promise.
        let device = unsafe { Device::<T>::from_raw(vdev) };

        device.operations.close();
        if let Some(guest) = device.guest() {
            guest.close();
        }
        *device.guest.lock() = None;
    }

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>`, and `ppos` be valid, with nobody else accessing it.
    unsafe extern "C" fn read(
        vdev: *mut RawDevice,
        buf: *mut ffi::c_char,
        count: usize,
        ppos: *mut loff_t,
    ) -> isize {
        // SAFETY: VFIO's promise.
        let device = unsafe { Device::<T>::from_raw(vdev) };
        let into = UserSlice::new(UserPtr::from_ptr(buf.cast()), count).writer();

        // SAFETY: VFIO passes a pointer to a variable of its caller.
        unsafe { at(ppos, |offset| device.operations.read(offset, into)) }
    }

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>`, and `ppos` be valid, with nobody else accessing it.
    unsafe extern "C" fn write(
        vdev: *mut RawDevice,
        buf: *const ffi::c_char,
        count: usize,
        ppos: *mut loff_t,
    ) -> isize {
        // SAFETY: VFIO's promise.
        let device = unsafe { Device::<T>::from_raw(vdev) };
        let from = UserSlice::new(UserPtr::from_ptr(buf.cast_mut().cast()), count).reader();

        // SAFETY: VFIO passes a pointer to a variable of its caller.
        unsafe { at(ppos, |offset| device.operations.write(offset, from)) }
    }

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>`.
    unsafe extern "C" fn ioctl(vdev: *mut RawDevice, cmd: ffi::c_uint, arg: usize) -> isize {
        // SAFETY: VFIO's promise.
        let device = unsafe { Device::<T>::from_raw(vdev) };

        from_result(|| ioctl::dispatch(&*device.operations, cmd, UserPtr::from_addr(arg)))
    }

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>`, and `info` and `caps` be what VFIO is about to answer its user with.
    unsafe extern "C" fn get_region_info_caps(
        vdev: *mut RawDevice,
        info: *mut bindings::vfio_region_info,
        caps: *mut bindings::vfio_info_cap,
    ) -> ffi::c_int {
        // SAFETY: VFIO's promise. Both pointers are to variables of VFIO's.
        let (device, info) = unsafe { (Device::<T>::from_raw(vdev), &mut *info) };

        from_result(|| {
            let region = device.operations.region_info(info.index)?;

            // SAFETY: As above.
            unsafe { ioctl::fill_region_info(&region, info, caps) }?;
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>`, and `vma` be an area that is being set up.
    unsafe extern "C" fn mmap(vdev: *mut RawDevice, vma: *mut vm_area_struct) -> ffi::c_int {
        // SAFETY: VFIO's promise. It passes on what its own `mmap` was called with.
        let (device, vma) = unsafe { (Device::<T>::from_raw(vdev), VmaNew::from_raw(vma)) };

        from_result(|| device.operations.mmap(&Mapping::new(vma)).map(|()| 0))
    }

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>`.
    unsafe extern "C" fn request(vdev: *mut RawDevice, times: ffi::c_uint) {
        // SAFETY: VFIO's promise.
        unsafe { Device::<T>::from_raw(vdev) }
            .operations
            .request(times);
    }

    /// # Safety
    ///
    /// `vdev` must be embedded in a `Device<T>`.
    unsafe extern "C" fn dma_unmap(vdev: *mut RawDevice, iova: u64, size: u64) {
        // SAFETY: VFIO's promise.
        let device = unsafe { Device::<T>::from_raw(vdev) };

        // Without a guest there is nothing pinned.
        if let Some(guest) = device.guest() {
            guest.unmap(iova, size, || device.operations.unmapped(iova, size));
        }
    }
}

/// Calls `access` with the position in a file, which moves on by what that returns.
///
/// # Safety
///
/// `ppos` must be valid, and nobody else access it.
unsafe fn at(ppos: *mut loff_t, access: impl FnOnce(u64) -> Result<usize>) -> isize {
    from_result(|| {
        // SAFETY: The caller's promise.
        let position = unsafe { *ppos };
        let count = access(u64::try_from(position)?)?;
        let moved = isize::try_from(count)?;

        // SAFETY: The caller's promise.
        unsafe { *ppos = position.wrapping_add(moved as loff_t) };
        Ok(moved)
    })
}
