// SPDX-License-Identifier: GPL-2.0

//! Pages that others may read, user space by a file descriptor and devices by their drivers, until they are
//! taken back.
//!
//! C header: [`include/linux/dma-buf.h`](srctree/include/linux/dma-buf.h)

use core::{
    marker::PhantomData,
    mem::take,
    ptr::{
        null_mut,
        NonNull, //
    },
};

use kernel::{
    bindings::{
        self as kernel_bindings,
        dma_buf,
        dma_buf_attachment,
        dma_buf_export_info,
        dma_buf_ops,
        dma_data_direction,
        sg_table,
        vm_area_struct,
        vm_fault,
        vm_fault_reason_VM_FAULT_SIGBUS as VM_FAULT_SIGBUS,
        vm_fault_t,
        vm_operations_struct,
        DMA_ATTR_REQUIRE_COHERENT,
        O_CLOEXEC,
        O_RDONLY, //
    },
    dma::DataDirection,
    error::{
        from_err_ptr,
        from_result,
        to_result, //
    },
    ffi,
    mm::virt::VmaNew,
    new_mutex,
    page::PAGE_SIZE,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
};

use super::{
    bindings,
    page::PageRef, //
};

/// Devices are to read the very pages: copies of them would be out of date.
const ATTRIBUTES: usize = DMA_ATTR_REQUIRE_COHERENT as usize;

/// A reference to a dma-buf.
///
/// # Invariants
///
/// It is valid, and there is a reference of ours.
pub(crate) struct DmaBuf(NonNull<dma_buf>);

// SAFETY: Any thread can give up a reference.
unsafe impl Send for DmaBuf {}

impl DmaBuf {
    /// Another reference.
    fn another(&self) -> Self {
        // SAFETY: The type's invariants. A reference to the dma-buf is one to its file.
        unsafe { kernel_bindings::get_file((*self.0.as_ptr()).file) };

        // INVARIANT: As just done.
        Self(self.0)
    }

    /// Whether others than the caller have references.
    fn is_shared(&self) -> bool {
        // SAFETY: The type's invariants.
        unsafe { bindings::rgvt_file_count((*self.0.as_ptr()).file) > 1 }
    }

    /// A new file descriptor of the current process for it.
    pub(crate) fn into_fd(self) -> Result<u32> {
        // SAFETY: The type's invariants. If the function succeeds the reference is the descriptor's.
        let fd = unsafe { kernel_bindings::dma_buf_fd(self.0.as_ptr(), O_CLOEXEC as i32) };

        to_result(fd)?;
        core::mem::forget(self);
        // CAST: It is not negative.
        Ok(fd as u32)
    }

    /// Tells the drivers of devices that have it mapped to give that up.
    fn call_back(&self) {
        // SAFETY: The type's invariants. Without a context for several locks, locking cannot fail.
        unsafe {
            let reservation = (*self.0.as_ptr()).resv;
            kernel_bindings::dma_resv_lock(reservation, null_mut());
            kernel_bindings::dma_buf_invalidate_mappings(self.0.as_ptr());
            kernel_bindings::dma_resv_unlock(reservation);
        }
    }

    /// Takes it out of all address spaces that it is mapped in. What is accessed there afterwards is asked for
    /// anew.
    fn zap(&self) {
        // SAFETY: The type's invariants: the file is there. It is the only one of its inode.
        unsafe {
            let mapping = (*(*self.0.as_ptr()).file).f_mapping;
            kernel_bindings::unmap_mapping_range(mapping, 0, 0, 1);
        }
    }
}

impl Drop for DmaBuf {
    fn drop(&mut self) {
        // SAFETY: The type's invariants: it is ours to give up.
        unsafe { kernel_bindings::dma_buf_put(self.0.as_ptr()) };
    }
}

