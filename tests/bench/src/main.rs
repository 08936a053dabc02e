// SPDX-License-Identifier: GPL-2.0
//! Makes the table of benchmarks of runs of the lab's scenario `bench` (Documentation/bench.rst).

mod fairness;
mod figures;
mod frames;
mod igt;
mod metrics;
mod pair;
mod plot;
mod run;
mod symbols;
mod table;
mod window;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

use crate::run::Run;
use crate::table::{Reasons, Runs};

#[derive(Parser)]
#[command(
    version,
    about = "Makes the table of benchmarks of what the lab's runs have counted"
)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the table, and write it and its plots.
    Table {
        /// Folders of runs of the scenarios that `scripts/bench` knows.
        #[arg(long)]
        native: Vec<PathBuf>,
        #[arg(long)]
        kvmgt: Vec<PathBuf>,
        #[arg(long)]
        rgvt: Vec<PathBuf>,
        /// Why targets are missed.
        #[arg(long)]
        reasons: PathBuf,
        /// Where `bench.csv` and the plots go.
        #[arg(long)]
        out: PathBuf,
    },
    /// Print which functions a step spends its instructions in, those with most first.
    Profile {
        /// A run's folder.
        run: PathBuf,
        /// The step, such as `read` or `submit/rcs`.
        step: String,
        /// Only functions of this module; `vmlinux` is the kernel itself.
        #[arg(long)]
        module: Option<String>,
        /// How many functions.
        #[arg(long, default_value_t = 30)]
        top: usize,
    },
}

fn main() -> ExitCode {
    match execute(Options::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-table: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<()> {
    match command {
        Command::Table {
            native,
            kvmgt,
            rgvt,
            reasons,
            out,
        } => {
            let text = fs::read_to_string(&reasons).context("reading the reasons")?;
            let reasons = Reasons::parse(&text)?;
            let runs = Runs {
                native: read(&native)?,
                kvmgt: read(&kvmgt)?,
                rgvt: read(&rgvt)?,
            };
            let mut metrics = metrics::all();
            metrics.extend(figures::rows(
                [&runs.native, &runs.kvmgt, &runs.rgvt]
                    .into_iter()
                    .flatten(),
            ));
            let rows = table::rows(&runs, &metrics, &reasons);
            write(&out, "bench.csv", &table::csv(&rows))?;
            for (name, plot) in plot::all(&rows) {
                write(&out, &name, &plot)?;
            }
            print!("{}", table::readable(&rows));
            // The table is of use without them, but whoever reads it must know.
            let missing = runs.missing();
            ensure!(missing.is_empty(), "missing: {}", missing.join("; "));
            Ok(())
        }
        Command::Profile {
            run,
            step,
            module,
            top,
        } => profile(&run, &step, module.as_deref(), top),
    }
}

fn read(folders: &[PathBuf]) -> Result<Option<Run>> {
    (!folders.is_empty())
        .then(|| Run::read(folders))
        .transpose()
}

fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
}

fn profile(folder: &Path, step: &str, module: Option<&str>, top: usize) -> Result<()> {
    let run = Run::read(&[folder.to_path_buf()])?;
    let known = || run.costs.keys().cloned().collect::<Vec<_>>().join(", ");
    let cost = run
        .costs
        .get(step)
        .with_context(|| format!("no step {step}; there are: {}", known()))?;
    let mut functions: Vec<_> = cost
        .window
        .functions
        .iter()
        .filter(|(function, _)| module.is_none_or(|module| function.module == module))
        .collect();
    functions.sort_by(|(a, x), (b, y)| (y.instructions, a).cmp(&(x.instructions, b)));
    println!(
        "instructions      calls  function, for each of {} steps",
        cost.steps
    );
    for (function, usage) in functions.into_iter().take(top) {
        println!(
            "{:12.1} {:10.2}  {} [{}]",
            usage.instructions as f64 / cost.steps,
            usage.calls as f64 / cost.steps,
            function.name,
            function.module
        );
    }
    Ok(())
}
