// SPDX-License-Identifier: GPL-2.0
//! The software GPU as a child process, and its witness.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::paths::{Paths, RunFolder};
use super::process::{Supervised, Terminal};
use super::scenario::{Device, Scenario};

/// How long the GPU may take until its socket exists.
const START_LIMIT: Duration = Duration::from_secs(10);
/// How long one answer of the witness may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// A running GPU.
pub struct Gen9 {
    pub process: Supervised,
    pub socket: PathBuf,
    pub witness: PathBuf,
}

impl Gen9 {
    pub fn start(
        paths: &Paths,
        folder: &RunFolder,
        device: Device,
        scenario: &Scenario,
    ) -> Result<Self> {
        let socket = folder.file("gen9.sock");
        let witness = folder.file("witness.sock");
        let mut command = Command::new(paths.program("gen9")?);
        command
            .arg("--socket")
            .arg(&socket)
            .arg("--witness")
            .arg(&witness)
            .args(["--device", device.name()])
            .args(["--monitor", &scenario.monitor])
            .args(&scenario.gen9_args);
        let log = folder.file("gen9.log");
        let mut process = Supervised::start("gen9", command, &log, Terminal::None)?;
        let deadline = Instant::now() + START_LIMIT;
        while !socket.exists() {
            if let Some(status) = process.ended()? {
                bail!("gen9 ended at once ({status}); see {}", log.display());
            }
            if Instant::now() > deadline {
                bail!("gen9 made no socket within {} s", START_LIMIT.as_secs());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Gen9 {
            process,
            socket,
            witness,
        })
    }

    /// Everything the witness knows.
    pub fn dump(&self) -> Result<Value> {
        self.ask(&json!({ "cmd": "dump" }))
    }

    /// One request to the witness, and its answer.
    pub fn ask(&self, request: &Value) -> Result<Value> {
        ask(&self.witness, request)
    }
}

fn ask(socket: &Path, request: &Value) -> Result<Value> {
    let mut stream = UnixStream::connect(socket)
        .with_context(|| format!("connecting to the witness at {}", socket.display()))?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    stream.set_write_timeout(Some(ANSWER_LIMIT))?;
    writeln!(stream, "{request}").context("asking the witness")?;
    let mut line = String::new();
    BufReader::new(stream)
        .read_line(&mut line)
        .context("reading the witness's answer")?;
    let answer: Value = serde_json::from_str(&line).context("the witness's answer is not JSON")?;
    if answer.get("ok") != Some(&Value::Bool(true)) {
        let error = answer.get("error").and_then(Value::as_str);
        bail!(
            "the witness refused: {}",
            error.unwrap_or("no reason given")
        );
    }
    Ok(answer)
}
