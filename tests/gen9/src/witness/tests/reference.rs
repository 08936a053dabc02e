// SPDX-License-Identifier: GPL-2.0

//! Grants: any case against a reference that looks at each byte.

use std::collections::HashSet;
use std::ops::Range;

use proptest::prelude::*;

use crate::addr::{Dma, Gma};
use crate::witness::grants::{Breach, Grants};
use crate::witness::violations::Resource;
use crate::witness::{Claim, ContextKey, Extent, GrantRequest, Kind, Strict};

/// What a name was granted, byte by byte. The universe has 48 addresses and 4 contexts.
#[derive(Clone, Debug)]
struct Naive {
    ggtt: HashSet<u64>,
    pages: HashSet<u64>,
    contexts: HashSet<u32>,
    strict: Strict,
}

fn reference(
    grants: &[Naive],
    owner: Option<usize>,
    resource: Resource,
    bytes: Range<u64>,
) -> Option<(Kind, Resource, usize)> {
    let set = |grant: usize| match resource {
        Resource::Ggtt => &grants[grant].ggtt,
        Resource::Pages => &grants[grant].pages,
    };
    let foreign: Vec<u64> = bytes
        .filter(|byte| !owner.is_some_and(|owner| set(owner).contains(byte)))
        .collect();
    let touched = |&grant: &usize| foreign.iter().any(|byte| set(grant).contains(byte));
    if let Some(other) = (0..grants.len()).find(touched) {
        return Some((Kind::Trespass, resource, other));
    }
    let owner = owner?;
    let strict = match grants[owner].strict {
        Strict::No => false,
        Strict::Ggtt => resource == Resource::Ggtt,
        Strict::Pages => resource == Resource::Pages,
        Strict::All => true,
    };
    (strict && !foreign.is_empty()).then_some((Kind::Escape, resource, owner))
}

type Pieces = Vec<(u64, u64)>;

fn pieces() -> impl Strategy<Value = Pieces> {
    prop::collection::vec((0u64..40, 1u64..8), 0..5)
}

fn strict() -> impl Strategy<Value = Strict> {
    prop::sample::select(vec![Strict::No, Strict::Ggtt, Strict::Pages, Strict::All])
}

proptest! {
    #[test]
    fn any_case_agrees_with_the_reference(
        given in prop::collection::vec((pieces(), pieces(), strict()), 1..4),
        owners in prop::collection::vec(0usize..4, 4),
        accesses in prop::collection::vec(
            (0usize..5, any::<bool>(), 0u64..48, 0u64..48, 0u32..12), 1..20),
    ) {
        let grants = Grants::default();
        let mut naive = Vec::new();
        for (place, (ggtt, pages, strict)) in given.iter().enumerate() {
            let contexts: HashSet<u32> =
                (0..4).filter(|&id| owners[id as usize] == place).collect();
            let extents = |pieces: &Pieces| {
                pieces.iter().map(|&(start, size)| Extent { start, size }).collect()
            };
            // In two steps, since requests of one name add up.
            grants.add(&GrantRequest {
                name: place.to_string(),
                ggtt: extents(ggtt),
                strict: Some(*strict),
                ..Default::default()
            }).unwrap();
            grants.add(&GrantRequest {
                name: place.to_string(),
                pages: extents(pages),
                contexts: contexts.iter().map(|&id| Claim::Id(id)).collect(),
                ..Default::default()
            }).unwrap();
            let bytes = |pieces: &Pieces| {
                pieces.iter().flat_map(|&(start, size)| start..start + size).collect()
            };
            naive.push(Naive {
                ggtt: bytes(ggtt), pages: bytes(pages), contexts, strict: *strict,
            });
        }
        for (who, global, at, dma, len) in accesses {
            // 4 stands for no context.
            let id = u32::try_from(who).ok().filter(|&id| id < 4);
            let owner = naive.iter().position(|g| id.is_some_and(|id| g.contexts.contains(&id)));
            let bytes = |start: u64| start..start + u64::from(len);
            let first = if global {
                reference(&naive, owner, Resource::Ggtt, bytes(at))
            } else {
                None
            };
            let expected = first
                .or_else(|| reference(&naive, owner, Resource::Pages, bytes(dma)))
                .map(|(kind, resource, grant)| (kind, resource, grant.to_string()));
            let gma = if global { Gma::global(at) } else { Gma::per_process(at) };
            let key = id.map(|id| ContextKey { id, lrca: 0 });
            let found = grants.check(key, gma, Dma(dma), len);
            let found = found.map(|Breach { kind, resource, grant }| (kind, resource, grant));
            prop_assert_eq!(found, expected);
        }
    }
}
