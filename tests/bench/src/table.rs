// SPDX-License-Identifier: GPL-2.0
//! The table: a row for each metric, with the figures of each driver.

use std::fmt::{self, Write};

use anyhow::{Context, Result};

use crate::metrics::{Metric, Target};
use crate::run::Run;

/// The runs that are compared; those that were not made are missing.
#[derive(Default)]
pub struct Runs {
    pub native: Option<Run>,
    pub kvmgt: Option<Run>,
    pub rgvt: Option<Run>,
}

impl Runs {
    /// Figures that runs should have and have not, for people.
    pub fn missing(&self) -> Vec<String> {
        let runs = [
            ("native", &self.native),
            ("kvmgt", &self.kvmgt),
            ("rgvt", &self.rgvt),
        ];
        let missing = runs.into_iter().flat_map(|(driver, run)| {
            let missing = run.iter().flat_map(|run| &run.missing);
            missing.map(move |what| format!("{driver}: {what}"))
        });
        missing.collect()
    }
}

/// A row.
pub struct Row {
    pub metric: String,
    pub native: Option<f64>,
    pub kvmgt: Option<f64>,
    pub rgvt: Option<f64>,
    /// Of rgvt's figure to kvmgt's.
    pub ratio: Option<f64>,
    pub target: Option<Target>,
    /// Why it misses its target, if it does.
    pub reason: String,
}

impl Row {
    pub fn misses(&self) -> bool {
        match self.target {
            Some(Target::Ratio(target)) => self.ratio.is_some_and(|ratio| ratio > target),
            Some(Target::Figure(target)) => self.rgvt.is_some_and(|figure| figure > target),
            None => false,
        }
    }
}

/// Why metrics miss their targets: lines `PATTERN | REASON`, where `*` at the pattern's end stands for the rest.
pub struct Reasons(Vec<(String, String)>);

impl Reasons {
    pub fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let reasons = lines.map(|line| {
            let (pattern, reason) = line
                .split_once('|')
                .with_context(|| format!("no reason: {line}"))?;
            Ok((pattern.trim().to_string(), reason.trim().to_string()))
        });
        reasons.collect::<Result<_>>().map(Self)
    }

    /// The first reason that fits.
    fn of(&self, metric: &str) -> &str {
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => metric.starts_with(start),
            None => metric == pattern,
        };
        let found = self.0.iter().find(|(pattern, _)| fits(pattern));
        found.map_or("not known", |(_, reason)| reason)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio(target) => write!(f, "{target}x"),
            Self::Figure(target) => write!(f, "{target}"),
        }
    }
}

pub fn rows(runs: &Runs, metrics: &[Metric], reasons: &Reasons) -> Vec<Row> {
    let of = |metric: &Metric, run: &Option<Run>, module| (metric.figure)(run.as_ref()?, module);
    let rows = metrics.iter().map(|metric| {
        let kvmgt = of(metric, &runs.kvmgt, Some("kvmgt"));
        let rgvt = of(metric, &runs.rgvt, Some("rgvt"));
        let mut row = Row {
            metric: metric.name.clone(),
            native: of(metric, &runs.native, None),
            kvmgt,
            rgvt,
            ratio: kvmgt
                .zip(rgvt)
                .filter(|(kvmgt, _)| *kvmgt > 0.0)
                .map(|(kvmgt, rgvt)| rgvt / kvmgt),
            target: metric.target,
            reason: String::new(),
        };
        if row.misses() {
            row.reason = reasons.of(&row.metric).to_string();
        }
        row
    });
    rows.collect()
}

/// As comma-separated values; what is missing is empty.
pub fn csv(rows: &[Row]) -> String {
    let number = |value: Option<f64>, digits| {
        value.map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    let mut text = String::from("metric,native,kvmgt,rgvt,ratio,target,reason\n");
    for row in rows {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{}",
            row.metric,
            number(row.native, 1),
            number(row.kvmgt, 1),
            number(row.rgvt, 1),
            number(row.ratio, 2),
            row.target
                .map_or(String::new(), |target| target.to_string()),
            quoted(&row.reason)
        );
    }
    text
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}

/// For reading on a terminal.
pub fn readable(rows: &[Row]) -> String {
    let number = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.1}"));
    let mut text = String::new();
    for row in rows {
        let ratio = row
            .ratio
            .map_or(String::new(), |ratio| format!("{ratio:.2}"));
        let judged = match row.target {
            Some(target) if row.misses() => format!("above {target}: {}", row.reason),
            Some(target) => format!("at most {target}"),
            None => String::new(),
        };
        let _ = writeln!(
            text,
            "{:38} {:>11} {:>11} {:>11} {ratio:>7}  {judged}",
            row.metric,
            number(row.native),
            number(row.kvmgt),
            number(row.rgvt)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str, target: Option<Target>) -> Metric {
        Metric {
            name: name.to_string(),
            figure: Box::new(|_, module| match module {
                Some("kvmgt") => Some(200.0),
                Some(_) => Some(150.0),
                None => None,
            }),
            target,
        }
    }

    fn runs() -> Runs {
        Runs {
            native: Some(Run::default()),
            kvmgt: Some(Run::default()),
            rgvt: Some(Run::default()),
        }
    }

    #[test]
    fn a_missed_target_has_its_reason() {
        let reasons = Reasons::parse("# why\n b/* | slow, \"so far\"\n").unwrap();
        let metrics = [
            metric("a/x", Some(Target::Ratio(0.8))),
            metric("b/x", Some(Target::Ratio(0.7))),
            metric("c/x", Some(Target::Ratio(0.7))),
            metric("d/x", None),
            metric("e/x", Some(Target::Figure(2.0))),
        ];
        let rows = rows(&runs(), &metrics, &reasons);
        assert_eq!(
            csv(&rows),
            "metric,native,kvmgt,rgvt,ratio,target,reason\n\
             a/x,,200.0,150.0,0.75,0.8x,\n\
             b/x,,200.0,150.0,0.75,0.7x,\"slow, \"\"so far\"\"\"\n\
             c/x,,200.0,150.0,0.75,0.7x,not known\n\
             d/x,,200.0,150.0,0.75,,\n\
             e/x,,200.0,150.0,0.75,2,not known\n"
        );
    }

    #[test]
    fn what_is_missing_is_told_with_its_driver() {
        let run = Run {
            missing: vec!["x".to_string()],
            ..Run::default()
        };
        let runs = Runs {
            kvmgt: Some(run),
            ..runs()
        };
        assert_eq!(runs.missing(), ["kvmgt: x"]);
    }

    #[test]
    fn what_was_not_run_is_empty() {
        let reasons = Reasons::parse("").unwrap();
        let runs = Runs {
            rgvt: Some(Run::default()),
            ..Runs::default()
        };
        let rows = rows(&runs, &[metric("a/x", Some(Target::Ratio(0.1)))], &reasons);
        assert!(csv(&rows).ends_with("a/x,,,150.0,,0.1x,\n"));
        assert!(Reasons::parse("no bar").is_err());
    }
}
