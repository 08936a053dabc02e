// SPDX-License-Identifier: GPL-2.0

//! What commands in a guest's rings and batches may do with registers.

use super::{cells::SPACE, span::Commands, table::Map};
use crate::{
    hw::{addr::MmioOffset, engine::Engine},
    model::parser::{RegisterPolicy, Verdict},
};

impl RegisterPolicy for Map {
    fn command_write(&self, engine: Engine, register: MmioOffset, _value: Option<u32>) -> Verdict {
        match self.commands(engine, register) {
            Some(Commands::Write) => Verdict::Allow,
            Some(Commands::Ignore | Commands::Read) => Verdict::Drop,
            Some(Commands::Refuse) | None => Verdict::Reject,
        }
    }

    fn command_read(&self, engine: Engine, register: MmioOffset) -> Verdict {
        match self.commands(engine, register) {
            Some(Commands::Write | Commands::Read) => Verdict::Allow,
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
            Commands::Write if owner(at) != engine => Commands::Ignore,
            declared => declared,
        })
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
