// SPDX-License-Identifier: GPL-2.0

//! Being told that the system is about to sleep.
//!
//! C header: [`include/linux/suspend.h`](srctree/include/linux/suspend.h)

use kernel::{
    bindings::{
        notifier_block,
        register_pm_notifier,
        unregister_pm_notifier,
        NOTIFY_DONE,
        PM_HIBERNATION_PREPARE,
        PM_POST_HIBERNATION,
        PM_POST_RESTORE,
        PM_POST_SUSPEND,
        PM_RESTORE_PREPARE,
        PM_SUSPEND_PREPARE, //
    },
    container_of,
    error::to_result,
    ffi,
    prelude::*,
    types::Opaque,
};

use super::bindings;

/// What goes to sleep with the system, before all devices do. Both functions may sleep, in the other sense.
pub(crate) trait Sleeper: Send + Sync + 'static {
    /// The system is about to suspend or to hibernate. Tasks of user space still run. If this fails, the system
    /// stays awake, and [`Self::wake`] is not called.
    fn sleep(&self) -> Result;

    /// The system is awake again, or did not get to sleep.
    fn wake(&self);
}

/// A [`Sleeper`] that is told, until this is dropped.
///
/// # Invariants
///
/// `block` is registered, unless this was not returned by [`Self::new`].
#[pin_data(PinnedDrop)]
pub(crate) struct Notifier<T: Sleeper> {
    #[pin]
    block: Opaque<notifier_block>,
    sleeper: T,
}

// SAFETY: Any thread may unregister the block, and a `Sleeper` is `Send`.
unsafe impl<T: Sleeper> Send for Notifier<T> {}

// SAFETY: There is nothing to do with a shared reference; a `Sleeper` is `Sync`.
unsafe impl<T: Sleeper> Sync for Notifier<T> {}

impl<T: Sleeper> Notifier<T> {
    /// Begins to tell `sleeper`. May sleep.
    pub(crate) fn new(sleeper: T) -> Result<Pin<KBox<Self>>> {
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
                sleeper,
            }),
            GFP_KERNEL,
        )?;

        // INVARIANT: If it fails, `this` is dropped, and to unregister it then does nothing.
        // SAFETY: The block stays in its place until it is taken back, which is when `this` is dropped.
        to_result(unsafe { register_pm_notifier(this.block.get()) })?;
        Ok(this)
    }

    /// # Safety
    ///
    /// For the notifier chain only: `block` must be that of a `Notifier`.
    unsafe extern "C" fn call(
        block: *mut notifier_block,
        event: ffi::c_ulong,
        _data: *mut ffi::c_void,
    ) -> ffi::c_int {
        // SAFETY: The caller vouches for it; to unregister it waits for the end of this.
        let this = unsafe { &*container_of!(Opaque::cast_from(block).cast_mut(), Self, block) };

        // CAST: Of small constants.
        match event as ffi::c_uint {
            PM_SUSPEND_PREPARE | PM_HIBERNATION_PREPARE | PM_RESTORE_PREPARE => {
                let result = this.sleeper.sleep();

                // SAFETY: It only computes.
                unsafe {
                    bindings::rgvt_notifier_from_errno(result.map_or_else(Error::to_errno, |()| 0))
                }
            }
            PM_POST_SUSPEND | PM_POST_HIBERNATION | PM_POST_RESTORE => {
                this.sleeper.wake();
                // CAST: It is 0.
                NOTIFY_DONE as ffi::c_int
            }
            _ => NOTIFY_DONE as ffi::c_int,
        }
    }
}

#[pinned_drop]
impl<T: Sleeper> PinnedDrop for Notifier<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: The block is valid. The function waits for calls that are under way, and does nothing if the
        // block is not registered.
        unsafe { unregister_pm_notifier(self.block.get()) };
    }
}
