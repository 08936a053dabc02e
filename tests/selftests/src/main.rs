// SPDX-License-Identifier: GPL-2.0
//! Checks of virtual GPUs from the host's user space, without a guest: this program is what QEMU is
//! otherwise, through sysfs and VFIO's groups and containers.
//!
//! Prints TAP as kselftests do, and exits with 0 only if nothing failed. Static, so that it can live in
//! an initrd.

mod bench;
mod checks;
mod client;
mod context;
mod crowd;
mod device;
mod drm;
mod eventfd;
mod fuzz;
mod kvm;
mod leaks;
mod mapping;
mod mdev;
mod memory;
mod module;
mod regs;
mod scanout;
mod shares;
mod sys;
mod uapi;
mod witness;

use std::convert::Infallible;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use harness::tap;

use crate::bench::{Bench, Check};
use crate::mdev::Parent;
use crate::witness::Witness;

/// Checks of virtual GPUs through VFIO and sysfs, as TAP.
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Common {
    /// The GPU in sysfs.
    #[arg(long, default_value = "/sys/bus/pci/devices/0000:00:02.0")]
    parent: PathBuf,
    /// The module that makes virtual GPUs.
    #[arg(long, default_value = "rgvt")]
    module: String,
    /// End of the name of the type of virtual GPU that is used.
    #[arg(long = "type", default_value = "_8")]
    kind: String,
    /// Open virtual GPUs without a KVM.
    #[arg(long)]
    no_kvm: bool,
    /// Where requests to the witness of the lab's GPU are left, if there is one.
    #[arg(long, default_value = "/out")]
    witness: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// The functions of an open device, one by one.
    Device(Selection),
    /// What is in sysfs.
    Sysfs(Selection),
    /// The life of a virtual GPU over and over; nothing may be left behind.
    Cycle {
        /// How often.
        #[arg(long, default_value_t = 200)]
        rounds: u32,
    },
    /// Runs a command while a virtual GPU is in use, which has to outlive it.
    Across {
        /// The command, with its arguments.
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Takes the driver off the GPU while a virtual GPU is in use. Leaves the GPU without one.
    Unbind,
    /// A hostile client.
    Fuzz(fuzz::Options),
    /// Several virtual GPUs that want the same engines.
    Shares(shares::Options),
    /// Opens virtual GPUs, has each work once, says so, and keeps them open until it is killed.
    Crowd {
        /// The virtual GPUs.
        #[arg(required = true)]
        uuids: Vec<String>,
    },
    /// Opens a virtual GPU, uses all of it, says so and waits to be killed. A part of other checks.
    #[command(hide = true)]
    Hold {
        /// The virtual GPU.
        uuid: String,
    },
}

#[derive(Args)]
struct Selection {
    /// Run only checks whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Print the names of the checks and end.
    #[arg(long)]
    list: bool,
    /// Seconds that one check may take; then the run ends.
    #[arg(long, default_value_t = 60)]
    time_limit: u64,
}

fn main() -> ExitCode {
    let Options { common, command } = Options::parse();
    let bench = Bench {
        parent: Parent::new(common.parent),
        module: common.module,
        kvm: !common.no_kvm,
        kind: common.kind,
        witness: Witness::new(common.witness),
    };
    match command {
        Command::Device(selection) => run(&bench, &selection, checks::device()),
        Command::Sysfs(selection) => run(&bench, &selection, checks::sysfs()),
        Command::Cycle { rounds } => {
            let limit = Duration::from_secs(60 + u64::from(rounds));
            tap::run(limit, &["cycle"], |_| checks::cycle::run(&bench, rounds))
        }
        Command::Across { command } => {
            let limit = Duration::from_secs(60);
            tap::run(limit, &["across"], |_| {
                checks::across::run(&bench, &command)
            })
        }
        Command::Unbind => {
            let limit = Duration::from_secs(60);
            tap::run(limit, &["unbind"], |_| checks::unbind::run(&bench))
        }
        Command::Fuzz(options) => fuzz::main(&bench, &options),
        Command::Shares(options) => shares::main(&bench, &options),
        Command::Crowd { uuids } => endless(crowd::run(&bench, &uuids)),
        Command::Hold { uuid } => endless(checks::life::hold(&bench, &uuid)),
    }
}

/// Of what ends by itself only if it fails.
fn endless(result: Result<Infallible>) -> ExitCode {
    match result {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(bench: &Bench, selection: &Selection, mut checks: Vec<Check>) -> ExitCode {
    checks.retain(|check| check.name.contains(&selection.only));
    let names: Vec<&str> = checks.iter().map(|check| check.name).collect();
    if selection.list {
        names.iter().for_each(|name| println!("{name}"));
        return ExitCode::SUCCESS;
    }
    let limit = Duration::from_secs(selection.time_limit);
    tap::run(limit, &names, |index| (checks[index].body)(bench))
}
