// SPDX-License-Identifier: GPL-2.0

//! Registers as commands reach them, and which of them a non-privileged batch may write.

use super::math::GPRS;
use super::stream::Streamer;
use crate::engine::EngineId;
use crate::gpu::Gpu;

/// Offsets from the engine's base (i915: `gt/intel_engine_regs.h`, `gt/intel_gt_regs.h`).
pub mod at {
    pub const RING_CTL: u32 = 0x3c;
    pub const HWS_PGA: u32 = 0x80;
    pub const NOPID: u32 = 0x94;
    pub const EIR: u32 = 0xb0;
    pub const EMR: u32 = 0xb4;
    pub const BB_OFFSET: u32 = 0x158;
    pub const BCS_SWCTRL: u32 = 0x200;
    pub const PS_DEPTH_COUNT: u32 = 0x2d8;
    pub const CONTEXT_TIMESTAMP: u32 = 0x3a8;
    pub const PREDICATE_RESULT_2: u32 = 0x3bc;
    pub const PREDICATE_SRC0: u32 = 0x400;
    pub const PREDICATE_SRC1: u32 = 0x408;
    pub const PREDICATE_DATA: u32 = 0x410;
    pub const PREDICATE_RESULT: u32 = 0x418;
    pub const PREDICATE_RESULT_1: u32 = 0x41c;
    pub const FORCE_TO_NONPRIV: u32 = 0x4d0;
    pub const GPR: u32 = 0x600;
}

/// CS_DEBUG_MODE2. On Gen9 a non-privileged batch may write it, and a context keeps it: Mesa has it make the addresses
/// of constants absolute, if the kernel tells that contexts are isolated (its `init_state` of iris and of anv).
const DEBUG_MODE_2: u32 = 0x20d8;

/// Slots of RING_FORCE_TO_NONPRIV, each of which opens one register.
const NONPRIV_SLOTS: u32 = 12;
/// Register that a slot names.
const NONPRIV_ADDRESS: u32 = 0x3ff_fffc;
/// GDRST. Its write waits for the engines to stop, which an engine cannot do for itself.
const RESET: u32 = 0x941c;

/// Registers, first and last, that non-privileged batches may write, engine by engine
/// (PRM Skylake vol. 3a "User Mode Non-Privileged Registers"; IGT gem_ctx_isolation).
const USER_REGISTERS: [&[(u32, u32)]; 4] = [
    &[
        (0x2094, 0x2094), // NOPID
        (0x20c0, 0x20c0), // INSTPM
        (0x2158, 0x2158), // BB_OFFSET
        (0x2290, 0x2294), // GPGPU_THREADS_DISPATCHED
        (0x22c8, 0x22cc), // PS_INVOCATION_COUNT_0
        (0x22d8, 0x22dc), // PS_DEPTH_COUNT_0
        (0x22f0, 0x22f4), // PS_INVOCATION_COUNT_1
        (0x22f8, 0x22fc), // PS_DEPTH_COUNT_1
        (0x2300, 0x2344), // HS to CL invocation and primitive counts
        (0x2360, 0x2364), // OA_CTX_CONTROL, OACTXID
        (0x23bc, 0x23bc), // MI_PREDICATE_RESULT_2
        (0x2400, 0x241c), // MI_PREDICATE_SRC0 to RESULT_1
        (0x2420, 0x2420), // 3DPRIM_END_OFFSET
        (0x2430, 0x2440), // 3DPRIM_START_VERTEX to BASE_VERTEX
        (0x2448, 0x2454), // PS_INVOCATION_COUNT_2, PS_DEPTH_COUNT_2
        (0x2500, 0x2508), // GPGPU_DISPATCHDIMX to Z
        (0x2600, 0x267c), // CS_GPR
        (0x2b00, 0x2b00), // OA_CONTROL
        (0x5200, 0x521c), // SO_NUM_PRIMS_WRITTEN
        (0x5240, 0x525c), // SO_PRIM_STORAGE_NEEDED
        (0x5280, 0x528c), // SO_WRITE_OFFSET
        (0x7000, 0x7008), // Cache_Mode_0, Cache_Mode_1, GT_MODE
        (0x7034, 0x7034), // L3 configuration
        (0x91b8, 0x91c4), // PERF_CNT_1, PERF_CNT_2
        (0xe400, 0xe404), // TD_CTL, TD_CTL2
    ],
    &[(0x2_2200, 0x2_2200), (0x2_2600, 0x2_267c)], // BCS_SWCTRL, CS_GPR
    &[(0x1_2600, 0x1_267c), (0x1_2800, 0x1_28fc)], // CS_GPR, MFC
    &[(0x1_a600, 0x1_a67c)],                       // CS_GPR
];

