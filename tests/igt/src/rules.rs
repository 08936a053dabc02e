// SPDX-License-Identifier: GPL-2.0
//! Rule files: which subtests run and in which group, and the reasons for results.
//!
//! Formats: the heads of `lists/full.rules` and `reasons.rules`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};

use crate::glob::Glob;
use crate::results::{Driver, Outcome};

/// A group of subtests that run one after the other under the same limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name, as in the rule file.
    pub name: String,
    /// Limit of a subtest in seconds.
    pub seconds: u32,
}

/// What a rule does with a subtest.
#[derive(Debug, Clone)]
enum Verdict {
    /// Runs in the group of this index.
    Group(usize),
    /// Is left out for a reason.
    No(String),
}

/// The rules of one list.
#[derive(Debug)]
pub struct Rules {
    /// The groups in the order in which they run.
    pub groups: Vec<Group>,
    rules: Vec<(Glob, Verdict)>,
}

/// What became of a list of all subtests.
#[derive(Debug, Default)]
pub struct Selection {
    /// For each group its subtests, in the order of the list.
    pub groups: Vec<Vec<String>>,
    /// How many subtests were left out, by reason.
    pub left_out: BTreeMap<String, usize>,
}

/// Why subtests are left out that no rule names.
const UNNAMED: &str = "no rule names it";

impl Rules {
    /// Reads a rule file.
    pub fn parse(text: &str) -> Result<Self> {
        let mut rules = Self {
            groups: Vec::new(),
            rules: Vec::new(),
        };
        for (number, line) in (1..).zip(text.lines()) {
            rules
                .line(line)
                .with_context(|| format!("line {number}: {line}"))?;
        }
        Ok(rules)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let (words, reason) = line.split_once('#').unwrap_or((line, ""));
        let words: Vec<&str> = words.split_whitespace().collect();
        match words[..] {
            [] => {}
            ["group", name, seconds] => {
                let seconds = seconds.parse().context("seconds")?;
                self.groups.push(Group {
                    name: name.into(),
                    seconds,
                });
            }
            ["no", glob] => {
                let reason = reason.trim();
                ensure!(
                    !reason.is_empty(),
                    "a subtest is not left out without a reason"
                );
                self.rules
                    .push((Glob::new(glob), Verdict::No(reason.into())));
            }
            [group, glob] => {
                let index = self.groups.iter().position(|known| known.name == group);
                let index = index.with_context(|| format!("no group {group}"))?;
                self.rules.push((Glob::new(glob), Verdict::Group(index)));
            }
            _ => bail!("neither a group nor a rule"),
        }
        Ok(())
    }

    /// Sorts all subtests into the groups.
    pub fn select<'a>(&self, subtests: impl Iterator<Item = &'a str>) -> Selection {
        let groups = vec![Vec::new(); self.groups.len()];
        let mut selection = Selection {
            groups,
            left_out: BTreeMap::new(),
        };
        for name in subtests {
            let rule = self.rules.iter().rev().find(|(glob, _)| glob.matches(name));
            let reason = match rule {
                Some((_, Verdict::Group(index))) => {
                    selection.groups[*index].push(name.to_owned());
                    continue;
                }
                Some((_, Verdict::No(reason))) => reason,
                None => UNNAMED,
            };
            *selection.left_out.entry(reason.to_owned()).or_default() += 1;
        }
        selection
    }
}

/// Reasons that people gave for results.
#[derive(Debug, Default)]
pub struct Reasons {
    rules: Vec<Reason>,
}

#[derive(Debug)]
struct Reason {
    /// Any, if none.
    driver: Option<Driver>,
    /// Any but a pass, if none.
    outcome: Option<Outcome>,
    glob: Glob,
    text: String,
}

impl Reasons {
    /// Reads a file of reasons.
    pub fn parse(text: &str) -> Result<Self> {
        let mut rules = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let rule = Self::line(line).with_context(|| format!("line {number}: {line}"))?;
            rules.extend(rule);
        }
        Ok(Self { rules })
    }

    fn line(line: &str) -> Result<Option<Reason>> {
        let (words, text) = line.split_once('#').unwrap_or((line, ""));
        let words: Vec<&str> = words.split_whitespace().collect();
        let [driver, outcome, glob] = words[..] else {
            ensure!(
                words.is_empty(),
                "not of the form: driver result glob # reason"
            );
            return Ok(None);
        };
        let text = text.trim();
        ensure!(!text.is_empty(), "no reason after #");
        let any = |word: &str| word == "*";
        Ok(Some(Reason {
            driver: if any(driver) {
                None
            } else {
                Some(driver.parse()?)
            },
            outcome: if any(outcome) {
                None
            } else {
                Some(outcome.parse()?)
            },
            glob: Glob::new(glob),
            text: text.to_owned(),
        }))
    }

    /// The reason for a result that is not a pass: the last rule that matches.
    pub fn find(&self, driver: Driver, outcome: Outcome, subtest: &str) -> Option<&str> {
        let matches = |rule: &&Reason| {
            rule.driver.is_none_or(|wanted| wanted == driver)
                && rule.outcome.is_none_or(|wanted| wanted == outcome)
                && rule.glob.matches(subtest)
        };
        self.rules
            .iter()
            .rev()
            .find(matches)
            .map(|rule| rule.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "# comment
        group quick 60
        group slow 180
        quick gem_*
        slow gem_sync@*
        quick gem_sync@basic
        no gem_render* # renders
        ";

    #[test]
    fn the_last_rule_decides() {
        let rules = Rules::parse(RULES).unwrap();
        let all = [
            "gem_a@b",
            "gem_sync@x",
            "gem_sync@basic",
            "gem_render@y",
            "kms@z",
        ];
        let selection = rules.select(all.into_iter());
        assert_eq!(
            rules.groups[1],
            Group {
                name: "slow".into(),
                seconds: 180
            }
        );
        assert_eq!(
            selection.groups,
            [vec!["gem_a@b", "gem_sync@basic"], vec!["gem_sync@x"]]
        );
        assert_eq!(selection.left_out["renders"], 1);
        assert_eq!(selection.left_out[UNNAMED], 1);
    }

    #[test]
    fn mistakes_are_told() {
        for text in [
            "quick gem_*",
            "group quick many",
            "no gem_*",
            "no gem_* #",
            "what is this",
        ] {
            assert!(Rules::parse(text).is_err(), "{text}");
        }
        for text in [
            "native gem_* # why",
            "native fail gem_*",
            "other fail gem_* # why",
        ] {
            assert!(Reasons::parse(text).is_err(), "{text}");
        }
    }

    /// The lists of the project themselves.
    #[test]
    fn lists_are_well_formed() {
        for text in [
            include_str!("../lists/full.rules"),
            include_str!("../lists/short.rules"),
        ] {
            Rules::parse(text).unwrap();
        }
        Reasons::parse(include_str!("../reasons.rules")).unwrap();
    }

    #[test]
    fn reasons() {
        let text = "* skip a@* # not here\nkvmgt fail a@b # broken\n* fail a@* # other";
        let reasons = Reasons::parse(text).unwrap();
        let find = |driver, outcome| reasons.find(driver, outcome, "a@b");
        assert_eq!(find(Driver::Native, Outcome::Skip), Some("not here"));
        assert_eq!(find(Driver::Kvmgt, Outcome::Fail), Some("other"));
        assert_eq!(find(Driver::Kvmgt, Outcome::Crash), None);
    }
}
