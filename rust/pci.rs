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
    error::to_result,
    ffi,
    prelude::*,
    types::Opaque,
};

use super::bindings;

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

/// Tells of each display controller to which a driver was bound, until this is dropped.
///
/// # Invariants
///
/// `block` is registered, unless this was not returned by [`Self::new`].
#[pin_data(PinnedDrop)]
pub(super) struct Watch {
    #[pin]
    block: Opaque<notifier_block>,
    bound: fn(&Locked),
}

// SAFETY: Any thread may unregister the block.
unsafe impl Send for Watch {}

// SAFETY: There is nothing to do with a shared reference.
unsafe impl Sync for Watch {}

impl Watch {
    /// Begins to call `bound` for each display controller when a probe of it has been a success, and is over. May
    /// sleep, as `bound` may. No device's lock must be held when this is dropped.
    pub(super) fn new(bound: fn(&Locked)) -> Result<Pin<KBox<Self>>> {
        let this = KBox::pin_init(
            pin_init!(Self {
                block <- Opaque::ffi_init(|slot: *mut notifier_block| {
                    let block = notifier_block {
                        notifier_call: Some(Self::call),
                        ..notifier_block::default()
                    };

                    // SAFETY: `slot` is to be initialised.
                    unsafe { slot.write(block) };
                }),
                bound,
            }),
            GFP_KERNEL,
        )?;

        // INVARIANT: If it fails, `this` is dropped, and to unregister it then does nothing.
        // SAFETY: The block stays in its place until it is taken back, which is when `this` is dropped.
        to_result(unsafe { bus_register_notifier(&raw const pci_bus_type, this.block.get()) })?;
        Ok(this)
    }

    /// # Safety
    ///
    /// For the notifier chain of the PCI bus only: `block` must be that of a `Watch`.
    unsafe extern "C" fn call(
        block: *mut notifier_block,
        event: ffi::c_ulong,
        data: *mut ffi::c_void,
    ) -> ffi::c_int {
        // SAFETY: The caller vouches for it; to unregister it waits for the end of this.
        let this = unsafe { &*container_of!(Opaque::cast_from(block).cast_mut(), Self, block) };

        // CAST: Of a small constant.
        if event as ffi::c_uint == BUS_NOTIFY_BOUND_DRIVER {
            // SAFETY: The chain gives a device of the PCI bus, and each of these is part of a `pci_dev`.
            let device = unsafe { container_of!(data.cast::<device>(), pci_dev, dev) };

            // SAFETY: It is valid for as long as this runs.
            let is_display = unsafe { (*device).class } >> 16 == PCI_BASE_CLASS_DISPLAY;

            if let (true, Some(device)) = (is_display, NonNull::new(device)) {
                // INVARIANT: The driver core has a reference and the lock while it binds, and gives up both itself.
                (this.bound)(&ManuallyDrop::new(Locked(DisplayDevice(device))));
            }
        }

        // CAST: It is 0.
        NOTIFY_DONE as ffi::c_int
    }
}

#[pinned_drop]
impl PinnedDrop for Watch {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: The block is valid. The function waits for calls that are under way, and does nothing if the
        // block is not registered.
        unsafe { bus_unregister_notifier(&raw const pci_bus_type, self.block.get()) };
    }
}
