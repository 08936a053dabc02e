// SPDX-License-Identifier: GPL-2.0
//! Adds up what all judges said; the last line and the exit status follow from the same numbers.

use std::fmt::Write as _;

use crate::tap::{Outcome, Stream};

/// One judged thing.
struct Check {
    source: String,
    name: String,
    outcome: Outcome,
}

/// All that was judged in a run, and remarks that a reader of the result must see.
#[derive(Default)]
pub struct Report {
    checks: Vec<Check>,
    remarks: Vec<String>,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl Report {
    pub fn add(&mut self, source: &str, name: &str, outcome: Outcome) {
        self.checks.push(Check {
            source: source.to_string(),
            name: name.to_string(),
            outcome,
        });
    }

    /// A check that fails for each of `problems`, or passes when there is none.
    pub fn judge(&mut self, source: &str, name: &str, problems: &[String]) {
        if problems.is_empty() {
            self.add(source, name, Outcome::Passed);
        }
        for problem in problems {
            self.add(source, name, Outcome::Failed(problem.clone()));
        }
    }

    /// All test points of a stream; each flaw of it counts as a failure.
    pub fn add_stream(&mut self, source: &str, stream: Stream) {
        for point in stream.points {
            self.add(source, &point.name, point.outcome);
        }
        for flaw in stream.flaws {
            self.add(source, "TAP stream", Outcome::Failed(flaw.to_string()));
        }
    }

    pub fn remark(&mut self, text: String) {
        self.remarks.push(text);
    }

    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for check in &self.checks {
            match check.outcome {
                Outcome::Passed => totals.passed += 1,
                Outcome::Failed(_) => totals.failed += 1,
                Outcome::Skipped(_) => totals.skipped += 1,
            }
        }
        totals
    }

    /// Nothing failed, and something passed.
    pub fn is_success(&self) -> bool {
        let totals = self.totals();
        totals.failed == 0 && totals.passed > 0
    }

    /// The whole report; its last line is the sum.
    pub fn text(&self) -> String {
        self.write(true)
    }

    /// The report without the names of what passed.
    pub fn summary(&self) -> String {
        self.write(false)
    }

    fn write(&self, passes: bool) -> String {
        let mut text = String::new();
        for check in &self.checks {
            let (word, why) = match &check.outcome {
                Outcome::Passed if !passes => continue,
                Outcome::Passed => ("pass", ""),
                Outcome::Failed(why) => ("FAIL", why.as_str()),
                Outcome::Skipped(why) => ("skip", why.as_str()),
            };
            let _ = write!(text, "{word}  {}: {}", check.source, check.name);
            if !why.is_empty() {
                let _ = write!(text, " ({why})");
            }
            text.push('\n');
        }
        for remark in &self.remarks {
            let _ = writeln!(text, "note  {remark}");
        }
        let totals = self.totals();
        if totals == Totals::default() {
            text.push_str("FAIL  nothing was checked\n");
        }
        let _ = writeln!(
            text,
            "{} passed, {} failed, {} skipped",
            totals.passed, totals.failed, totals.skipped
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap;

    #[test]
    fn sums_and_status_agree() {
        let mut report = Report::default();
        assert!(!report.is_success());
        report.add_stream("l1", tap::parse("1..2\nok 1 - a\nok 2 - b # SKIP none\n"));
        report.judge("l1", "dmesg", &[]);
        assert!(report.is_success());
        assert!(report.text().ends_with("2 passed, 0 failed, 1 skipped\n"));
        assert!(report.text().contains("pass  l1: a\n"));
        assert!(report.summary().starts_with("skip  l1: b (none)\n"));
        assert!(
            report
                .summary()
                .ends_with("2 passed, 0 failed, 1 skipped\n")
        );
        report.judge("l2", "dmesg", &["WARNING: x".into(), "BUG: y".into()]);
        assert!(!report.is_success());
        assert!(report.text().ends_with("2 passed, 2 failed, 1 skipped\n"));
    }

    #[test]
    fn a_stream_without_a_plan_fails_the_run() {
        let mut report = Report::default();
        report.add_stream("l1", tap::parse("ok 1 - a\n"));
        assert!(!report.is_success());
        assert_eq!(report.totals().failed, 1);
    }
}
