// SPDX-License-Identifier: GPL-2.0

//! One real GPU as all virtual ones on it share it.

use kernel::{
    fmt, new_mutex,
    prelude::*,
    sync::{
        atomic::Atomic,
        Arc,
        Mutex, //
    },
};

use super::{
    runner::Runner,
    submission::Leftovers, //
};
use crate::{
    host::{
        HostGpu,
        OwnedQueue, //
    },
    hw::{
        addr::{
            Bytes,
            GmaRange, //
        },
        engine::Engine, //
    },
    model::{
        mmio::table::Map,
        partition::{
            HostShare,
            Partition,
            Share,
            Space,
            VgpuId, //
        },
        sched::{
            Policy,
            RunQueue,
            Weight, //
        },
        types::{
            offered,
            Name,
            Resolution,
            VgpuType,
            MAX_TYPES, //
        },
    },
};

/// How long a piece of work may take to make way for others', if nobody says otherwise, in microseconds.
const PREEMPT_TIMEOUT_US: u32 = 2_000_000;

/// What virtual GPUs may take of an engine, all of them alike.
pub(crate) struct Limits {
    /// How long a piece of work may have it, in milliseconds; 0 is no limit.
    pub(crate) work_ms: u32,
    /// What is left to the host, in percent; at most 99 count.
    pub(crate) host_percent: u8,
}

impl Limits {
    fn queue(&self, preempts: bool) -> Result<RunQueue> {
        let queue = RunQueue::new(preempts, self.host_percent.min(99))?;
        Ok(match self.work_ms {
            0 => queue,
            limit => queue.with_limit(u64::from(limit) * 1_000_000),
        })
    }
}

/// A GPU, who owns which part of it, and who is in line for its engines.
///
/// Fields are dropped in this order, in which work comes to rest: i915 may go on when the last right to use the
/// GPU is given back, and the module be unloaded; nothing of it may run then.
#[pin_data]
pub(crate) struct Gpu {
    runners: Runners,
    workqueue: Arc<OwnedQueue>,
    pub(super) host: HostGpu,
    pub(super) leftovers: Leftovers,
    /// The render engine's. i915 has none for the others (`lrc_init_wa_ctx`).
    restore_batch: KVec<u32>,
    /// Engines are given nothing, as the host is about to sleep, or sleeps.
    pub(super) asleep: Atomic<bool>,
    /// Nor are they any more, as i915 leaves.
    pub(super) left: Atomic<bool>,
    /// The registers that a guest sees; the same for all guests.
    pub(super) map: Arc<Map>,
    /// MiB of its guest's memory that a new virtual GPU may have pinned.
    pub(super) pin_quota_mib: u32,
    offered: [Option<VgpuType>; MAX_TYPES],
    /// Protects who owns what. Nothing else is locked inside of it.
    #[pin]
    partition: Mutex<Partition>,
}

