// SPDX-License-Identifier: GPL-2.0
//! The common case: one context, one engine, one buffer that batches write to.

use std::time::Duration;

use anyhow::Result;

use crate::batch::Batch;
use crate::bench::Bench;
use crate::device::{Buffer, Context, Device, Submission};
use crate::engine::Engine;
use crate::uapi::PAGE;

/// A client with a context and a target on one engine.
pub struct Rig {
    /// The client.
    pub device: Device,
    /// Its default context.
    pub context: Context,
    /// Where batches run.
    pub engine: Engine,
    /// What they write to, two pages.
    pub target: Buffer,
    limit: Duration,
}

impl Rig {
    /// Opens the device and makes the target.
    pub fn new(bench: &Bench, engine: Engine) -> Result<Self> {
        let device = bench.open()?;
        let target = device.buffer(2 * PAGE)?;
        let context = device.default_context();
        Ok(Self {
            device,
            context,
            engine,
            target,
            limit: bench.limit,
        })
    }

    /// Whether the engine has GPRs that a context keeps.
    pub fn has_gprs(&self) -> bool {
        self.engine.has_gprs(self.device.generation())
    }

    /// Where the target's dword at `index` is for the GPU.
    pub fn at(&self, index: usize) -> u64 {
        self.target.address_of(index)
    }

    /// A submission in the rig's context that may write the target.
    pub fn submission(&self) -> Submission<'_> {
        Submission::new(&self.context, self.engine).writes(&self.target)
    }

    /// Ends the batch, runs it and waits.
    pub fn run(&self, batch: &mut Batch) -> Result<()> {
        let batch = self.device.batch_buffer(batch.end())?;
        self.submission().run(&batch, self.limit)
    }
}
