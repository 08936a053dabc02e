// SPDX-License-Identifier: GPL-2.0

//! A walk over the machine's display controllers, whoever drives them, and news of them.
//!
//! The kernel crate gives a PCI device only to the driver that is bound to it.
//!
//! C headers: [`include/linux/pci.h`](srctree/include/linux/pci.h),
//! [`include/linux/device/bus.h`](srctree/include/linux/device/bus.h)

use core::{
    mem::ManuallyDrop,
    ptr::NonNull, //
};

use kernel::{
    bindings::{
        bus_notifier_event_BUS_NOTIFY_BOUND_DRIVER as BUS_NOTIFY_BOUND_DRIVER,
        bus_notifier_event_BUS_NOTIFY_UNBIND_DRIVER as BUS_NOTIFY_UNBIND_DRIVER,
        bus_register_notifier,
        bus_unregister_notifier,
        device,
        notifier_block,
        pci_bus_type,
        pci_dev,
        pci_dev_get,
        pci_dev_put,
        pci_get_base_class,
        NOTIFY_DONE,
        PCI_BASE_CLASS_DISPLAY, //
    },
    container_of,
    ffi,
    prelude::*, //
};

use super::{
    bindings,
    notifier, //
};

/// A display controller.
///
/// # Invariants
///
/// `self.0` points to a valid `struct pci_dev`, of which this object holds a reference.
pub(super) struct DisplayDevice(NonNull<pci_dev>);

impl DisplayDevice {
    /// Takes the device's lock; sleeps until it is free.
    pub(super) fn lock(self) -> Locked {
        // SAFETY: The type's invariant: the device is alive.
        unsafe { bindings::rgvt_device_lock(&raw mut (*self.0.as_ptr()).dev) };

        // INVARIANT: It has just been taken.
        Locked(self)
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

/// What a [`Watch`] calls. Both may sleep.
pub(super) struct Watcher {
    /// A probe of a display controller has been a success, and is over.
    pub(super) bound: fn(&Locked),
    /// The driver of a display controller is about to be taken off it.
    pub(super) leaves: fn(&Locked),
}

/// Tells of each display controller to which a driver is bound or which one leaves, until this is dropped.
pub(super) struct Watch {
    _block: Pin<KBox<notifier::Notifier<Watcher>>>,
}

impl Watch {
    /// Begins to tell `watcher`. May sleep. No device's lock must be held when this is dropped.
    pub(super) fn new(watcher: Watcher) -> Result<Self> {
        Ok(Self {
            _block: notifier::Notifier::new(watcher)?,
        })
    }
}

// SAFETY: The chain's lock is held around calls and to take a block off.
unsafe impl notifier::Listener for Watcher {
    unsafe fn register(block: *mut notifier_block) -> ffi::c_int {
        // SAFETY: The caller vouches for the block.
        unsafe { bus_register_notifier(&raw const pci_bus_type, block) }
    }

    unsafe fn unregister(block: *mut notifier_block) {
        // SAFETY: The caller vouches for the block.
        unsafe { bus_unregister_notifier(&raw const pci_bus_type, block) };
    }

    unsafe fn call(&self, event: ffi::c_uint, data: *mut ffi::c_void) -> ffi::c_int {
        let tell = match event {
            BUS_NOTIFY_BOUND_DRIVER => Some(self.bound),
            BUS_NOTIFY_UNBIND_DRIVER => Some(self.leaves),
            _ => None,
        };

        if let Some(tell) = tell {
            // SAFETY: The chain gives a device of the PCI bus, and each of these is part of a `pci_dev`.
            let device = unsafe { container_of!(data.cast::<device>(), pci_dev, dev) };

            // SAFETY: It is valid for as long as this runs.
            let is_display = unsafe { (*device).class } >> 16 == PCI_BASE_CLASS_DISPLAY;

            if let (true, Some(device)) = (is_display, NonNull::new(device)) {
                // INVARIANT: The driver core has a reference and the lock while it binds or unbinds, and gives up both
                // itself.
                tell(&ManuallyDrop::new(Locked(DisplayDevice(device))));
            }
        }

        // CAST: It is 0.
        NOTIFY_DONE as ffi::c_int
    }
}
