// SPDX-License-Identifier: GPL-2.0
//! Reading, writing and merging the table.

use super::*;
use crate::results::Finding;

const TEXT: &str = "subtest,device,native,kvmgt,rgvt,reason
a@b,kbl,pass,,,
a@b,skl,pass,fail,,\"broken, \"\"really\"\"\"
a@c,skl,skip,skip,,no such unit
a@d,skl,skip,fail,pass,native: no y | kvmgt: hangs
a@e,skl,fail,skip,,kvmgt: no y
";

#[test]
fn round_trip() {
    let table = Table::parse(TEXT).unwrap();
    assert_eq!(table.render(), TEXT);
    let cell = |subtest: &str, driver| {
        table.rows[&(subtest.to_owned(), "skl".to_owned())][&driver]
            .reason
            .clone()
    };
    assert_eq!(
        cell("a@b", Driver::Kvmgt).as_deref(),
        Some("broken, \"really\"")
    );
    assert_eq!(cell("a@c", Driver::Native), cell("a@c", Driver::Kvmgt));
    assert_eq!(cell("a@d", Driver::Native).as_deref(), Some("no y"));
    assert_eq!(cell("a@e", Driver::Native), None);
}

#[test]
fn mistakes_are_told() {
    for text in [
        "other header\n",
        "subtest,device,native,kvmgt,rgvt,reason\na,skl,pass\n",
        "subtest,device,native,kvmgt,rgvt,reason\na,skl,good,,,\n",
        "subtest,device,native,kvmgt,rgvt,reason\na,skl,,,,\"open\n",
        "subtest,device,native,kvmgt,rgvt,reason\na,skl,,,,\na,skl,,,,\n",
    ] {
        assert!(Table::parse(text).is_err(), "{text}");
    }
    assert_eq!(Table::parse("").unwrap(), Table::default());
}

fn finding(outcome: Outcome, hint: Option<&str>) -> Finding {
    Finding {
        outcome,
        hint: hint.map(str::to_owned),
    }
}

#[test]
fn merge() {
    let mut table = Table::parse(TEXT).unwrap();
    let reasons = Reasons::parse("kvmgt fail a@n # known").unwrap();
    let run = Findings::from([
        ("a@b".to_owned(), finding(Outcome::Fail, Some("x == y"))),
        ("a@c".to_owned(), finding(Outcome::Notrun, None)),
        ("a@d".to_owned(), finding(Outcome::Pass, None)),
        ("a@n".to_owned(), finding(Outcome::Fail, Some("x == y"))),
        ("a@o".to_owned(), finding(Outcome::Skip, Some("No y"))),
        ("a@p".to_owned(), finding(Outcome::Fail, Some("x == y"))),
    ]);
    table.merge(&run, Driver::Kvmgt, "skl", &reasons);
    let wanted = "subtest,device,native,kvmgt,rgvt,reason
a@b,kbl,pass,,,
a@b,skl,pass,fail,,\"broken, \"\"really\"\"\"
a@c,skl,skip,skip,,no such unit
a@d,skl,skip,pass,pass,no y
a@e,skl,fail,skip,,kvmgt: no y
a@n,skl,,fail,,known
a@o,skl,,skip,,No y
a@p,skl,,fail,,
";
    assert_eq!(table.render(), wanted);
}

#[test]
fn expectations_fall_back_to_another_device() {
    let table = Table::parse(TEXT).unwrap();
    let outcome = |subtest, device, driver| {
        table
            .expected(subtest, device, driver)
            .map(|cell| cell.outcome)
    };
    assert_eq!(outcome("a@b", "skl", Driver::Kvmgt), Some(Outcome::Fail));
    assert_eq!(outcome("a@b", "bdw", Driver::Kvmgt), Some(Outcome::Fail));
    assert_eq!(outcome("a@b", "bdw", Driver::Rgvt), None);
    assert_eq!(outcome("z@z", "skl", Driver::Native), None);
}

#[test]
fn known_are_those_with_a_result() {
    let table = Table::parse(TEXT).unwrap();
    let known = |device, driver| {
        let known = table.known(device, driver);
        known.into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(known("skl", Driver::Kvmgt), "a@b a@c a@d a@e");
    assert_eq!(known("skl", Driver::Rgvt), "a@d");
    assert_eq!(known("kbl", Driver::Kvmgt), "");
}
