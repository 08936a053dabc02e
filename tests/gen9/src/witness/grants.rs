// SPDX-License-Identifier: GPL-2.0

//! Who may touch what. A grant gives a name to GGTT ranges, to memory by its bus addresses, and to
//! the contexts that may use them. The device goes on as if there were no grants; accesses that
//! break them are only reported.
//!
//! For each byte of an access, in the GGTT and again in memory:
//! - granted to the context's own name: fine;
//! - granted to other names only: a trespass;
//! - granted to nobody: an escape if the context's grant is strict, fine otherwise.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::ContextKey;
use super::ranges::{Extent, Ranges, number};
use super::violations::{Kind, Resource};
use crate::addr::{Dma, Gma, Space};
use crate::ggtt;

/// Names that can have grants at once.
const NAMES: usize = 64;
/// Ranges, of both kinds, that one name can have.
const RANGES: usize = 1 << 19;
/// Contexts, or ranges of them, that one name can have.
const CLAIMS: usize = 1024;
/// Bytes of a name.
const NAME_LENGTH: usize = 64;
/// Size of the GGTT's address space in bytes.
const GGTT_SIZE: u64 = ggtt::ENTRIES * crate::addr::PAGE_SIZE;

/// Contexts that belong to a name.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// The context with this ID (bits 63:32 of the descriptor).
    Id(#[serde(deserialize_with = "number")] u32),
    /// The context whose image is at this GGTT address.
    Lrca(#[serde(deserialize_with = "number")] u32),
    /// Every context whose image starts in this GGTT range.
    LrcaRange(Extent),
}

impl Claim {
    fn covers(&self, context: ContextKey) -> bool {
        match *self {
            Self::Id(id) => context.id == id,
            _ => self
                .images()
                .is_some_and(|range| range.contains(&context.lrca.into())),
        }
    }

    /// Whether some context could belong to both by the same property.
    fn conflicts(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Id(a), Self::Id(b)) => a == b,
            _ => self
                .images()
                .zip(other.images())
                .is_some_and(|(a, b)| a.start < b.end && b.start < a.end),
        }
    }

    /// GGTT addresses of images, for claims by image.
    fn images(&self) -> Option<Range<u64>> {
        match *self {
            Self::Id(_) => None,
            Self::Lrca(lrca) => Some(u64::from(lrca)..u64::from(lrca) + 1),
            Self::LrcaRange(extent) => extent.range(GGTT_SIZE),
        }
    }
}

/// Which resources a name's contexts may not leave.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Strict {
    /// They may touch what is granted to nobody.
    #[default]
    No,
    /// They must stay inside the GGTT ranges granted to them.
    Ggtt,
    /// They must stay inside the memory granted to them.
    Pages,
    /// Both.
    All,
}

impl Strict {
    fn covers(self, resource: Resource) -> bool {
        match self {
            Self::No => false,
            Self::Ggtt => resource == Resource::Ggtt,
            Self::Pages => resource == Resource::Pages,
            Self::All => true,
        }
    }
}

/// A request to declare a grant, or to add to it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRequest {
    /// Whose it is.
    pub name: String,
    /// GGTT ranges.
    #[serde(default)]
    pub ggtt: Vec<Extent>,
    /// Ranges of bus addresses.
    #[serde(default)]
    pub pages: Vec<Extent>,
    /// Contexts.
    #[serde(default)]
    pub contexts: Vec<Claim>,
    /// Whether the contexts may leave it; what was said before holds when absent.
    #[serde(default)]
    pub strict: Option<Strict>,
}

/// A grant that cannot be declared.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum GrantError {
    /// The name cannot be used.
    #[error("the name of a grant must have 1 to {NAME_LENGTH} bytes")]
    Name,
    /// A range is empty or leaves its address space.
    #[error("the {0} range at {1:#x} of {2:#x} bytes is empty or leaves the address space")]
    Range(&'static str, u64, u64),
    /// Two names claim one context.
    #[error("{1:?} could belong to {0:?} as well: revoke that or claim another context")]
    Conflict(String, Claim),
    /// Too much.
    #[error(
        "at most {NAMES} names, each with {RANGES} ranges and {CLAIMS} contexts: \
         revoke a grant or join ranges"
    )]
    Full,
    /// Revoked without being declared.
    #[error("there is no grant with the name {0:?}; \"dump\" lists them")]
    Unknown(String),
}

/// One access that broke a grant.
#[derive(Debug, PartialEq, Eq)]
pub struct Breach {
    /// Trespass or escape.
    pub kind: Kind,
    /// Where.
    pub resource: Resource,
    /// Trespass: whose grant was touched. Escape: whose context it was.
    pub grant: String,
}

#[derive(Clone)]
struct Grant {
    name: String,
    ggtt: Ranges,
    pages: Ranges,
    claims: Vec<Claim>,
    strict: Strict,
}

impl Grant {
    fn ranges(&self, resource: Resource) -> &Ranges {
        match resource {
            Resource::Ggtt => &self.ggtt,
            Resource::Pages => &self.pages,
        }
    }

    fn owns(&self, context: ContextKey) -> bool {
        self.claims.iter().any(|claim| claim.covers(context))
    }
}

/// All grants.
#[derive(Default)]
pub struct Grants {
    declared: AtomicBool,
    table: RwLock<Vec<Grant>>,
}

