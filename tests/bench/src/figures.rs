// SPDX-License-Identifier: GPL-2.0
//! Figures that runs say by name, and that are rows of the table as they are.

use std::collections::BTreeMap;

use crate::metrics::{Metric, Target};
use crate::run::Run;

/// Figures by the names of their metrics.
pub type Figures = BTreeMap<String, f64>;

/// What is good at most, by the kind of figure.
fn target(name: &str) -> Option<Target> {
    match name.split('/').next()? {
        "share-off" => Some(Target::Figure(2.0)),
        "counted-off" => Some(Target::Figure(1.0)),
        // The preempt timeout that is set, and a slice.
        "delay-us" => Some(Target::Figure(102_000.0)),
        "frame-us" | "igt-us" => Some(Target::Ratio(1.0)),
        _ => None,
    }
}

/// A row for each figure that one of these runs has.
pub fn rows<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<Metric> {
    let names: BTreeMap<&String, ()> = runs
        .into_iter()
        .flat_map(|run| run.figures.keys().map(|name| (name, ())))
        .collect();
    let row = |name: &String| {
        let key = name.clone();
        Metric {
            name: name.clone(),
            figure: Box::new(move |run, _| run.figures.get(&key).copied()),
            target: target(name),
        }
    };
    names.into_keys().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_has_a_row() {
        let figures = [("frame-us/build", 9.0), ("share-off/equal/rcs", 0.1)];
        let run = Run {
            figures: figures
                .map(|(name, value)| (name.to_string(), value))
                .into(),
            ..Run::default()
        };
        let rows = rows([&run]);
        let found: Vec<_> = rows
            .iter()
            .map(|row| (row.name.as_str(), (row.figure)(&run, None), row.target))
            .collect();
        assert_eq!(
            found,
            [
                ("frame-us/build", Some(9.0), Some(Target::Ratio(1.0))),
                ("share-off/equal/rcs", Some(0.1), Some(Target::Figure(2.0))),
            ]
        );
    }
}