/// Whether a non-privileged batch may write the register.
fn user_writable(gpu: &Gpu, engine: EngineId, offset: u32) -> bool {
    // Gen9's blitter does not guard registers at all; that is why i915 parses its batches
    // (i915_cmd_parser.c, gen9_blt_cmds).
    if engine == EngineId::Bcs && gpu.platform.graphics == 9 {
        return true;
    }
    if engine == EngineId::Rcs && gpu.platform.graphics == 9 && offset == DEBUG_MODE_2 {
        return true;
    }
    let listed = |&(first, last): &(u32, u32)| (first..=last).contains(&offset);
    if USER_REGISTERS[engine.index()].iter().any(listed) {
        return true;
    }
    (0..NONPRIV_SLOTS).any(|slot| {
        let slot = engine.base() + at::FORCE_TO_NONPRIV + 4 * slot;
        gpu.regs.get(slot) & NONPRIV_ADDRESS == offset
    })
}

impl Streamer<'_> {
    /// The register at `offset` from the engine's base.
    pub(super) fn register(&self, offset: u32) -> u32 {
        self.engine.base() + offset
    }

    /// A read for a command; no register is closed to it.
    pub(super) fn read_register(&self, offset: u32) -> u32 {
        if offset == self.register(at::CONTEXT_TIMESTAMP) {
            // The stored value is what the context had when it came in.
            let ran = self.gpu.clock.timestamp().wrapping_sub(self.started);
            // CAST: the register has the lower 32 bits.
            return self.gpu.regs.get(offset).wrapping_add(ran as u32);
        }
        self.gpu.register_read(offset)
    }

    /// A write for a command; dropped when the batch has not the right to it.
    pub(super) fn write_register(&self, offset: u32, value: u32) {
        if offset == RESET {
            self.gpu
                .witness
                .note("write of the reset register by a command dropped");
            return;
        }
        if self.privileged() || user_writable(self.gpu, self.engine, offset) {
            self.gpu.register_write(offset, value);
        } else {
            tracing::debug!(engine = ?self.engine, offset, value, "write dropped");
            self.gpu
                .witness
                .note("write of a privileged register by a batch dropped");
        }
    }

    /// General-purpose register `index`, modulo their number.
    pub(super) fn gpr(&self, index: usize) -> u64 {
        self.gpu.regs.get64(self.gpr_at(index))
    }

    pub(super) fn set_gpr(&self, index: usize, value: u64) {
        self.gpu.regs.set64(self.gpr_at(index), value);
    }

    fn gpr_at(&self, index: usize) -> u32 {
        // CAST: less than 16.
        self.register(at::GPR) + 8 * (index % GPRS) as u32
    }

    /// GGTT address of the engine's hardware status page.
    pub(super) fn status_page(&self) -> u32 {
        self.gpu.regs.get(self.register(at::HWS_PGA)) & !0xfff
    }

    /// Raises an interrupt of the engine.
    pub(super) fn interrupt(&self, bits: u32) {
        self.gpu.irq.engine(self.gpu, self.engine, bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_disjoint() {
        for list in USER_REGISTERS {
            assert!(
                list.iter()
                    .all(|(first, last)| first <= last && first % 4 == 0)
            );
            assert!(list.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
