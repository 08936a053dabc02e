// SPDX-License-Identifier: GPL-2.0
//! From what a run left behind to its report.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::paths::RunFolder;
use super::report::Report;
use super::scenario::{Allowance, Driver, Scenario, Where};
use crate::guest::outcome::{GuestOutcome, Restart};
use crate::judge::kmsg;
use crate::tap::{self, Outcome};

/// How L1 came to its end.
pub enum Ending {
    PoweredOff,
    Crashed(String),
    /// No sign of life for so many seconds.
    Stalled(u64),
    /// Ran for longer than so many seconds.
    TimeLimit(u64),
    Interrupted,
}

/// All that the verdict rests on.
pub struct Facts<'a> {
    pub folder: &'a RunFolder,
    pub scenario: &'a Scenario,
    pub driver: Driver,
    /// Guests that should have run.
    pub guests: u32,
    pub ending: Ending,
    pub dump: Result<Value>,
    /// Whether the GPU ended when it was asked to.
    pub gpu_stopped: bool,
}

/// How often each allowance was used, by the text that names it.
type Used = BTreeMap<String, u32>;

pub fn judge(facts: &Facts, report: &mut Report) -> Result<()> {
    let folder = facts.folder;
    judge_points(facts, report, Where::L1, "l1");
    judge_ending(facts, report);
    let log = folder.out().join("l1.kmsg");
    let mut used = judge_log(facts, report, Where::L1, "l1", &log)?;
    judge_guests(facts, report, &mut used)?;
    judge_gpu(facts, report)?;
    for (allowance, times) in used {
        report.remark(format!("allowed {times}x {allowance}"));
    }
    Ok(())
}

/// Takes over a stream of test points; what is known to fail counts as skipped, with its reason.
fn judge_points(facts: &Facts, report: &mut Report, place: Where, source: &str) {
    let mut stream = tap::parse(&text(&facts.folder.file(&format!("{source}.tap"))));
    for point in &mut stream.points {
        let reason = facts
            .scenario
            .known_failure(place, facts.driver, &point.name);
        match (reason, &point.outcome) {
            (Some(reason), Outcome::Failed(_)) => {
                point.outcome = Outcome::Skipped(format!("known to fail: {reason}"));
            }
            (Some(_), Outcome::Passed) => report.remark(format!(
                "{source}: {} is known to fail, and has passed",
                point.name
            )),
            _ => {}
        }
    }
    report.add_stream(source, stream);
}

fn judge_ending(facts: &Facts, report: &mut Report) {
    let problem = match &facts.ending {
        Ending::PoweredOff => None,
        Ending::Crashed(how) => Some(how.clone()),
        Ending::Stalled(seconds) => Some(format!("no sign of life for {seconds} s")),
        Ending::TimeLimit(limit) => Some(format!("not finished within {limit} s")),
        Ending::Interrupted => Some("interrupted".to_string()),
    };
    report.judge("l1", "powers off", problem.as_slice());
    let console = text(&facts.folder.file("l1.console.log"));
    // The log of a kernel that panicked stops before the panic; its console does not.
    let panics: Vec<String> = console
        .lines()
        .filter(|line| line.contains("Kernel panic"))
        .map(|line| line.trim().to_string())
        .collect();
    report.judge("l1", "does not panic", &panics);
}

/// Judges a kernel's log, and keeps it in readable form beside the console's.
fn judge_log(
    facts: &Facts,
    report: &mut Report,
    place: Where,
    source: &str,
    path: &Path,
) -> Result<Used> {
    let mut used = Used::new();
    let records = kmsg::parse(&text(path));
    if records.is_empty() {
        let why = "no log was recorded".to_string();
        report.add(source, "clean dmesg", Outcome::Failed(why));
        return Ok(used);
    }
    let broken = (!kmsg::is_complete(&records)).then(|| "it breaks off".to_string());
    report.judge(source, "dmesg is complete", broken.as_slice());
    let readable = facts.folder.file(&format!("{source}.dmesg"));
    fs::write(readable, kmsg::readable(&records))?;
    let allowances = facts.scenario.allowances(place, facts.driver);
    let level = match place {
        Where::L1 => "l1",
        Where::L2 => "guests",
    };
    let mut problems = Vec::new();
    for finding in kmsg::findings(&records) {
        match allowed(&allowances, &finding) {
            Some(a) => {
                let name = format!("in {level}: \"{}\": {}", a.pattern, a.reason);
                *used.entry(name).or_default() += 1;
            }
            None => problems.push(finding.first().cloned().unwrap_or_default()),
        }
    }
    report.judge(source, "clean dmesg", &problems);
    Ok(used)
}

