// SPDX-License-Identifier: GPL-2.0

//! The guest behind a virtual GPU: its memory, the pages of it that the GPU may reach, and word of its
//! writes.

use kernel::{
    new_mutex,
    prelude::*,
    rbtree::{
        Entry,
        RBTree,
        RBTreeNodeReservation,
        VacantEntry, //
    },
    sync::{
        Arc,
        Mutex, //
    }, //
};

use super::{
    Account,
    HostGpu, //
};
use crate::{
    hw::addr::{
        DmaAddr,
        Gfn,
        GuestPhys, //
    },
    model::seam::{
        self,
        GuestMemory,
        PagePinner,
        Pinned,
        TableAllocator,
        WriteTracker, //
    },
    rust::{
        i915::{
            GpuRef,
            TablePage, //
        },
        page::PageRef,
        vfio, //
    },
};

/// A page of the guest that is pinned, with the number of guards that share the pin.
struct Shared {
    pin: vfio::Pin,
    users: u64,
}

/// All pins of a guest. A page that several tables name, as they all name the scratch page of the guest's
/// driver, is pinned once.
struct Pins {
    shared: RBTree<u64, Shared>,
}

#[pin_data]
struct Inner {
    vfio: Arc<vfio::Guest>,
    gpu: GpuRef,
    /// What `pins` has, and may have.
    account: Arc<Account>,
    /// Protects what is pinned. Taken inside of a virtual GPU's lock; VFIO's locks are taken inside of it.
    #[pin]
    pins: Mutex<Pins>,
}

/// A guest, from the time when the virtual GPU is opened until it is closed.
#[derive(Clone)]
pub(crate) struct Guest(Arc<Inner>);

impl Guest {
    /// Wraps what VFIO knows of the guest, whose pages are pinned on this account.
    pub(crate) fn new(
        vfio: Arc<vfio::Guest>,
        host: &HostGpu,
        account: Arc<Account>,
    ) -> Result<Self> {
        let inner = Arc::pin_init(
            pin_init!(Inner {
                vfio,
                gpu: host.lent().clone(),
                account,
                pins <- new_mutex!(Pins {
                    shared: RBTree::new(),
                }),
            }),
            GFP_KERNEL,
        )?;

        Ok(Self(inner))
    }
}

impl GuestMemory for Guest {
    fn read(&self, from: GuestPhys, into: &mut [u8]) -> Result {
        self.0.vfio.read(from.get(), into)
    }

    fn write(&self, to: GuestPhys, bytes: &[u8]) -> Result {
        self.0.vfio.write(to.get(), bytes)
    }
}

/// A use of a pinned page; the last one to be dropped unpins it.
///
/// There is one for each entry of a page table: what can be looked up is not in here.
pub(crate) struct Pin {
    guest: Guest,
    gfn: Gfn,
}

// What is known of an entry of a page table then fits into 32 bytes (`model::ppgtt::Config::tables`).
const _: () = assert!(size_of::<Pin>() <= 16);

impl Pinned for Pin {
    fn address(&self) -> DmaAddr {
        let pins = self.guest.0.pins.lock();
        let shared = pins.shared.get(&self.gfn.get());

        // The page is there while one of its uses is.
        shared.map_or(DmaAddr::new(0), |shared| DmaAddr::new(shared.pin.address()))
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = self.guest.0.pins.lock();

        let Some(mut entry) = pins.shared.find_mut(&self.gfn.get()) else {
            return;
        };
        let shared = entry.get_mut();
        shared.users = shared.users.saturating_sub(1);
        if shared.users == 0 {
            entry.remove();
            self.guest.0.account.remove(1);
        }
    }
}

impl Guest {
    /// Pins what is not pinned yet, and says where the GPU finds it.
    fn pin_anew(&self, entry: VacantEntry<'_, u64, Shared>, gfn: Gfn) -> Result<u64> {
        let node = RBTreeNodeReservation::new(GFP_KERNEL)?;
        let pin = vfio::Guest::pin(&self.0.vfio, gfn.get())?;
        let address = pin.address();

        entry.insert(Shared { pin, users: 1 }, node);
        Ok(address)
    }
}

impl PagePinner for Guest {
    type Pin = Pin;

    fn pin(&self, gfn: Gfn) -> Result<(Pin, DmaAddr)> {
        let mut pins = self.0.pins.lock();

        let address = match pins.shared.entry(gfn.get()) {
            Entry::Occupied(entry) => {
                // A pin that is about to go must not get another user.
                self.0.vfio.may_pin(gfn.get())?;
                let shared = entry.into_mut();
                shared.users = shared.users.saturating_add(1);
                shared.pin.address()
            }
            Entry::Vacant(entry) => {
                self.0.account.add(1)?;
                self.pin_anew(entry, gfn)
                    .inspect_err(|_| self.0.account.remove(1))?
            }
        };

        let pin = Pin {
            guest: self.clone(),
            gfn,
        };
        Ok((pin, DmaAddr::new(address)))
    }
}

impl Guest {
    /// Pins a page for others than the GPU, and has a reference to it.
    pub(super) fn pin_page(&self, gfn: Gfn) -> Result<(Pin, PageRef)> {
        let (pin, _) = self.pin(gfn)?;
        let pins = self.0.pins.lock();
        let page = pins.shared.get(&gfn.get()).and_then(|it| it.pin.page());
        drop(pins);

        // The page is there while one of its uses is.
        Ok((pin, page.ok_or(EFAULT)?))
    }
}

impl WriteTracker for Guest {
    type Track = vfio::Track;

    fn track(&self, gfn: Gfn) -> Result<vfio::Track> {
        vfio::Guest::track(&self.0.vfio, gfn.get())
    }

    fn lost_tracks(&self) -> bool {
        self.0.vfio.lost_tracks()
    }
}

/// A page that the GPU reads as a translation table.
pub(crate) struct Table {
    page: TablePage,
    account: Arc<Account>,
}

impl Drop for Table {
    fn drop(&mut self) {
        self.account.remove_table();
    }
}

impl seam::TablePage for Table {
    fn address(&self) -> DmaAddr {
        DmaAddr::new(self.page.address())
    }

    fn set(&mut self, index: u16, entry: u64) {
        self.page.set(index, entry);
    }
}

impl TableAllocator for Guest {
    type Page = Table;

    fn allocate(&self) -> Result<Table> {
        let page = TablePage::new(self.0.gpu.clone())?;
        let account = self.0.account.clone();

        account.add_table();
        Ok(Table { page, account })
    }
}
