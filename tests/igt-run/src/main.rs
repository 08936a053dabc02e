// SPDX-License-Identifier: GPL-2.0
//! Runs lists of IGT's subtests with the stock igt_runner, inside a chroot of the IGT image.
//!
//! igt_runner writes many small files, and in a guest each access of a shared folder takes as long as a
//! subtest. So it works in memory; what it writes is kept in one file outside the machine, at the cost of
//! one write for each subtest. Run again with the same results, it goes on after the subtest in which the
//! machine died. Where the driver has given the GPU up for lost, no subtest that follows would tell anything:
//! it ends, and leaves the file `lost` among the results.

mod driver;
mod follow;
mod group;
mod keep;
mod runner;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;

use crate::follow::Progress;
use crate::keep::Keep;
use crate::runner::{Ending, Runner};

/// Runs lists of IGT's subtests; tells each one's end at once, `IGT: [12/345] program@subtest pass`.
///
/// /proc, /sys, /dev with /dev/kmsg and a writable /tmp must be mounted.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Folder of `<n>-<group>.<seconds>.list`, as igt-table select writes them.
    lists: PathBuf,
    /// Folder for the results; it must outlive the machine.
    results: PathBuf,
    /// Where igt_runner works; in memory, and gone with the machine.
    #[arg(long, default_value = "/tmp/igt-work")]
    work: PathBuf,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    // Without kernel messages igt_runner spins for ever.
    ensure!(
        Path::new("/dev/kmsg").exists(),
        "there is no /dev/kmsg; mount /dev"
    );
    driver::look_at_tracing();
    let groups = group::read(&options.lists)?;
    fs::create_dir_all(&options.results)
        .with_context(|| format!("making {}", options.results.display()))?;
    fs::create_dir_all(&options.work)
        .with_context(|| format!("making {}", options.work.display()))?;
    let lost = options.results.join("lost");
    if lost.exists() {
        fs::remove_file(&lost).with_context(|| format!("removing {}", lost.display()))?;
    }
    let total = groups.iter().map(|group| group.count).sum();
    let mut progress = Progress::open(&options.results.join("progress.txt"), total)?;
    let mut keep = Keep::open(&options.results.join("kept"), &options.work)?;
    for group in groups {
        // Each round has fewer subtests than the one before.
        let mut next = Some(group);
        while let Some(group) = next {
            group.hand_over(&options.results)?;
            let mut runner = Runner::new(&group, &options.work, &options.results, &mut keep);
            match runner.run(&mut progress)? {
                Ending::Finished => {}
                Ending::GivenUp => println!("IGT: group {} was given up", group.name),
                Ending::Lost => {
                    println!("IGT: the GPU is lost");
                    fs::write(&lost, "").with_context(|| format!("making {}", lost.display()))?;
                    return Ok(ExitCode::from(3));
                }
            }
            next = group.rest(&options.work)?;
        }
    }
    println!("IGT: done");
    Ok(ExitCode::SUCCESS)
}
