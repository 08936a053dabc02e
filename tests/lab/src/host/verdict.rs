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
    /// Whether somebody was at a shell, who may do anything: what came of that is noted, and only what may never
    /// happen fails.
    pub shell: bool,
}

impl Facts<'_> {
    /// Judges what the user of a shell may have brought about.
    fn judge(&self, report: &mut Report, source: &str, name: &str, problems: &[String]) {
        if !self.shell {
            report.judge(source, name, problems);
        } else {
            for problem in problems {
                let note = format!("{source}: {name}: not so: {problem}");
                report.remark(note.trim_end_matches(": ").to_string());
            }
        }
    }
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
    if facts.shell {
        for point in stream.points {
            if let Outcome::Failed(why) = point.outcome {
                facts.judge(report, source, &point.name, &[why]);
            }
        }
    } else {
        report.add_stream(source, stream);
    }
}

fn judge_ending(facts: &Facts, report: &mut Report) {
    let problem = match &facts.ending {
        Ending::PoweredOff => None,
        Ending::Crashed(how) => Some(how.clone()),
        Ending::Stalled(seconds) => Some(format!("no sign of life for {seconds} s")),
        Ending::TimeLimit(limit) => Some(format!("not finished within {limit} s")),
        // One way to leave a shell.
        Ending::Interrupted if facts.shell => None,
        Ending::Interrupted => Some("interrupted".to_string()),
    };
    let name = if facts.shell {
        "runs until it is left"
    } else {
        "powers off"
    };
    report.judge("l1", name, problem.as_slice());
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
        facts.judge(report, source, "clean dmesg", &[why]);
        return Ok(used);
    }
    let broken = (!kmsg::is_complete(&records)).then(|| "it breaks off".to_string());
    facts.judge(report, source, "dmesg is complete", broken.as_slice());
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
    facts.judge(report, source, "clean dmesg", &problems);
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
        let limit = restarts_limit(facts.guests, percent);
        let name = format!(
            "the emulated CPU spoiled at most {limit} of {} guest boots ({percent} %)",
            facts.guests
        );
        let problem = (restarted > limit).then(|| format!("{restarted} of them"));
        report.judge("lab", &name, problem.as_slice());
    }
    Ok(())
}

/// How many of so many boots the emulated CPU may spoil.
fn restarts_limit(guests: u32, percent: u32) -> u32 {
    (guests * percent).div_ceil(100)
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
    facts.judge(report, "gen9", name, &problems);
}

