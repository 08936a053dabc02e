// SPDX-License-Identifier: GPL-2.0
//! A run of the lab's scenario `bench-pair`: two users of the GPU at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use harness::engines;

/// What two users got.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// How long it took until both had done their work, each on an engine of its own, for one batch.
    pub apart_us: f64,
    /// What each had of the engine that both wanted, in percent of what both had; the larger first.
    pub shares: [f64; 2],
    /// How much of that time the engine had nothing to do, in percent.
    pub idle: f64,
}

/// Reads the folder of a run, if it is one of this scenario.
pub fn read(folder: &Path) -> Result<Option<Pair>> {
    let answer = folder.join("out/same.json");
    if !answer.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&answer).context("reading the witness's answer")?;
    let apart = [1, 2].map(|user| said(folder, user));
    let [first, second] = apart;
    let apart_us = first?.max(second?);
    parse(&text, apart_us)
        .with_context(|| answer.display().to_string())
        .map(Some)
}

/// Microseconds for each batch of a user's own engine.
fn said(folder: &Path, user: u32) -> Result<f64> {
    let name = format!("apart-{user}.txt");
    // In L1's share natively, in the guest's own otherwise.
    let places = [
        folder.join("out").join(&name),
        folder.join(format!("out/l2-{user}.out")).join(&name),
    ];
    let place: &PathBuf = places
        .iter()
        .find(|place| place.exists())
        .with_context(|| format!("{}: no {name}", folder.display()))?;
    let text = fs::read_to_string(place)?;
    by_batch(&text).with_context(|| place.display().to_string())
}

/// `# stream count/rcs batches=40 us=1000`
fn by_batch(text: &str) -> Result<f64> {
    let line = text.lines().find(|line| line.starts_with("# stream "));
    let line = line.context("no line about a stream")?;
    let fields: BTreeMap<&str, &str> = line
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
        .collect();
    let number = |name: &str| -> Result<f64> {
        Ok(fields.get(name).context("a field is missing")?.parse()?)
    };
    Ok(number("us")? / number("batches")?)
}

fn parse(answer: &str, apart_us: f64) -> Result<Pair> {
    let mut engines = engines::parse(answer)?;
    let engine = engines.remove("rcs").context("nothing of rcs")?;
    let mut busy: Vec<u64> = engine.busy.into_values().collect();
    busy.sort_unstable_by(|a, b| b.cmp(a));
    // What is there beside the users' contexts is i915's own.
    busy.resize(2, 0);
    let both = busy[0] + busy[1];
    ensure!(both > 0, "nobody had the engine");
    let percent = |part: u64, whole: u64| 100.0 * part as f64 / whole as f64;
    Ok(Pair {
        apart_us,
        shares: [percent(busy[0], both), percent(busy[1], both)],
        idle: percent(engine.idle, engine.elapsed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_both_had() {
        let answer = r#"{"ok":true,"engines":[{"engine":"rcs","elapsed_ns":2000,"idle_ns":500,
            "contexts":[{"id":1,"lrca":16,"busy_ns":300},{"id":2,"lrca":48,"busy_ns":0},
            {"id":3,"lrca":32,"busy_ns":500},{"id":4,"lrca":32,"busy_ns":400}]}]}"#;
        let pair = parse(answer, 7.0).unwrap();
        assert_eq!(pair.shares, [75.0, 25.0]);
        assert_eq!((pair.idle, pair.apart_us), (25.0, 7.0));
        assert!(parse(r#"{"engines":[]}"#, 7.0).is_err());
    }

    #[test]
    fn a_stream_says_what_a_batch_took() {
        let text = "TAP\n# stream count/rcs batches=40 us=1000\nok 1 - x\n";
        assert_eq!(by_batch(text).unwrap(), 25.0);
        assert!(by_batch("ok 1 - x\n").is_err());
    }
}
