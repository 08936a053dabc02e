// SPDX-License-Identifier: GPL-2.0

//! Pages of a guest that stay where they are, for a device to access.
//!
//! VFIO counts a page as pinned until it is unpinned, or insists on that when user space unmaps it: then
//! an owner who keeps it ends in `BUG_ON()`. So what VFIO has counted is written down here, and given back
//! when VFIO wants it, whatever the owner does. A second reference, which VFIO knows nothing of, keeps the
//! page from being used for something else until the owner has let go of it.
//!
//! C header: [`include/linux/vfio.h`](srctree/include/linux/vfio.h)

use core::{
    ops::Range,
    ptr::NonNull, //
};

use kernel::{
    bindings::{
        dma_map_page_attrs,
        dma_unmap_page_attrs,
        page,
        DMA_ATTR_REQUIRE_COHERENT,
        IOMMU_READ,
        IOMMU_WRITE, //
    },
    dma::DataDirection,
    page::PAGE_SIZE,
    pr_warn_once,
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNodeReservation, //
    },
    sync::Arc,
    time::{
        Delta,
        Instant,
        Monotonic, //
    },
};

use super::guest::{
    Guest,
    PAGE_SHIFT, //
};
use crate::rust::{
    bindings,
    page::PageRef, //
};

/// Number of the page, and a number that no other pin ever has.
type Key = (u64, u64);

/// A pinned page.
///
/// # Invariants
///
/// - `page` is mapped for the guest's DMA device at `address`.
/// - If `counted`, VFIO counts it as pinned.
struct Entry {
    page: PageRef,
    address: u64,
    counted: bool,
}

/// A range of pages that user space unmaps, or has unmapped last.
struct Unmapping {
    pages: Range<u64>,
    /// Whether the driver is just giving it up.
    under_way: bool,
    /// How often that was asked for in a row.
    times: u32,
    last: Instant<Monotonic>,
    /// How long it took at most until that was asked for again.
    gap: Delta,
}

impl Unmapping {
    /// VFIO asks to give up a range until there is nothing pinned in it, and gives up itself after 11
    /// times, with `BUG_ON()`. A guest that has its pages pinned again and again can win that race: after
    /// so many times it has to wait.
    const PATIENCE: u32 = 3;

    /// How long at least, and how much later VFIO may ask again: it asks the other devices of the guest in between,
    /// each of which may first wait for what its engines have (`vgpu::state::PATIENCE`). How many there are, and
    /// what else keeps VFIO waiting, is up to user space. So it is four times as long as that took before, and who
    /// has outlasted it may pin once until VFIO asks again.
    const WAIT: Delta = Delta::from_millis(5_000);

    /// How long at most: user space may as well map and unmap the same range now and then.
    const LONGEST: Delta = Delta::from_millis(3_600_000);

    fn refuses(&self, page: u64) -> bool {
        self.pages.contains(&page)
            && (self.under_way || self.times >= Self::PATIENCE && self.is_recent())
    }

    fn is_recent(&self) -> bool {
        let longer = Delta::from_nanos(self.gap.as_nanos().saturating_mul(4));
        self.last.elapsed() < Self::WAIT.max(longer).min(Self::LONGEST)
    }
}

/// What is pinned of a guest's memory.
pub(super) struct Memory {
    open: bool,
    pins: RBTree<Key, Entry>,
    next: u64,
    unmapping: Option<Unmapping>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            open: true,
            pins: RBTree::new(),
            next: 0,
            unmapping: None,
        }
    }

    /// ENODEV if the device was closed.
    pub(super) fn is_open(&self) -> Result {
        if self.open {
            Ok(())
        } else {
            Err(ENODEV)
        }
    }

    fn may_pin(&self, gfn: u64) -> Result {
        self.is_open()?;
        match &self.unmapping {
            Some(unmapping) if unmapping.refuses(gfn) => Err(EBUSY),
            _ => Ok(()),
        }
    }

    /// Gives back to VFIO all that it counts, and says how many pins that were.
    pub(super) fn close(&mut self, guest: &Guest) -> usize {
        let mut count = 0_usize;
        for (&(gfn, _), entry) in self.pins.iter_mut() {
            count = count.saturating_add(entry.uncount(guest, gfn).into());
        }

        // From now on nothing is counted, and nobody asks VFIO for anything.
        self.open = false;
        count
    }
}

impl Entry {
    /// Has VFIO count the page as pinned no more, and says whether it did before. The device is open.
    fn uncount(&mut self, guest: &Guest, gfn: u64) -> bool {
        if !self.counted {
            return false;
        }

        // SAFETY: The caller says that the device is open. The type's invariant: VFIO counts this page.
        unsafe { bindings::vfio_unpin_pages(guest.vdev.as_ptr(), gfn << PAGE_SHIFT, 1) };
        self.counted = false;
        true
    }

    /// Unmaps the page and gives up our reference.
    fn release(self, guest: &Guest) {
        // SAFETY: The type's invariants: the page is mapped there.
        unsafe {
            dma_unmap_page_attrs(
                device(guest),
                self.address,
                PAGE_SIZE,
                DataDirection::Bidirectional.into(),
                ATTRIBUTES,
            );
        }
    }
}

/// The device is to access the very pages: copies of them would have to be kept in step.
const ATTRIBUTES: usize = DMA_ATTR_REQUIRE_COHERENT as usize;

fn device(guest: &Guest) -> *mut kernel::bindings::device {
    // CAST: `Device` is a transparent wrapper.
    core::ptr::from_ref(&*guest.dma).cast_mut().cast()
}

/// A page that stays where it is and that the device reaches, until this is dropped.
pub(crate) struct Pin {
    guest: Arc<Guest>,
    key: Key,
    address: u64,
}