impl Gpu {
    /// A GPU that nobody uses yet, of which each virtual one may have `pin_quota_mib` MiB pinned unless it is
    /// told otherwise, and an engine for as long as `limits` say. Monitors prefer the mode `preferred`, of any type
    /// that can have it. ENOSPC if it is too small to be shared.
    pub(crate) fn new(
        host: HostGpu,
        pin_quota_mib: u32,
        limits: Limits,
        preferred: Option<Resolution>,
    ) -> Result<Arc<Self>> {
        let ggtt = host.ggtt();
        let space = Space {
            aperture: Bytes::new(ggtt.aperture),
            total: Bytes::new(ggtt.size),
            fences: u8::try_from(ggtt.fences).unwrap_or(u8::MAX),
        };
        let partition = Partition::new(space, HostShare::DEFAULT).ok_or(ENOSPC)?;

        let mut offered = offered(&partition);
        if let Some(mode) = preferred {
            for kind in offered.iter_mut().flatten() {
                *kind = kind.preferring(mode);
            }
            let kinds = || offered.iter().flatten();
            if kinds().all(|kind| kind.resolution != mode) {
                let most = kinds().map(|kind| (kind.largest.width, kind.largest.height));
                let (width, height) = most.max().unwrap_or_default();
                pr_warn!(
                    "no virtual GPU can have a monitor of {}x{}: mode_width and mode_height are ignored, set them from 640x480 to {width}x{height}\n",
                    mode.width,
                    mode.height
                );
            }
        }

        let workqueue = Arc::new(OwnedQueue::new(c"rgvt")?, GFP_KERNEL)?;
        let mut runners = KVec::new();
        for engine in Engine::ALL {
            if host.has_engine(engine) {
                let queue = limits.queue(host.preempts(engine))?;
                let runner = Runner::new(engine, queue, workqueue.clone())?;
                runners.push(runner, GFP_KERNEL)?;
            }
        }

        Arc::pin_init(
            pin_init!(Self {
                map: Arc::new(Map::new(host.platform())?, GFP_KERNEL)?,
                leftovers: Leftovers::of(&host)?,
                restore_batch: host.restore_batch(Engine::Rcs)?,
                asleep: Atomic::new(false),
                left: Atomic::new(false),
                pin_quota_mib,
                offered,
                host,
                runners: Runners(runners),
                workqueue,
                partition <- new_mutex!(partition),
            }? Error),
            GFP_KERNEL,
        )
    }

    /// The types of virtual GPU that it can hold.
    pub(crate) fn offered(&self) -> impl Iterator<Item = &VgpuType> {
        self.offered.iter().flatten()
    }

    /// A type's name, as sysfs shows it after the driver's.
    pub(crate) fn type_name<'a>(&self, kind: &'a VgpuType) -> impl fmt::Display + use<'a> {
        Name {
            platform: self.host.platform(),
            kind,
        }
    }

    /// How many more of a type fit.
    pub(crate) fn available(&self, kind: &VgpuType) -> u32 {
        self.partition.lock().available(kind)
    }

    /// How a virtual GPU of a type is served, if nobody says otherwise.
    pub(super) fn policy(&self, kind: &VgpuType) -> Result<Policy> {
        let weight = Weight::new(kind.weight.into()).ok_or(EINVAL)?;
        Ok(Policy::new(weight, PREEMPT_TIMEOUT_US))
    }

    /// What `engine` executes in the middle of each restore of a context, before anything of a guest's.
    pub(super) fn restore_batch(&self, engine: Engine) -> &[u32] {
        match engine {
            Engine::Rcs => &self.restore_batch,
            _ => &[],
        }
    }

    /// Its engines.
    pub(super) fn runners(&self) -> impl Iterator<Item = &Arc<Runner>> {
        self.runners.0.iter()
    }
}

/// The engines of a GPU. They are at rest when this is gone.
struct Runners(KVec<Arc<Runner>>);

impl Drop for Runners {
    fn drop(&mut self) {
        // The last kick may have come from a virtual GPU that is gone.
        for runner in &self.0 {
            runner.settle();
        }
    }
}

/// A virtual GPU's place in the partition.
pub(super) struct Seat {
    gpu: Arc<Gpu>,
    id: VgpuId,
    share: Share,
}

impl Seat {
    /// Takes a place that has none of `barred`. ENOSPC if none is left for this type.
    pub(super) fn take(gpu: &Arc<Gpu>, kind: &VgpuType, barred: &[GmaRange]) -> Result<Self> {
        let mut partition = gpu.partition.lock();
        let (id, share) = partition.take_beside(kind, barred).map_err(|_| ENOSPC)?;
        drop(partition);

        Ok(Self {
            gpu: gpu.clone(),
            id,
            share,
        })
    }

    /// The GPU that it is on.
    pub(super) fn gpu(&self) -> &Arc<Gpu> {
        &self.gpu
    }

    /// Whose it is.
    pub(super) fn id(&self) -> VgpuId {
        self.id
    }

    /// What is there.
    pub(super) fn share(&self) -> &Share {
        &self.share
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.gpu.partition.lock().give_back(self.id);
    }
}
