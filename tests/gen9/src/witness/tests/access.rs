// SPDX-License-Identifier: GPL-2.0

//! Grants, case by case.

use std::ops::Range;

use crate::addr::{Access, Dma, Gma};
use crate::engine::EngineId;
use crate::witness::grants::Grants;
use crate::witness::violations::Resource;
use crate::witness::{Claim, ContextKey, Extent, GrantError, GrantRequest, Kind, Strict, Witness};

fn extent(range: &Range<u64>) -> Extent {
    Extent {
        start: range.start,
        size: range.end - range.start,
    }
}

fn request(name: &str, ggtt: Range<u64>, pages: Range<u64>, contexts: &[Claim]) -> GrantRequest {
    GrantRequest {
        name: name.into(),
        ggtt: vec![extent(&ggtt)],
        pages: vec![extent(&pages)],
        contexts: contexts.to_vec(),
        strict: None,
    }
}

fn context(id: u32, lrca: u32) -> Option<ContextKey> {
    Some(ContextKey { id, lrca })
}

/// A owns GGTT 0x1000 and pages 0x10000, is strict and has context 1; B owns what follows and has
/// the contexts whose image is in its GGTT range.
fn a_and_b() -> Grants {
    let grants = Grants::default();
    let mut a = request("A", 0x1000..0x2000, 0x10000..0x11000, &[Claim::Id(1)]);
    a.strict = Some(Strict::All);
    grants.add(&a).unwrap();
    let images = Claim::LrcaRange(extent(&(0x2000..0x3000)));
    grants
        .add(&request("B", 0x2000..0x3000, 0x11000..0x12000, &[images]))
        .unwrap();
    grants
}

