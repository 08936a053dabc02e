// SPDX-License-Identifier: GPL-2.0
//! Passes requests of the scripts in L1 and in guests to the GPU's witness: a script leaves a file in the
//! share that it can write, and finds the answer beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::gen9::Gen9;
use super::paths::RunFolder;

/// Answers all requests that have no answer yet.
pub fn serve(folder: &RunFolder, gen9: &Gen9) {
    for request in shares(&folder.out()).iter().flat_map(|share| open(share)) {
        let answer = answer(&request, gen9).unwrap_or_else(|error| {
            // The script sees it and fails; so does whoever reads the run's folder.
            json!({ "error": format!("{error:#}") })
        });
        if let Err(error) = reply(&request, &answer) {
            eprintln!("lab: cannot answer {}: {error}", request.display());
        }
    }
}

/// The folder that L1 writes, and in it those that guests write.
fn shares(out: &Path) -> Vec<PathBuf> {
    let guests = files(out).filter(|path| path.extension().is_some_and(|end| end == "out"));
    [out.to_path_buf()].into_iter().chain(guests).collect()
}

/// A share's requests without an answer.
fn open(share: &Path) -> Vec<PathBuf> {
    files(share)
        .filter(|path| path.extension().is_some_and(|end| end == "request"))
        .filter(|path| !path.with_extension("answer").exists())
        .collect()
}

/// What is in a folder; one that cannot be read has nothing to answer.
fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
}

fn answer(request: &Path, gen9: &Gen9) -> Result<Value> {
    let text = fs::read_to_string(request).context("reading the request")?;
    let request: Value = serde_json::from_str(text.trim()).context("the request is not JSON")?;
    gen9.ask(&request)
}

/// The answer appears under its name when it is complete.
fn reply(request: &Path, answer: &Value) -> io::Result<()> {
    let partial = request.with_extension("partial");
    fs::write(&partial, format!("{answer}\n"))?;
    fs::rename(&partial, request.with_extension("answer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_every_share_are_found_until_they_are_answered() {
        let out = std::env::temp_dir().join(format!("lab-broker-{}", std::process::id()));
        let guest = out.join("l2-1.out");
        fs::create_dir_all(&guest).unwrap();
        let requests = [
            out.join("witness-1.request"),
            guest.join("witness-1.request"),
        ];
        for request in &requests {
            fs::write(request, "{}").unwrap();
        }
        let found = |out: &Path| -> Vec<_> { shares(out).iter().flat_map(|s| open(s)).collect() };
        assert_eq!(found(&out), requests);
        reply(&requests[0], &json!({ "ok": true })).unwrap();
        assert_eq!(found(&out), requests[1..]);
        fs::remove_dir_all(&out).unwrap();
    }
}
