// SPDX-License-Identifier: GPL-2.0
//! A strict reader of TAP streams.
//!
//! Strict means that whatever a truncated or confused stream could hide is a failure: no plan, two
//! plans, a plan of nothing, a plan that does not match, a number out of order, a "Bail out!".

use std::fmt;

/// What one test point said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// One test point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    pub name: String,
    pub outcome: Outcome,
}

/// Why a stream as a whole cannot be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    NoPlan,
    SecondPlan,
    Nothing,
    PlanMismatch { planned: usize, seen: usize },
    OutOfOrder { expected: usize, found: usize },
    Malformed(String),
    BailOut(String),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::NoPlan => write!(f, "the stream ends without a plan"),
            Flaw::SecondPlan => write!(f, "a second plan"),
            Flaw::Nothing => write!(f, "nothing was planned and nothing tested"),
            Flaw::PlanMismatch { planned, seen } => {
                write!(f, "{planned} test points planned, {seen} seen")
            }
            Flaw::OutOfOrder { expected, found } => {
                write!(f, "test point {found} where {expected} was due")
            }
            Flaw::Malformed(line) => write!(f, "not understood: {line}"),
            Flaw::BailOut(why) => write!(f, "bailed out: {why}"),
        }
    }
}

/// A parsed stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    pub points: Vec<Point>,
    pub flaws: Vec<Flaw>,
    /// Text of the diagnostic lines, without the leading "# ".
    pub notes: Vec<String>,
    /// Notes since the last point.
    notes_behind: usize,
}

/// Parses a whole stream. Lines that are neither plan, point, note nor bail-out are ignored, as TAP
/// asks, unless they look like a damaged test point.
pub fn parse(text: &str) -> Stream {
    let mut stream = Stream::default();
    let mut plan = None;
    for line in text.lines().map(str::trim_end) {
        if let Some(note) = line.strip_prefix('#') {
            explain(&mut stream, note.trim_start());
        } else if let Some(count) = line.strip_prefix("1..") {
            let count = count.split('#').next().unwrap_or_default().trim();
            match (count.parse::<usize>(), plan) {
                (Ok(n), None) => plan = Some(n),
                (Ok(_), Some(_)) => stream.flaws.push(Flaw::SecondPlan),
                (Err(_), _) => stream.flaws.push(Flaw::Malformed(line.to_string())),
            }
        } else if let Some(why) = line.strip_prefix("Bail out!") {
            stream.flaws.push(Flaw::BailOut(why.trim().to_string()));
        } else if let Some(rest) = line.strip_prefix("not ok") {
            point(&mut stream, line, rest, false);
        } else if let Some(rest) = line.strip_prefix("ok") {
            point(&mut stream, line, rest, true);
        }
    }
    match plan {
        None => stream.flaws.push(Flaw::NoPlan),
        Some(0) if stream.points.is_empty() => stream.flaws.push(Flaw::Nothing),
        Some(planned) if planned != stream.points.len() => {
            stream.flaws.push(Flaw::PlanMismatch {
                planned,
                seen: stream.points.len(),
            });
        }
        Some(_) => {}
    }
    stream
}

/// How many notes behind a failed point are taken for its explanation.
const EXPLANATION: usize = 3;

/// Keeps a note; when it stands right behind a failed point of the same program, also as what that
/// point says. A program's notes and points begin with its name and a colon.
fn explain(stream: &mut Stream, note: &str) {
    stream.notes.push(note.to_string());
    let Some(Point {
        outcome: Outcome::Failed(why),
        name,
    }) = stream.points.last_mut()
    else {
        return;
    };
    let program = name.split_once(": ").map(|(program, _)| program);
    match note.split_once(": ") {
        Some((prefix, text)) if program == Some(prefix) && stream.notes_behind < EXPLANATION => {
            stream.notes_behind += 1;
            if !why.is_empty() {
                why.push_str("; ");
            }
            why.push_str(text);
        }
        _ => {}
    }
}

