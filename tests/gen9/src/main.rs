// SPDX-License-Identifier: GPL-2.0

//! `gen9`: a software Intel GPU for a virtual machine.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::Context as _;
use clap::Parser;
use gen9::display::Monitor;
use gen9::gpu::{Gpu, Options};
use gen9::platform::Device;
use gen9::vfio::{self, ApertureSize, Server, Setup, Stop};
use tracing_subscriber::EnvFilter;
use vmm_sys_util::signal::register_signal_handler;

/// Serves a software Intel GPU over vfio-user, for QEMU's vfio-user-pci device.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Where to listen for the client
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
    /// Which device to be
    #[arg(long, value_enum, default_value = "skl")]
    device: Device,
    /// What is plugged into the first digital port
    #[arg(long, value_enum, default_value = "none")]
    monitor: Monitor,
    /// Where to serve the witness: counts, grants and faults, as lines of JSON
    #[arg(long, value_name = "PATH")]
    witness: Option<PathBuf>,
    /// GPU clock that work is charged at; 0 makes work free
    #[arg(long, value_name = "MHZ", default_value_t = 1000)]
    clock_mhz: u32,
    /// Size of the aperture: 256, 512, 1024, 2048 or 4096
    #[arg(long, value_name = "MIB", default_value = "256", value_parser = aperture_size)]
    aperture_mib: ApertureSize,
    /// Let no page of the registers be mapped, so that the witness sees each access
    #[arg(long)]
    trap_all: bool,
    /// What to log, such as "warn" or "info,gen9::vfio=debug"
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,
}

fn aperture_size(text: &str) -> Result<ApertureSize, &'static str> {
    let size = text.parse().ok().and_then(ApertureSize::mib);
    size.ok_or("an aperture has 256, 512, 1024, 2048 or 4096 MiB")
}

/// Set once, before the signals that use it.
static STOP: OnceLock<Stop> = OnceLock::new();

extern "C" fn on_signal(_: libc::c_int, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    if let Some(stop) = STOP.get() {
        stop.request();
    }
}

fn run(args: &Args) -> anyhow::Result<()> {
    let stop = Stop::new().context("cannot make an event descriptor")?;
    let stop = STOP.get_or_init(|| stop);
    for signal in [libc::SIGTERM, libc::SIGINT] {
        register_signal_handler(signal, on_signal).context("cannot handle signals")?;
    }
    let gpu = Gpu::new(&Options {
        platform: args.device.platform(),
        monitor: args.monitor,
        clock_mhz: args.clock_mhz,
    })?;
    let _witness = match &args.witness {
        Some(path) => Some(
            gpu.witness
                .serve(path)
                .with_context(|| format!("cannot serve the witness at {}", path.display()))?,
        ),
        None => None,
    };
    let mut device = vfio::Device::new(
        gpu,
        Setup {
            trap_all: args.trap_all,
            aperture: args.aperture_mib,
        },
    );
    let server = Server::bind(&args.socket)
        .with_context(|| format!("cannot listen at {}", args.socket.display()))?;
    tracing::info!(socket = %args.socket.display(), device = ?args.device, "listening");
    server.run(&mut device, stop).context("cannot serve")
}

fn main() -> ExitCode {
    let args = Args::parse();
    let filter = match EnvFilter::try_new(&args.log) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("gen9: bad --log: {error}");
            return ExitCode::FAILURE;
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
