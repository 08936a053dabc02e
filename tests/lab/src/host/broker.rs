// SPDX-License-Identifier: GPL-2.0
//! Passes requests of L1's scripts to the GPU's witness: a script leaves a file in the share that it can
//! write, and finds the answer beside it.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::gen9::Gen9;
use super::paths::RunFolder;

/// Answers requests in the order of their numbers.
#[derive(Default)]
pub struct Broker {
    answered: u32,
}

impl Broker {
    /// Answers the next request, if there is one.
    pub fn serve(&mut self, folder: &RunFolder, gen9: &Gen9) {
        let number = self.answered + 1;
        let request = folder.out().join(format!("witness-{number}.request"));
        let Ok(text) = fs::read_to_string(&request) else {
            return;
        };
        let answer = answer(&text, gen9).unwrap_or_else(|error| {
            // The script sees it and fails; so does whoever reads the run's folder.
            json!({ "error": format!("{error:#}") })
        });
        let new = folder.out().join(format!("witness-{number}.partial"));
        let done = folder.out().join(format!("witness-{number}.answer"));
        let written = fs::write(&new, format!("{answer}\n")).and_then(|()| fs::rename(&new, &done));
        if let Err(error) = written {
            eprintln!("lab: cannot answer {}: {error}", request.display());
        }
        self.answered = number;
    }
}

fn answer(text: &str, gen9: &Gen9) -> Result<Value> {
    let request: Value = serde_json::from_str(text.trim()).context("the request is not JSON")?;
    gen9.ask(&request)
}
