// SPDX-License-Identifier: GPL-2.0

//! The guest behind a virtual GPU: its memory, the pages of it that the GPU may reach, and word of its
//! writes.

use kernel::{
    new_mutex,
    prelude::*,
    rbtree::RBTree,
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
        Pages,
        Pinned,
        TableAllocator,
        WriteTracker, //
    },
    rust::{
        i915::{
            GpuRef,
            TablePage, //
        },
        vfio, //
    },
};

/// Pages of the guest that are pinned, with the number of guards that share the pin.
struct Shared {
    pin: vfio::Pin,
    users: u64,
}

/// All pins of a guest. A page that several tables name, as they all name the scratch page of the guest's
/// driver, is pinned once.
struct Pins {
    shared: RBTree<(u64, bool), Shared>,
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

/// A use of pinned pages; the last one to be dropped unpins them.
pub(crate) struct Pin {
    guest: Guest,
    gfn: Gfn,
    pages: Pages,
    address: DmaAddr,
}

/// Pages of 4 KiB.
const fn count(pages: Pages) -> u64 {
    match pages {
        Pages::One => 1,
        Pages::Huge => 512,
    }
}

/// The key of [`Pins::shared`].
fn key(gfn: Gfn, pages: Pages) -> (u64, bool) {
    (gfn.get(), pages == Pages::Huge)
}

impl Pinned for Pin {
    fn address(&self) -> DmaAddr {
        self.address
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let key = key(self.gfn, self.pages);
        let mut pins = self.guest.0.pins.lock();

        let Some(shared) = pins.shared.get_mut(&key) else {
            return;
        };
        shared.users = shared.users.saturating_sub(1);
        if shared.users == 0 {
            pins.shared.remove(&key);
            self.guest.0.account.remove(count(self.pages));
        }
    }
}

impl Guest {
    /// Pins what is not pinned yet, and says where the GPU finds it.
    fn pin_anew(&self, pins: &mut Pins, gfn: Gfn, pages: Pages) -> Result<u64> {
        let size = match pages {
            Pages::One => vfio::PinSize::One,
            Pages::Huge => vfio::PinSize::Huge,
        };
        let pin = vfio::Guest::pin(&self.0.vfio, gfn.get(), size)?;
        let address = pin.address();

        pins.shared
            .try_create_and_insert(key(gfn, pages), Shared { pin, users: 1 }, GFP_KERNEL)?;
        Ok(address)
    }
}

impl PagePinner for Guest {
    type Pin = Pin;

    fn pin(&self, gfn: Gfn, pages: Pages) -> Result<Pin> {
        let key = key(gfn, pages);
        let mut pins = self.0.pins.lock();

        let address = if let Some(shared) = pins.shared.get_mut(&key) {
            shared.users = shared.users.saturating_add(1);
            shared.pin.address()
        } else {
            self.0.account.add(count(pages))?;
            self.pin_anew(&mut pins, gfn, pages)
                .inspect_err(|_| self.0.account.remove(count(pages)))?
        };

        Ok(Pin {
            guest: self.clone(),
            gfn,
            pages,
            address: DmaAddr::new(address),
        })
    }
}

impl WriteTracker for Guest {
    type Track = vfio::Track;

    fn track(&self, gfn: Gfn) -> Result<vfio::Track> {
        vfio::Guest::track(&self.0.vfio, gfn.get())
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
