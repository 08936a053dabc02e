// SPDX-License-Identifier: GPL-2.0
//! Runs checks and reports them in the Test Anything Protocol, as kselftests do.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// How a check ended, if it did not fail.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Pass,
    /// Not applicable here, for this reason.
    Skip(String),
}

impl Outcome {
    /// Skips for a reason.
    ///
    /// # Errors
    ///
    /// None; the type is a check's.
    pub fn skip(reason: impl Into<String>) -> Result<Self> {
        Ok(Self::Skip(reason.into()))
    }
}

/// Runs the checks of these names, by their index; success if none failed. One that takes longer than
/// `limit` ends the process, for it may be stuck in the kernel.
pub fn run(
    limit: Duration,
    names: &[&str],
    mut check: impl FnMut(usize) -> Result<Outcome>,
) -> ExitCode {
    println!("TAP version 13\n1..{}", names.len());
    let (started, starts) = channel();
    std::thread::spawn(move || watch(&starts, limit));
    let mut failed = false;
    for (index, name) in names.iter().enumerate() {
        let name = format!("{} - {name}", index + 1);
        // Its receiver lives as long as this process does.
        let _ = started.send(name.clone());
        let begin = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| check(index)))
            .unwrap_or_else(|_| Err(anyhow!("the check itself failed, see standard error")));
        failed |= result.is_err();
        report(&name, result, begin.elapsed());
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn report(name: &str, result: Result<Outcome>, took: Duration) {
    let line = match result {
        Ok(Outcome::Pass) => format!("ok {name}"),
        Ok(Outcome::Skip(reason)) => format!("ok {name} # SKIP {reason}"),
        Err(error) => format!("# {error:#}\nnot ok {name}"),
    };
    println!("{line}\n# {:.1} ms", took.as_secs_f64() * 1e3);
    // A closed console must not end the run: the exit status still tells.
    let _ = std::io::stdout().flush();
}

fn watch(starts: &Receiver<String>, limit: Duration) {
    let Ok(mut name) = starts.recv() else { return };
    loop {
        match starts.recv_timeout(limit) {
            Ok(next) => name = next,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                println!(
                    "not ok {name}\nBail out! no end after {} s",
                    limit.as_secs()
                );
                let _ = std::io::stdout().flush();
                std::process::exit(1);
            }
        }
    }
}
