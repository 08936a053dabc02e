// SPDX-License-Identifier: GPL-2.0

//! Mediated devices: parts of a device that user space creates and removes through sysfs.
//!
//! [`Parent`] makes a device a parent of them; a [`Driver`] says of which types, and what a mediated device
//! is.
//!
//! C header: [`include/linux/mdev.h`](srctree/include/linux/mdev.h)

mod attribute;

pub(crate) use attribute::{
    Attribute,
    Group, //
};

use core::marker::PhantomData;

use kernel::{
    bindings::{
        dev_get_drvdata,
        dev_set_drvdata,
        device, //
    },
    container_of,
    device::Device,
    error::{
        from_result,
        to_result, //
    },
    ffi, fmt,
    page::PAGE_SIZE,
    prelude::*,
    str::{
        CString,
        Formatter, //
    },
    sync::aref::ARef,
    types::{
        ForeignOwnable,
        Opaque, //
    },
};

use super::bindings;
use attribute::Groups;

/// What a parent's mediated devices are.
///
/// All functions may sleep, and are called by several threads at once.
pub(crate) trait Driver: Send + Sync + Sized + 'static {
    /// Its name on the mdev bus, which nobody else may have: there is one parent of a kind.
    const NAME: &'static CStr;

    /// What the attribute `device_api` of each type says.
    const DEVICE_API: &'static CStr;

    /// The attributes of each mediated device.
    const GROUPS: &'static [Group<Self::Device>];

    /// What there is to know of a type.
    type Kind: Send + Sync + 'static;

    /// What is kept for a mediated device from its creation to its removal.
    type Device: Send + Sync + 'static;

    /// How many more devices of a type can be created now.
    fn available(&self, kind: &Self::Kind) -> u32;

    /// What the attribute `description` of a type says.
    fn describe(&self, kind: &Self::Kind, f: &mut Formatter<'_>) -> fmt::Result;

    /// Creates a device. `device` is the mediated one, a child of the parent; the driver that is bound to it
    /// is of the module that the parent was registered for.
    fn create(&self, device: &Device, kind: &Self::Kind) -> Result<Self::Device>;

    /// The system is switched off or started anew: puts a device to rest, before that is done to the parent. Who
    /// has it open may be at it still.
    fn shutdown(device: &Self::Device);
}

/// A type that a parent offers.
pub(crate) struct Type<K> {
    /// Its name in sysfs, after the name of the parent's driver and a dash.
    pub(crate) name: CString,
    /// What there is to know of it.
    pub(crate) kind: K,
}

/// A type, for C.
#[repr(C)]
struct RawType<K> {
    raw: Opaque<bindings::mdev_type>,
    name: CString,
    kind: K,
}

/// All that the C code refers to while a parent is registered.
#[pin_data]
struct Inner<D: Driver> {
    driver: D,
    #[pin]
    raw_driver: Opaque<bindings::mdev_driver>,
    #[pin]
    raw_parent: Opaque<bindings::mdev_parent>,
    types: KVec<KBox<RawType<D::Kind>>>,
    raw_types: KVec<*mut bindings::mdev_type>,
    groups: Groups<D::Device>,
    device: ARef<Device>,
}

/// A device that is a parent of mediated devices, until this is dropped.
///
/// # Invariants
///
/// The parent and the driver of `self.0` are registered.
pub(crate) struct Parent<D: Driver>(Pin<KBox<Inner<D>>>);

// SAFETY: Any thread can unregister a parent, and the driver and the types are `Send`.
unsafe impl<D: Driver> Send for Parent<D> {}

// SAFETY: There is nothing to do with a shared reference.
unsafe impl<D: Driver> Sync for Parent<D> {}

impl<D: Driver> Parent<D> {
    /// Makes `device` a parent of mediated devices of `types`.
    ///
    /// The driver that is bound to `device` must stay bound until this is dropped.
    pub(crate) fn new(
        device: &Device,
        driver: D,
        types: impl IntoIterator<Item = Type<D::Kind>>,
    ) -> Result<Self> {
        let mut boxed = KVec::new();
        let mut raw_types = KVec::new();
        for Type { name, kind } in types {
            let raw = bindings::mdev_type {
                sysfs_name: name.as_char_ptr(),
                ..pin_init::zeroed()
            };
            let entry = RawType {
                raw: Opaque::new(raw),
                name,
                kind,
            };
            let entry = KBox::new(entry, GFP_KERNEL)?;
            raw_types.push(entry.raw.get(), GFP_KERNEL)?;
            boxed.push(entry, GFP_KERNEL)?;
        }
        let groups = Groups::new(D::GROUPS)?;

        let mut raw_driver = bindings::mdev_driver {
            device_api: D::DEVICE_API.as_char_ptr(),
            probe: Some(Calls::<D>::probe),
            remove: Some(Calls::<D>::remove),
            get_available: Some(Calls::<D>::get_available),
            show_description: Some(Calls::<D>::show_description),
            ..pin_init::zeroed()
        };
        raw_driver.driver.name = D::NAME.as_char_ptr();
        // SAFETY: The helper only returns an address.
        raw_driver.driver.owner = unsafe { bindings::rgvt_this_module() };
        raw_driver.driver.dev_groups = groups.as_raw();
        raw_driver.driver.shutdown = Some(Calls::<D>::shutdown);

        let inner = KBox::pin_init(
            pin_init!(Inner {
                driver,
                raw_driver: Opaque::new(raw_driver),
                raw_parent: Opaque::zeroed(),
                types: boxed,
                raw_types,
                groups,
                device: device.into(),
            }),
            GFP_KERNEL,
        )?;

        let count = u32::try_from(inner.raw_types.len())?;

        // SAFETY: The driver is complete, pinned, and stays until it is unregistered, below or by `drop`.
        to_result(unsafe { bindings::mdev_register_driver(inner.raw_driver.get()) })?;

        // SAFETY: So are the parent and the types, whose names live as long. The device is referenced as
        // long. The list of types is only read.
        to_result(unsafe {
            bindings::mdev_register_parent(
                inner.raw_parent.get(),
                raw(device),
                inner.raw_driver.get(),
                inner.raw_types.as_ptr().cast_mut(),
                count,
            )
        })
        .inspect_err(|_| {
            // SAFETY: It was just registered, and nothing refers to it.
            unsafe { bindings::mdev_unregister_driver(inner.raw_driver.get()) };
        })?;

        // INVARIANT: As just done.
        Ok(Self(inner))
    }
}

