// SPDX-License-Identifier: GPL-2.0
//! The command line.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::guest::supervise::{self, Supervise};
use crate::host::paths::Paths;
use crate::host::process;
use crate::host::run::{Options, Run};
use crate::host::scenario::{Device, Driver, Scenario};

#[derive(Parser)]
#[command(about = "Boots the lab: a software Gen9 GPU, a host kernel (L1) and its guests (L2)")]
struct Cli {
    /// The project's work tree; found from this program's own path when absent.
    #[arg(long, global = true)]
    tree: Option<PathBuf>,
    /// What the set-up wrote; $RGVT_CACHE or /cache when absent.
    #[arg(long, global = true)]
    cache: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scenario and judge it.
    Run {
        #[command(flatten)]
        common: Common,
        /// What to run; see `lab list`.
        #[arg(long, default_value = "smoke")]
        scenario: String,
    },
    /// A shell in L1 on this terminal; there, `l2` leads to a guest's shell.
    Shell {
        #[command(flatten)]
        common: Common,
    },
    /// Say which scenarios there are.
    List,
    /// In L1: run one guest and watch it (used by the scripts of L1).
    #[command(hide = true)]
    Supervise(Supervise),
}

#[derive(Args)]
struct Common {
    /// Who virtualises the GPU.
    #[arg(long, value_enum, default_value = "native")]
    driver: Driver,
    /// Which GPU is emulated.
    #[arg(long, value_enum, default_value = "skl")]
    device: Device,
    /// How many guests run at once.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3))]
    guests: u32,
    /// How many guests are booted in all; without guests, how often the scenario's work is done.
    #[arg(long)]
    n: Option<u32>,
    /// The version of L1's kernel, of those in the cache.
    #[arg(long)]
    kernel: Option<String>,
    /// The guests' kernel, of those in the cache: `trixie`, `bookworm`, or as much of a version as
    /// only one has.
    #[arg(long)]
    guest_kernel: Option<String>,
    /// A list of IGT's subtests, or a folder of lists as igt-table makes them.
    #[arg(long)]
    test_list: Option<PathBuf>,
    /// Seconds that L1 and each guest may take, instead of the scenario's limits.
    #[arg(long)]
    limit: Option<u64>,
    /// Keep what the run before wrote to its share: IGT goes on after the subtest that ended it.
    #[arg(long)]
    resume: bool,
    /// Emulated CPUs of L1. More than one with guests invites the fault of QEMU's TCG that
    /// Documentation/lab.rst describes.
    #[arg(long)]
    cpus: Option<u32>,
    /// Keep initrds and sockets in the run's folder.
    #[arg(long)]
    keep: bool,
}

/// Says whether all went well.
pub fn main() -> Result<bool> {
    let cli = Cli::parse();
    let (common, scenario, shell) = match cli.command {
        Command::Supervise(options) => return supervise::main(options),
        Command::List => {
            let folder = Paths::find(cli.tree, cli.cache)?.lab().join("scenarios");
            for name in Scenario::names(&folder)? {
                println!("{name:10} {}", Scenario::load(&folder, &name)?.description);
            }
            return Ok(true);
        }
        Command::Run { common, scenario } => (common, scenario, false),
        Command::Shell { common } => (common, "shell".to_string(), true),
    };
    process::become_supervisor()?;
    let paths = Paths::find(cli.tree, cli.cache)?;
    let options = Options {
        driver: common.driver,
        device: common.device,
        guests: common.guests,
        boots: common.n,
        scenario,
        kernel: common.kernel,
        guest_kernel: common.guest_kernel,
        test_list: common.test_list,
        cpus: common.cpus,
        limit: common.limit,
        resume: common.resume,
        keep: common.keep,
        shell,
    };
    Run::prepare(&paths, options)?.execute()
}
