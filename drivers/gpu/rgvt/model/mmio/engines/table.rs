// SPDX-License-Identifier: GPL-2.0

//! The block of registers that each engine has. Offsets are those of intel_engine_regs.h.

use super::{
    super::{
        behaviour::Behaviour,
        nonpriv,
        platforms::Platforms,
        span::{
            Commands::{Read, Refuse, Write},
            Policy, Span, Unit,
        },
    },
    Register, ACTIVE_HEAD, ACTIVE_HEAD_UDW, CONTEXT_TIMESTAMP, CONTROL, HEAD, INTERRUPT_MASK,
    MI_MODE, MODE, RESET_CONTROL, START, STATUS_PAGE, TAIL,
};
use crate::hw::{
    engine::Engine,
    execlist::{CSB, CSB_POINTERS, ELSP, STATUS},
};

/// What each engine's block has, relative to its base.
const BLOCK: &[Span] = &[
    // RING_EXCC
    Span::masked(0x28),
    Span::plain(TAIL),
    Span::plain(HEAD),
    Span::plain(START),
    Span::plain(CONTROL),
    // RING_SYNC_0 to RING_SYNC_2
    Span::plain(0x40).to(0x48),
    // RING_PSMI_CTL
    Span::masked(0x50),
    // PWRCTX_MAXCNT
    Span::plain(0x54),
    Span::plain(ACTIVE_HEAD_UDW),
    // RING_DMA_FADD_UDW, RING_IPEIR, RING_IPEHR
    Span::plain(0x60).to(0x68),
    Span::special(0x6c, Behaviour::Engine(Register::Done)),
    // RING_INSTPS
    Span::plain(0x70),
    Span::plain(ACTIVE_HEAD),
    // RING_DMA_FADD
    Span::plain(0x78),
    Span::special(STATUS_PAGE, Behaviour::Engine(Register::StatusPage)).commands(Refuse),
    // RING_NOPID
    Span::plain(0x94).commands(Write),
    // RING_HWSTAM
    Span::plain(0x98).starts(u32::MAX),
    // Not for commands: STOP_RING would meet the next owner
    Span::special(MI_MODE, Behaviour::Engine(Register::MiMode)),
    Span::special(INTERRUPT_MASK, Behaviour::Engine(Register::InterruptMask)).starts(u32::MAX),
    // RING_EIR
    Span::plain(0xb0).with(Policy::ClearByOne),
    // RING_EMR
    Span::plain(0xb4).starts(u32::MAX),
    // RING_ESR
    Span::constant(0xb8, 0),
    // RING_INSTPM
    Span::masked(0xc0).commands(Write),
    // GEN8_R_PWR_CLK_STATE; i915 changes it in the context image
    Span::plain(0xc8),
    Span::special(RESET_CONTROL, Behaviour::Engine(Register::ResetControl)).commands(Refuse),
    // GEN9_CSFE_CHICKEN1_RCS and its like. Bits 4:3 stay clear: a driver that sets them cannot do
    // with a virtual GPU (kvmgt stops its guest)
    Span::masked(0xd4).read_only(0x18).on(Platforms::GEN9),
    // RING_BBSTATE, RING_SBBADDR, RING_SBBSTATE, RING_SBBADDR_UDW
    Span::plain(0x110).to(0x11c),
    // Without a name in i915, but accessed by guests (intel_gvt_mmio_table.c)
    Span::plain(0x134),
    // RING_BBADDR
    Span::plain(0x140),
    // RING_BB_OFFSET
    Span::plain(0x158).commands(Write),
    // RING_BBADDR_UDW
    Span::plain(0x168),
    // Without a name, too
    Span::plain(0x178).to(0x17c),
    // CCID
    Span::plain(0x180),
    // RING_BB_PER_CTX_PTR, RING_INDIRECT_CTX, RING_INDIRECT_CTX_OFFSET
    Span::plain(0x1c0).to(0x1c8),
    // ECOSKPD
    Span::masked(0x1d0),
    // RING_PP_DIR_DCLV, RING_PP_DIR_BASE
    Span::plain(0x220).to(0x228),
    // ELSP, EXECLIST_STATUS
    Span::of(ELSP, Unit::Port).to(STATUS + 4),
    // RING_CONTEXT_CONTROL
    Span::masked(0x244),
    // RING_SEMA_WAIT_POLL
    Span::plain(0x24c),
    // GEN8_RING_PDP: a guest with a 3-level table loads them from its ring; what counts is in the
    // context image, and there are the shadows
    Span::plain(0x270).to(0x28c),
    Span::special(MODE, Behaviour::Engine(Register::Mode)),
    // RING_TIMESTAMP
    Span::host(0x358).bytes(8).commands(Read),
    // The context status buffer, and its pointers
    Span::of(CSB, Unit::Port).to(CSB_POINTERS),
    Span::special(
        CONTEXT_TIMESTAMP,
        Behaviour::Engine(Register::ContextTimestamp),
    )
    .commands(Read),
    // MI_PREDICATE_RESULT_2, in no context: for the render engine's commands alone, after which it is cleared
    Span::plain(0x3bc).commands(Write),
    // MI_PREDICATE_SRC0 to MI_PREDICATE_RESULT_1
    Span::plain(0x400).to(0x41c).commands(Write),
    // RING_FORCE_TO_NONPRIV
    Span::special(nonpriv::SLOTS, Behaviour::Engine(Register::NonPrivileged))
        .bytes(nonpriv::SLOT_BYTES),
    // RING_EXECLIST_SQ_CONTENTS, RING_PP_DIR_BASE_READ
    Span::plain(0x510).to(0x518),
    // GEN8_RING_CS_GPR
    Span::plain(0x600).to(0x67c).commands(Write),
];

/// The engines by the offset of their block.
const ENGINES: [Engine; Engine::ALL.len()] = [
    Engine::Rcs,
    Engine::Vcs0,
    Engine::Vecs,
    Engine::Vcs1,
    Engine::Bcs,
];

/// The blocks of all engines.
pub const TABLE: [Span; BLOCK.len().wrapping_mul(ENGINES.len())] = blocks();

// Indices are in range or the compiler stops: this runs nowhere else.
#[allow(clippy::indexing_slicing)]
const fn blocks() -> [Span; BLOCK.len().wrapping_mul(ENGINES.len())] {
    let mut table = [Span::plain(0); BLOCK.len().wrapping_mul(ENGINES.len())];
    let mut done: usize = 0;
    let mut engines: &[Engine] = &ENGINES;
    while let [engine, others @ ..] = engines {
        let mut block = BLOCK;
        while let [span, rest @ ..] = block {
            table[done] = Span {
                first: engine.mmio_base().get().wrapping_add(span.first),
                ..*span
            };
            done = done.wrapping_add(1);
            block = rest;
        }
        engines = others;
    }
    table
}