impl<D: Driver> Drop for Parent<D> {
    /// Removes all mediated devices; waits until user space has closed them.
    fn drop(&mut self) {
        // SAFETY: The type's invariants. After the first call there is no device for the driver.
        unsafe {
            bindings::mdev_unregister_parent(self.0.raw_parent.get());
            bindings::mdev_unregister_driver(self.0.raw_driver.get());
        }
    }
}

fn raw(device: &Device) -> *mut device {
    // CAST: `Device` is a transparent wrapper.
    core::ptr::from_ref(device).cast_mut().cast()
}

/// What the mdev core and the driver core call. Each function is for them only, with objects of a
/// registered `Parent<D>`; that is what the safety comments in here call the core's promise.
struct Calls<D: Driver>(PhantomData<D>);

impl<D: Driver> Calls<D> {
    /// # Safety
    ///
    /// `raw` must be a type of a registered `Parent<D>`.
    unsafe fn of_type<'a>(raw: *mut bindings::mdev_type) -> (&'a D, &'a D::Kind) {
        // SAFETY: The core's promise: both are embedded in what `Parent::new` has made, and stay while the
        // parent is registered.
        unsafe {
            let inner = container_of!(
                Opaque::cast_from((*raw).parent).cast_mut(),
                Inner<D>,
                raw_parent
            );
            let kind = &(*raw.cast::<RawType<D::Kind>>()).kind;
            (&(*inner).driver, kind)
        }
    }

    /// # Safety
    ///
    /// `raw` must be a type of a registered `Parent<D>`.
    unsafe extern "C" fn get_available(raw: *mut bindings::mdev_type) -> ffi::c_uint {
        // SAFETY: The core's promise.
        let (driver, kind) = unsafe { Self::of_type(raw) };

        driver.available(kind)
    }

    /// # Safety
    ///
    /// `raw` must be a type of a registered `Parent<D>`, and `buf` what the `show` of an attribute in sysfs is called
    /// with.
    unsafe extern "C" fn show_description(
        raw: *mut bindings::mdev_type,
        buf: *mut ffi::c_char,
    ) -> isize {
        // SAFETY: The core's promise.
        let (driver, kind) = unsafe { Self::of_type(raw) };

        // SAFETY: `buf` is that of an attribute's `show`.
        unsafe { emit(buf, |f| driver.describe(kind, f)) }
    }

    /// # Safety
    ///
    /// `mdev` must be a device that is being bound, of a type of a registered `Parent<D>`.
    unsafe extern "C" fn probe(mdev: *mut bindings::mdev_device) -> ffi::c_int {
        from_result(|| {
            // SAFETY: The core's promise. The type is that of a registered parent.
            let (dev, (driver, kind)) =
                unsafe { (&raw mut (*mdev).dev, Self::of_type((*mdev).type_)) };

            // SAFETY: The device is valid.
            let data = driver.create(unsafe { Device::from_raw(dev) }, kind)?;
            let data = KBox::new(data, GFP_KERNEL)?.into_foreign();

            // SAFETY: The device is valid, and its driver's data is for its driver to set.
            unsafe { dev_set_drvdata(dev, data) };
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// `mdev` must be a device that `probe` has returned 0 for, and that is being unbound.
    unsafe extern "C" fn remove(mdev: *mut bindings::mdev_device) {
        // SAFETY: The core's promise, once for each device that `probe` has returned 0 for.
        drop(unsafe { <KBox<D::Device>>::from_foreign(dev_get_drvdata(&raw const (*mdev).dev)) });
    }

    /// # Safety
    ///
    /// `dev` must be a device that `probe` has returned 0 for, and its lock be held.
    unsafe extern "C" fn shutdown(dev: *mut device) {
        // SAFETY: The core's promise: the driver is bound, so `probe` has returned 0, and the device's lock, held
        // now, keeps off `remove`.
        D::shutdown(unsafe { <KBox<D::Device>>::borrow(dev_get_drvdata(dev)) });
    }
}

/// Writes the text of an attribute.
///
/// # Safety
///
/// `buf` must be what the `show` of an attribute in sysfs is called with.
unsafe fn emit(
    buf: *mut ffi::c_char,
    write: impl FnOnce(&mut Formatter<'_>) -> fmt::Result,
) -> isize {
    // SAFETY: The buffer is a page of zeros that nobody else has.
    let buffer = unsafe { core::slice::from_raw_parts_mut(buf.cast::<u8>(), PAGE_SIZE) };
    let mut f = Formatter::new(buffer);

    from_result(|| {
        write(&mut f)?;
        Ok(isize::try_from(f.bytes_written())?)
    })
}
