// SPDX-License-Identifier: GPL-2.0
//! What the witness of the lab's GPU answers when it is asked who had which engine.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

#[derive(Deserialize)]
struct Answer {
    engines: Vec<InEngine>,
}

#[derive(Deserialize)]
struct InEngine {
    engine: String,
    elapsed_ns: u64,
    idle_ns: u64,
    contexts: Vec<InContext>,
}

#[derive(Deserialize)]
struct InContext {
    /// Where its image is: unlike its ID, i915 keeps that for as long as the context is in use.
    lrca: u32,
    busy_ns: u64,
}

/// What an engine has done until some moment. Times are nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// That passed.
    pub elapsed: u64,
    /// In which it had nothing to do.
    pub idle: u64,
    /// By the context's image.
    pub busy: BTreeMap<u32, u64>,
}

impl Account {
    /// What happened since an earlier one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |lrca: &u32| earlier.of(*lrca);
        let busy = self.busy.iter();
        Self {
            elapsed: self.elapsed - earlier.elapsed,
            idle: self.idle - earlier.idle,
            busy: busy
                .map(|(&lrca, &time)| (lrca, time - before(&lrca)))
                .collect(),
        }
    }

    /// The context that had most.
    pub fn most(&self) -> Option<u32> {
        let most = self.busy.iter().max_by_key(|(_, time)| **time);
        most.map(|(&lrca, _)| lrca)
    }

    /// What a context had.
    pub fn of(&self, lrca: u32) -> u64 {
        self.busy.get(&lrca).copied().unwrap_or(0)
    }
}

/// Reads an answer: the engines by their names, all at the same moment.
///
/// # Errors
/// If it is none, with its text.
pub fn parse(answer: &str) -> Result<BTreeMap<String, Account>> {
    let answer: Answer = serde_json::from_str(answer).with_context(|| answer.to_string())?;
    let engines = answer.engines.into_iter().map(|engine| {
        let mut account = Account {
            elapsed: engine.elapsed_ns,
            idle: engine.idle_ns,
            busy: BTreeMap::new(),
        };
        for context in engine.contexts {
            *account.busy.entry(context.lrca).or_default() += context.busy_ns;
        }
        (engine.engine, account)
    });
    Ok(engines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_told_apart_by_their_images() {
        let answer = |first, second| {
            let text = format!(
                r#"{{"ok":true,"engines":[{{"engine":"rcs","elapsed_ns":900,"idle_ns":100,"contexts":[
                {{"id":1,"lrca":16,"busy_ns":{first}}},{{"id":2,"lrca":32,"busy_ns":{second}}},
                {{"id":3,"lrca":16,"busy_ns":5}}]}}]}}"#
            );
            parse(&text).unwrap().remove("rcs").unwrap()
        };
        let account = answer(500, 300).since(&answer(100, 200));
        assert_eq!(
            (account.of(16), account.of(32), account.of(48)),
            (400, 100, 0)
        );
        assert_eq!(account.most(), Some(16));
        assert!(parse(r#"{"error":"no"}"#).is_err());
    }
}