/// What there is until the pages are taken back.
///
/// The dma-buf's own reference to its file dangles as soon as nobody has the file, though the dma-buf is there for
/// as long as somebody has its path, as an `O_PATH` descriptor does. So there is a reference of ours, and whoever
/// has the dma-buf never drops what holds the pages, which may take locks of the guest's user.
struct Hold<H> {
    dma_buf: Option<DmaBuf>,
    hold: Option<H>,
    /// Nobody has the dma-buf any more.
    released: bool,
}

/// The pages.
struct Shown {
    pages: KVVec<PageRef>,
    /// How many mappings for devices there are.
    mappings: usize,
    /// They are to be shown to nobody else.
    revoked: bool,
    /// Nobody has them any more but devices, whose drivers are in no hurry.
    left: bool,
}

impl Shown {
    /// The pages, if nobody has them any more.
    fn unused(&mut self) -> KVVec<PageRef> {
        if self.left && self.mappings == 0 {
            return take(&mut self.pages);
        }
        KVVec::new()
    }
}

/// Pages of a dma-buf. They can be read only: user space can neither map nor open it to be written, and devices
/// get mappings to read, whatever their drivers ask for. i915's asks for both, always.
///
/// Whoever exports it has to revoke it. There is a reference to each of the pages until that is done and no device
/// has it mapped. So what a device still reads of one that was revoked is never anybody else's memory.
///
/// # Locks
///
/// Nothing is locked inside of `hold`. `shown` is taken inside of the lock of an address
/// space and of the dma-buf's reservation; nothing that could take these is done under it.
#[pin_data]
pub(crate) struct Buffer<H> {
    #[pin]
    hold: Mutex<Hold<H>>,
    #[pin]
    shown: Mutex<Shown>,
}

