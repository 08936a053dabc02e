// SPDX-License-Identifier: GPL-2.0

//! From a command's first dword to what is known of it.
//!
//! Bits 31:29 tell the kind: 0 `MI_*` (opcode in bits 28:23), 2 blitter (28:22), 3 the engine's
//! own pipelines (28:16). PRM Skylake vol. 2a; i915 `gt/intel_gpu_commands.h`,
//! `i915_cmd_parser.c`, `gvt/cmd_parser.c`.

use super::table::{BLITTER, MI, VIDEO};
use super::table_render::RENDER;
use crate::engine::EngineId;

/// A set of engines, one bit each at [`EngineId::index`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engines(pub u8);

impl Engines {
    pub const ALL: Self = Self(0xf);
    pub const RCS: Self = Self(1 << EngineId::Rcs.index());
    pub const BCS: Self = Self(1 << EngineId::Bcs.index());
    pub const VCS: Self = Self(1 << EngineId::Vcs0.index());
    pub const VECS: Self = Self(1 << EngineId::Vecs.index());
    /// Those that show pictures.
    pub const RCS_BCS: Self = Self(Self::RCS.0 | Self::BCS.0);

    pub const fn has(self, engine: EngineId) -> bool {
        self.0 & 1 << engine.index() != 0
    }
}

/// How long a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Always this many dwords.
    Fixed(u8),
    /// The header's lowest bits hold the number of dwords less two; this many bits.
    Field(u8),
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing that can be seen here.
    Skip,
    /// It would have the shaders draw or compute. That it came to it is counted.
    Draw,
    Noop,
    SetPredicate,
    UserInterrupt,
    ArbCheck,
    ReportHead,
    ArbOnOff,
    BatchEnd,
    Predicate,
    Math,
    SemaphoreWait,
    StoreImmediate,
    StoreIndex,
    LoadImmediate,
    UpdateGtt,
    StoreRegister,
    FlushDw,
    ReportPerf,
    LoadMemory,
    LoadRegister,
    CopyMemory,
    Atomic,
    BatchStart,
    ConditionalEnd,
    PipeControl,
    Setup,
    SetupClip,
    Blit,
}

/// A known command.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// The header without its operands.
    pub code: u32,
    pub name: &'static str,
    pub engines: Engines,
    pub length: Length,
    pub action: Action,
    /// In a non-privileged batch it does nothing (PRM Skylake vol. 3a "User Mode Privileged
    /// Commands").
    pub privileged: bool,
    /// GPU clocks that it takes, beside those for the data it moves.
    pub cycles: u16,
}

impl Command {
    /// Number of dwords of the command that starts with `header`; at least 1.
    pub fn dwords(&self, header: u32) -> u32 {
        match self.length {
            Length::Fixed(n) => n.into(),
            Length::Field(bits) => (header & ((1 << bits) - 1)) + 2,
        }
    }
}

/// Opcode of an `MI_*` command.
const fn mi_opcode(header: u32) -> usize {
    (header >> 23 & 0x3f) as usize
}

/// For each `MI_*` opcode one more than its place in [`MI`]; zero when there is none.
static MI_INDEX: [u8; 64] = {
    let mut index = [0; 64];
    let mut i = 0;
    while i < MI.len() {
        index[mi_opcode(MI[i].code)] = i as u8 + 1;
        i += 1;
    }
    index
};

/// The command that `header` begins on `engine`.
pub fn find(engine: EngineId, header: u32) -> Option<&'static Command> {
    let command = match header >> 29 {
        0 => {
            let place = MI_INDEX[mi_opcode(header)];
            MI.get(usize::from(place).checked_sub(1)?)?
        }
        2 => by_code(&BLITTER, header & 0xffc0_0000)?,
        3 if engine == EngineId::Rcs => by_code(&RENDER, header & 0xffff_0000)?,
        3 => VIDEO
            .iter()
            .find(|(mask, c)| header & mask == c.code && c.engines.has(engine))
            .map(|(_, c)| c)?,
        _ => return None,
    };
    command.engines.has(engine).then_some(command)
}

fn by_code(table: &'static [Command], code: u32) -> Option<&'static Command> {
    table
        .binary_search_by_key(&code, |c| c.code)
        .ok()
        .map(|i| &table[i])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tables_are_sorted() {
        for table in [&MI[..], &BLITTER, &RENDER] {
            for pair in table.windows(2) {
                assert!(
                    pair[0].code < pair[1].code,
                    "{} {}",
                    pair[0].name,
                    pair[1].name
                );
            }
        }
    }

    #[test]
    fn every_command_is_found_by_its_code() {
        let video = VIDEO.iter().map(|(_, command)| command);
        for command in MI.iter().chain(&BLITTER).chain(&RENDER).chain(video) {
            for engine in EngineId::ALL
                .into_iter()
                .filter(|&e| command.engines.has(e))
            {
                let found = find(engine, command.code).map(|c| c.name);
                assert_eq!(found, Some(command.name), "{engine:?}");
            }
        }
    }

    #[test]
    fn engines_have_their_own_commands() {
        let names = |header| EngineId::ALL.map(|e| find(e, header).map(|c| c.name));
        let [rcs, bcs, vcs, vecs] = names(0x7000_0000);
        assert_eq!(rcs, Some("MEDIA_VFE_STATE"));
        assert!(vcs.is_some() && bcs.is_none() && vecs.is_none());
        let xy_color_blt = 2 << 29 | 0x50 << 22;
        assert_eq!(
            names(xy_color_blt),
            [None, Some("XY_COLOR_BLT"), None, None]
        );
        let mi_predicate = 0x0c << 23;
        assert_eq!(
            names(mi_predicate),
            [Some("MI_PREDICATE"), None, None, None]
        );
    }

    #[test]
    fn known_lengths() {
        let dwords = |engine, header| find(engine, header).map(|c| c.dwords(header));
        let rcs = EngineId::Rcs;
        assert_eq!(dwords(rcs, 0), Some(1));
        assert_eq!(dwords(rcs, 0x0500_0000), Some(1)); // MI_BATCH_BUFFER_END
        assert_eq!(dwords(rcs, 0x1880_0101), Some(3)); // MI_BATCH_BUFFER_START
        assert_eq!(dwords(rcs, 0x1100_0001 | 12), Some(15)); // MI_LOAD_REGISTER_IMM of 7
        assert_eq!(dwords(rcs, 0x7a00_0004), Some(6)); // PIPE_CONTROL
        assert_eq!(dwords(rcs, 0x6904_0300), Some(1)); // PIPELINE_SELECT
        assert_eq!(dwords(EngineId::Bcs, 0x1300_0002), Some(4)); // MI_FLUSH_DW
        assert_eq!(dwords(EngineId::Bcs, 0x5080_0008), Some(10)); // XY_FAST_COPY_BLT
        assert_eq!(dwords(rcs, 0x5080_0008), None);
        assert_eq!(dwords(EngineId::Bcs, 0x7a00_0004), None);
        assert_eq!(dwords(rcs, 0x30c0_c0c0), None);
        assert_eq!(dwords(rcs, 0xffff_ffff), None);
    }

    proptest! {
        #[test]
        fn no_command_is_empty(header: u32, engine in 0..4usize) {
            if let Some(command) = find(EngineId::ALL[engine], header) {
                let dwords = command.dwords(header);
                prop_assert!((1..=0x1_0001).contains(&dwords));
            }
        }
    }
}