/// A file's text; a missing file is an empty one, which no judge takes for a good one.
fn text(path: &Path) -> String {
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;
    use serde_json::json;

    use super::*;
    use crate::guest::outcome::GuestEnding;

    const LOG: &str = "6,1,1,-;Linux version\n6,2,2,-;lab: end of log\n";
    const TAP: &str = "ok 1 - a\n1..1\n";

    /// What a good run left behind, for a test to spoil.
    struct Left {
        folder: RunFolder,
        scenario: Scenario,
        guests: u32,
        ending: Ending,
        dump: Result<Value>,
        gpu_stopped: bool,
        shell: bool,
    }

    impl Left {
        fn new(name: &str, guests: u32) -> Self {
            let name = format!("lab-verdict-{}-{name}", std::process::id());
            let left = Left {
                folder: RunFolder::create(std::env::temp_dir().join(name), false).unwrap(),
                scenario: toml::from_str(
                    r#"
                        description = ""
                        l1_script = ""
                        allow = [{ pattern = "known * fault", reason = "r" }]
                        known = [{ where = "l1", drivers = ["rgvt"], point = "hard", reason = "r" }]
                        violation = [{ kind = "allowed", reason = "r" }]
                    "#,
                )
                .unwrap(),
                guests,
                ending: Ending::PoweredOff,
                dump: Ok(json!({ "violations": { "totals": {}, "records": [] } })),
                gpu_stopped: true,
                shell: false,
            };
            left.write("l1.tap", TAP);
            left.write("out/l1.kmsg", LOG);
            for guest in 1..=guests {
                left.write(&format!("out/l2-{guest}.tap"), TAP);
                fs::create_dir(left.folder.file(&format!("out/l2-{guest}.out"))).unwrap();
                left.write(&format!("out/l2-{guest}.out/kmsg"), LOG);
                left.guest(guest, GuestEnding::PoweredOff, &[]);
            }
            left
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.folder.file(name), text).unwrap();
        }

        fn remove(&self, name: &str) {
            fs::remove_file(self.folder.file(name)).unwrap();
        }

        /// What became of a guest; for each restart whether it was the emulated CPU's fault.
        fn guest(&self, number: u32, ending: GuestEnding, restarts: &[bool]) {
            let restarts = restarts.iter().map(|&emulated_cpu| Restart {
                emulated_cpu,
                reason: "r".to_string(),
            });
            let outcome = GuestOutcome {
                ending,
                seconds: 1,
                restarts: restarts.collect(),
                kills: 0,
            };
            let path = self.folder.file(&format!("out/l2-{number}.json"));
            outcome.store(&path).unwrap();
        }

        fn saw(&mut self, kind: &str) {
            let records = json!([{ "kind": kind, "where": "here" }]);
            self.dump = Ok(json!({ "violations": { "totals": { kind: 2 }, "records": records } }));
        }

        fn judged(self) -> Report {
            let mut report = Report::default();
            let facts = Facts {
                folder: &self.folder,
                scenario: &self.scenario,
                driver: Driver::Rgvt,
                guests: self.guests,
                ending: self.ending,
                dump: self.dump,
                gpu_stopped: self.gpu_stopped,
                shell: self.shell,
            };
            judge(&facts, &mut report).unwrap();
            fs::remove_dir_all(&self.folder.path).unwrap();
            report
        }
    }

    /// The lines of a report that say what failed.
    fn failures(report: &Report) -> Vec<String> {
        let text = report.summary();
        let failures = text.lines().filter_map(|line| line.strip_prefix("FAIL  "));
        let failures: Vec<_> = failures.map(str::to_string).collect();
        assert_eq!(report.is_success(), failures.is_empty(), "{text}");
        failures
    }

    /// What is spoiled, and what fails of it in a run and in a shell.
    type Case = (fn(&mut Left), &'static str, &'static str);

    const CASES: &[Case] = &[
        (|_| {}, "", ""),
        (
            |left| left.write("l1.tap", "ok 1 - a\n"),
            "l1: TAP stream (the stream ends without a plan)",
            "",
        ),
        (
            |left| left.write("l1.tap", "not ok 1 - a\n1..1\n"),
            "l1: a",
            "",
        ),
        (
            |left| left.write("l1.tap", "not ok 1 - hard\n1..1\n"),
            "",
            "",
        ),
        (
            |left| left.remove("out/l1.kmsg"),
            "l1: clean dmesg (no log was recorded)",
            "",
        ),
        (
            |left| left.write("out/l1.kmsg", "6,1,1,-;Linux version\n"),
            "l1: dmesg is complete (it breaks off)",
            "",
        ),
        (
            |left| left.write("out/l1.kmsg", &format!("3,0,0,-;a fault\n{LOG}")),
            "l1: clean dmesg (a fault)",
            "",
        ),
        (
            |left| left.write("out/l1.kmsg", &format!("3,0,0,-;known small fault\n{LOG}")),
            "",
            "",
        ),
        (|left| left.saw("bad"), "gen9: the witness saw no", ""),
        (|left| left.saw("allowed"), "", ""),
        (
            |left| left.dump = Ok(json!({ "violations": {} })),
            "gen9: the witness saw no violation (its dump has no totals",
            "gen9: the witness saw no violation (its dump has no totals",
        ),
        (
            |left| left.dump = Err(anyhow!("deaf")),
            "gen9: the witness speaks (deaf)",
            "gen9: the witness speaks (deaf)",
        ),
        (
            |left| left.gpu_stopped = false,
            "gen9: ends when asked",
            "gen9: ends when asked",
        ),
        (
            |left| left.write("gen9.log", "thread 'main' panicked at src/main.rs:1:\n"),
            "gen9: does not panic",
            "gen9: does not panic",
        ),
        (
            |left| left.write("l1.console.log", "Kernel panic - not syncing\n"),
            "l1: does not panic",
            "l1: does not panic",
        ),
        (
            |left| left.ending = Ending::Crashed("QEMU of L0 ended: signal".to_string()),
            "l1: powers off (QEMU of L0 ended",
            "l1: runs until it is left (QEMU of L0 ended",
        ),
        (
            |left| left.ending = Ending::Stalled(90),
            "l1: powers off (no sign of life for 90 s)",
            "l1: runs until it is left (no sign",
        ),
        (
            |left| left.ending = Ending::TimeLimit(5),
            "l1: powers off (not finished within 5 s)",
            "l1: runs until it is left (not finished",
        ),
        (
            |left| left.ending = Ending::Interrupted,
            "l1: powers off (interrupted)",
            "",
        ),
    ];

    #[test]
    fn what_fails_a_run_and_what_a_shell() {
        for shell in [false, true] {
            for (number, (spoil, run, in_shell)) in CASES.iter().enumerate() {
                let mut left = Left::new(&format!("{shell}-{number}"), 0);
                left.shell = shell;
                spoil(&mut left);
                let failed = failures(&left.judged());
                let expected = if shell { in_shell } else { run };
                match failed.as_slice() {
                    [] => assert_eq!(*expected, "", "{shell} {number}"),
                    [failure] => assert!(
                        failure.starts_with(expected) && !expected.is_empty(),
                        "{shell} {number}: {failure}"
                    ),
                    more => panic!("{shell} {number}: {more:?}"),
                }
            }
        }
    }

    #[test]
    fn what_is_not_judged_in_a_shell_is_noted() {
        let mut left = Left::new("noted", 0);
        left.shell = true;
        left.write("l1.tap", "not ok 1 - a\n");
        left.write("out/l1.kmsg", &format!("3,0,0,-;a fault\n{LOG}"));
        left.saw("bad");
        let text = left.judged().summary();
        for note in [
            "note  l1: a: not so\n",
            "note  l1: clean dmesg: not so: a fault",
            "note  gen9: the witness saw no violation: not so: bad: 2, such as {",
        ] {
            assert!(text.contains(note), "{note}: {text}");
        }
    }

    #[test]
    fn what_fails_a_guest() {
        let cases: [Case; 6] = [
            (|_| {}, "", ""),
            (
                |left| left.write("out/l2-2.tap", "1..2\nok 1 - a\n"),
                "l2-2: TAP stream (2 test points planned, 1 seen)",
                "",
            ),
            (
                |left| left.remove("out/l2-2.json"),
                "l2-2: boots, runs and powers off (no outcome was recorded",
                "",
            ),
            (
                |left| left.guest(2, GuestEnding::Stalled("why".to_string()), &[]),
                "l2-2: boots, runs and powers off (stalled: why)",
                "",
            ),
            (
                |left| left.guest(2, GuestEnding::Crashed("how".to_string()), &[]),
                "l2-2: boots, runs and powers off (how)",
                "",
            ),
            (
                |left| left.remove("out/l2-2.out/kmsg"),
                "l2-2: clean dmesg (no log was recorded)",
                "",
            ),
        ];
        for (number, (spoil, expected, _)) in cases.iter().enumerate() {
            let mut left = Left::new(&format!("guest-{number}"), 2);
            spoil(&mut left);
            let failed = failures(&left.judged());
            assert_eq!(failed.len(), usize::from(number > 0), "{failed:?}");
            assert!(failed.iter().all(|f| f.starts_with(expected)), "{failed:?}");
        }
    }

    #[test]
    fn two_in_a_hundred_boots_may_be_spoiled() {
        for (guests, limit) in [(1, 1), (3, 1), (50, 1), (51, 2), (100, 2), (101, 3)] {
            assert_eq!(restarts_limit(guests, 2), limit, "{guests}");
        }
        assert_eq!(restarts_limit(100, 0), 0);
    }

    #[test]
    fn only_the_emulated_cpu_s_restarts_count() {
        for (name, restarts, good) in [
            ("one", &[true][..], true),
            ("two", &[true, true], false),
            ("others", &[false, false, true], true),
        ] {
            let left = Left::new(&format!("restarts-{name}"), 2);
            left.guest(1, GuestEnding::PoweredOff, restarts);
            let failed = failures(&left.judged());
            assert_eq!(failed.is_empty(), good, "{name}: {failed:?}");
            for failure in failed {
                assert!(failure.starts_with("lab: the emulated CPU spoiled at most 1 of 2 guest"));
            }
        }
    }
}
