// SPDX-License-Identifier: GPL-2.0

//! A walk over the machine's display controllers, whoever drives them.
//!
//! The kernel crate gives a PCI device only to the driver that is bound to it.
//!
//! C header: [`include/linux/pci.h`](srctree/include/linux/pci.h)

use core::{
    mem::ManuallyDrop,
    ptr::NonNull, //
};

use kernel::{
    bindings::{
        pci_dev,
        pci_dev_get,
        pci_dev_put,
        pci_get_base_class,
        PCI_BASE_CLASS_DISPLAY, //
    },
    prelude::*,
};

use super::bindings;

/// A display controller.
///
/// # Invariants
///
/// `self.0` points to a valid `struct pci_dev`, of which this object holds a reference.
pub(super) struct DisplayDevice(NonNull<pci_dev>);

impl DisplayDevice {
    /// Takes a reference of a device.
    ///
    /// # Safety
    ///
    /// `device` must point to a valid display controller.
    pub(super) unsafe fn from_raw(device: *mut pci_dev) -> Self {
        // SAFETY: The caller vouches for the device, which is not NULL.
        // INVARIANT: The reference has just been taken.
        Self(unsafe { NonNull::new_unchecked(pci_dev_get(device)) })
    }

    /// Takes the device's lock; sleeps until it is free.
    pub(super) fn lock(self) -> Locked {
        // SAFETY: The type's invariant: the device is alive.
        unsafe { bindings::rgvt_device_lock(&raw mut (*self.0.as_ptr()).dev) };

        // INVARIANT: It has just been taken.
        Locked(self)
    }

    /// Takes the device's lock, if it is free.
    pub(super) fn try_lock(self) -> Option<Locked> {
        // SAFETY: The type's invariant: the device is alive.
        let locked = unsafe { bindings::rgvt_device_trylock(&raw mut (*self.0.as_ptr()).dev) };

        // INVARIANT: It has just been taken.
        locked.then(|| Locked(self))
    }

    /// The C device, with the reference that this object held.
    fn into_raw(self) -> *mut pci_dev {
        ManuallyDrop::new(self).0.as_ptr()
    }
}

impl Clone for DisplayDevice {
    fn clone(&self) -> Self {
        // SAFETY: The type's invariant: the device is alive.
        unsafe { pci_dev_get(self.0.as_ptr()) };

        // INVARIANT: The reference has just been taken.
        Self(self.0)
    }
}

impl Drop for DisplayDevice {
    fn drop(&mut self) {
        // SAFETY: The type's invariant: this object holds a reference, and gives it up.
        unsafe { pci_dev_put(self.0.as_ptr()) };
    }
}

/// A display controller whose lock is held while this lives: no driver's `probe` or `remove` runs.
///
/// # Invariants
///
/// The lock of `self.0` is held, and was taken for this object.
pub(super) struct Locked(DisplayDevice);

impl Locked {
    /// The C device; valid while `self` lives.
    pub(super) fn as_raw(&self) -> *mut pci_dev {
        self.0 .0.as_ptr()
    }

    /// The name of the driver that is bound to the device.
    pub(super) fn driver(&self) -> Option<&CStr> {
        // SAFETY: The device is alive, and its lock keeps `driver` as it is.
        let driver = NonNull::new(unsafe { (*self.as_raw()).dev.driver })?;

        // SAFETY: A driver is not freed while it is bound, and the lock keeps it bound. Its name is a
        // string that lives as long as the driver.
        Some(unsafe { CStr::from_char_ptr((*driver.as_ptr()).name) })
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // SAFETY: The type's invariants: the device is alive, its lock is held and ours to release.
        unsafe { bindings::rgvt_device_unlock(&raw mut (*self.as_raw()).dev) };
    }
}

/// Iterates over all display controllers.
#[derive(Default)]
pub(super) struct DisplayDevices {
    last: Option<DisplayDevice>,
}

impl Iterator for DisplayDevices {
    type Item = DisplayDevice;

    fn next(&mut self) -> Option<DisplayDevice> {
        let last = self
            .last
            .take()
            .map_or(core::ptr::null_mut(), DisplayDevice::into_raw);

        // SAFETY: `last` is NULL or a device with a reference for the function to give up.
        let next = unsafe { pci_get_base_class(PCI_BASE_CLASS_DISPLAY, last) };

        // INVARIANT: What is not NULL is a device, returned with a reference for the caller.
        self.last = NonNull::new(next).map(DisplayDevice);
        self.last.clone()
    }
}
