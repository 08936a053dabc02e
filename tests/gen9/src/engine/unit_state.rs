// SPDX-License-Identifier: GPL-2.0

//! Registers outside the ring block's own list that belong to a context: what the units behind the
//! command streamer hold and user batches may write.
//!
//! Hardware saves them in the engine's part of the image, whose format only the hardware knows;
//! here it is one more list of `MI_LOAD_REGISTER_IMM` commands in the unused half of the register
//! state page. Which registers are a context's: PRM Skylake vol. 3a "Render Engine Register
//! State Context"; IGT's gem_ctx_isolation checks it. MI_PREDICATE_RESULT_2 and MFC_VDBOX1 are in none (there:
//! NOCTX).

use super::EngineId;

/// Dword position in the register state page.
pub const FIRST_DWORD: u64 = 0x200;

/// Runs of registers: first offset and count.
type Runs = &'static [(u32, u32)];

const RENDER: Runs = &[
    (0x2094, 1),  // NOPID
    (0x20d8, 1),  // CS_DEBUG_MODE2
    (0x2290, 2),  // GPGPU_THREADS_DISPATCHED
    (0x22c8, 2),  // PS_INVOCATION_COUNT_0
    (0x22d8, 2),  // PS_DEPTH_COUNT_0
    (0x22f0, 4),  // PS_INVOCATION_COUNT_1, PS_DEPTH_COUNT_1
    (0x2300, 18), // HS, DS, IA, VS, GS and CL counts
    (0x2350, 2),  // PS_DEPTH_COUNT
    (0x2360, 2),  // OA_CTX_CONTROL, OACTXID
    (0x2400, 8),  // MI_PREDICATE_*
    (0x2420, 1),  // 3DPRIM_END_OFFSET
    (0x2430, 5),  // 3DPRIM_*
    (0x2448, 4),  // PS_INVOCATION_COUNT_2, PS_DEPTH_COUNT_2
    (0x2500, 3),  // GPGPU_DISPATCHDIM
    (0x2580, 1),  // CS_CHICKEN1
    (0x5200, 8),  // SO_NUM_PRIMS_WRITTEN
    (0x5240, 8),  // SO_PRIM_STORAGE_NEEDED
    (0x5280, 4),  // SO_WRITE_OFFSET
    (0x7000, 3),  // CACHE_MODE_0, CACHE_MODE_1, GT_MODE
    (0x7010, 2),  // HIZ_CHICKEN, COMMON_SLICE_CHICKEN2
    (0x7034, 1),  // L3 configuration
    (0x7300, 2),  // HDC_CHICKEN0, HDC_CHICKEN1
    (0x83a4, 1),  // VFG preemption
    (0xe100, 1),  // HALF_SLICE_CHICKEN2
    (0xe180, 6),  // HALF_SLICE_CHICKEN3 and its neighbours
    (0xe400, 2),  // TD_CTL
    (0xe4f0, 1),  // ROW_CHICKEN
];
// Not BCS_SWCTRL, which is in a list at a fixed place (i915 gt/intel_lrc.c: `gen9_xcs_offsets`).
const BLITTER: Runs = &[
    (0x2_2600, 32), // general-purpose registers
];
const VIDEO: Runs = &[
    (0x1_2600, 32), // general-purpose registers
];
const ENHANCEMENT: Runs = &[
    (0x1_a600, 32), // general-purpose registers
];

/// The registers of an engine's units.
pub fn registers(engine: EngineId) -> impl Iterator<Item = u32> {
    let runs = match engine {
        EngineId::Rcs => RENDER,
        EngineId::Bcs => BLITTER,
        EngineId::Vcs0 => VIDEO,
        EngineId::Vecs => ENHANCEMENT,
    };
    runs.iter()
        .flat_map(|&(first, count)| (0..count).map(move |k| first + 4 * k))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Registers of one `MI_LOAD_REGISTER_IMM`: its length field has 8 bits.
    const MOST_PAIRS: u64 = 127;

    #[test]
    fn lists_fit_and_hold_no_register_twice() {
        for engine in EngineId::ALL {
            let mut all: Vec<_> = registers(engine).collect();
            assert!(all.len() as u64 <= MOST_PAIRS, "{engine:?}");
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), registers(engine).count(), "{engine:?}");
        }
    }
}