fn point(stream: &mut Stream, line: &str, rest: &str, ok: bool) {
    if !rest.is_empty() && !rest.starts_with(' ') {
        stream.flaws.push(Flaw::Malformed(line.to_string()));
        return;
    }
    let rest = rest.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = rest.split_at(digits);
    let expected = stream.points.len() + 1;
    if !number.is_empty() {
        match number.parse::<usize>() {
            Ok(found) if found == expected => {}
            Ok(found) => stream.flaws.push(Flaw::OutOfOrder { expected, found }),
            Err(_) => stream.flaws.push(Flaw::Malformed(line.to_string())),
        }
    }
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('-').unwrap_or(rest).trim_start();
    let (name, directive) = match rest.split_once(" # ") {
        Some((name, directive)) => (name.trim_end(), directive.trim()),
        None => (rest, ""),
    };
    let skip = directive
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case("skip"));
    let outcome = match (ok, skip) {
        (true, true) => Outcome::Skipped(directive[4..].trim().to_string()),
        (true, false) => Outcome::Passed,
        // A skip that says "not ok" is a failure: nothing here may fail softly.
        (false, _) => Outcome::Failed(directive.to_string()),
    };
    stream.notes_behind = 0;
    stream.points.push(Point {
        name: name.to_string(),
        outcome,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_may_come_first_or_last() {
        for text in [
            "1..2\nok 1 - a\nok 2 - b\n",
            "ok 1 - a\r\nok 2 - b\r\n1..2\r\n",
        ] {
            let stream = parse(text);
            assert!(stream.flaws.is_empty(), "{:?}", stream.flaws);
            assert_eq!(stream.points.len(), 2);
            assert_eq!(stream.points[1].name, "b");
        }
    }

    #[test]
    fn outcomes() {
        let stream = parse("1..3\nok 1 - a # SKIP no engine\nnot ok 2 - b # slow\nok 3\n");
        assert_eq!(
            stream.points[0].outcome,
            Outcome::Skipped("no engine".into())
        );
        assert_eq!(stream.points[1].outcome, Outcome::Failed("slow".into()));
        assert_eq!(stream.points[2].outcome, Outcome::Passed);
        assert!(stream.flaws.is_empty());
    }

    #[test]
    fn missing_plan_is_a_flaw() {
        assert_eq!(parse("ok 1 - a\n").flaws, [Flaw::NoPlan]);
        assert_eq!(parse("1..0\n").flaws, [Flaw::Nothing]);
        assert_eq!(parse("").flaws, [Flaw::NoPlan]);
    }

    #[test]
    fn wrong_plan_is_a_flaw() {
        let flaws = parse("1..3\nok 1\nok 2\n").flaws;
        assert_eq!(
            flaws,
            [Flaw::PlanMismatch {
                planned: 3,
                seen: 2
            }]
        );
        assert_eq!(parse("1..1\nok 1\n1..1\n").flaws, [Flaw::SecondPlan]);
    }

    #[test]
    fn lost_and_repeated_points_are_flaws() {
        let flaws = parse("1..2\nok 1\nok 3\n").flaws;
        assert_eq!(
            flaws,
            [Flaw::OutOfOrder {
                expected: 2,
                found: 3
            }]
        );
    }

    #[test]
    fn damaged_lines_are_flaws() {
        assert_eq!(
            parse("1..1\nok1 - a\nok 1 - b\n").flaws,
            [Flaw::Malformed("ok1 - a".into())]
        );
        assert!(matches!(
            parse("1..x\n").flaws[..],
            [Flaw::Malformed(_), Flaw::NoPlan]
        ));
        assert!(parse("1..0\nBail out! no GPU\n").flaws[0] == Flaw::BailOut("no GPU".into()));
    }

    #[test]
    fn a_failing_skip_fails() {
        let stream = parse("1..1\nnot ok 1 - a # SKIP broken\n");
        assert!(matches!(stream.points[0].outcome, Outcome::Failed(_)));
    }

    #[test]
    fn notes_explain_the_failure_before_them() {
        let stream = parse("ok 1\n# p: x\nnot ok 2 - p: a # b\n# p: c\n# q: d\nok 3\n1..3\n");
        assert_eq!(stream.points[0].outcome, Outcome::Passed);
        assert_eq!(stream.points[1].outcome, Outcome::Failed("b; c".into()));
        assert_eq!(stream.points[2].outcome, Outcome::Passed);
    }

    #[test]
    fn notes_are_kept() {
        assert_eq!(parse("# alive 3\n1..0\n").notes, ["alive 3"]);
    }
}
