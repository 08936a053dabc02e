// SPDX-License-Identifier: GPL-2.0

//! What traces tell of a piece of work, from its submission to its end. Documentation/trace.rst.

use kernel::{
    prelude::*,
    time::Delta, //
};

use crate::{
    host::trace,
    hw::engine::Engine,
    model::{
        execlist::{
            Ticket,
            Work, //
        },
        partition::VgpuId,
    },
};

/// Names a piece of work of a virtual GPU in traces.
#[derive(Clone, Copy)]
pub(super) struct Label {
    vgpu: u32,
    engine: u32,
    ticket: u64,
}

impl Label {
    pub(super) fn new(vgpu: VgpuId, engine: Engine, ticket: Ticket) -> Self {
        Self {
            vgpu: vgpu.get().into(),
            // CAST: The enum has a handful of values.
            engine: engine as u32,
            ticket: ticket.get(),
        }
    }

    /// The guest has submitted `work`, which this names.
    pub(super) fn queued(self, work: Work) {
        trace::workload_queued(
            self.vgpu,
            self.engine,
            self.ticket,
            work.descriptor.into_raw(),
        );
    }

    /// It can be given to the GPU. So many dwords of commands were looked at.
    pub(super) fn prepared(self, audited: usize) {
        let bytes = u64::try_from(audited).unwrap_or(0).saturating_mul(4);
        trace::workload_prepared(self.vgpu, self.engine, self.ticket, bytes);
    }

    /// The GPU has it, so long after its submission.
    pub(super) fn started(self, waited: Delta) {
        trace::workload_started(self.vgpu, self.engine, self.ticket, nanos(waited));
    }

    /// The GPU was told to leave it in its middle for others.
    pub(super) fn preempted(self) {
        trace::workload_preempted(self.vgpu, self.engine, self.ticket);
    }

    /// The GPU is done with it. It had the engine for so many nanoseconds, if that is known.
    pub(super) fn left(self, used: Option<u64>) {
        trace::workload_left(self.vgpu, self.engine, self.ticket, used.unwrap_or(0));
    }

    /// The guest was told that it is done, so long after its submission.
    pub(super) fn done(self, took: Delta) {
        trace::workload_done(self.vgpu, self.engine, self.ticket, nanos(took));
    }

    /// The guest took it back, or has reset the engine.
    pub(super) fn cancelled(self) {
        trace::workload_cancelled(self.vgpu, self.engine, self.ticket);
    }

    /// The GPU never had it.
    pub(super) fn refused(self, error: Error) {
        trace::workload_refused(self.vgpu, self.engine, self.ticket, error.to_errno());
    }

    /// It was ended, or the engine hung.
    pub(super) fn reset(self, error: Error) {
        trace::workload_reset(self.vgpu, self.engine, self.ticket, error.to_errno());
    }
}

/// The guest has written to a page table that has a shadow.
pub(super) fn table_written(vgpu: VgpuId, at: u64, bytes: usize) {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    trace::table_written(vgpu.get().into(), at, bytes);
}

fn nanos(time: Delta) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(0)
}