impl<H: Send + Unpin + 'static> Buffer<H> {
    /// Makes a dma-buf of `pages`, which are more than none, and which stay where they are while `hold` is there.
    pub(crate) fn export(pages: KVVec<PageRef>, hold: H) -> Result<(Arc<Self>, DmaBuf)> {
        let size = pages.len().checked_mul(PAGE_SIZE).ok_or(EINVAL)?;
        let shown = Shown {
            pages,
            mappings: 0,
            revoked: false,
            left: false,
        };
        let this = Arc::pin_init(
            pin_init!(Self {
                hold <- new_mutex!(Hold {
                    dma_buf: None,
                    hold: Some(hold),
                    released: false,
                }),
                shown <- new_mutex!(shown),
            }),
            GFP_KERNEL,
        )?;

        let private = Arc::into_raw(this.clone());
        let info = dma_buf_export_info {
            exp_name: c"rgvt".as_char_ptr(),
            // SAFETY: The function has no conditions.
            owner: unsafe { bindings::rgvt_this_module() },
            ops: &Vtable::<H>::OPERATIONS,
            size,
            flags: O_RDONLY as i32,
            resv: null_mut(),
            priv_: private.cast_mut().cast(),
        };
        // SAFETY: The operations are what `private` is for, which the dma-buf has until it is released.
        let made = from_err_ptr(unsafe { kernel_bindings::dma_buf_export(&info) });
        let made = made.and_then(|made| NonNull::new(made).ok_or(ENOMEM));
        let made = made.inspect_err(|_| {
            // SAFETY: The pointer is from `into_raw`, and nobody has taken it.
            drop(unsafe { Arc::from_raw(private) });
        })?;

        // INVARIANT: It was just made, with a reference for us.
        let made = DmaBuf(made);
        this.hold.lock().dma_buf = Some(made.another());
        Ok((this, made))
    }

    /// The dma-buf, unless the pages were taken back.
    pub(crate) fn dma_buf(&self) -> Option<DmaBuf> {
        self.hold.lock().dma_buf.as_ref().map(DmaBuf::another)
    }

    /// Whether anybody else has the dma-buf.
    pub(crate) fn is_used(&self) -> bool {
        let hold = self.hold.lock();
        hold.dma_buf
            .as_ref()
            .map_or(!hold.released, DmaBuf::is_shared)
    }

    /// Whether it has references to the pages: when they were taken back, drivers that cannot be told to give up
    /// their mapping keep them.
    pub(crate) fn has_pages(&self) -> bool {
        !self.shown.lock().pages.is_empty()
    }

    /// Takes the pages back. When this returns, nobody can map them any more, user space has them nowhere mapped,
    /// and what held them is dropped. Drivers that can be told to give up their mapping are told.
    pub(crate) fn revoke(&self) {
        self.shown.lock().revoked = true;
        let (dma_buf, held) = {
            let mut hold = self.hold.lock();
            (hold.dma_buf.take(), hold.hold.take())
        };
        if let Some(dma_buf) = &dma_buf {
            dma_buf.call_back();
            dma_buf.zap();
        }

        let mut shown = self.shown.lock();
        shown.left = true;
        let unused = shown.unused();
        drop(shown);
        drop(unused);

        drop(held);
    }

    /// Maps the pages for a device to read.
    ///
    /// # Safety
    ///
    /// `device` must be valid.
    unsafe fn map(&self, device: *mut kernel_bindings::device) -> Result<*mut sg_table> {
        let mut shown = self.shown.lock();
        if shown.revoked {
            return Err(ENODEV);
        }

        let mut table = KBox::new(sg_table::default(), GFP_KERNEL)?;
        // SAFETY: A `PageRef` is a pointer to a page, and the function only reads them.
        to_result(unsafe {
            kernel_bindings::sg_alloc_table_from_pages_segment(
                &mut *table,
                shown.pages.as_mut_ptr().cast(),
                u32::try_from(shown.pages.len())?,
                0,
                shown.pages.len().saturating_mul(PAGE_SIZE),
                u32::MAX,
                kernel_bindings::GFP_KERNEL,
            )
        })?;
        // SAFETY: The caller vouches for the device; the table is one of pages, which there are references to.
        to_result(unsafe {
            let direction = DataDirection::ToDevice.into();
            kernel_bindings::dma_map_sgtable(device, &mut *table, direction, ATTRIBUTES)
        })
        // SAFETY: The table was made above, and nobody has it.
        .inspect_err(|_| unsafe { kernel_bindings::sg_free_table(&mut *table) })?;

        shown.mappings = shown.mappings.saturating_add(1);
        Ok(KBox::into_raw(table))
    }

    /// The device has no use for the mapping any more.
    ///
    /// # Safety
    ///
    /// `table` must be from [`Buffer::map`], for this device, and nobody use it afterwards.
    unsafe fn unmap(&self, device: *mut kernel_bindings::device, table: *mut sg_table) {
        // SAFETY: The caller's promise.
        unsafe {
            let direction = DataDirection::ToDevice.into();
            kernel_bindings::dma_unmap_sgtable(device, table, direction, ATTRIBUTES);
            kernel_bindings::sg_free_table(table);
            drop(KBox::from_raw(table));
        }

        let mut shown = self.shown.lock();
        shown.mappings = shown.mappings.saturating_sub(1);
        let unused = shown.unused();
        drop(shown);
        drop(unused);
    }

    /// Puts page `index` where `address` is in an area of user space's. What is not there is a bus error.
    ///
    /// # Safety
    ///
    /// A fault at `address`, in `area`, which was made by [`Vtable::mmap`], must be under way.
    unsafe fn fault(&self, area: *mut vm_area_struct, address: usize, index: usize) -> vm_fault_t {
        // Locked until it is mapped: who revokes it sees that.
        let shown = self.shown.lock();
        match shown.pages.get(index) {
            // SAFETY: The caller's promise: it is an area of page numbers that cannot be written. The page stays
            // until it is gone from there.
            Some(page) if !shown.revoked => unsafe {
                kernel_bindings::vmf_insert_pfn(area, address, page.pfn())
            },
            _ => VM_FAULT_SIGBUS,
        }
    }
}

