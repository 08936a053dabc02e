// SPDX-License-Identifier: GPL-2.0

//! Requests of the control socket: one JSON object in, one out.

use serde::{Deserialize, Serialize};

use super::State;
use super::grants::GrantRequest;
use super::inject::Injection;
use super::report::{Dump, EngineReport, RegisterReport};

/// What a client can ask for.
#[derive(Debug, Deserialize)]
#[serde(tag = "cmd", rename_all = "snake_case", deny_unknown_fields)]
enum Request {
    Dump,
    ResetCounters,
    Grant(GrantRequest),
    Revoke { name: String },
    Violations(PageRequest),
    Inject(Injection),
    ClearInjections,
    Registers { top: Option<usize> },
    Engines,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageRequest {
    /// Position of the first record wanted.
    #[serde(default)]
    since: u64,
    /// Records wanted at most.
    max: Option<usize>,
    /// Forget the records and totals after this answer.
    #[serde(default)]
    clear: bool,
}

/// Answers one request. Never fails: what is wrong with the request is said in the answer.
pub fn answer(state: &State, line: &[u8]) -> String {
    let request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return failure(&format!(
                "cannot use the request: {error}. Send one JSON object a line, for example \
                 {{\"cmd\":\"dump\"}}"
            ));
        }
    };
    match request {
        Request::Dump => success(Dump::of(state)),
        Request::ResetCounters => {
            state.reset_counters();
            success(Done {})
        }
        Request::Grant(grant) => done(state.grants.add(&grant)),
        Request::Revoke { name } => done(state.grants.revoke(&name)),
        Request::Violations(PageRequest { since, max, clear }) => success(state.violations.page(
            since,
            max.unwrap_or(usize::MAX),
            clear,
        )),
        Request::Inject(injection) => done(state.faults.arm(&injection)),
        Request::ClearInjections => {
            state.faults.clear();
            success(Done {})
        }
        Request::Registers { top } => success(RegisterReport::of(state, top.unwrap_or(usize::MAX))),
        Request::Engines => success(Engines {
            engines: state.timeline.report(state.now()),
        }),
    }
}

/// An answer without content.
#[derive(Serialize)]
struct Done {}

#[derive(Serialize)]
struct Engines {
    engines: Vec<EngineReport>,
}

#[derive(Serialize)]
struct Success<T> {
    ok: bool,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize)]
struct Failure<'a> {
    ok: bool,
    error: &'a str,
}

fn success(content: impl Serialize) -> String {
    serde_json::to_string(&Success { ok: true, content })
        .unwrap_or_else(|error| failure(&format!("cannot write the answer: {error}")))
}

fn done<E: std::error::Error>(result: Result<(), E>) -> String {
    match result {
        Ok(()) => success(Done {}),
        Err(error) => failure(&error.to_string()),
    }
}

/// The answer to a request that cannot be fulfilled.
pub fn failure(error: &str) -> String {
    serde_json::to_string(&Failure { ok: false, error })
        .unwrap_or_else(|_| r#"{"ok":false,"error":"cannot write the answer"}"#.to_owned())
}
