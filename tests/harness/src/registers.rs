// SPDX-License-Identifier: GPL-2.0
//! What the witness of the lab's GPU answers when it is asked how often registers were accessed.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

#[derive(Deserialize)]
struct Answer {
    top: Vec<Count>,
}

#[derive(Deserialize)]
struct Count {
    offset: u32,
    writes: u64,
}

/// How often each register was written, by its offset.
pub fn writes(answer: &str) -> Result<BTreeMap<u32, u64>> {
    let answer: Answer = serde_json::from_str(answer).context("what the witness says")?;
    let counts = answer.top.iter().map(|count| (count.offset, count.writes));
    Ok(counts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer() {
        let answer = r#"{"ok":true,"reads":3,"writes":2,"top":[
            {"offset":16992,"reads":1,"writes":2},{"offset":4,"reads":2,"writes":0}]}"#;
        assert_eq!(writes(answer).unwrap(), [(4, 0), (16992, 2)].into());
        assert!(writes(r#"{"ok":false}"#).is_err());
    }
}
