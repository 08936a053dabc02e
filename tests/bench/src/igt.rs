// SPDX-License-Identifier: GPL-2.0
//! A run of the lab's scenario `bench-igt`: what IGT's benchmarks measured.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::figures::Figures;

/// What is in a run's folder.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    pub figures: Figures,
    /// What should be there and is not, for people.
    pub missing: Vec<String>,
}

/// Reads the folder of a run; there is nothing in one of another scenario.
pub fn read(folder: &Path) -> Result<Found> {
    // L1's natively, and the guest's otherwise.
    for stream in ["l1.tap", "l2-1.tap"] {
        let path = folder.join(stream);
        if !path.exists() {
            continue;
        }
        let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let found = parse(&String::from_utf8_lossy(&text));
        if found != Found::default() {
            return Ok(found);
        }
    }
    Ok(Found::default())
}

/// `# igt: begun`, for each program `# igt: gem_exec_ctx/nop/rcs: 7081.264 7122.098`, and `# igt: done`.
fn parse(text: &str) -> Found {
    let mut found = Found::default();
    let mut done = true;
    for line in text.lines().filter_map(|line| line.strip_prefix("# igt: ")) {
        match line {
            "begun" => done = false,
            "done" => done = true,
            _ => {
                let (what, said) = line.split_once(':').unwrap_or((line, ""));
                match us(what, said.trim()) {
                    Ok(us) => {
                        found.figures.insert(format!("igt-us/{what}"), us);
                    }
                    Err(error) => found.missing.push(format!("{what}: {error}:{said}")),
                }
            }
        }
    }
    if !done {
        let count = found.figures.len();
        let broke = format!("IGT's benchmarks broke off after {count} figures");
        found.missing.push(broke);
    }
    found
}

/// Microseconds for one of what a program repeats, of all that it said.
fn us(what: &str, said: &str) -> Result<f64> {
    let (program, _) = what.split_once('/').unwrap_or((what, ""));
    let us = match program {
        "gem_exec_ctx" | "gem_exec_nop" => mean(said)?,
        // In a second.
        "gem_create" => 1e6 / mean(said)?,
        // For a thousand.
        "gem_exec_reloc" => mean(said)? / 1e3,
        // `12.345s elapsed (8.100 workloads/s)`
        "gem_wsim" => {
            let rate = said.split_once('(').map(|(_, rate)| rate);
            let rate = rate.and_then(|rate| rate.strip_suffix(" workloads/s)"));
            1e6 / mean(rate.context("no rate")?)?
        }
        _ => bail!("what it measures is not known"),
    };
    ensure!(us.is_finite() && us > 0.0, "nothing was measured");
    Ok(us)
}

/// Of the numbers that a program printed, one each time that it measured.
fn mean(said: &str) -> Result<f64> {
    let numbers: Vec<f64> = said
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .context("not numbers")?;
    ensure!(!numbers.is_empty(), "it said nothing");
    Ok(numbers.iter().sum::<f64>() / numbers.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_program_says_is_understood() {
        let us = |what, said| us(what, said).unwrap();
        assert_eq!(us("gem_exec_ctx/nop/rcs", "7081.264"), 7081.264);
        assert_eq!(us("gem_exec_ctx/sync/rcs", "8047.500 8048.500"), 8048.0);
        assert_eq!(us("gem_exec_nop/all", "10163.967"), 10163.967);
        assert_eq!(us("gem_create/busy", " 62.500"), 16_000.0);
        assert_eq!(us("gem_exec_reloc/cyclic", "10164791.000"), 10_164.791);
        let said = "2.795s elapsed (31.250 workloads/s)";
        assert_eq!(us("gem_wsim/frame", said), 32_000.0);
    }

    #[test]
    fn what_is_missing_is_told() {
        let text = "# igt: begun\n\
                    # igt: gem_exec_ctx/nop/rcs: 1234.5 \n\
                    # gem_exec_ctx/nop/rcs: from 4.1 to 8.2 s\n\
                    # igt: gem_create/busy: \n\
                    # igt: gem_exec_nop/all:   0.000 \n\
                    # igt: gem_exec_reloc/cyclic: status 134\n\
                    # igt: gem_wsim/frame: status 1\n\
                    # igt: gem_other/x: 5 \n";
        let found = parse(text);
        let figures: Vec<_> = found.figures.into_iter().collect();
        assert_eq!(
            figures,
            [("igt-us/gem_exec_ctx/nop/rcs".to_string(), 1234.5)]
        );
        let told = |index: usize, start| {
            let line: &str = &found.missing[index];
            assert!(line.starts_with(start), "{line}");
        };
        told(0, "gem_create/busy: it said nothing");
        told(1, "gem_exec_nop/all: nothing was measured");
        told(2, "gem_exec_reloc/cyclic: not numbers: status 134");
        told(3, "gem_wsim/frame: no rate: status 1");
        told(4, "gem_other/x: what it measures is not known");
        told(5, "IGT's benchmarks broke off after 1 figures");
        assert_eq!(parse(&format!("{text}# igt: done\n")).missing.len(), 5);
    }

    #[test]
    fn other_scenarios_have_none() {
        assert_eq!(parse("# figure: build: FPS: 37\n"), Found::default());
    }
}
