// SPDX-License-Identifier: GPL-2.0
//! The GPU's own account of who had which engine: its witness, which the lab reaches by files in a share.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
struct Answer {
    engines: Vec<InEngine>,
}

#[derive(Deserialize)]
struct InEngine {
    engine: String,
    elapsed_ns: u64,
    idle_ns: u64,
    contexts: Vec<InContext>,
}

#[derive(Deserialize)]
struct InContext {
    /// Where its image is: unlike its ID, i915 keeps that for as long as the context is in use.
    lrca: u32,
    busy_ns: u64,
}

/// What an engine has done until some moment. Times are nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub elapsed: u64,
    pub idle: u64,
    /// By the context's image.
    pub busy: BTreeMap<u32, u64>,
}

impl Account {
    /// What happened since an earlier one.
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |lrca: &u32| earlier.of(*lrca);
        let busy = self.busy.iter();
        Self {
            elapsed: self.elapsed - earlier.elapsed,
            idle: self.idle - earlier.idle,
            busy: busy
                .map(|(&lrca, &time)| (lrca, time - before(&lrca)))
                .collect(),
        }
    }

    /// The context that had most.
    pub fn most(&self) -> Option<u32> {
        let most = self.busy.iter().max_by_key(|(_, time)| **time);
        most.map(|(&lrca, _)| lrca)
    }

    /// What a context had.
    pub fn of(&self, lrca: u32) -> u64 {
        self.busy.get(&lrca).copied().unwrap_or(0)
    }
}

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
        parse(&self.ask(r#"{"cmd":"engines"}"#)?)
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

fn parse(answer: &str) -> Result<BTreeMap<String, Account>> {
    let answer: Answer = serde_json::from_str(answer).with_context(|| answer.to_string())?;
    let engines = answer.engines.into_iter().map(|engine| {
        let mut account = Account {
            elapsed: engine.elapsed_ns,
            idle: engine.idle_ns,
            busy: BTreeMap::new(),
        };
        for context in engine.contexts {
            *account.busy.entry(context.lrca).or_default() += context.busy_ns;
        }
        (engine.engine, account)
    });
    Ok(engines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_told_apart_by_their_images() {
        let answer = |first, second| {
            let text = format!(
                r#"{{"ok":true,"engines":[{{"engine":"rcs","elapsed_ns":900,"idle_ns":100,"contexts":[
                {{"id":1,"lrca":16,"busy_ns":{first}}},{{"id":2,"lrca":32,"busy_ns":{second}}},
                {{"id":3,"lrca":16,"busy_ns":5}}]}}]}}"#
            );
            parse(&text).unwrap().remove("rcs").unwrap()
        };
        let account = answer(500, 300).since(&answer(100, 200));
        assert_eq!(
            (account.of(16), account.of(32), account.of(48)),
            (400, 100, 0)
        );
        assert_eq!(account.most(), Some(16));
        assert!(parse(r#"{"error":"no"}"#).is_err());
    }
}
