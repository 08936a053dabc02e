// SPDX-License-Identifier: GPL-2.0

//! Being the one module to which i915 lends its GPUs.
//!
//! C header: [`drivers/gpu/drm/i915/intel_gvt.h`](srctree/drivers/gpu/drm/i915/intel_gvt.h)

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    error::{
        from_result,
        to_result, //
    },
    ffi,
    prelude::*,
    types::ForeignOwnable, //
};

use super::{
    admission::Admission,
    bound::BoundGpu,
    lent::Loan,
    Gpu,
    GpuRef, //
};
use crate::rust::{
    bindings,
    pci, //
};

/// What a module keeps for each GPU that i915 lends to it.
///
/// All of these may sleep. The last two i915 calls with a lock held that is one for all GPUs, in the context of
/// whoever unloads either module, unbinds the GPU, or wakes the system.
pub(crate) trait Client: Send + Sync + Sized + 'static {
    /// Takes `gpu`, which i915 found fit: supported, enabled, real, and its initial state saved. i915's probe is
    /// over, and the device locked.
    fn attach(gpu: &GpuRef) -> Result<Pin<KBox<Self>>>;

    /// `gpu` has come later than the module, and i915 found it unfit. Its probe is over, and the device locked.
    fn unfit(gpu: &Gpu);

    /// i915 is about to leave the GPU. It waits, without an end, until its engines are idle before it takes the GPU back.
    /// The device is locked.
    fn leaves(this: Pin<&Self>);

    /// Gives `gpu` back. After this, i915 waits until no [`GpuRef`] is left.
    fn detach(this: Pin<KBox<Self>>, gpu: &Gpu);

    /// The system has slept, and i915 has brought its own part of the GPU's state back. What is not its own of the
    /// GGTT is what the firmware left there, and fence registers are 0.
    fn resume(this: Pin<&Self>);
}

/// What the GVT pointer of a GPU leads to. Dropped in this order.
struct Slot<T: Client> {
    admission: Pin<KBox<Admission<T>>>,
    _loan: Loan,
}

/// The attachment of `T` to i915; ends when this is dropped.
///
/// # Invariants
///
/// i915 has `ops` and no other, and the GVT pointer of each of its GPUs is NULL or comes from
/// `KBox<Slot<T>>::into_foreign`.
pub(crate) struct Attachment<T: Client> {
    ops: &'static bindings::intel_vgpu_ops,
    watch: Option<pci::Watch>,
    _client: PhantomData<T>,
}

impl<T: Client> Attachment<T> {
    const OPS: bindings::intel_vgpu_ops = bindings::intel_vgpu_ops {
        init_device: Some(Self::init_device),
        clean_device: Some(Self::clean_device),
        pm_resume: Some(Self::pm_resume),
    };

    /// Attaches to i915, which lends the GPUs it drives now and will lend those that it drives later,
    /// unless it finds them unfit.
    ///
    /// Fails with [`EBUSY`] if another module is attached.
    pub(crate) fn new() -> Result<Self> {
        // i915 reads the registers of each GPU that it can lend, and does not wake it for that. These stay
        // locked meanwhile, in the order in which the PCI core locks the devices of a bus.
        let mut awake = KVec::new();
        for gpu in BoundGpu::all().filter(|gpu| gpu.platform().is_some()) {
            awake.push(gpu.wake(), GFP_KERNEL)?;
        }

        let ops = &Self::OPS;

        // SAFETY: `ops` is static, and its functions are those of this module, which cannot go before
        // the result is dropped.
        to_result(unsafe { bindings::intel_gvt_set_ops(ops) }).map_err(|_| EBUSY)?;

        // INVARIANT: i915 has taken `ops`. With no others before, all GVT pointers were NULL; since then
        // only the functions below set them.
        Ok(Self {
            ops,
            watch: None,
            _client: PhantomData,
        })
    }

    /// Has the client attached to every GPU that i915 drives and lends, and later to each that comes. Calls `each`
    /// for all that it drives now, once or twice, with whether the client is.
    ///
    /// No GPU comes or goes while `each` looks at it.
    pub(crate) fn settle(&mut self, mut each: impl FnMut(&Gpu, bool)) -> Result {
        let mut walk = || {
            for gpu in BoundGpu::all() {
                // SAFETY: We do not detach while `self` is borrowed.
                let slot = unsafe { Self::slot(&gpu) };

                each(
                    &gpu,
                    slot.is_some_and(|slot| slot.admission.settle(&gpu).is_ok()),
                );
            }
        };

        // Who is there or being probed is for `each` alone, so the watch begins after the walk. Another finds who has
        // come in between.
        walk();
        self.watch = Some(pci::Watch::new(pci::Watcher {
            bound: Self::bound,
            leaves: Self::leaves,
        })?);
        walk();
        Ok(())
    }

