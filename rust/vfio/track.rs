// SPDX-License-Identifier: GPL-2.0

//! Word of a guest's writes to chosen pages.
//!
//! C header: [`arch/x86/include/asm/kvm_page_track.h`](srctree/arch/x86/include/asm/kvm_page_track.h)

use core::ptr::NonNull;

use kernel::{
    container_of,
    error::to_result,
    ffi,
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNodeReservation, //
    },
    sync::Arc,
    types::Opaque, //
};

use super::{
    device::Device,
    guest::{
        Guest,
        PAGE_SHIFT, //
    },
    Operations, //
};
use crate::rust::bindings;

type Node = bindings::kvm_page_track_notifier_node;

/// Number of the page, and a number that no other track ever has.
type Key = (u64, u64);

/// The pages whose writes KVM tells.
pub(super) struct Tracks {
    /// The guest's KVM, if it has one and the device is not closed.
    kvm: Option<NonNull<bindings::kvm>>,
    /// What KVM tracks. KVM forgets a page when its memory slot goes, without a call of ours.
    live: RBTree<Key, ()>,
    /// Whether KVM has forgotten any since [`Guest::lost_tracks`] was asked.
    lost: bool,
    next: u64,
}

// SAFETY: The pointer is but passed to functions that any thread can call.
unsafe impl Send for Tracks {}

impl Tracks {
    pub(super) fn new() -> Self {
        Self {
            kvm: None,
            live: RBTree::new(),
            lost: false,
            next: 0,
        }
    }

    /// Whether one of `bytes` from `gpa` on is in a page that is tracked.
    fn has(&mut self, gpa: u64, bytes: usize) -> bool {
        let last = gpa.saturating_add((bytes as u64).saturating_sub(1)) >> PAGE_SHIFT;
        let first = self.live.cursor_lower_bound_mut(&(gpa >> PAGE_SHIFT, 0));

        first.is_some_and(|cursor| cursor.current().0 .0 <= last)
    }

    /// Has KVM forget one track, if it has not yet.
    fn remove(&mut self, key: &Key) {
        let tracked = self.live.remove(key).is_some();

        if let Some(kvm) = self.kvm.filter(|_| tracked) {
            // SAFETY: A KVM is alive while we are registered with it. The function fails for a page that
            // is in no memory slot any more, which KVM does not track either.
            unsafe { bindings::kvm_write_track_remove_gfn(kvm.as_ptr(), key.0) };
        }
    }
}

/// The notifier for a guest of `T`.
pub(super) fn node<T: Operations>() -> impl PinInit<Opaque<Node>> {
    Opaque::ffi_init(|slot: *mut Node| {
        let node = Node {
            track_write: Some(written::<T>),
            track_remove_region: Some(slot_removed),
            ..pin_init::zeroed()
        };
        // SAFETY: `slot` is valid for writes.
        unsafe { slot.write(node) };
    })
}

/// # Safety
///
/// For KVM only, with the node of a [`Guest`] that is registered, and whose device is a `Device<T>`.
unsafe extern "C" fn written<T: Operations>(
    gpa: u64,
    _new: *const u8,
    bytes: ffi::c_int,
    node: *mut Node,
) {
    // SAFETY: The caller's promise: a guest has this node, and is there until it is not registered any
    // more.
    let guest = unsafe { &*container_of!(Opaque::cast_from(node).cast_mut(), Guest, node) };
    let bytes = usize::try_from(bytes).unwrap_or(0);

    // KVM tells everybody of every write that it emulates.
    if guest.tracks.lock().has(gpa, bytes) {
        // SAFETY: As above; its device is open until then.
        unsafe { Device::<T>::operations(guest.vdev) }.written(gpa, bytes);
    }
}

