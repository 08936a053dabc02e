// SPDX-License-Identifier: GPL-2.0

//! The commands of all engines but the render engine's own, sorted by code. Cycles are estimates.

use super::decode::Action::{self, *};
use super::decode::Length::{Field, Fixed};
use super::decode::{Command, Engines, Length};

const ALL: Engines = Engines::ALL;
const RCS: Engines = Engines::RCS;
const SHOW: Engines = Engines::RCS_BCS;

const fn mi(
    opcode: u32,
    name: &'static str,
    engines: Engines,
    length: Length,
    action: Action,
    cycles: u16,
) -> Command {
    Command {
        code: opcode << 23,
        name,
        engines,
        length,
        action,
        privileged: false,
        cycles,
    }
}

/// One that does nothing in a non-privileged batch.
const fn privileged(command: Command) -> Command {
    Command {
        privileged: true,
        ..command
    }
}

pub static MI: [Command; 41] = [
    mi(0x00, "MI_NOOP", ALL, Fixed(1), Noop, 1),
    mi(0x01, "MI_SET_PREDICATE", ALL, Fixed(1), SetPredicate, 2),
    mi(0x02, "MI_USER_INTERRUPT", ALL, Fixed(1), UserInterrupt, 8),
    mi(0x03, "MI_WAIT_FOR_EVENT", SHOW, Fixed(1), Skip, 4),
    mi(0x04, "MI_FLUSH", ALL, Fixed(1), Skip, 64),
    mi(0x05, "MI_ARB_CHECK", ALL, Fixed(1), ArbCheck, 2),
    mi(0x06, "MI_RS_CONTROL", RCS, Fixed(1), Skip, 2),
    mi(0x07, "MI_REPORT_HEAD", ALL, Fixed(1), ReportHead, 16),
    privileged(mi(0x08, "MI_ARB_ON_OFF", ALL, Fixed(1), ArbOnOff, 2)),
    mi(0x09, "MI_URB_ATOMIC_ALLOC", RCS, Fixed(1), Skip, 2),
    mi(0x0a, "MI_BATCH_BUFFER_END", ALL, Fixed(1), BatchEnd, 16),
    privileged(mi(0x0b, "MI_SUSPEND_FLUSH", ALL, Fixed(1), Skip, 2)),
    mi(0x0c, "MI_PREDICATE", RCS, Fixed(1), Predicate, 8),
    mi(0x0d, "MI_TOPOLOGY_FILTER", ALL, Fixed(1), Skip, 2),
    mi(0x0e, "MI_SET_APPID", ALL, Fixed(1), Skip, 2),
    mi(0x0f, "MI_RS_CONTEXT", RCS, Fixed(1), Skip, 2),
    mi(0x12, "MI_LOAD_SCAN_LINES_INCL", SHOW, Field(6), Skip, 4),
    mi(0x13, "MI_LOAD_SCAN_LINES_EXCL", SHOW, Field(6), Skip, 4),
    privileged(mi(0x14, "MI_DISPLAY_FLIP", SHOW, Field(8), Skip, 16)),
    privileged(mi(0x18, "MI_SET_CONTEXT", RCS, Field(8), Skip, 16)),
    mi(0x19, "MI_URB_CLEAR", RCS, Field(8), Skip, 16),
    mi(0x1a, "MI_MATH", ALL, Field(8), Math, 16),
    mi(0x1b, "MI_SEMAPHORE_SIGNAL", ALL, Field(8), Skip, 16),
    mi(0x1c, "MI_SEMAPHORE_WAIT", ALL, Field(8), SemaphoreWait, 32),
    mi(
        0x20,
        "MI_STORE_DATA_IMM",
        ALL,
        Field(10),
        StoreImmediate,
        16,
    ),
    privileged(mi(
        0x21,
        "MI_STORE_DATA_INDEX",
        ALL,
        Field(8),
        StoreIndex,
        16,
    )),
    mi(
        0x22,
        "MI_LOAD_REGISTER_IMM",
        ALL,
        Field(8),
        LoadImmediate,
        8,
    ),
    privileged(mi(0x23, "MI_UPDATE_GTT", ALL, Field(10), UpdateGtt, 32)),
    mi(
        0x24,
        "MI_STORE_REGISTER_MEM",
        ALL,
        Field(8),
        StoreRegister,
        24,
    ),
    mi(0x26, "MI_FLUSH_DW", ALL, Field(6), FlushDw, 64),
    mi(0x27, "MI_CLFLUSH", ALL, Field(10), Skip, 32),
    mi(0x28, "MI_REPORT_PERF_COUNT", ALL, Field(6), ReportPerf, 128),
    mi(0x29, "MI_LOAD_REGISTER_MEM", ALL, Field(8), LoadMemory, 32),
    mi(
        0x2a,
        "MI_LOAD_REGISTER_REG",
        ALL,
        Field(8),
        LoadRegister,
        16,
    ),
    mi(0x2b, "MI_RS_STORE_DATA_IMM", RCS, Field(8), Skip, 16),
    mi(0x2c, "MI_LOAD_URB_MEM", RCS, Field(8), Skip, 16),
    mi(0x2d, "MI_STORE_URB_MEM", RCS, Field(8), Skip, 16),
    mi(0x2e, "MI_COPY_MEM_MEM", ALL, Field(8), CopyMemory, 48),
    mi(0x2f, "MI_ATOMIC", ALL, Field(8), Atomic, 64),
    mi(0x31, "MI_BATCH_BUFFER_START", ALL, Field(8), BatchStart, 32),
    mi(
        0x36,
        "MI_CONDITIONAL_BATCH_BUFFER_END",
        ALL,
        Field(8),
        ConditionalEnd,
        32,
    ),
];

