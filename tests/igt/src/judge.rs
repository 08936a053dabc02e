// SPDX-License-Identifier: GPL-2.0
//! What the table and a run are good for: complaints, differences, counts, a verdict as TAP.

use std::collections::BTreeMap;

use crate::results::{Driver, Finding, Findings, Outcome};
use crate::rules::Reasons;
use crate::table::{Cell, Table};

/// What is wrong with a table: results without a reason, and passes of `old` that are lost.
pub fn complaints(table: &Table, old: Option<&Table>) -> Vec<String> {
    let mut complaints = Vec::new();
    for ((subtest, device), row) in &table.rows {
        for (driver, cell) in row {
            if cell.outcome != Outcome::Pass && cell.reason.is_none() {
                let outcome = cell.outcome;
                complaints.push(format!(
                    "{subtest} on {device}, {driver}: {outcome} without a reason"
                ));
            }
        }
    }
    for ((subtest, device), row) in old.iter().flat_map(|old| &old.rows) {
        let new = table.rows.get(&(subtest.clone(), device.clone()));
        for (driver, _) in row.iter().filter(|(_, cell)| cell.outcome == Outcome::Pass) {
            let now = new.and_then(|new| new.get(driver)).map(|cell| cell.outcome);
            if now != Some(Outcome::Pass) {
                let now = now.map_or("gone".to_owned(), |outcome| outcome.to_string());
                complaints.push(format!(
                    "{subtest} on {device}, {driver}: was pass, is {now}"
                ));
            }
        }
    }
    complaints
}

/// The rows where two drivers have results that differ.
pub fn differences(table: &Table, left: Driver, right: Driver) -> Vec<String> {
    let mut lines = Vec::new();
    for ((subtest, device), row) in &table.rows {
        let (Some(a), Some(b)) = (row.get(&left), row.get(&right)) else {
            continue;
        };
        if a.outcome != b.outcome {
            let reason = b
                .reason
                .as_ref()
                .or(a.reason.as_ref())
                .map_or("", String::as_str);
            let (a, b) = (a.outcome, b.outcome);
            lines.push(format!(
                "{subtest} on {device}: {left} {a}, {right} {b}  {reason}"
            ));
        }
    }
    lines
}

/// Counts by device, driver and result, one line for each device and driver.
pub fn summary(table: &Table) -> Vec<String> {
    let mut counts: BTreeMap<(&str, Driver), BTreeMap<Outcome, usize>> = BTreeMap::new();
    for ((_, device), row) in &table.rows {
        for (driver, cell) in row {
            let count = counts.entry((device, *driver)).or_default();
            *count.entry(cell.outcome).or_default() += 1;
        }
    }
    let line = |((device, driver), count): (&(&str, Driver), &BTreeMap<Outcome, usize>)| {
        let total: usize = count.values().sum();
        let parts: Vec<_> = count
            .iter()
            .map(|(outcome, n)| format!("{n} {outcome}"))
            .collect();
        format!("{device} {driver}: {total} subtests: {}", parts.join(", "))
    };
    counts.iter().map(line).collect()
}

/// The verdict on one subtest of a run.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passed.
    Ok,
    /// It did not, as expected or for a stated reason.
    Known(String),
    /// It should have passed, or failed for no known reason.
    Bad(String),
}

/// Judges a finding by what the table expects, if it knows the subtest, and by the reasons.
fn judge(finding: &Finding, expected: Option<&Cell>, reason: Option<&str>) -> Verdict {
    let outcome = finding.outcome;
    if outcome == Outcome::Pass {
        return Verdict::Ok;
    }
    let hint = finding
        .hint
        .as_deref()
        .unwrap_or("its output does not say why");
    match expected {
        Some(cell) if cell.outcome == Outcome::Pass => {
            Verdict::Bad(format!("{outcome}, passes by the table: {hint}"))
        }
        Some(Cell {
            outcome: wanted,
            reason: Some(known),
        }) if *wanted == outcome => Verdict::Known(format!("{outcome}: {known}")),
        _ => match reason {
            Some(reason) => Verdict::Known(format!("{outcome}: {reason}")),
            None if outcome == Outcome::Skip => Verdict::Known(format!("skip: {hint}")),
            None => Verdict::Bad(format!("{outcome}: {hint}")),
        },
    }
}

/// Judges a whole run; the lines are TAP, and the number is how many were bad. `interrupted` says
/// why subtests that did not come to their end are no fault of what is tested.
pub fn verify(
    run: &Findings,
    table: &Table,
    reasons: &Reasons,
    (driver, device): (Driver, &str),
    interrupted: Option<&str>,
) -> (Vec<String>, usize) {
    let mut lines = vec![format!("1..{}", run.len())];
    let mut bad = 0;
    for (number, (subtest, finding)) in (1..).zip(run) {
        let expected = table.expected(subtest, device, driver);
        let reason = reasons.find(driver, finding.outcome, subtest);
        let name = format!("{number} - igt@{subtest}");
        let unfinished = matches!(finding.outcome, Outcome::Incomplete | Outcome::Notrun);
        let verdict = match interrupted {
            Some(why) if unfinished => Verdict::Known(format!("{}: {why}", finding.outcome)),
            _ => judge(finding, expected, reason),
        };
        match verdict {
            Verdict::Ok => lines.push(format!("ok {name}")),
            Verdict::Known(why) => lines.push(format!("ok {name} # SKIP {why}")),
            Verdict::Bad(why) => {
                bad += 1;
                lines.push(format!("# {why}"));
                lines.push(format!("not ok {name}"));
            }
        }
    }
    (lines, bad)
}