fn allowed<'a>(allowances: &'a [Allowance], finding: &[String]) -> Option<&'a Allowance> {
    allowances
        .iter()
        .find(|a| finding.iter().any(|line| kmsg::matches(&a.pattern, line)))
}

fn judge_guests(facts: &Facts, report: &mut Report, used: &mut Used) -> Result<()> {
    let out = facts.folder.out();
    let mut restarted = 0;
    for number in 1..=facts.guests {
        let name = format!("l2-{number}");
        for end in ["console.log", "tap"] {
            let kept = facts.folder.file(&format!("{name}.{end}"));
            // A guest that never started has no logs; its missing outcome says so below.
            let _ = fs::rename(out.join(format!("{name}.{end}")), kept);
        }
        judge_points(facts, report, Where::L2, &name);
        let outcome = GuestOutcome::load(&out.join(format!("{name}.json")));
        let problem = match &outcome {
            Ok(outcome) => outcome.problem(),
            Err(error) => Some(format!("no outcome was recorded: {error}")),
        };
        report.judge(&name, "boots, runs and powers off", problem.as_slice());
        if let Ok(outcome) = outcome {
            if outcome.kills > 0 {
                report.remark(format!("{name} was killed {} times at work", outcome.kills));
            }
            for Restart {
                emulated_cpu,
                reason,
            } in &outcome.restarts
            {
                let fault = if *emulated_cpu {
                    restarted += 1;
                    "the emulated CPU's fault"
                } else {
                    "not the emulated CPU's fault"
                };
                report.remark(format!("{name} was started again, {fault}: {reason}"));
            }
        }
        let log = out.join(format!("{name}.out/kmsg"));
        for (allowance, times) in judge_log(facts, report, Where::L2, &name, &log)? {
            *used.entry(allowance).or_default() += times;
        }
    }
    if facts.guests > 0 {
        let percent = facts.scenario.restarts_percent;
        let limit = (facts.guests * percent).div_ceil(100);
        let name = format!(
            "the emulated CPU spoiled at most {limit} of {} guest boots ({percent} %)",
            facts.guests
        );
        let problem = (restarted > limit).then(|| format!("{restarted} of them"));
        report.judge("lab", &name, problem.as_slice());
    }
    Ok(())
}

fn judge_gpu(facts: &Facts, report: &mut Report) -> Result<()> {
    let log = text(&facts.folder.file("gen9.log"));
    let panics: Vec<String> = log
        .lines()
        .filter(|line| line.contains("panicked at"))
        .map(str::to_string)
        .collect();
    report.judge("gen9", "does not panic", &panics);
    let problem = (!facts.gpu_stopped).then(|| "had to be killed".to_string());
    report.judge("gen9", "ends when asked", problem.as_slice());
    match &facts.dump {
        Ok(dump) => {
            let path = facts.folder.file("witness.json");
            fs::write(path, serde_json::to_string_pretty(dump)?)?;
            judge_witness(facts, dump, report);
        }
        Err(error) => report.judge("gen9", "the witness speaks", &[format!("{error:#}")]),
    }
    Ok(())
}

/// Each kind of violation that the witness saw fails the run, unless a script has taken it back or the
/// scenario allows it.
fn judge_witness(facts: &Facts, dump: &Value, report: &mut Report) {
    let name = "the witness saw no violation";
    let violations = dump.get("violations");
    let totals = violations.and_then(|v| v.get("totals"));
    let Some(totals) = totals.and_then(Value::as_object) else {
        let why = "its dump has no totals of violations".to_string();
        report.add("gen9", name, Outcome::Failed(why));
        return;
    };
    let records = violations.and_then(|v| v.get("records"));
    let records = records.and_then(Value::as_array);
    let mut problems = Vec::new();
    for (kind, count) in totals {
        let allowed = facts.scenario.violation.iter().find(|v| v.kind == *kind);
        if let Some(violation) = allowed {
            report.remark(format!(
                "allowed {count}x by the witness: {kind}: {}",
                violation.reason
            ));
            continue;
        }
        let is_kind = |record: &&Value| record.get("kind").is_some_and(|k| k == kind);
        let first = records.and_then(|records| records.iter().find(is_kind));
        let first = first.map(Value::to_string).unwrap_or_default();
        problems.push(format!("{kind}: {count}, such as {first}"));
    }
    report.judge("gen9", name, &problems);
}

/// A file's text; a missing file is an empty one, which no judge takes for a good one.
fn text(path: &Path) -> String {
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}
