// SPDX-License-Identifier: GPL-2.0
//! What was measured with one driver: what the programs of the scenario `bench` said, with their windows,
//! and what two users, or several virtual GPUs, got.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::figures::Figures;
use crate::pair::{self, Pair};
use crate::symbols::Symbols;
use crate::window::Window;
use crate::{fairness, frames, igt};

/// One kind of step, repeated in a window.
#[derive(Debug)]
pub struct Cost {
    pub steps: f64,
    /// What the steps took together.
    pub us: f64,
    /// What half of the steps took at most, where each was measured.
    pub median_us: Option<f64>,
    /// Page table entries that each step changes.
    pub entries: Option<f64>,
    pub window: Window,
}

/// All with one driver.
#[derive(Debug, Default)]
pub struct Run {
    /// By what the step was, such as `submit/rcs`.
    pub costs: BTreeMap<String, Cost>,
    pub pair: Option<Pair>,
    /// What it says by name: what several virtual GPUs got, how long frames took, and what IGT measured.
    pub figures: Figures,
    /// Figures that it should have and has not, for people.
    pub missing: Vec<String>,
}

impl Run {
    pub fn read(folders: &[PathBuf]) -> Result<Self> {
        let mut run = Self::default();
        for folder in folders {
            let mut figures = fairness::read(folder)?;
            figures.extend(frames::read(folder)?);
            let igt = igt::read(folder)?;
            figures.extend(igt.figures);
            if !figures.is_empty() || !igt.missing.is_empty() {
                run.figures.extend(figures);
                run.missing.extend(igt.missing);
            } else if let Some(pair) = pair::read(folder)? {
                run.pair = Some(pair);
            } else {
                run.costs.extend(costs(folder)?);
            }
        }
        Ok(run)
    }
}

/// The costs of a run. The lines are L1's in a native run, and the guest's otherwise.
fn costs(folder: &Path) -> Result<BTreeMap<String, Cost>> {
    let text = |path: &Path| {
        fs::read(folder.join(path))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .with_context(|| format!("reading {}", folder.join(path).display()))
    };
    let symbols = Symbols::parse(&text(Path::new("out/kallsyms"))?);
    let mut costs = BTreeMap::new();
    for stream in ["l1.tap", "l2-1.tap"] {
        // A native run has no guest.
        for line in text(Path::new(stream)).unwrap_or_default().lines() {
            let Some((_, line)) = line.split_once(": cost ") else {
                continue;
            };
            let said = Said::parse(line).with_context(|| format!("{stream}: {line}"))?;
            let counts = text(&Path::new("counts").join(format!("{}.counts", said.window)))?;
            let window = Window::parse(&counts, &symbols)
                .with_context(|| format!("window {}", said.window))?;
            costs.insert(said.what.clone(), said.cost(window));
        }
    }
    ensure!(
        !costs.is_empty(),
        "{}: nothing was counted",
        folder.display()
    );
    Ok(costs)
}

/// A line of i915-check's set `cost`: `submit/rcs median_us=5 window=16 steps=100 us=700`.
struct Said {
    what: String,
    window: u8,
    steps: f64,
    us: f64,
    median_us: Option<f64>,
    entries: Option<f64>,
}

impl Said {
    fn parse(line: &str) -> Result<Self> {
        let mut words = line.split_whitespace();
        let what = words.next().context("it says nothing")?.to_string();
        let fields: BTreeMap<&str, &str> = words.filter_map(|word| word.split_once('=')).collect();
        let number = |name: &str| -> Result<Option<f64>> {
            let value = fields.get(name).map(|value| value.parse());
            value.transpose().with_context(|| name.to_string())
        };
        Ok(Self {
            what,
            window: fields.get("window").context("no window")?.parse()?,
            steps: number("steps")?.context("no steps")?,
            us: number("us")?.context("no time")?,
            median_us: number("median_us")?,
            entries: number("entries")?,
        })
    }

    fn cost(self, window: Window) -> Cost {
        Cost {
            steps: self.steps,
            us: self.us,
            median_us: self.median_us,
            entries: self.entries,
            window,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_checks_are_understood() {
        let said = Said::parse("submit/rcs median_us=5 window=16 steps=100 us=700").unwrap();
        assert_eq!((said.what.as_str(), said.window), ("submit/rcs", 16));
        assert_eq!((said.steps, said.us), (100.0, 700.0));
        assert_eq!((said.median_us, said.entries), (Some(5.0), None));
        assert!(Said::parse("read window=1 steps=5").is_err());
        assert!(Said::parse("read window=1 steps=x us=1").is_err());
    }
}