impl Pin {
    /// Where the device finds it.
    pub(crate) fn address(&self) -> u64 {
        self.address
    }

    /// A reference to the page, which lasts longer than the pin if need be.
    pub(crate) fn page(&self) -> Option<PageRef> {
        let memory = self.guest.memory.lock();
        memory.pins.get(&self.key).map(|entry| entry.page.clone())
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut memory = self.guest.memory.lock();

        if let Some(mut entry) = memory.pins.remove(&self.key) {
            // Only an open device has something that counts.
            entry.uncount(&self.guest, self.key.0);
            entry.release(&self.guest);
        }
    }
}

impl Guest {
    /// Pins page `gfn`, for the device to read and write.
    ///
    /// - EFAULT if that is not memory of the guest's that it can write.
    /// - ENOMEM, also if user space has reached its limit of locked memory.
    /// - EBUSY if user space is about to unmap it.
    pub(crate) fn pin(this: &Arc<Self>, gfn: u64) -> Result<Pin> {
        if gfn >= u64::MAX >> PAGE_SHIFT {
            return Err(EFAULT);
        }
        let node = RBTreeNodeReservation::new(GFP_KERNEL)?;
        let mut found = core::ptr::null_mut();

        let mut memory = this.memory.lock();
        memory.may_pin(gfn)?;

        // SAFETY: The device is open, and stays so while `memory` is locked. There is room for the page.
        let pinned = unsafe {
            bindings::vfio_pin_pages(
                this.vdev.as_ptr(),
                gfn << PAGE_SHIFT,
                1,
                (IOMMU_READ | IOMMU_WRITE) as i32,
                &mut found,
            )
        };
        if pinned != 1 {
            return Err(if pinned == ENOMEM.to_errno() {
                ENOMEM
            } else {
                EFAULT
            });
        }

        let page = NonNull::new(found).ok_or(EFAULT);
        let entry = page
            .and_then(|page| Entry::of(this, page))
            .inspect_err(|_| {
                // SAFETY: The device is open, and VFIO has just counted this page.
                unsafe { bindings::vfio_unpin_pages(this.vdev.as_ptr(), gfn << PAGE_SHIFT, 1) };
            })?;

        let address = entry.address;
        let key = (gfn, memory.next);
        memory.next = memory.next.wrapping_add(1);
        memory.pins.insert(node.into_node(key, entry));

        Ok(Pin {
            guest: this.clone(),
            key,
            address,
        })
    }

    /// Whether page `gfn` may be pinned now. EBUSY if user space is about to unmap it, ENODEV if the device was closed.
    pub(crate) fn may_pin(&self, gfn: u64) -> Result {
        self.memory.lock().may_pin(gfn)
    }

    /// VFIO wants `size` bytes from `iova` on given up, which `give_up` has the driver do. From then on
    /// VFIO counts nothing any more that overlaps with them.
    ///
    /// VFIO calls the function that this is for one at a time.
    pub(super) fn unmap(&self, iova: u64, size: u64, give_up: impl FnOnce()) {
        let first = iova >> PAGE_SHIFT;
        let pages = first..first.saturating_add(size >> PAGE_SHIFT);

        let mut memory = self.memory.lock();
        let before = memory.unmapping.take();
        let before = before.filter(|it| it.pages == pages);
        let times = before.as_ref().map_or(1, |it| {
            let times = it.times.saturating_add(1);
            if it.is_recent() {
                times
            } else {
                times.min(Unmapping::PATIENCE - 1)
            }
        });
        memory.unmapping = Some(Unmapping {
            pages: pages.clone(),
            under_way: true,
            times,
            last: Instant::now(),
            gap: before.map_or(Delta::ZERO, |it| it.gap.max(it.last.elapsed())),
        });
        drop(memory);

        give_up();

        let mut memory = self.memory.lock();
        if let Some(unmapping) = &mut memory.unmapping {
            unmapping.under_way = false;
            unmapping.last = Instant::now();
        }

        let mut left = 0_u32;
        let mut cursor = memory.pins.cursor_lower_bound_mut(&(first, 0));
        while let Some(mut current) = cursor {
            let (&(gfn, _), entry) = current.current_mut();
            if gfn >= pages.end {
                break;
            }
            left = left.saturating_add(entry.uncount(self, gfn).into());
            cursor = current.move_next();
        }

        if left != 0 {
            pr_warn_once!("{left} pins left in memory that is unmapped: a bug of the driver\n");
        }
    }
}

impl Entry {
    /// Takes a reference to the page that VFIO has pinned, and maps it.
    fn of(guest: &Guest, page: NonNull<page>) -> Result<Self> {
        // SAFETY: VFIO has returned a page that it keeps pinned.
        if unsafe { bindings::rgvt_page_reserved(page.as_ptr()) } {
            // It has no reference count: it is memory of a device, or of the firmware.
            return Err(EFAULT);
        }

        // SAFETY: The device is valid, and the page stays as long as it is mapped.
        let address = unsafe {
            let address = dma_map_page_attrs(
                device(guest),
                page.as_ptr(),
                0,
                PAGE_SIZE,
                DataDirection::Bidirectional.into(),
                ATTRIBUTES,
            );
            if bindings::rgvt_dma_mapping_error(device(guest), address) != 0 {
                return Err(ENOMEM);
            }
            address
        };

        // SAFETY: The page is pinned, so it has a reference already.
        let page = unsafe { PageRef::new(page) };

        // INVARIANT: The page was just mapped, and VFIO has counted it.
        Ok(Self {
            page,
            address,
            counted: true,
        })
    }
}
