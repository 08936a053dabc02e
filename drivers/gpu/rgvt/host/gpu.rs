// SPDX-License-Identifier: GPL-2.0

//! One GPU that i915 lends to us.

use kernel::{
    fmt,
    prelude::*,
    sizes::SizeConstants, //
};

use crate::{
    hw::{
        addr::MmioOffset,
        engine::Engine,
        platform::Platform, //
    },
    model::seam::HostMmio,
    rust::i915::{
        self,
        EngineId,
        Ggtt,
        GpuRef,
        InUse, //
    },
};

/// A GPU that stays awake while this lives.
pub(crate) struct StaysAwake {
    _in_use: InUse,
}

/// A GPU, with what there is to share of it.
pub(crate) struct HostGpu {
    gpu: GpuRef,
    platform: Platform,
    ggtt: Ggtt,
    aperture: u64,
}

impl HostGpu {
    /// What i915 lends. ENXIO if it is no GPU that we know, or has no aperture, or if its GGTT can be
    /// changed only while the whole machine stands still.
    pub(crate) fn new(gpu: &GpuRef) -> Result<Self> {
        if gpu.needs_standstill() {
            return Err(ENXIO);
        }

        Ok(Self {
            platform: platform(gpu.platform().ok_or(ENXIO)?),
            ggtt: gpu.ggtt(),
            aperture: gpu.aperture().ok_or(ENXIO)?.start,
            gpu: gpu.clone(),
        })
    }

    /// The right to use the GPU.
    pub(super) fn lent(&self) -> &GpuRef {
        &self.gpu
    }

    /// Its platform.
    pub(crate) fn platform(&self) -> Platform {
        self.platform
    }

    /// The extent of its global address space.
    pub(crate) fn ggtt(&self) -> Ggtt {
        self.ggtt
    }

    /// Physical address of the aperture.
    pub(crate) fn aperture(&self) -> u64 {
        self.aperture
    }

    /// Keeps the GPU from being put to sleep for want of use, as long as what is returned lives. What a
    /// guest's processors do through a mapping of the aperture does not wake it.
    pub(crate) fn keep_awake(&self) -> Result<StaysAwake> {
        Ok(StaysAwake {
            _in_use: InUse::new(&self.gpu)?,
        })
    }

    /// Reads what the aperture shows from byte `offset` on. EINVAL past its end.
    pub(crate) fn read_aperture(&self, offset: u64, into: &mut [u8]) -> Result {
        self.gpu.wake().read_aperture(offset, into)
    }

    /// Writes to what the aperture shows; likewise.
    pub(crate) fn write_aperture(&self, offset: u64, bytes: &[u8]) -> Result {
        self.gpu.wake().write_aperture(offset, bytes)
    }

    /// What the configuration space held when i915 lent the GPU; bytes from `offset` on.
    pub(crate) fn initial_config<const N: usize>(&self, offset: usize) -> Result<[u8; N]> {
        let space = self.gpu.initial_config();
        let bytes = space.get(offset..).and_then(|rest| rest.first_chunk());
        bytes.copied().ok_or(EINVAL)
    }

    /// Whether it has an engine.
    pub(crate) fn has_engine(&self, engine: Engine) -> bool {
        self.gpu.has_engine(engine_id(engine))
    }

    /// Whether an engine can leave a piece of work in its middle for another.
    pub(crate) fn preempts(&self, engine: Engine) -> bool {
        self.gpu.preempts(engine_id(engine))
    }

    /// Has an engine forget its translations. ETIMEDOUT if it does not say that it has.
    pub(crate) fn invalidate_tlb(&self, engine: Engine) -> Result {
        self.gpu.invalidate_tlb(engine_id(engine))
    }

    /// What i915 has an engine execute in the middle of the restore of its contexts; empty if nothing.
    pub(crate) fn restore_batch(&self, engine: Engine) -> Result<KVec<u32>> {
        self.gpu.restore_batch(engine_id(engine))
    }
}

impl HostMmio for HostGpu {
    fn read(&self, at: MmioOffset) -> u32 {
        // What the offset must be, it is by the table of registers that is asked before.
        self.gpu.wake().read32(at.get()).unwrap_or(0)
    }
}

/// An engine by i915's name for it.
pub(super) fn engine_id(engine: Engine) -> EngineId {
    match engine {
        Engine::Rcs => EngineId::Rcs0,
        Engine::Bcs => EngineId::Bcs0,
        Engine::Vcs0 => EngineId::Vcs0,
        Engine::Vcs1 => EngineId::Vcs1,
        Engine::Vecs => EngineId::Vecs0,
    }
}

/// A platform of i915's as the facts in `hw` are kept for it.
fn platform(platform: i915::Platform) -> Platform {
    match platform {
        i915::Platform::Broadwell => Platform::Broadwell,
        i915::Platform::Skylake => Platform::Skylake,
        i915::Platform::Broxton => Platform::Broxton,
        i915::Platform::KabyLake => Platform::KabyLake,
        i915::Platform::CoffeeLake => Platform::CoffeeLake,
        i915::Platform::CometLake => Platform::CometLake,
    }
}

impl fmt::Display for HostGpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ggtt {
            size,
            aperture,
            fences,
        } = self.ggtt;
        let mib = |bytes: u64| bytes / u64::SZ_1M;
        let platform = self.gpu.platform();

        if let Some(platform) = platform {
            f.write_fmt(fmt!("{platform}: "))?;
        }
        f.write_fmt(fmt!(
            "{} MiB aperture, {} MiB GGTT, {fences} fences",
            mib(aperture),
            mib(size)
        ))
    }
}
