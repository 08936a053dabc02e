// SPDX-License-Identifier: GPL-2.0
//! What several virtual GPUs get of the engines when they want more than there is. The witness of the
//! emulated GPU is the judge, and the driver's statistics have to agree with it.

mod delay;
mod live;
mod measure;
mod mixes;
pub mod stream;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use harness::tap;

use crate::bench::{Bench, Outcome};
use mixes::MIXES;
use stream::Manners;

/// What is run, and how long.
#[derive(Args)]
pub struct Options {
    /// Seconds that are measured of each mix.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Leave out what tests the same on another engine.
    #[arg(long)]
    short: bool,
    /// Only measure: what misses its target is told, and does not fail.
    #[arg(long)]
    measure: bool,
    /// Run only what has this in its name.
    #[arg(long, default_value = "")]
    only: String,
}

type Part<'a> = Box<dyn Fn() -> Result<Outcome> + 'a>;

/// Runs it; success if everybody got what was asked for.
pub fn main(bench: &Bench, options: &Options) -> ExitCode {
    let witness = &bench.witness;
    let window = Duration::from_secs_f64(options.seconds);
    let rgvt = bench.module == "rgvt";
    // What somebody else's driver does is measured only.
    let judged = rgvt && !options.measure;
    let jobs = if options.short { 20 } else { 100 };
    let mixes = MIXES.iter().filter(|mix| mix.short || !options.short);
    let mut parts: Vec<(String, Part<'_>)> = mixes
        .map(|mix| {
            let part: Part<'_> =
                Box::new(move || measure::run(bench, witness, mix, window, judged));
            (format!("shares/{}", mix.name), part)
        })
        .collect();
    for (name, manners, jobs) in [
        ("delay/polite", Manners::Polite, jobs),
        // Under kvmgt each waits until i915 finds out by itself that the engine hangs.
        (
            "delay/stubborn",
            Manners::Stubborn,
            if rgvt { jobs / 4 } else { 3 },
        ),
    ] {
        let part: Part<'_> = Box::new(move || delay::run(bench, manners, jobs, judged));
        parts.push((name.to_string(), part));
    }
    if rgvt && !options.measure {
        let changes: Part<'_> = Box::new(move || live::run(bench, witness, window.min(CHANGE)));
        parts.push(("live/changes".to_string(), changes));
        let reset: Part<'_> = Box::new(move || live::reset(bench, witness, window.min(CHANGE)));
        parts.push(("live/reset".to_string(), reset));
    }
    parts.retain(|(name, _)| name.contains(&options.only));
    let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    let limit = Duration::from_secs(90) + window;
    tap::run(limit, &names, |index| (parts[index].1)())
}

/// How long is looked at what a change makes, at most.
const CHANGE: Duration = Duration::from_secs(4);
