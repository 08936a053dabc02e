// SPDX-License-Identifier: GPL-2.0
//! A run of the lab's scenario `bench-fairness`: what virtual GPUs got against what was asked for.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::figures::Figures;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_among_what_is_said() {
        let text = "# vfio-check: share equal/rcs rcs=49.9,50.1 idle=0.0\n\
                    # vfio-check: figure share-off/equal/rcs 0.10\n\
                    # figure: something: else\n\
                    # vfio-check: figure delay-us/polite 3000\n";
        let figures: Vec<_> = parse(text).unwrap().into_iter().collect();
        assert_eq!(
            figures,
            [
                ("delay-us/polite".to_string(), 3000.0),
                ("share-off/equal/rcs".to_string(), 0.1),
            ]
        );
        assert!(parse("vfio-check: figure share-off/x y").is_err());
    }
}
