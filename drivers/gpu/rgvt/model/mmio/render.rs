// SPDX-License-Identifier: GPL-2.0

//! Registers of the render engine: in its block those that the others do not have, and those of the
//! 3D and media pipelines.
//!
//! What commands may write is part of the context image: nobody exchanges registers when the engine
//! gets another owner. The exceptions are two that i915 lets every user on the host write on Gen9, though
//! they are not (selftest_workarounds.c: `pardon_reg`), and MI_PREDICATE_RESULT_2, which hardware lets
//! everybody write; the host's commands put them back (`leftovers`). And of two more, one bit each, which
//! i915 sets at every restore of a context on Gen9, also for the host's own. Source: intel_gt_regs.h,
//! intel_workarounds.c, i915_cmd_parser.c (`gen7_render_regs`, `hsw_render_regs`), gvt/mmio_context.c, and
//! Skylake PRM, volume 3a (User Mode Non-Privileged Registers).

use super::{
    platforms::Platforms,
    span::{
        Commands::{Bits, Read, Write},
        Span,
    },
};

/// The registers.
pub const TABLE: &[Span] = &[
    // PGTBL_CTL, PGTBL_ER, of generations before
    Span::plain(0x2020).to(0x2024),
    // _3D_CHICKEN
    Span::masked(0x2084),
    // FF_SLICE_CHICKEN, of which a batch at each restore of the context sets CL_PROVOKING_VERTEX_FIX
    // (gen9_init_indirectctx_bb), an exception
    Span::masked(0x2088).on(Platforms::GEN8),
    Span::masked(0x2088)
        .on(Platforms::GEN9)
        .commands(Bits(1 << 1)),
    // _3D_CHICKEN2
    Span::masked(0x208c),
    // _3D_CHICKEN3, and SF_PROVOKING_VERTEX_FIX in the same way
    Span::masked(0x2090).on(Platforms::GEN8),
    Span::masked(0x2090)
        .on(Platforms::GEN9)
        .commands(Bits(1 << 12)),
    // GEN7_FF_THREAD_MODE
    Span::plain(0x20a0).on(Platforms::GEN8),
    Span::plain(0x20a0).on(Platforms::GEN9).commands(Read),
    // WAIT_FOR_RC6_EXIT, GEN6_GT_MODE
    Span::masked(0x20cc),
    Span::masked(0x20d8).on(Platforms::GEN8),
    Span::masked(0x20d8).on(Platforms::GEN9).commands(Write),
    Span::masked(0x20dc),
    // GEN7_FF_SLICE_CS_CHICKEN1
    Span::masked(0x20e0),
    // FF_SLICE_CS_CHICKEN2
    Span::masked(0x20e4).on(Platforms::GEN8),
    Span::masked(0x20e4).on(Platforms::GEN9).commands(Read),
    // GEN9_CS_DEBUG_MODE1: among other things, when anyone on the engine can be preempted
    Span::masked(0x20ec).on(Platforms::GEN8),
    Span::masked(0x20ec).on(Platforms::GEN9).commands(Read),
    // GEN8_STATE_ACK, GEN9_STATE_ACK_SLICE1, GEN9_STATE_ACK_SLICE2
    Span::masked(0x20f0),
    Span::masked(0x20f8),
    Span::masked(0x2100),
    // CACHE_MODE_0, and without a name
    Span::masked(0x2120).to(0x2124),
    Span::plain(0x2128),
    // Where a batch goes on after a preemption
    Span::plain(0x2148),
    Span::plain(0x215c),
    // GFX_FLSH_CNTL
    Span::plain(0x2170),
    // CXT_SIZE, GEN7_CXT_SIZE
    Span::plain(0x21a0).to(0x21a8),
    Span::plain(0x21f0),
    // HSW_MI_PREDICATE_RESULT_2
    Span::plain(0x2214).commands(Write),
    // GEN9_CTX_PREEMPT_REG, an exception
    Span::plain(0x2248).on(Platforms::GEN8),
    Span::plain(0x2248).on(Platforms::GEN9).commands(Write),
    // GPGPU_THREADS_DISPATCHED
    Span::plain(0x2290).bytes(8).commands(Write),
    // GEN9_RCS_FE_FSM2, GEN6_RCS_PWR_FSM
    Span::constant(0x22a4, 0),
    Span::constant(0x22ac, 0),
    // PS_INVOCATION_COUNT_0, PS_DEPTH_COUNT_0, PS_INVOCATION_COUNT_1, PS_DEPTH_COUNT_1
    Span::plain(0x22c8).bytes(8).commands(Write),
    Span::plain(0x22d8).bytes(8).commands(Write),
    Span::plain(0x22f0).to(0x22fc).commands(Write),
    // HS_INVOCATION_COUNT to PS_DEPTH_COUNT
    Span::plain(0x2300).to(0x2354).commands(Write),
    // GEN8_OACTXCONTROL, and the context's ID for it
    Span::plain(0x2360).to(0x2368),
    // GEN7_OABUFFER
    Span::plain(0x23b0).to(0x23b4),
    // GEN7_3DPRIM_END_OFFSET
    Span::plain(0x2420).commands(Write),
    // GEN7_3DPRIM_START_VERTEX to GEN7_3DPRIM_BASE_VERTEX
    Span::plain(0x2430).to(0x2440).commands(Write),
    // PS_INVOCATION_COUNT_2, PS_DEPTH_COUNT_2
    Span::plain(0x2448).to(0x2454).commands(Write),
    Span::masked(0x2470),
    // GEN7_GPGPU_DISPATCHDIMX to GEN7_GPGPU_DISPATCHDIMZ
    Span::plain(0x2500).to(0x2508).commands(Write),
    // GFX_MODE
    Span::masked(0x2520),
    // GEN8_CS_CHICKEN1
    Span::masked(0x2580).commands(Write),
    Span::plain(0x2690).to(0x2698),
    // DRAW_WATERMARK
    Span::plain(0x26c0),
    Span::plain(0x2754),
    Span::plain(0x28a0),
    // GEN8_OACONTROL and what samples go where: the host's (i915_perf_oa_regs.h)
    Span::plain(0x2b00).to(0x2b2c),
    // TRVATTL3PTRDW, TRNULLDETCT, TRINVTILEDETCT, TRVADR, TRTTE: a second translation, which can be
    // told to use addresses of the bus. Commands are kept from it
    Span::plain(0x4de0).to(0x4dfc).on(Platforms::GEN9),
    // GEN7_SO_NUM_PRIMS_WRITTEN
    Span::plain(0x5200).to(0x521c).commands(Write),
    // GEN7_SO_PRIM_STORAGE_NEEDED
    Span::plain(0x5240).to(0x525c).commands(Write),
    // GEN7_SO_WRITE_OFFSET
    Span::plain(0x5280).to(0x528c).commands(Write),
    // GEN8_WM_CHICKEN2, which no driver of these GPUs is known to write, GEN9_WM_CHICKEN3
    Span::masked(0x5584),
    Span::masked(0x5588).commands(Write),
    Span::plain(0x6200).to(0x6208),
    // CACHE_MODE_0_GEN7, CACHE_MODE_1, GEN7_GT_MODE
    Span::masked(0x7000).to(0x7008).commands(Write),
    // GEN7_COMMON_SLICE_CHICKEN1, COMMON_SLICE_CHICKEN2, HIZ_CHICKEN
    Span::masked(0x7010).to(0x7018).commands(Write),
    // FBC_RT_BASE_ADDR_REGISTER
    Span::plain(0x7020),
    // GEN8_L3CNTLREG: how the L3 cache is shared out
    Span::plain(0x7034).starts_as_host().commands(Write),
    // GEN7_SC_INSTDONE: idle
    Span::constant(0x7100, u32::MAX),
    Span::plain(0x7118),
    Span::plain(0x7180),
    // HDC_CHICKEN0, GEN8_HDC_CHICKEN1
    Span::masked(0x7300).to(0x7304).commands(Write),
    // GEN9_SLICE_COMMON_ECO_CHICKEN1: Geminilake's users write it, which is not supported
    Span::masked(0x731c),
    Span::plain(0x7408),
    Span::plain(0x7700).to(0x770c),
    Span::plain(0x7c00),
    // VF_PREEMPTION
    Span::masked(0x83a4).commands(Write),
    Span::plain(0x83a8),
    Span::plain(0x8430),
    // GEN8_HALF_SLICE_CHICKEN1
    Span::masked(0xe100).commands(Write),
    // GEN8_SAMPLER_INSTDONE, GEN8_ROW_INSTDONE: idle
    Span::constant(0xe160, u32::MAX).to(0xe164),
    // HALF_SLICE_CHICKEN2, GEN8_HALF_SLICE_CHICKEN3, GEN9_HALF_SLICE_CHICKEN5
    Span::masked(0xe180).to(0xe188).commands(Write),
    // GEN10_SAMPLER_MODE
    Span::masked(0xe18c),
    // GEN9_HALF_SLICE_CHICKEN7
    Span::masked(0xe194).commands(Write),
    Span::plain(0xe220),
    Span::plain(0xe230),
    Span::plain(0xe240),
    Span::plain(0xe260),
    Span::plain(0xe270),
    Span::plain(0xe280),
    Span::plain(0xe2a0),
    Span::plain(0xe2b0),
    Span::plain(0xe2c0),
    // TD_CTL, TD_CTL2
    Span::plain(0xe400).to(0xe404).commands(Write),
    // GEN9_ROW_CHICKEN4, GEN9_ROW_CHICKEN3
    Span::masked(0xe48c),
    Span::masked(0xe49c),
    // Without a name
    Span::plain(0xe4cc),
    // GEN8_ROW_CHICKEN, GEN8_ROW_CHICKEN2
    Span::masked(0xe4f0).to(0xe4f4).commands(Write),
    Span::plain(0xe5f4),
];