/// What did not pass in a run, grouped by what the subtests say about it, most frequent first.
pub fn explain(run: &Findings) -> Vec<String> {
    let mut groups: BTreeMap<(Outcome, &str), Vec<&str>> = BTreeMap::new();
    for (subtest, finding) in run
        .iter()
        .filter(|(_, finding)| finding.outcome != Outcome::Pass)
    {
        let hint = finding.hint.as_deref().unwrap_or("");
        groups
            .entry((finding.outcome, hint))
            .or_default()
            .push(subtest);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|((outcome, _), names)| (*outcome, std::cmp::Reverse(names.len())));
    let line = |((outcome, hint), names): ((Outcome, &str), Vec<&str>)| {
        format!("{} {outcome}: {hint}\n    {}", names.len(), names.join(" "))
    };
    groups.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "subtest,device,native,kvmgt,rgvt,reason
a@b,skl,pass,fail,,broken
a@c,skl,skip,fail,,native: no y
";

    fn table(text: &str) -> Table {
        Table::parse(text).unwrap()
    }

    #[test]
    fn complaints_and_differences() {
        let now = table(TABLE);
        assert_eq!(
            complaints(&now, None),
            ["a@c on skl, kvmgt: fail without a reason"]
        );
        let old =
            table("subtest,device,native,kvmgt,rgvt,reason\na@c,skl,pass,,,\na@z,skl,pass,,,\n");
        let lost = complaints(&now, Some(&old));
        assert_eq!(lost[1], "a@c on skl, native: was pass, is skip");
        assert_eq!(lost[2], "a@z on skl, native: was pass, is gone");
        let differences = differences(&now, Driver::Native, Driver::Kvmgt);
        assert_eq!(
            differences[0],
            "a@b on skl: native pass, kvmgt fail  broken"
        );
        assert_eq!(differences.len(), 2);
    }

    #[test]
    fn counts() {
        let lines = summary(&table(TABLE));
        assert_eq!(lines[0], "skl native: 2 subtests: 1 pass, 1 skip");
        assert_eq!(lines[1], "skl kvmgt: 2 subtests: 2 fail");
    }

    #[test]
    fn verdicts() {
        let table = table(TABLE);
        let reasons = Reasons::parse("* fail k@* # known bug").unwrap();
        let finding = |outcome| Finding {
            outcome,
            hint: Some("hint".to_owned()),
        };
        let of = |subtest: &str, outcome, driver| {
            let run = Findings::from([(subtest.to_owned(), finding(outcome))]);
            let (mut lines, bad) = verify(&run, &table, &reasons, (driver, "skl"), None);
            (lines.pop().unwrap(), bad)
        };
        for (subtest, outcome, driver, line, bad) in [
            ("a@b", Outcome::Pass, Driver::Native, "ok 1 - igt@a@b", 0),
            (
                "a@b",
                Outcome::Skip,
                Driver::Native,
                "not ok 1 - igt@a@b",
                1,
            ),
            (
                "a@b",
                Outcome::Fail,
                Driver::Kvmgt,
                "ok 1 - igt@a@b # SKIP fail: broken",
                0,
            ),
            (
                "a@b",
                Outcome::Crash,
                Driver::Kvmgt,
                "not ok 1 - igt@a@b",
                1,
            ),
            (
                "a@c",
                Outcome::Skip,
                Driver::Native,
                "ok 1 - igt@a@c # SKIP skip: no y",
                0,
            ),
            (
                "n@n",
                Outcome::Skip,
                Driver::Native,
                "ok 1 - igt@n@n # SKIP skip: hint",
                0,
            ),
            (
                "n@n",
                Outcome::Notrun,
                Driver::Native,
                "not ok 1 - igt@n@n",
                1,
            ),
            (
                "k@k",
                Outcome::Fail,
                Driver::Native,
                "ok 1 - igt@k@k # SKIP fail: known bug",
                0,
            ),
        ] {
            assert_eq!(
                of(subtest, outcome, driver),
                (line.to_owned(), bad),
                "{subtest} {outcome}"
            );
        }
    }

    #[test]
    fn an_interruption_excuses_what_did_not_end_and_nothing_else() {
        let of = |outcome| {
            let finding = Finding {
                outcome,
                hint: None,
            };
            let run = Findings::from([("a@b".to_owned(), finding)]);
            let why = Some("the machine stopped");
            let judged = (Driver::Kvmgt, "skl");
            verify(&run, &Table::default(), &Reasons::default(), judged, why).1
        };
        assert_eq!(of(Outcome::Incomplete), 0);
        assert_eq!(of(Outcome::Notrun), 0);
        assert_eq!(of(Outcome::Fail), 1);
    }
}
