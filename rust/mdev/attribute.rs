// SPDX-License-Identifier: GPL-2.0

//! Attributes of mediated devices in sysfs.
//!
//! C header: [`include/linux/device.h`](srctree/include/linux/device.h)

use core::marker::PhantomData;

use kernel::{
    bindings::{
        attribute,
        attribute_group,
        dev_get_drvdata,
        device,
        device_attribute, //
    },
    error::from_result,
    ffi, fmt,
    prelude::*,
    str::{
        BStr,
        Formatter, //
    },
    types::ForeignOwnable,
};

use super::emit;

/// A class of locks, for lockdep. The kernel's own has no way to give its address to C.
#[cfg(CONFIG_DEBUG_LOCK_ALLOC)]
struct LockClass(kernel::types::Opaque<kernel::bindings::lock_class_key>);

// SAFETY: Only lockdep accesses it, and has its own lock for that.
#[cfg(CONFIG_DEBUG_LOCK_ALLOC)]
unsafe impl Sync for LockClass {}

/// That of the files.
#[cfg(CONFIG_DEBUG_LOCK_ALLOC)]
static LOCK_CLASS: LockClass = LockClass(kernel::types::Opaque::zeroed());

/// Says what the file of an attribute of a `D` holds.
type Show<D> = fn(&D, &mut Formatter<'_>) -> fmt::Result;

/// Does to a `D` what was written to the file, without the end of its line. What fails has no effect.
type Store<D> = fn(&D, &BStr) -> Result;

/// Attributes in a folder of their own.
pub(crate) struct Group<D: 'static> {
    /// The name of the folder.
    pub(crate) name: &'static CStr,
    /// The files in it.
    pub(crate) attributes: &'static [Attribute<D>],
}

/// An attribute, which is a file.
///
/// Its functions may sleep, and are called by several threads at once.
pub(crate) struct Attribute<D> {
    name: &'static CStr,
    show: Show<D>,
    store: Option<Store<D>>,
}

impl<D> Attribute<D> {
    /// One that everybody can read.
    pub(crate) const fn read_only(name: &'static CStr, show: Show<D>) -> Self {
        Self {
            name,
            show,
            store: None,
        }
    }

    /// One that everybody can read and root can write.
    pub(crate) const fn writable(name: &'static CStr, show: Show<D>, store: Store<D>) -> Self {
        Self {
            name,
            show,
            store: Some(store),
        }
    }

    /// The mode of the file.
    fn mode(&self) -> u16 {
        match self.store {
            Some(_) => 0o644,
            None => 0o444,
        }
    }
}

/// An attribute, for C.
#[repr(C)]
struct RawAttribute<D: 'static> {
    raw: device_attribute,
    attribute: &'static Attribute<D>,
}

/// A group, for C. Its pointers lead to what is in here, whose place does not change any more.
struct RawGroup<D: 'static> {
    _attributes: KVec<RawAttribute<D>>,
    _pointers: KVec<*mut attribute>,
    raw: KBox<attribute_group>,
}

impl<D: Send + Sync + 'static> RawGroup<D> {
    fn new(group: &'static Group<D>) -> Result<Self> {
        let count = group.attributes.len();
        let mut attributes = KVec::with_capacity(count, GFP_KERNEL)?;
        for attribute in group.attributes {
            let mut raw = device_attribute {
                ..pin_init::zeroed()
            };
            raw.attr.name = attribute.name.as_char_ptr();
            raw.attr.mode = attribute.mode();
            // What `sysfs_attr_init` does for attributes in memory that comes and goes.
            #[cfg(CONFIG_DEBUG_LOCK_ALLOC)]
            {
                raw.attr.key = LOCK_CLASS.0.get();
            }
            raw.__bindgen_anon_1.show = Some(Calls::<D>::show);
            if attribute.store.is_some() {
                raw.__bindgen_anon_2.store = Some(Calls::<D>::store);
            }
            attributes.push(RawAttribute { raw, attribute }, GFP_KERNEL)?;
        }

        let mut pointers = KVec::with_capacity(count.saturating_add(1), GFP_KERNEL)?;
        for attribute in attributes.iter_mut() {
            pointers.push(&raw mut attribute.raw.attr, GFP_KERNEL)?;
        }
        pointers.push(core::ptr::null_mut(), GFP_KERNEL)?;

        let mut raw = attribute_group {
            name: group.name.as_char_ptr(),
            ..pin_init::zeroed()
        };
        raw.__bindgen_anon_2.attrs = pointers.as_mut_ptr();

        Ok(Self {
            raw: KBox::new(raw, GFP_KERNEL)?,
            _attributes: attributes,
            _pointers: pointers,
        })
    }
}