    /// A driver was bound to `device`; for [`Self::watch`] only.
    fn bound(device: &pci::Locked) {
        let Some(gpu) = BoundGpu::new(device) else {
            return;
        };

        // SAFETY: Before we detach, the end of `watch` waits for the end of this.
        let Some(slot) = (unsafe { Self::slot(&gpu) }) else {
            return T::unfit(&gpu);
        };
        if let Err(error) = slot.admission.settle(&gpu) {
            pr_err!("{}: not attached: {error:?}\n", gpu.device().name());
        }
    }

    /// The driver of `device` is about to be taken off it; for [`Self::watch`] only.
    fn leaves(device: &pci::Locked) {
        let Some(gpu) = BoundGpu::new(device) else {
            return;
        };

        // SAFETY: Before we detach, the end of `watch` waits for the end of this.
        if let Some(slot) = unsafe { Self::slot(&gpu) } {
            slot.admission.with(T::leaves);
        }
    }

    /// What the GVT pointer of `gpu` leads to, if i915 lends it.
    ///
    /// # Safety
    ///
    /// There must be an attachment of this type while the result is there.
    unsafe fn slot<L>(gpu: &BoundGpu<L>) -> Option<&Slot<T>> {
        // SAFETY: `gpu` is valid. The pointer changes only in i915's probe and removal, which `gpu` keeps off, and when
        // modules attach or detach: others cannot, and the caller vouches for us.
        let data = NonNull::new(unsafe { bindings::rgvt_i915_gvt(gpu.as_raw()) })?;

        // SAFETY: The type's invariants say where it comes from, and for the same reason as above it is not taken back
        // meanwhile.
        Some(unsafe { <KBox<Slot<T>>>::borrow(data.as_ptr()) })
    }

    /// # Safety
    ///
    /// For i915 only, in probe or when the module attaches.
    unsafe extern "C" fn init_device(i915: *mut bindings::drm_i915_private) -> ffi::c_int {
        // SAFETY: i915 calls this in `intel_gvt_init()`, or later when we attach.
        let gpu = unsafe { Gpu::from_raw(i915) };

        from_result(|| {
            // SAFETY: i915 keeps `gpu` and what it has saved of it until `clean_device` returns, or this does
            // with an error; the `Loan` is dropped before.
            let (loan, gpu) = unsafe { Loan::new(gpu) }?;
            let slot = KBox::new(
                Slot {
                    admission: Admission::<T>::new(gpu)?,
                    _loan: loan,
                },
                GFP_KERNEL,
            )?;

            // SAFETY: `i915` is valid, and i915's lock for GVT, held now, guards the pointer.
            unsafe { bindings::rgvt_i915_set_gvt(i915, slot.into_foreign()) };
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// For i915 only, in removal or when the module detaches, if the GVT pointer of `i915` is not NULL.
    unsafe extern "C" fn clean_device(i915: *mut bindings::drm_i915_private) {
        // SAFETY: i915 calls this in `intel_gvt_driver_remove()`, or before when we detach.
        let gpu = unsafe { Gpu::from_raw(i915) };

        // SAFETY: `i915` is valid, and i915's lock for GVT, held now, guards the pointer. It is not NULL,
        // so it is what `init_device` put there; with NULL in its place it is taken back only once.
        let slot = unsafe {
            let data = bindings::rgvt_i915_gvt(i915);
            bindings::rgvt_i915_set_gvt(i915, core::ptr::null_mut());
            <KBox<Slot<T>>>::from_foreign(data)
        };

        if let Some(client) = slot.admission.end() {
            T::detach(client, gpu);
        }
    }

    /// # Safety
    ///
    /// For i915 only, when the system resumes, if the GVT pointer of `i915` is not NULL.
    unsafe extern "C" fn pm_resume(i915: *mut bindings::drm_i915_private) {
        // SAFETY: `i915` is valid, and i915's lock for GVT, held now, guards the pointer. It is not NULL, so it
        // is what `init_device` put there.
        let slot = unsafe { <KBox<Slot<T>>>::borrow(bindings::rgvt_i915_gvt(i915)) };

        slot.admission.with(T::resume);
    }
}

impl<T: Client> Drop for Attachment<T> {
    fn drop(&mut self) {
        // It reads pointers that are taken back below.
        self.watch = None;

        // SAFETY: The type's invariant: i915 has `ops`. It calls `clean_device` for what it has lent, and
        // none of the functions after that.
        unsafe { bindings::intel_gvt_clear_ops(self.ops) };
    }
}
