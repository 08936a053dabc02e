// SPDX-License-Identifier: GPL-2.0
//! Selects IGT's subtests by rule files, keeps the table of their results, judges runs by it.

mod glob;
mod judge;
mod results;
mod rules;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};

use crate::results::{Driver, Outcome};
use crate::rules::{Reasons, Rules};
use crate::table::Table;

/// IGT's subtests and the table of their results.
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

/// A run of igt_runner and where it was made.
#[derive(Args)]
struct Run {
    /// Folder of igt_runner's results, or a folder of such folders.
    results: PathBuf,
    /// native, kvmgt or rgvt.
    #[arg(long)]
    driver: Driver,
    /// skl, kbl, cfl or bdw.
    #[arg(long)]
    device: String,
    /// The file of reasons.
    #[arg(long)]
    reasons: PathBuf,
    /// Why subtests that did not come to their end are no fault of what is tested.
    #[arg(long, value_name = "WHY")]
    interrupted: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Write a list for each group, `<n>-<group>.<seconds>.list`, for igt-run.
    Select {
        /// The rule file.
        rules: PathBuf,
        /// Every subtest, as `igt_runner --list-all` prints them.
        all: PathBuf,
        /// Where the lists go; what there is of them before is removed.
        out: PathBuf,
        /// Only these groups.
        #[arg(long, value_delimiter = ',')]
        groups: Vec<String>,
    },
    /// Take over a run into the table.
    Merge {
        /// The table; made if it is not there.
        table: PathBuf,
        #[command(flatten)]
        run: Run,
    },
    /// Print the subtests of a list that have no result in the table yet.
    Missing {
        /// The table.
        table: PathBuf,
        /// The list.
        list: PathBuf,
        /// native, kvmgt or rgvt.
        #[arg(long)]
        driver: Driver,
        /// skl, kbl, cfl or bdw.
        #[arg(long)]
        device: String,
    },
    /// Judge a run by the table, as TAP; fails when a subtest did worse than known.
    Verify {
        /// The table.
        table: PathBuf,
        #[command(flatten)]
        run: Run,
    },
    /// Fail when a result in the table lacks a reason, or passes of an older table are lost.
    Check {
        /// The table.
        table: PathBuf,
        /// The older table.
        #[arg(long)]
        against: Option<PathBuf>,
    },
    /// Print where two drivers differ.
    Diff {
        /// The table.
        table: PathBuf,
        /// One driver.
        left: Driver,
        /// The other one.
        right: Driver,
    },
    /// Print counts of results.
    Summary {
        /// The table.
        table: PathBuf,
    },
    /// Print what did not pass in a run and what the subtests say about it.
    Explain {
        /// Folder of igt_runner's results, or a folder of such folders.
        results: PathBuf,
    },
}

fn main() -> Result<ExitCode> {
    match Options::parse().command {
        Command::Select {
            rules,
            all,
            out,
            groups,
        } => select(&rules, &all, &out, &groups)?,
        Command::Merge { table: path, run } => {
            let mut table = read_table_or_none(&path)?;
            let mut findings = results::read_run(&run.results)?;
            if run.interrupted.is_some() {
                findings.retain(|_, finding| finding.outcome != Outcome::Incomplete);
            }
            table.merge(
                &findings,
                run.driver,
                &run.device,
                &read_reasons(&run.reasons)?,
            );
            write(&path, &table.render())?;
        }
        Command::Missing {
            table,
            list,
            driver,
            device,
        } => {
            let known = read_table_or_none(&table)?.known(&device, driver);
            let names = read(&list)?;
            let missing = names.lines().filter(|line| {
                let name = line.strip_prefix("igt@").unwrap_or(line);
                !known.contains(name)
            });
            print(&missing.map(str::to_owned).collect::<Vec<_>>());
        }
        Command::Verify { table, run } => {
            let table = read_table_or_none(&table)?;
            let findings = results::read_run(&run.results)?;
            let reasons = read_reasons(&run.reasons)?;
            let (lines, bad) = judge::verify(
                &findings,
                &table,
                &reasons,
                (run.driver, &run.device),
                run.interrupted.as_deref(),
            );
            print(&lines);
            return Ok(status(bad == 0));
        }
        Command::Check { table, against } => {
            let old = against.as_deref().map(read_table).transpose()?;
            let complaints = judge::complaints(&read_table(&table)?, old.as_ref());
            print(&complaints);
            return Ok(status(complaints.is_empty()));
        }
        Command::Diff { table, left, right } => {
            print(&judge::differences(&read_table(&table)?, left, right));
        }
        Command::Summary { table } => print(&judge::summary(&read_table(&table)?)),
        Command::Explain { results } => print(&judge::explain(&results::read_run(&results)?)),
    }
    Ok(ExitCode::SUCCESS)
}

fn status(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print(lines: &[String]) {
    lines.iter().for_each(|line| println!("{line}"));
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn read_table(path: &Path) -> Result<Table> {
    Table::parse(&read(path)?).with_context(|| format!("in {}", path.display()))
}

/// An empty table where there is none.
fn read_table_or_none(path: &Path) -> Result<Table> {
    if path.exists() {
        read_table(path)
    } else {
        Ok(Table::default())
    }
}

fn read_reasons(path: &Path) -> Result<Reasons> {
    Reasons::parse(&read(path)?).with_context(|| format!("in {}", path.display()))
}

fn select(rules: &Path, all: &Path, out: &Path, only: &[String]) -> Result<()> {
    let parsed = Rules::parse(&read(rules)?).with_context(|| format!("in {}", rules.display()))?;
    let all = read(all)?;
    let names = all.lines().filter_map(|line| line.strip_prefix("igt@"));
    let selection = parsed.select(names);
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    for entry in fs::read_dir(out)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "list")
        {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    for (number, (group, names)) in (1..).zip(parsed.groups.iter().zip(&selection.groups)) {
        if names.is_empty() || !only.is_empty() && !only.contains(&group.name) {
            continue;
        }
        let lines: Vec<String> = names.iter().map(|name| format!("igt@{name}\n")).collect();
        write(
            &out.join(format!("{number}-{}.{}.list", group.name, group.seconds)),
            &lines.concat(),
        )?;
        println!(
            "{:6} in {}, at most {} s each",
            names.len(),
            group.name,
            group.seconds
        );
    }
    for (reason, count) in &selection.left_out {
        println!("{count:6} left out: {reason}");
    }
    Ok(())
}