/// The groups of a driver as the driver core wants them.
pub(super) struct Groups<D: 'static> {
    _groups: KVec<RawGroup<D>>,
    pointers: KVec<*const attribute_group>,
}

impl<D: Send + Sync + 'static> Groups<D> {
    pub(super) fn new(groups: &'static [Group<D>]) -> Result<Self> {
        let mut raw = KVec::with_capacity(groups.len(), GFP_KERNEL)?;
        let mut pointers = KVec::with_capacity(groups.len().saturating_add(1), GFP_KERNEL)?;
        for group in groups {
            let group = RawGroup::new(group)?;
            pointers.push(&raw const *group.raw, GFP_KERNEL)?;
            raw.push(group, GFP_KERNEL)?;
        }
        pointers.push(core::ptr::null(), GFP_KERNEL)?;

        Ok(Self {
            _groups: raw,
            pointers,
        })
    }

    /// The list of groups, which ends with NULL; for reading, as long as `self` lives. They are for devices
    /// whose driver's data is a `KBox<D>`.
    pub(super) fn as_raw(&self) -> *mut *const attribute_group {
        self.pointers.as_ptr().cast_mut()
    }
}

/// What the driver core calls. Each function is for it only, with an attribute of a [`Groups<D>`]; that is
/// what the safety comments in here call the core's promise.
struct Calls<D>(PhantomData<D>);

impl<D: Send + Sync + 'static> Calls<D> {
    /// The data of a device, and an attribute of it.
    ///
    /// # Safety
    ///
    /// `dev` must be a device whose driver has groups that are made from `Groups<D>`, bound to that driver
    /// during `'a`, and `raw` an attribute in there.
    unsafe fn of<'a>(
        dev: *mut device,
        raw: *mut device_attribute,
    ) -> (&'a D, &'static Attribute<D>) {
        // SAFETY: The attributes are there only between `probe` and `remove`, so the data of the device is
        // what `probe` has set, a `KBox<D>`. The attribute is the first member of a `repr(C)` struct.
        unsafe {
            (
                <KBox<D>>::borrow(dev_get_drvdata(dev)),
                (*raw.cast::<RawAttribute<D>>()).attribute,
            )
        }
    }

    /// # Safety
    ///
    /// As of [`Self::of`]; `buf` must be what the `show` of an attribute in sysfs is called with.
    unsafe extern "C" fn show(
        dev: *mut device,
        raw: *mut device_attribute,
        buf: *mut ffi::c_char,
    ) -> isize {
        // SAFETY: The core's promise.
        let (data, attribute) = unsafe { Self::of(dev, raw) };

        // SAFETY: `buf` is that of an attribute's `show`.
        unsafe { emit(buf, |f| (attribute.show)(data, f)) }
    }

    /// # Safety
    ///
    /// As of [`Self::of`]; there must be `count` bytes at `buf`.
    unsafe extern "C" fn store(
        dev: *mut device,
        raw: *mut device_attribute,
        buf: *const ffi::c_char,
        count: usize,
    ) -> isize {
        // SAFETY: The core's promise.
        let (data, attribute) = unsafe { Self::of(dev, raw) };

        // SAFETY: The core's promise: so many bytes were written.
        let bytes = unsafe { core::slice::from_raw_parts(buf.cast::<u8>(), count) };
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);

        from_result(|| {
            let store = attribute.store.ok_or(EIO)?;
            store(data, BStr::from_bytes(text))?;
            Ok(isize::try_from(count)?)
        })
    }
}
