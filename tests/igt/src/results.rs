// SPDX-License-Identifier: GPL-2.0
//! What igt_runner leaves behind: results.json, the list of jobs, our own progress log.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// Under which driver a subtest ran: on the GPU itself, or in a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Driver {
    /// i915 on the device.
    Native,
    /// In a guest on a virtual GPU of the C driver.
    Kvmgt,
    /// In a guest on a virtual GPU of this project's driver.
    Rgvt,
}

impl Driver {
    /// All of them, as the table's columns have them.
    pub const ALL: [Self; 3] = [Self::Native, Self::Kvmgt, Self::Rgvt];
    const NAMES: [&str; 3] = ["native", "kvmgt", "rgvt"];
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES[*self as usize])
    }
}

impl FromStr for Driver {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let index = Self::NAMES.iter().position(|name| *name == text);
        index
            .map(|index| Self::ALL[index])
            .with_context(|| format!("no driver {text}"))
    }
}

/// A result in igt_runner's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it should be.
    Pass,
    /// Not applicable.
    Skip,
    /// The subtest warned.
    Warn,
    /// It passed, but the kernel warned.
    DmesgWarn,
    /// It failed.
    Fail,
    /// It failed, and the kernel warned.
    DmesgFail,
    /// The program crashed.
    Crash,
    /// It was killed at its limit.
    Timeout,
    /// The machine or the run ended in it.
    Incomplete,
    /// The run was given up in it.
    Abort,
    /// It was not reached.
    Notrun,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Pass,
        Self::Skip,
        Self::Warn,
        Self::DmesgWarn,
        Self::Fail,
        Self::DmesgFail,
        Self::Crash,
        Self::Timeout,
        Self::Incomplete,
        Self::Abort,
        Self::Notrun,
    ];
    const NAMES: [&str; 11] = [
        "pass",
        "skip",
        "warn",
        "dmesg-warn",
        "fail",
        "dmesg-fail",
        "crash",
        "timeout",
        "incomplete",
        "abort",
        "notrun",
    ];
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES[*self as usize])
    }
}

impl FromStr for Outcome {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let index = Self::NAMES.iter().position(|name| *name == text);
        index
            .map(|index| Self::ALL[index])
            .with_context(|| format!("no result {text}"))
    }
}

/// The result of one subtest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it ended.
    pub outcome: Outcome,
    /// What its own output says about a skip or a failure, on one line.
    pub hint: Option<String>,
}

/// The results of a run by subtest, `program@subtest`.
pub type Findings = BTreeMap<String, Finding>;

#[derive(Deserialize)]
struct File {
    tests: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    result: Outcome,
    #[serde(default)]
    out: String,
    #[serde(default)]
    err: String,
    #[serde(default, rename = "dmesg-warnings")]
    dmesg_warnings: String,
}

/// Reads a run: the folder that igt-run filled, or one that igt_runner wrote itself.
///
/// What the lists name and nothing reports was not run. Where a group was cut off and has no
/// results.json, the progress log tells.
pub fn read_run(dir: &Path) -> Result<Findings> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut paths: Vec<_> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    paths.sort();
    paths.push(dir.to_owned());
    let mut expected = Vec::new();
    let mut findings = Findings::new();
    for path in &paths {
        if path
            .extension()
            .is_some_and(|extension| extension == "list")
        {
            let list = read_if_there(path)?.unwrap_or_default();
            expected.extend(
                list.lines()
                    .filter_map(|line| line.strip_prefix("igt@"))
                    .map(str::to_owned),
            );
        }
        if let Some(jobs) = read_if_there(&path.join("joblist.txt"))? {
            expected.extend(jobs.lines().flat_map(job_names));
        }
        if let Some(log) = read_if_there(&path.join("progress.txt"))? {
            findings.extend(log.lines().filter_map(parse_progress));
        }
    }
    for path in &paths {
        if let Some(json) = read_if_there(&path.join("results.json"))? {
            let parsed = parse_json(&json).with_context(|| format!("in {}", path.display()))?;
            findings.extend(parsed);
        }
    }
    for name in expected {
        let notrun = || Finding {
            outcome: Outcome::Notrun,
            hint: None,
        };
        findings.entry(name).or_insert_with(notrun);
    }
    ensure!(
        !findings.is_empty(),
        "{} holds no results of IGT",
        dir.display()
    );
    Ok(findings)
}

