// SPDX-License-Identifier: GPL-2.0
//! The GPU's own account of who had which engine: its witness, which the lab reaches by files in a share.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use harness::engines::{self, Account};
use harness::registers;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where requests are left.
pub struct Witness(PathBuf);

impl Witness {
    /// One that is reached by this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.0.is_dir()
    }

    /// Has it plant faults while `body` runs, as `injection` says in its own words.
    pub fn with_fault<T>(&self, injection: &str, body: impl FnOnce() -> Result<T>) -> Result<T> {
        self.order(&format!(r#"{{"cmd":"inject",{injection}}}"#))?;
        let result = body();
        self.order(r#"{"cmd":"clear_injections"}"#)?;
        result
    }

    /// Has the witness forget what it has counted, so that its list of contexts is empty.
    pub fn reset(&self) -> Result<()> {
        self.order(r#"{"cmd":"reset_counters"}"#)
    }

    /// The engines by their names, all at the same moment.
    pub fn engines(&self) -> Result<BTreeMap<String, Account>> {
        engines::parse(&self.ask(r#"{"cmd":"engines"}"#)?)
    }

    /// How often a register of the GPU was written.
    pub fn writes(&self, register: u32) -> Result<u64> {
        let counts = registers::writes(&self.ask(r#"{"cmd":"registers"}"#)?)?;
        Ok(counts.get(&register).copied().unwrap_or(0))
    }

    fn order(&self, request: &str) -> Result<()> {
        let answer = self.ask(request)?;
        ensure!(answer.contains("\"ok\":true"), "the witness says {answer}");
        Ok(())
    }

    fn ask(&self, request: &str) -> Result<String> {
        let file = |number: u32, end: &str| self.0.join(format!("witness-{number}.{end}"));
        let free = |number: &u32| !file(*number, "request").exists();
        let number = (1..).find(free).context("no number is free")?;
        fs::write(file(number, "new"), request)?;
        fs::rename(file(number, "new"), file(number, "request"))?;
        wait(&file(number, "answer"))
    }
}

fn wait(file: &Path) -> Result<String> {
    let begin = Instant::now();
    while !file.exists() {
        ensure!(begin.elapsed() < PATIENCE, "the witness does not answer");
        std::thread::sleep(Duration::from_millis(50));
    }
    fs::read_to_string(file).context("reading the witness's answer")
}
