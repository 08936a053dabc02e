// SPDX-License-Identifier: GPL-2.0

//! What commands in a guest's rings and batches may do with registers.

use super::{cells::SPACE, span::Commands, table::Map};
use crate::{
    hw::{addr::MmioOffset, engine::Engine, platform::Generation},
    model::parser::{RegisterPolicy, Verdict},
};

impl RegisterPolicy for Map {
    fn command_write(&self, engine: Engine, register: MmioOffset, value: Option<u32>) -> Verdict {
        match self.commands(engine, register) {
            Some(Commands::Write) => Verdict::Allow,
            Some(Commands::Bits(bits)) => value.map_or(Verdict::Drop, |value| {
                let bits = u32::from(bits);
                Verdict::Replace(value & (bits << 16 | bits))
            }),
            Some(Commands::Ignore | Commands::Read) => Verdict::Drop,
            Some(Commands::Refuse) | None => Verdict::Reject,
        }
    }

    fn command_read(&self, engine: Engine, register: MmioOffset) -> Verdict {
        match self.commands(engine, register) {
            Some(Commands::Write | Commands::Bits(_) | Commands::Read) => Verdict::Allow,
            Some(Commands::Ignore | Commands::Refuse) => Verdict::Drop,
            None => Verdict::Reject,
        }
    }
}

impl Map {
    /// What is declared of the register at `at` for commands on `engine`. `None` if that is no
    /// register.
    fn commands(&self, engine: Engine, at: MmioOffset) -> Option<Commands> {
        if at.get() >= SPACE || at.get() & 3 != 0 {
            return None;
        }
        let declared = self.find(at).map_or(Commands::Ignore, |span| span.commands);
        // Another engine's state may be another guest's at that time.
        Some(match declared {
            Commands::Write | Commands::Bits(_) if owner(at) != engine => Commands::Ignore,
            Commands::Write if !self.is_saved(engine, at) => Commands::Read,
            declared => declared,
        })
    }

    /// Whether the context of `engine` holds the register at `at`, of those that commands may write
    /// there. The render engine's holds all of them, with exceptions that are said where they are declared.
    /// Of the other engines' blocks it holds these (intel_lrc.c: `gen8_xcs_offsets`, `gen9_xcs_offsets`).
    fn is_saved(&self, engine: Engine, at: MmioOffset) -> bool {
        let within = match Engine::of_register(at) {
            Some((block, within)) if engine != Engine::Rcs && block == engine => within,
            _ => return true,
        };
        match within {
            // RING_NOPID, which does nothing, and BCS_SWCTRL
            0x094 | 0x200 => true,
            // RING_INSTPM, RING_BB_OFFSET, MI_PREDICATE_RESULT_1, GEN8_RING_CS_GPR
            0x0c0 | 0x158 | 0x41c | 0x600..=0x67c => {
                self.platform().generation() == Generation::Gen9
            }
            _ => false,
        }
    }
}

/// The engine whose state a register is part of. What is near no other engine's block is the render
/// engine's.
const fn owner(at: MmioOffset) -> Engine {
    match at.get() {
        0x1_2000..=0x1_3fff | 0x1_e000..=0x1_ffff => Engine::Vcs0,
        0x1_c000..=0x1_dfff => Engine::Vcs1,
        0x1_a000..=0x1_bfff => Engine::Vecs,
        0x2_2000..=0x2_3fff => Engine::Bcs,
        _ => Engine::Rcs,
    }
}