/// What the dma-buf framework calls, with a dma-buf whose private pointer is an `Arc<Buffer<H>>`; that is what the
/// safety comments in here call its promise.
struct Vtable<H>(PhantomData<H>);

impl<H: Send + Unpin + 'static> Vtable<H> {
    const OPERATIONS: dma_buf_ops = dma_buf_ops {
        map_dma_buf: Some(Self::map),
        unmap_dma_buf: Some(Self::unmap),
        mmap: Some(Self::mmap),
        release: Some(Self::release),
        ..pin_init::zeroed()
    };

    const AREA: vm_operations_struct = vm_operations_struct {
        fault: Some(Self::fault),
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// `dma_buf` must be one of ours that stays during `'a`.
    unsafe fn buffer<'a>(dma_buf: *mut dma_buf) -> &'a Buffer<H> {
        // SAFETY: The caller's promise.
        unsafe { &*(*dma_buf).priv_.cast() }
    }

    /// # Safety
    ///
    /// `attachment` must be one to a dma-buf of ours.
    unsafe extern "C" fn map(
        attachment: *mut dma_buf_attachment,
        _direction: dma_data_direction,
    ) -> *mut sg_table {
        // SAFETY: The framework's promise. The attachment is valid, as is its device.
        let mapped = unsafe { Self::buffer((*attachment).dmabuf).map((*attachment).dev) };

        mapped.unwrap_or_else(|error| error.to_ptr())
    }

    /// # Safety
    ///
    /// `attachment` must be one to a dma-buf of ours, and `table` what `map` returned for it, passed once.
    unsafe extern "C" fn unmap(
        attachment: *mut dma_buf_attachment,
        table: *mut sg_table,
        _direction: dma_data_direction,
    ) {
        // SAFETY: As above. The table is what `map` returned for this attachment.
        unsafe { Self::buffer((*attachment).dmabuf).unmap((*attachment).dev, table) };
    }

    /// # Safety
    ///
    /// `dma_buf` must be one of ours, and `area` one of its file that is being set up.
    unsafe extern "C" fn mmap(dma_buf: *mut dma_buf, area: *mut vm_area_struct) -> ffi::c_int {
        from_result(|| {
            // SAFETY: The framework passes on an area that is being set up.
            let vma = unsafe { VmaNew::from_raw(area) };
            vma.try_clear_maywrite()?;
            vma.try_clear_mayexec()?;

            // SAFETY: As above. An area that can never be written makes no copies, so it may have page numbers.
            // Its file keeps the dma-buf, and that the buffer.
            unsafe {
                bindings::rgvt_vma_set_pfnmap(area);
                (*area).vm_ops = &Self::AREA;
                (*area).vm_private_data = (*dma_buf).priv_;
            }
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// `fault` must be one in an area that `mmap` has set up.
    unsafe extern "C" fn fault(fault: *mut vm_fault) -> vm_fault_t {
        // SAFETY: The kernel passes a fault in an area of `mmap`'s, whose private data is the buffer.
        unsafe {
            let fault = &(*fault).__bindgen_anon_1;
            let buffer: &Buffer<H> = &*(*fault.vma).vm_private_data.cast();
            buffer.fault(fault.vma, fault.address, fault.pgoff)
        }
    }

    /// # Safety
    ///
    /// `dma_buf` must be one of ours, which this is the last call for.
    unsafe extern "C" fn release(dma_buf: *mut dma_buf) {
        // SAFETY: The framework's promise, and its last call: the reference from `export` is ours again.
        let this: Arc<Buffer<H>> = unsafe { Arc::from_raw((*dma_buf).priv_.cast()) };

        // There was a reference of ours until the pages were taken back, so nothing holds them any more.
        this.hold.lock().released = true;
        let pages = take(&mut this.shown.lock().pages);
        drop(pages);
    }
}
