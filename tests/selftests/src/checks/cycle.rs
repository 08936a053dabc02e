// SPDX-License-Identifier: GPL-2.0
//! The life of a virtual GPU, over and over.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::reset::disturb;
use crate::bench::{Bench, Outcome};
use crate::leaks::Holdings;

/// Rounds before the first stock is taken: what is kept after the first use is no leak.
const FIRST: u32 = 20;

/// Makes a virtual GPU, opens it, uses it, closes and removes it; so often. Fails if the kernel holds
/// more afterwards.
pub fn run(bench: &Bench, rounds: u32) -> Result<Outcome> {
    let once = |round: u32| -> Result<()> {
        let client = bench.client()?;
        disturb(&client)?;
        client.close().remove().context("removing it")?;
        if round % 50 == 49 {
            println!("# round {}", round + 1);
        }
        Ok(())
    };
    (0..FIRST).try_for_each(once)?;
    std::thread::sleep(Duration::from_secs(1));
    let before = Holdings::now()?;
    (0..rounds).try_for_each(|round| once(round).with_context(|| format!("round {round}")))?;
    let mut tries = 0;
    loop {
        // The kernel frees some things a little later than they are given up.
        std::thread::sleep(Duration::from_secs(1));
        let after = Holdings::now()?;
        tries += 1;
        match after.no_more_than(&before, rounds) {
            Err(_) if tries < 5 => {}
            result => {
                println!("# grown: {}", after.growth(&before));
                return result.map(|()| Outcome::Pass);
            }
        }
    }
}