/// A blitter command. Those of text, patterns and monochrome sources are known by length only.
const fn blt(opcode: u32, name: &'static str, action: Action) -> Command {
    Command {
        code: 2 << 29 | opcode << 22,
        name,
        engines: Engines::BCS,
        length: Field(8),
        action,
        privileged: false,
        cycles: 32,
    }
}

pub static BLITTER: [Command; 24] = [
    blt(0x01, "XY_SETUP_BLT", Setup),
    blt(0x03, "XY_SETUP_CLIP_BLT", SetupClip),
    blt(0x11, "XY_SETUP_MONO_PATTERN_SL_BLT", Skip),
    blt(0x24, "XY_PIXEL_BLT", Blit),
    blt(0x25, "XY_SCANLINES_BLT", Skip),
    blt(0x26, "XY_TEXT_BLT", Skip),
    blt(0x31, "XY_TEXT_IMMEDIATE_BLT", Skip),
    blt(0x42, "XY_FAST_COPY_BLT", Blit),
    blt(0x50, "XY_COLOR_BLT", Blit),
    blt(0x51, "XY_PAT_BLT", Skip),
    blt(0x52, "XY_MONO_PAT_BLT", Skip),
    blt(0x53, "XY_SRC_COPY_BLT", Blit),
    blt(0x54, "XY_MONO_SRC_COPY_BLT", Skip),
    blt(0x55, "XY_FULL_BLT", Skip),
    blt(0x56, "XY_FULL_MONO_SRC_BLT", Skip),
    blt(0x57, "XY_FULL_MONO_PATTERN_BLT", Skip),
    blt(0x58, "XY_FULL_MONO_PATTERN_MONO_SRC_BLT", Skip),
    blt(0x59, "XY_MONO_PAT_FIXED_BLT", Skip),
    blt(0x71, "XY_MONO_SRC_COPY_IMMEDIATE_BLT", Skip),
    blt(0x72, "XY_PAT_BLT_IMMEDIATE", Skip),
    blt(0x73, "XY_SRC_COPY_CHROMA_BLT", Skip),
    blt(0x74, "XY_FULL_IMMEDIATE_PATTERN_BLT", Skip),
    blt(0x75, "XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT", Skip),
    blt(0x76, "XY_PAT_CHROMA_BLT", Skip),
];

const fn media(code: u32, name: &'static str, engines: Engines, length: Length) -> Command {
    Command {
        code,
        name,
        engines,
        length,
        action: Skip,
        privileged: false,
        cycles: 64,
    }
}

/// Commands of the video engines, known by family: the mask of the bits that tell it, and its
/// length rule (PRM Skylake vol. 2a, MFX, HCP, VDENC, HUC, VEBOX and SFC commands).
pub static VIDEO: [(u32, Command); 4] = [
    // The length field of this one counts otherwise; it is always one dword.
    (
        0xffff_0000,
        media(0x6800_0000, "MFX_WAIT", Engines::VCS, Fixed(1)),
    ),
    (
        0xf800_0000,
        media(
            0x7000_0000,
            "MFX, HCP, VDENC or HUC",
            Engines::VCS,
            Field(12),
        ),
    ),
    (
        0xff00_0000,
        media(0x7400_0000, "VEBOX", Engines::VECS, Field(12)),
    ),
    (
        0xff00_0000,
        media(0x7500_0000, "SFC", Engines::VECS, Field(12)),
    ),
];
