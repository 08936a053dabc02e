// SPDX-License-Identifier: GPL-2.0
//! Runs checks and reports them in the Test Anything Protocol.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::bench::{Bench, Check, Outcome};

/// Runs all checks; success if none failed.
pub fn run(bench: &Bench, checks: &[Check]) -> ExitCode {
    println!("1..{}", checks.len());
    let (started, starts) = channel();
    let limit = bench.limit * 2;
    std::thread::spawn(move || watch(&starts, limit));
    let mut failed = 0;
    for (number, check) in (1..).zip(checks) {
        // Its receiver lives as long as this process does.
        let _ = started.send(format!("{number} - {}", check.name));
        let begin = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| (check.body)(bench)))
            .unwrap_or_else(|_| Err(anyhow!("the check itself failed, see standard error")));
        failed += u32::from(result.is_err());
        report(
            &format!("{number} - {}", check.name),
            result,
            begin.elapsed(),
        );
    }
    if failed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn report(name: &str, result: Result<Outcome>, took: Duration) {
    let line = match result {
        Ok(Outcome::Pass) => format!("ok {name}"),
        Ok(Outcome::Skip(reason)) => format!("ok {name} # SKIP {reason}"),
        Err(error) => format!("not ok {name}\n# {error:#}"),
    };
    println!("{line}\n# {:.1} ms", took.as_secs_f64() * 1e3);
    // A closed console must not end the run: the exit status still tells.
    let _ = std::io::stdout().flush();
}

/// Ends the process when a check does not come back, for one that is stuck in the kernel cannot
/// be told to.
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