#[test]
fn each_rule() {
    use Kind::{Escape, Trespass};
    use Resource::{Ggtt, Pages};
    let (a, b, nobody) = (context(1, 0x9000), context(7, 0x2000), context(9, 0x9000));
    let global = Gma::global;
    let local = Gma::per_process;
    let grants = a_and_b();
    for (name, who, at, dma, len, expected) in [
        ("own", a, global(0x1000), 0x10000, 0x1000, None),
        (
            "own page, any ppgtt address",
            a,
            local(0x2000),
            0x10800,
            4,
            None,
        ),
        (
            "other's ggtt",
            a,
            global(0x2000),
            0x10000,
            4,
            Some((Trespass, Ggtt, "B")),
        ),
        (
            "last byte in other's ggtt",
            a,
            global(0x1ffd),
            0x10000,
            4,
            Some((Trespass, Ggtt, "B")),
        ),
        (
            "other's page",
            b,
            local(0),
            0x10ffc,
            4,
            Some((Trespass, Pages, "A")),
        ),
        (
            "other's page by own ggtt",
            b,
            global(0x2000),
            0x10000,
            4,
            Some((Trespass, Pages, "A")),
        ),
        (
            "strict and out of the ggtt",
            a,
            global(0x4000),
            0x10000,
            4,
            Some((Escape, Ggtt, "A")),
        ),
        (
            "strict and out of memory",
            a,
            local(0),
            0x20000,
            4,
            Some((Escape, Pages, "A")),
        ),
        ("not strict", b, global(0x4000), 0x20000, 4, None),
        (
            "nobody's context in A",
            nobody,
            global(0x1800),
            0x20000,
            4,
            Some((Trespass, Ggtt, "A")),
        ),
        (
            "no context in B",
            None,
            local(0),
            0x11000,
            4,
            Some((Trespass, Pages, "B")),
        ),
        ("nobody's context elsewhere", nobody, global(0), 0, 4, None),
        ("no byte", a, global(0x2000), 0x11000, 0, None),
        ("end of addresses", b, local(u64::MAX), u64::MAX, 4, None),
    ] {
        let found = grants.check(who, at, Dma(dma), len);
        let found = found
            .as_ref()
            .map(|b| (b.kind, b.resource, b.grant.as_str()));
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn shared_memory_belongs_to_both() {
    let grants = a_and_b();
    let shared = GrantRequest {
        pages: vec![extent(&(0x10000..0x12000))],
        ..Default::default()
    };
    grants
        .add(&GrantRequest {
            name: "A".into(),
            ..shared
        })
        .unwrap();
    assert_eq!(
        grants.check(context(1, 0), Gma::per_process(0), Dma(0x11000), 4),
        None
    );
    assert_eq!(
        grants.check(context(7, 0x2000), Gma::per_process(0), Dma(0x11000), 4),
        None
    );
    assert!(
        grants
            .check(context(7, 0x2000), Gma::per_process(0), Dma(0x10000), 4)
            .is_some()
    );
}

#[test]
fn a_revoked_grant_is_forgotten() {
    let grants = a_and_b();
    assert!(grants.declared());
    grants.revoke("B").unwrap();
    assert_eq!(
        grants.check(None, Gma::global(0x2000), Dma(0x11000), 4),
        None
    );
    assert_eq!(grants.revoke("B"), Err(GrantError::Unknown("B".into())));
    grants.revoke("A").unwrap();
    assert!(!grants.declared());
}

#[test]
fn contradictions_are_refused_and_change_nothing() {
    let grants = a_and_b();
    let before = serde_json::to_string(&grants.report()).unwrap();
    let claims = |claim| GrantRequest {
        name: "C".into(),
        contexts: vec![claim],
        ..Default::default()
    };
    let ranges = |ggtt, pages| GrantRequest {
        name: "C".into(),
        ggtt,
        pages,
        ..Default::default()
    };
    let far = Extent {
        start: u64::MAX,
        size: 2,
    };
    for bad in [
        claims(Claim::Id(1)),
        claims(Claim::Lrca(0x2000)),
        claims(Claim::LrcaRange(extent(&(0x1000..0x2001)))),
        claims(Claim::LrcaRange(far)),
        ranges(vec![Extent { start: 0, size: 0 }], vec![]),
        ranges(
            vec![Extent {
                start: 0xffff_f000,
                size: 0x1001,
            }],
            vec![],
        ),
        ranges(vec![], vec![far]),
        GrantRequest::default(),
        GrantRequest {
            name: "x".repeat(65),
            ..Default::default()
        },
    ] {
        grants.add(&bad).expect_err(&format!("{bad:?}"));
    }
    assert_eq!(serde_json::to_string(&grants.report()).unwrap(), before);
    for i in 2..64 {
        grants
            .add(&request(&i.to_string(), 0..1, 0..1, &[]))
            .unwrap();
    }
    assert_eq!(
        grants.add(&request("65", 0..1, 0..1, &[])),
        Err(GrantError::Full)
    );
}

#[test]
fn the_running_context_is_checked_and_recorded() {
    let witness = Witness::new();
    let at = Gma::global(0x1000);
    let touch = || witness.access(EngineId::Bcs, at, Dma(0x5000), Access::Write, 64);
    touch();
    witness
        .grant(&request(
            "A",
            0x1000..0x2000,
            0x5000..0x6000,
            &[Claim::Lrca(0x3000)],
        ))
        .unwrap();
    witness.context_in(
        EngineId::Bcs,
        ContextKey {
            id: 4,
            lrca: 0x3000,
        },
    );
    touch();
    witness.context_in(
        EngineId::Bcs,
        ContextKey {
            id: 5,
            lrca: 0x7000,
        },
    );
    touch();
    witness.context_out(EngineId::Bcs);
    witness.invalid(EngineId::Bcs, Gma::per_process(0x77), Access::Read);
    let records = witness.report().violations.records;
    let json: Vec<_> = records
        .iter()
        .map(|r| serde_json::to_value(r).unwrap())
        .collect();
    assert_eq!(json.len(), 2);
    for (field, value) in [
        ("kind", "trespass".into()),
        ("engine", "bcs".into()),
        ("context", serde_json::Value::from(5)),
        ("lrca", 0x7000.into()),
        ("space", "ggtt".into()),
        ("addr", 0x1000.into()),
        ("dma", 0x5000.into()),
        ("access", "write".into()),
        ("len", 64.into()),
        ("resource", "ggtt".into()),
        ("grant", "A".into()),
    ] {
        assert_eq!(json[0][field], value, "{field}");
    }
    assert_eq!(json[1]["kind"], "invalid_pte");
    assert!(json[1]["context"].is_null());
}
