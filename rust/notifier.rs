// SPDX-License-Identifier: GPL-2.0

//! Blocks on the chains of notifiers by which the kernel tells whoever asked.
//!
//! C header: [`include/linux/notifier.h`](srctree/include/linux/notifier.h)

use kernel::{
    bindings::notifier_block,
    container_of,
    error::to_result,
    ffi,
    prelude::*,
    types::Opaque, //
};

/// Who is told of what a chain has to tell.
///
/// # Safety
///
/// [`Self::unregister`] must wait for calls that are under way, and do nothing if the block is not registered.
pub(super) unsafe trait Listener: Send + Sync + 'static {
    /// Puts a block on the chain. Returns an errno.
    ///
    /// # Safety
    ///
    /// The block must be valid, and stay in its place until it is taken back.
    unsafe fn register(block: *mut notifier_block) -> ffi::c_int;

    /// Takes it back.
    ///
    /// # Safety
    ///
    /// The block must be valid.
    unsafe fn unregister(block: *mut notifier_block);

    /// Is told. Returns what the chain is to do.
    ///
    /// # Safety
    ///
    /// For the chain only, whose `event` and `data` these must be.
    unsafe fn call(&self, event: ffi::c_uint, data: *mut ffi::c_void) -> ffi::c_int;
}

/// A [`Listener`] that is told, until this is dropped.
///
/// # Invariants
///
/// `block` is registered, unless this was not returned by [`Self::new`].
#[pin_data(PinnedDrop)]
pub(super) struct Notifier<L: Listener> {
    #[pin]
    block: Opaque<notifier_block>,
    listener: L,
}

// SAFETY: Any thread may unregister the block, and a `Listener` is `Send`.
unsafe impl<L: Listener> Send for Notifier<L> {}

// SAFETY: There is nothing to do with a shared reference; a `Listener` is `Sync`.
unsafe impl<L: Listener> Sync for Notifier<L> {}

impl<L: Listener> Notifier<L> {
    /// Begins to tell `listener`. May sleep.
    pub(super) fn new(listener: L) -> Result<Pin<KBox<Self>>> {
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
                listener,
            }),
            GFP_KERNEL,
        )?;

        // INVARIANT: If it fails, `this` is dropped, and to unregister it then does nothing.
        // SAFETY: The block stays in its place until it is taken back, which is when `this` is dropped.
        to_result(unsafe { L::register(this.block.get()) })?;
        Ok(this)
    }

    /// # Safety
    ///
    /// For the listener's chain only: `block` must be that of a `Notifier`.
    unsafe extern "C" fn call(
        block: *mut notifier_block,
        event: ffi::c_ulong,
        data: *mut ffi::c_void,
    ) -> ffi::c_int {
        // SAFETY: The caller vouches for it; to unregister it waits for the end of this.
        let this = unsafe { &*container_of!(Opaque::cast_from(block).cast_mut(), Self, block) };

        // SAFETY: The chain calls.
        // CAST: Of small constants.
        unsafe { this.listener.call(event as ffi::c_uint, data) }
    }
}

#[pinned_drop]
impl<L: Listener> PinnedDrop for Notifier<L> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: The block is valid.
        unsafe { L::unregister(self.block.get()) };
    }
}
