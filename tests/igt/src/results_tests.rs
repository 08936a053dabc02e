// SPDX-License-Identifier: GPL-2.0
//! What igt_runner leaves behind, in small.

use super::*;

const JSON: &str = r#"{ "__type__": "TestrunResult", "tests": {
    "igt@a@b": { "result": "pass", "out": "" },
    "igt@a@b@rcs0": { "result": "pass", "out": "" },
    "igt@a@c": { "result": "skip", "out": "x\nTest requirement: has(y)\nNo y here\n" },
    "igt@a@d": { "result": "skip", "out": "Test requirement: has(y)\nLast errno: 2, No\n" },
    "igt@e": { "result": "dmesg-fail", "out": "", "err": "",
               "dmesg-warnings": "<4> [1.0] WARNING: z\n<4> more" },
    "igt@f@g": { "result": "fail",
                 "err": "(f:1) CRITICAL: Failed assertion: a | b == c\n(f:1) more" },
    "igt@g": { "result": "incomplete", "out": "x" },
    "igt@h": { "result": "incomplete",
               "out": "x\n\nrunner: This test was killed due to a kernel taint (0x3200).\n" }
} }"#;

#[test]
fn json() {
    let findings = parse_json(JSON).unwrap();
    let of = |name: &str| {
        let finding = &findings[name];
        (finding.outcome, finding.hint.as_deref())
    };
    assert_eq!(findings.len(), 7);
    assert_eq!(of("a@b"), (Outcome::Pass, None));
    assert_eq!(of("a@c"), (Outcome::Skip, Some("No y here")));
    assert_eq!(of("a@d"), (Outcome::Skip, Some("has(y)")));
    assert_eq!(of("e"), (Outcome::DmesgFail, Some("WARNING: z")));
    assert_eq!(of("f@g"), (Outcome::Fail, Some("a / b == c")));
    assert_eq!(of("g"), (Outcome::Incomplete, None));
    assert_eq!(of("h"), (Outcome::Timeout, None));
}

#[test]
fn silent_skips_have_their_programs_reason_if_it_is_one() {
    let json = r#"{ "__type__": "TestrunResult", "tests": {
        "igt@a@b": { "result": "skip", "out": "Test requirement: has(y)\n" },
        "igt@a@c": { "result": "skip", "out": "" },
        "igt@d@e": { "result": "skip", "out": "" },
        "igt@f@g": { "result": "skip", "out": "Test requirement: has(y)\n" },
        "igt@f@h": { "result": "skip", "out": "Test requirement: has(z)\n" },
        "igt@f@i": { "result": "skip", "out": "" }
    } }"#;
    let findings = parse_json(json).unwrap();
    assert_eq!(findings["a@c"].hint.as_deref(), Some("has(y)"));
    assert_eq!(findings["d@e"].hint, None);
    assert_eq!(findings["f@i"].hint, None);
}

#[test]
fn a_skip_has_the_subtests_own_requirement() {
    let program = "Test requirement: has(y)\nTest requirement: has(z)\n";
    for (text, wanted) in [
        ("Starting subtest: b\nTest requirement: has(x)\n", "has(x)"),
        (
            "Starting subtest: b\nTest requirement: has(x)\nNo x\nTest requirement: has(w)\n",
            "No x",
        ),
        ("Starting subtest: b\nDynamic subtest c: SKIP\n", "has(z)"),
        (
            "Subtest b: SKIP (0.0s)\nTest requirement: has(w)\n",
            "has(z)",
        ),
        ("", "has(z)"),
    ] {
        let said = requirement(&format!("{program}{text}"));
        assert_eq!(said.as_deref(), Some(wanted), "{text}");
    }
    assert_eq!(requirement("Starting subtest: b\n"), None);
}

#[test]
fn jobs_and_progress() {
    assert_eq!(job_names("a b,c"), ["a@b", "a@c"]);
    assert_eq!(job_names("a"), ["a"]);
    assert!(job_names("").is_empty());
    let (name, finding) = parse_progress("IGT: [3/9] a@B timeout").unwrap();
    assert_eq!((name.as_str(), finding.outcome), ("a@b", Outcome::Timeout));
    assert!(parse_progress("IGT: [3/9] a@b started").is_none());
    assert!(parse_progress("other").is_none());
}

#[test]
fn names_round_trip() {
    for outcome in Outcome::ALL {
        assert_eq!(outcome.to_string().parse::<Outcome>().unwrap(), outcome);
    }
    for driver in Driver::ALL {
        assert_eq!(driver.to_string().parse::<Driver>().unwrap(), driver);
    }
}
