// SPDX-License-Identifier: GPL-2.0
//! A hostile client: does what no driver does, in an order that a seed decides. The host must not say
//! more than that it refused something, and another virtual GPU must not notice.

mod access;
mod bystander;
mod commands;
mod screen;
mod tables;
mod user;

use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use clap::Args;
use harness::{Rng, tap};

use crate::bench::{Bench, Outcome};
use crate::client::Client;
use crate::context::{Context, ENGINES, MARK};
use bystander::Bystander;

/// When to end, and where to begin.
#[derive(Args)]
pub struct Options {
    /// Start of the pseudo-random numbers; from the clock unless given.
    #[arg(long)]
    seed: Option<u64>,
    /// Seconds to go on for.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Actions after which to end, even if there is time left.
    #[arg(long, default_value_t = u64::MAX)]
    actions: u64,
}

/// The client and its dice.
struct Fuzzer<'a> {
    bench: &'a Bench,
    client: Client,
    rng: Rng,
    /// Dma-bufs of this virtual GPU and of others before.
    held: Vec<OwnedFd>,
    /// How often something was shown that it asked for, and how many dma-bufs it got.
    seen: (u32, u32),
}

/// Runs the client; success if nobody was harmed.
pub fn main(bench: &Bench, options: &Options) -> ExitCode {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = options
        .seed
        .unwrap_or(clock.map_or(1, |time| time.as_nanos() as u64));
    println!("# seed {seed}");
    let names = ["fuzz/bystander-unharmed", "fuzz/works-afterwards"];
    let limit = Duration::from_secs(options.seconds + 60);
    tap::run(limit, &names, |index| match index {
        0 => run(bench, seed, options),
        _ => afterwards(bench),
    })
}

fn run(bench: &Bench, seed: u64, options: &Options) -> Result<Outcome> {
    let bystander = Bystander::new(bench).context("a second virtual GPU")?;
    let mut fuzzer = Fuzzer {
        bench,
        client: bench.client()?,
        rng: Rng::new(seed),
        held: Vec::new(),
        seen: (0, 0),
    };
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut done = 0;
    while Instant::now() < end && done < options.actions {
        // Refusals are welcome here.
        fuzzer = fuzzer
            .act()
            .with_context(|| format!("seed {seed}, action {done}"))?;
        done += 1;
        if done % 1000 == 0 {
            bystander
                .look()
                .with_context(|| format!("seed {seed}, action {done}"))?;
        }
    }
    let (shown, given) = fuzzer.seen;
    println!("# {done} actions, {shown} times something to see, {given} dma-bufs");
    drop(fuzzer);
    bystander.look()?;
    Ok(Outcome::Pass)
}

/// All places are free again, and a virtual GPU works.
fn afterwards(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for engine in ENGINES {
        let context = Context::new(&client, engine, 0)?;
        context.store(&client, MARK);
        context.submit(&client)?;
        context.wait_for(&client, MARK)?;
    }
    Ok(Outcome::Pass)
}

impl Fuzzer<'_> {
    /// Does one thing. Fails only if the client itself cannot go on.
    fn act(mut self) -> Result<Self> {
        match self.rng.below(100) {
            0..20 => self.register(),
            20..23 => self.scanout(),
            23..25 => self.message(),
            25..29 => self.look(),
            29 => self.monitor(),
            30..40 => self.config(),
            40..60 => self.entry(),
            60..65 => self.scribble(),
            65..70 => self.aperture(),
            70..85 => self.submit(),
            85..90 => self.notify(),
            90..95 => self.interrupts(),
            95..97 => self.remap(),
            97 => self.table(),
            98 => {
                // A refusal to be reset would show in the next open.
                let _ = self.client.device.reset();
            }
            _ => return self.again(),
        }
        Ok(self)
    }
}
