// SPDX-License-Identifier: GPL-2.0

//! The registers that tell the driver where the streamer is (i915: `gt/intel_engine_regs.h`).

use super::{Batch, State};
use crate::addr::Space;
use crate::engine::EngineId;
use crate::gpu::Gpu;

/// Offsets from the engine's base.
mod at {
    pub const HEAD: u32 = 0x34;
    pub const ACTHD_UDW: u32 = 0x5c;
    pub const IPEHR: u32 = 0x68;
    pub const ACTHD: u32 = 0x74;
    pub const BB_STATE: u32 = 0x110;
    pub const BB_ADDR: u32 = 0x140;
    pub const BB_ADDR_UDW: u32 = 0x168;
}

/// BB_ADDR: a batch runs.
const BB_VALID: u32 = 1;
/// BB_STATE: the batch is in the PPGTT (i915: `RING_BB_PPGTT`).
const BB_PPGTT: u32 = 1 << 5;

/// Offset and last value of each register, so that only changes are stored.
type Cell = (u32, u32);

/// What the registers show.
pub struct Live {
    cells: [Cell; 7],
}

impl Live {
    /// Takes over what the registers hold.
    pub fn new(gpu: &Gpu, engine: EngineId) -> Self {
        let offsets = [
            at::HEAD,
            at::ACTHD_UDW,
            at::IPEHR,
            at::ACTHD,
            at::BB_STATE,
            at::BB_ADDR,
            at::BB_ADDR_UDW,
        ];
        let cells = offsets.map(|offset| {
            let register = engine.base() + offset;
            (register, gpu.regs.get(register))
        });
        Self { cells }
    }

    /// Shows the streamer's place and the header of the last command.
    pub fn publish(&mut self, gpu: &Gpu, state: &State, header: u32) {
        let head = state.ring.head;
        let (active, batch, space) = match state.batch {
            Some(Batch { at, .. }) => {
                let bits = if at.space == Space::PerProcess {
                    BB_PPGTT
                } else {
                    0
                };
                (at.addr, at.addr | u64::from(BB_VALID), bits)
            }
            None => (u64::from(state.ring.start.wrapping_add(head)), 0, 0),
        };
        let values = [
            head,
            (active >> 32) as u32,
            header,
            active as u32,
            space,
            batch as u32,
            (batch >> 32) as u32,
        ];
        for (cell, value) in self.cells.iter_mut().zip(values) {
            if cell.1 != value {
                cell.1 = value;
                gpu.regs.set(cell.0, value);
            }
        }
    }
}