impl Grants {
    /// Whether there is any grant to check against.
    pub fn declared(&self) -> bool {
        self.declared.load(Ordering::Relaxed)
    }

    /// Declares a grant or adds to it. An error leaves everything as it was.
    ///
    /// # Errors
    /// When the request contradicts itself or another grant, or is too large.
    pub fn add(&self, request: &GrantRequest) -> Result<(), GrantError> {
        if request.name.is_empty() || request.name.len() > NAME_LENGTH {
            return Err(GrantError::Name);
        }
        if request.contexts.len() > CLAIMS {
            return Err(GrantError::Full);
        }
        let ggtt = extents("ggtt", &request.ggtt, GGTT_SIZE)?;
        let pages = extents("pages", &request.pages, u64::MAX)?;
        for claim in &request.contexts {
            if let Claim::LrcaRange(extent) = claim {
                extents("lrca_range", &[*extent], GGTT_SIZE)?;
            }
        }
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let place = table.iter().position(|grant| grant.name == request.name);
        for other in table.iter().filter(|grant| grant.name != request.name) {
            for claim in &request.contexts {
                if other.claims.iter().any(|held| held.conflicts(claim)) {
                    return Err(GrantError::Conflict(other.name.clone(), *claim));
                }
            }
        }
        let mut grant = match place {
            Some(place) => table[place].clone(),
            None if table.len() >= NAMES => return Err(GrantError::Full),
            None => Grant {
                name: request.name.clone(),
                ggtt: Ranges::default(),
                pages: Ranges::default(),
                claims: Vec::new(),
                strict: Strict::No,
            },
        };
        grant.ggtt.extend(ggtt);
        grant.pages.extend(pages);
        for claim in &request.contexts {
            if !grant.claims.contains(claim) {
                grant.claims.push(*claim);
            }
        }
        grant.strict = request.strict.unwrap_or(grant.strict);
        if grant.ggtt.len() + grant.pages.len() > RANGES || grant.claims.len() > CLAIMS {
            return Err(GrantError::Full);
        }
        match place {
            Some(place) => table[place] = grant,
            None => table.push(grant),
        }
        self.declared.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Takes all away that was granted to a name.
    ///
    /// # Errors
    /// When nothing was.
    pub fn revoke(&self, name: &str) -> Result<(), GrantError> {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = table.iter().position(|grant| grant.name == name) else {
            return Err(GrantError::Unknown(name.to_owned()));
        };
        table.remove(place);
        self.declared.store(!table.is_empty(), Ordering::Relaxed);
        Ok(())
    }

    /// What an access of `len` bytes breaks, if anything: the GGTT before memory, a trespass
    /// before an escape. A context that several names claim by different properties belongs to the
    /// name declared first.
    pub fn check(
        &self,
        context: Option<ContextKey>,
        at: Gma,
        dma: Dma,
        len: u32,
    ) -> Option<Breach> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let owner = context.and_then(|key| table.iter().position(|grant| grant.owns(key)));
        let ggtt = (at.space == Space::Global).then_some((Resource::Ggtt, at.addr));
        ggtt.into_iter()
            .chain([(Resource::Pages, dma.0)])
            .find_map(|(resource, start)| {
                breach(
                    &table,
                    owner,
                    resource,
                    start..start.saturating_add(len.into()),
                )
            })
    }

    /// What was declared.
    pub fn report(&self) -> Vec<GrantReport> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table
            .iter()
            .map(|grant| GrantReport {
                name: grant.name.clone(),
                ggtt_bytes: grant.ggtt.bytes(),
                pages_bytes: grant.pages.bytes(),
                contexts: grant.claims.clone(),
                strict: grant.strict,
            })
            .collect()
    }
}

fn extents(
    what: &'static str,
    given: &[Extent],
    limit: u64,
) -> Result<Vec<Range<u64>>, GrantError> {
    let range = |e: &Extent| {
        e.range(limit)
            .ok_or(GrantError::Range(what, e.start, e.size))
    };
    given.iter().map(range).collect()
}

/// What an access to one resource breaks. `owner` is the place of the context's grant.
fn breach(
    table: &[Grant],
    owner: Option<usize>,
    resource: Resource,
    range: Range<u64>,
) -> Option<Breach> {
    let owner = owner.and_then(|place| table.get(place));
    let nothing = Ranges::default();
    let own = owner.map_or(&nothing, |grant| grant.ranges(resource));
    // Most accesses stay inside what is their own.
    own.gaps(range.clone()).next()?;
    let touched = |grant: &&Grant| {
        own.gaps(range.clone())
            .any(|gap| grant.ranges(resource).meets(&gap))
    };
    if let Some(other) = table.iter().find(touched) {
        return Some(Breach {
            kind: Kind::Trespass,
            resource,
            grant: other.name.clone(),
        });
    }
    let owner = owner.filter(|grant| grant.strict.covers(resource))?;
    Some(Breach {
        kind: Kind::Escape,
        resource,
        grant: owner.name.clone(),
    })
}

/// One grant, in short.
#[derive(Clone, Debug, Serialize)]
pub struct GrantReport {
    /// Whose it is.
    pub name: String,
    /// Bytes of GGTT ranges.
    pub ggtt_bytes: u64,
    /// Bytes of memory.
    pub pages_bytes: u64,
    /// Contexts, as they were claimed.
    pub contexts: Vec<Claim>,
    /// Which resources the contexts may not leave.
    pub strict: Strict,
}
