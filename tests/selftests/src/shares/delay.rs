// SPDX-License-Identifier: GPL-2.0
//! How long a guest that never ends keeps another from the engine.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::measure::EngineName;
use super::stream::{Manners, Stream};
use crate::bench::{Bench, Outcome};
use crate::regs::GDRST;

/// Slice, and time to make way in, of the one that never ends.
const SLICE: Duration = Duration::from_millis(2);
const TIMEOUT: Duration = Duration::from_millis(100);
/// What the other one wants.
const JOB: Duration = Duration::from_millis(1);
/// How long it is between its jobs.
const REST: Duration = Duration::from_millis(20);
/// How long a job may take without a promise: i915 finds out by itself that an engine hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// Has one user take the engine for good, and measures what others' jobs of a millisecond wait, which are
/// begun so many times. What the GPU cannot leave is ended once, so it is begun anew before each.
pub fn run(bench: &Bench, manners: Manners, jobs: usize, judged: bool) -> Result<Outcome> {
    let rgvt = bench.module == "rgvt";
    if !rgvt && manners == Manners::Polite {
        // i915 takes it off the engine for its own work, so it does not count as hung.
        return Outcome::skip("kvmgt lets the one that never ends have the engine for good");
    }
    let name = match manners {
        Manners::Polite => "polite",
        Manners::Stubborn => "stubborn",
    };
    let engine = EngineName::Rcs.engine();
    let (hostile, victim) = (bench.client()?, bench.client()?);
    if rgvt {
        let microseconds = |time: Duration| time.as_micros().to_string();
        let mdev = &hostile.mdev;
        mdev.set_attribute("rgvt/timeslice_us", &microseconds(SLICE))?;
        mdev.set_attribute("rgvt/preempt_timeout_us", &microseconds(TIMEOUT))?;
    }
    let mut job = Stream::new(&victim, engine, 0, Manners::Polite)?;
    // For the first one the host makes page tables, which is not the other's doing.
    job.submit(&victim, JOB)?;
    ensure!(job.wait(&victim, LIMIT), "the first job is not done");
    let mut delays = Vec::new();
    let mut spinner: Option<Stream> = None;
    for _ in 0..jobs {
        if manners == Manners::Stubborn || spinner.is_none() {
            hostile.device.set_reg(GDRST, engine.reset)?;
            let mut anew = Stream::new(&hostile, engine, 0, manners)?;
            anew.submit_endless(&hostile)?;
            spinner = Some(anew);
        }
        thread::sleep(REST);
        let begin = Instant::now();
        job.submit(&victim, JOB)?;
        ensure!(job.wait(&victim, LIMIT), "a job is not done");
        delays.push(begin.elapsed().saturating_sub(JOB));
    }
    let spinner = spinner.context("no jobs")?;
    if manners == Manners::Polite {
        spinner.end(&hostile);
        ensure!(
            spinner.wait(&hostile, Duration::from_secs(5)),
            "the spinner was ended, although it makes way"
        );
    }
    hostile.device.set_reg(GDRST, engine.reset)?;

    delays.sort_unstable();
    let (middle, most) = (delays[delays.len() / 2], delays[delays.len() - 1]);
    println!("# figure delay-us/{name} {}", most.as_micros());
    println!("# figure delay-median-us/{name} {}", middle.as_micros());
    let bound = SLICE + TIMEOUT;
    ensure!(
        !judged || most <= bound,
        "a job of {JOB:?} waited for {most:?}, more than {bound:?}"
    );
    Ok(Outcome::Pass)
}
