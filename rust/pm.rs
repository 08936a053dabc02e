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
    ffi,
    prelude::*, //
};

use super::{
    bindings,
    notifier, //
};

/// What goes to sleep with the system, before all devices do. Both functions may sleep, in the other sense.
pub(crate) trait Sleeper: Send + Sync + 'static {
    /// The system is about to suspend or to hibernate. Tasks of user space still run. If this fails, the system
    /// stays awake, and [`Self::wake`] is not called.
    fn sleep(&self) -> Result;

    /// The system is awake again, or did not get to sleep.
    fn wake(&self);
}

/// A [`Sleeper`] that is told, until this is dropped.
pub(crate) struct Notifier<T: Sleeper> {
    _block: Pin<KBox<notifier::Notifier<Told<T>>>>,
}

impl<T: Sleeper> Notifier<T> {
    /// Begins to tell `sleeper`. May sleep.
    pub(crate) fn new(sleeper: T) -> Result<Self> {
        Ok(Self {
            _block: notifier::Notifier::new(Told(sleeper))?,
        })
    }
}

struct Told<T>(T);

// SAFETY: The chain's lock is held around calls and to take a block off.
unsafe impl<T: Sleeper> notifier::Listener for Told<T> {
    unsafe fn register(block: *mut notifier_block) -> ffi::c_int {
        // SAFETY: The caller vouches for the block.
        unsafe { register_pm_notifier(block) }
    }

    unsafe fn unregister(block: *mut notifier_block) {
        // SAFETY: The caller vouches for the block.
        unsafe { unregister_pm_notifier(block) };
    }

    unsafe fn call(&self, event: ffi::c_uint, _data: *mut ffi::c_void) -> ffi::c_int {
        match event {
            PM_SUSPEND_PREPARE | PM_HIBERNATION_PREPARE | PM_RESTORE_PREPARE => {
                let result = self.0.sleep();

                // SAFETY: It only computes.
                unsafe {
                    bindings::rgvt_notifier_from_errno(result.map_or_else(Error::to_errno, |()| 0))
                }
            }
            PM_POST_SUSPEND | PM_POST_HIBERNATION | PM_POST_RESTORE => {
                self.0.wake();
                // CAST: It is 0.
                NOTIFY_DONE as ffi::c_int
            }
            _ => NOTIFY_DONE as ffi::c_int,
        }
    }
}