fn read_if_there(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        // Tests print what they like, so not all of it is UTF-8.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// `program` or `program subtest,subtest`, as igt_runner keeps its jobs.
fn job_names(line: &str) -> Vec<String> {
    match line.split_once(' ') {
        Some((program, subtests)) => subtests
            .split(',')
            .map(|subtest| format!("{program}@{subtest}"))
            .collect(),
        None if line.is_empty() => Vec::new(),
        None => vec![line.to_owned()],
    }
}

fn parse_json(json: &str) -> Result<Findings> {
    let file: File = serde_json::from_str(json)?;
    let mut findings = Findings::new();
    for (name, entry) in file.tests {
        let name = name.strip_prefix("igt@").unwrap_or(&name);
        // Dynamic subtests (program@subtest@dynamic) are summed up in their subtest.
        if name.matches('@').count() <= 1 {
            let hint = hint(&entry);
            findings.insert(
                name.to_owned(),
                Finding {
                    outcome: outcome(&entry),
                    hint,
                },
            );
        }
    }
    inherit(&mut findings);
    Ok(findings)
}

/// How a subtest ended. When the kernel has ever warned, igt_runner has another word for one that it killed at its limit.
fn outcome(entry: &Entry) -> Outcome {
    const KILLED: &str = "runner: This test was killed due to a kernel taint";
    match entry.result {
        Outcome::Incomplete if entry.out.contains(KILLED) => Outcome::Timeout,
        result => result,
    }
}

/// What a program requires before its subtests begin, it says with the first of them; the others are
/// skipped without a word. These get that reason, if the program gave one reason only.
fn inherit(findings: &mut Findings) {
    let program = |name: &str| name.split('@').next().unwrap_or_default().to_owned();
    let mut reasons: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let skips = |finding: &&Finding| finding.outcome == Outcome::Skip;
    for (name, finding) in findings.iter().filter(|(_, finding)| skips(finding)) {
        let hints = finding.hint.iter().cloned();
        reasons.entry(program(name)).or_default().extend(hints);
    }
    for (name, finding) in findings.iter_mut() {
        let silent = finding.outcome == Outcome::Skip && finding.hint.is_none();
        let reasons = reasons
            .get(&program(name))
            .filter(|reasons| reasons.len() == 1);
        if let (true, Some(reasons)) = (silent, reasons) {
            finding.hint = reasons.first().cloned();
        }
    }
}

/// A line of the progress log: `IGT: [i/n] program@subtest result`. It has the name as the program says it, while
/// igt_runner's lists and results have it in small letters.
fn parse_progress(line: &str) -> Option<(String, Finding)> {
    let mut words = line.strip_prefix("IGT: [")?.split_whitespace().skip(1);
    let (name, outcome) = (words.next()?, words.next()?.parse().ok()?);
    Some((
        name.to_lowercase(),
        Finding {
            outcome,
            hint: None,
        },
    ))
}

/// What the output says: the requirement that was not met, or the assertion that failed.
fn hint(entry: &Entry) -> Option<String> {
    match entry.result {
        Outcome::Pass | Outcome::Notrun => None,
        Outcome::Skip => requirement(&entry.out).or_else(|| requirement(&entry.err)),
        Outcome::DmesgWarn | Outcome::DmesgFail => entry
            .dmesg_warnings
            .lines()
            .next()
            .map(|line| one_line(kernel_message(line)))
            .or_else(|| assertion(&entry.err)),
        _ => assertion(&entry.err).or_else(|| assertion(&entry.out)),
    }
}

/// A kernel message without its level and time, `<4> [12.3] `, which differ from run to run.
fn kernel_message(line: &str) -> &str {
    match line.split_once("] ") {
        Some((stamp, message)) if stamp.starts_with('<') => message,
        _ => line,
    }
}

/// The requirement for which a subtest was skipped: its first one, or, if it says none, the program's last one before
/// it. Earlier ones of the program are those of other groups of subtests.
fn requirement(text: &str) -> Option<String> {
    let text = text.split("\nSubtest ").next().unwrap_or_default();
    let (program, own) = text.split_once("Starting subtest: ").unwrap_or((text, ""));
    let first = requirements(own).next();
    first.or_else(|| requirements(program).last())
}

/// Each requirement that was not met: the sentence after it if there is one, else the requirement itself.
fn requirements(text: &str) -> impl Iterator<Item = String> {
    const REQUIREMENT: &str = "Test requirement: ";
    const NO_SENTENCE: [&str; 6] = [
        "Last errno",
        "Starting",
        "Subtest",
        "Dynamic",
        "Stack",
        "Test re",
    ];
    let is_sentence =
        |line: &&str| !line.is_empty() && !NO_SENTENCE.iter().any(|start| line.starts_with(start));
    let following = text.lines().skip(1).map(Some).chain([None]);
    text.lines().zip(following).filter_map(move |(line, next)| {
        let condition = line.strip_prefix(REQUIREMENT)?;
        Some(one_line(next.filter(is_sentence).unwrap_or(condition)))
    })
}

/// The first failed assertion.
fn assertion(text: &str) -> Option<String> {
    const ASSERTION: &str = "Failed assertion: ";
    let at = text.find(ASSERTION)?;
    text[at + ASSERTION.len()..].lines().next().map(one_line)
}

/// Fit for a field of the table: no bar, which separates reasons, and no long text.
fn one_line(text: &str) -> String {
    text.trim()
        .replace('|', "/")
        .chars()
        .filter(|c| !c.is_control())
        .take(160)
        .collect()
}

#[cfg(test)]
#[path = "results_tests.rs"]
mod tests;
