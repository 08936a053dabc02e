// SPDX-License-Identifier: GPL-2.0
//! A virtual GPU whose user does no harm, and must not come to any.

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::client::Client;
use crate::context::{Context, ENGINES, MARK};
use crate::memory::{Memory, PAGE, SIZE};
use crate::regs::{PRESENT, Share, entry, flush, set_entry};

/// The user.
pub struct Bystander(Client);

/// The first page of memory that is watched; those before are used.
const WATCHED: u64 = 512;

fn pattern(at: u64) -> u32 {
    (at as u32).wrapping_mul(0x9e37_79b9) | 1
}

impl Bystander {
    /// Opens a virtual GPU, and fills memory that it maps with a pattern.
    pub fn new(bench: &Bench) -> Result<Self> {
        let client = bench.client()?;
        let share = Share::of(&client.device)?;
        for at in (WATCHED * PAGE..SIZE).step_by(4) {
            client.memory.write(at, pattern(at));
        }
        for page in WATCHED..SIZE / PAGE {
            set_entry(
                &client.device,
                share.page(page),
                Memory::page(page) | PRESENT,
            )?;
        }
        flush(&client.device)?;
        Ok(Self(client))
    }

    /// Fails unless its engines work, and its memory and its entries are as they were.
    pub fn look(&self) -> Result<()> {
        let client = &self.0;
        for (&engine, place) in ENGINES.iter().zip(0..) {
            let context = Context::new(client, engine, place)?;
            context.store(client, MARK);
            context.submit(client)?;
            context.wait_for(client, MARK)?;
        }
        for at in (WATCHED * PAGE..SIZE).step_by(4) {
            let value = client.memory.read(at);
            ensure!(
                value == pattern(at),
                "memory at {at:#x} has changed to {value:#x}"
            );
        }
        let share = Share::of(&client.device)?;
        for page in (WATCHED..SIZE / PAGE).step_by(32) {
            let value = entry(&client.device, share.page(page))?;
            ensure!(
                value == Memory::page(page) | PRESENT,
                "entry {page} is {value:#x}"
            );
        }
        Ok(())
    }
}
