// SPDX-License-Identifier: GPL-2.0
//! A run of the lab's scenario `bench-fairness`: what virtual GPUs got against what was asked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::metrics::{Metric, Target};
use crate::run::Run;

/// Figures by the names of their metrics.
pub type Figures = BTreeMap<String, f64>;

/// Reads the folder of a run; there is nothing in one of another scenario.
pub fn read(folder: &Path) -> Result<Figures> {
    let path = folder.join("l1.tap");
    let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    parse(&String::from_utf8_lossy(&text))
}

/// `# vfio-check: figure share-off/equal/rcs 0.43`
fn parse(text: &str) -> Result<Figures> {
    let lines = text
        .lines()
        .filter_map(|line| line.split_once("vfio-check: figure "));
    lines
        .map(|(_, figure)| {
            let (name, value) = figure.split_once(' ').context("no value")?;
            Ok((name.to_string(), value.trim().parse()?))
        })
        .collect::<Result<_>>()
        .context("a figure")
}

/// What is good at most, by the kind of figure.
fn target(name: &str) -> Option<Target> {
    match name.split('/').next()? {
        "share-off" => Some(Target::Figure(2.0)),
        "counted-off" => Some(Target::Figure(1.0)),
        // The preempt timeout that is set, and a slice.
        "delay-us" => Some(Target::Figure(102_000.0)),
        _ => None,
    }
}

/// A row for each figure that one of these runs has.
pub fn rows<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<Metric> {
    let names: BTreeMap<&String, ()> = runs
        .into_iter()
        .flat_map(|run| run.fairness.keys().map(|name| (name, ())))
        .collect();
    let row = |name: &String| {
        let key = name.clone();
        Metric {
            name: name.clone(),
            figure: Box::new(move |run, _| run.fairness.get(&key).copied()),
            target: target(name),
        }
    };
    names.into_keys().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_among_what_is_said() {
        let text = "# vfio-check: share equal/rcs rcs=49.9,50.1 idle=0.0\n\
                    # vfio-check: figure share-off/equal/rcs 0.10\n\
                    # figure: something: else\n\
                    # vfio-check: figure delay-us/polite 3000\n";
        let run = Run {
            fairness: parse(text).unwrap(),
            ..Run::default()
        };
        let rows = rows([&run]);
        let figures: Vec<_> = rows
            .iter()
            .map(|row| (row.name.as_str(), (row.figure)(&run, None), row.target))
            .collect();
        assert_eq!(
            figures,
            [
                (
                    "delay-us/polite",
                    Some(3000.0),
                    Some(Target::Figure(102_000.0))
                ),
                ("share-off/equal/rcs", Some(0.1), Some(Target::Figure(2.0))),
            ]
        );
        assert!(parse("vfio-check: figure share-off/x y").is_err());
    }
}