/// # Safety
///
/// For KVM only, with the node of a [`Guest`] that is registered.
unsafe extern "C" fn slot_removed(gfn: u64, pages: usize, node: *mut Node) {
    // SAFETY: As in `written`.
    let guest = unsafe { &*container_of!(Opaque::cast_from(node).cast_mut(), Guest, node) };
    let end = gfn.saturating_add(pages as u64);
    let mut tracks = guest.tracks.lock();

    let kvm = tracks.kvm;
    let mut lost = false;
    let mut next = tracks.live.cursor_lower_bound_mut(&(gfn, 0));
    while let Some(cursor) = next {
        let key = *cursor.current().0;
        if key.0 >= end {
            break;
        }
        next = if kvm.is_some_and(|kvm| is_tracked(kvm, key.0)) {
            cursor.move_next()
        } else {
            lost = true;
            // If there is none behind it, what is left is the one before.
            let (next, _) = cursor.remove_current();
            next.filter(|next| *next.current().0 > key)
        };
    }
    tracks.lost |= lost;
}

/// Whether KVM tracks page `gfn`, which it has tracked. The slot that goes may be one of system management mode's
/// memory, in which nothing is tracked; KVM does not say.
fn is_tracked(kvm: NonNull<bindings::kvm>, gfn: u64) -> bool {
    // SAFETY: A KVM is alive while we are registered with it. It fails if the page is in no memory slot any more.
    let added = unsafe { bindings::kvm_write_track_add_gfn(kvm.as_ptr(), gfn) } == 0;

    // SAFETY: As above; it takes back what was just added.
    added && unsafe { bindings::kvm_write_track_remove_gfn(kvm.as_ptr(), gfn) } == 0
}

/// Has the guest's writes to a page told until this is dropped.
pub(crate) struct Track {
    guest: Arc<Guest>,
    key: Key,
}

impl Drop for Track {
    fn drop(&mut self) {
        self.guest.tracks.lock().remove(&self.key);
    }
}

impl Guest {
    /// Has every write to page `gfn` told to [`Operations::written`] from now on, after it happened. Each
    /// call counts: a page is told of, once, as long as one guard for it is there.
    ///
    /// ENODEV without KVM, EFAULT if it is no memory of the guest's.
    pub(crate) fn track(this: &Arc<Self>, gfn: u64) -> Result<Track> {
        let node = RBTreeNodeReservation::new(GFP_KERNEL)?;
        let mut tracks = this.tracks.lock();
        let kvm = tracks.kvm.ok_or(ENODEV)?;

        // SAFETY: A KVM is alive while we are registered with it.
        to_result(unsafe { bindings::kvm_write_track_add_gfn(kvm.as_ptr(), gfn) })
            .map_err(|_| EFAULT)?;

        let key = (gfn, tracks.next);
        tracks.next = tracks.next.wrapping_add(1);
        tracks.live.insert(node.into_node(key, ()));

        Ok(Track {
            guest: this.clone(),
            key,
        })
    }

    /// Whether KVM has forgotten any track since this was asked last, whose [`Track`] may still be there: the page's
    /// memory slot is gone, and another may be in its place.
    pub(crate) fn lost_tracks(&self) -> bool {
        core::mem::take(&mut self.tracks.lock().lost)
    }

    /// Registers with the guest's KVM.
    pub(super) fn listen(&self, kvm: NonNull<bindings::kvm>) -> Result {
        // SAFETY: VFIO has a reference to the KVM of an open device. The node is pinned, and stays
        // registered no longer than `self` lives: `stop_listening` is called before.
        to_result(unsafe {
            bindings::kvm_page_track_register_notifier(kvm.as_ptr(), self.node.get())
        })?;

        self.tracks.lock().kvm = Some(kvm);
        Ok(())
    }

    /// Ends all tracks and takes the registration back; says how many tracks there were. Waits for calls
    /// of [`Operations::written`] that have begun.
    pub(super) fn stop_listening(&self) -> usize {
        let mut tracks = self.tracks.lock();
        let Some(kvm) = tracks.kvm else {
            return 0;
        };

        let mut count = 0_usize;
        while let Some(cursor) = tracks.live.cursor_front() {
            let key = *cursor.current().0;
            tracks.remove(&key);
            count = count.saturating_add(1);
        }
        tracks.kvm = None;

        // What is waited for may be waiting for the lock.
        drop(tracks);

        // SAFETY: The node is registered: `tracks` said so, and says so no more.
        unsafe { bindings::kvm_page_track_unregister_notifier(kvm.as_ptr(), self.node.get()) };
        count
    }
}
