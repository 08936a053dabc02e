// SPDX-License-Identifier: GPL-2.0
//! Submission checks on i915: native, in a guest on a virtual GPU, on any device of Gen8 and Gen9.
//!
//! Speaks the kernel's uAPI without libdrm, prints TAP, and exits with 0 only if nothing failed.
//! Static, so that it can live in an initrd.

mod alu;
mod atomic;
mod batch;
mod bench;
mod blit;
mod console;
mod device;
mod engine;
mod kms;
mod mapping;
mod outside;
mod photo;
mod rig;
mod sets;
mod tiling;
mod uapi;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use harness::tap;

use crate::bench::Bench;
use crate::sets::Set;

/// Submission checks on i915, as TAP.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Sets to run, in this order.
    #[arg(value_enum, default_values_t = Set::DEFAULT)]
    sets: Vec<Set>,
    /// Device node; the first that i915 answers on unless given.
    #[arg(long)]
    device: Option<PathBuf>,
    /// Run only checks whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// How often repeated parts of a check are repeated.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds that a check waits for the GPU; twice that ends the run.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    time_limit: u64,
    /// A folder that somebody outside watches: a file NAME.shoot in it becomes NAME.ppm, a picture of the
    /// screen, NAME.plug plugs in another monitor, and NAME.count counts the host's timers.
    #[arg(long)]
    camera: Option<PathBuf>,
    /// Start of the pseudo-random numbers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print the names of the checks and end.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let checks: Vec<_> = options
        .sets
        .iter()
        .flat_map(|set| {
            set.checks().into_iter().map(move |mut check| {
                check.name = format!("{set}/{}", check.name);
                check
            })
        })
        .filter(|check| check.name.contains(&options.only))
        .collect();
    if options.list {
        checks.iter().for_each(|check| println!("{}", check.name));
        return ExitCode::SUCCESS;
    }
    let bench = Bench {
        node: options.device,
        rounds: options.rounds,
        seed: options.seed,
        camera: options.camera,
        limit: Duration::from_secs(options.time_limit),
    };
    let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
    tap::run(bench.limit * 2, &names, |index| {
        (checks[index].body)(&bench)
    })
}
