// SPDX-License-Identifier: GPL-2.0
//! A guest's QEMU monitor (the human one: registers and memory in one answer).

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

const PROMPT: &[u8] = b"(qemu) ";

pub struct Monitor {
    stream: UnixStream,
}

impl Monitor {
    pub fn connect(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket)
            .with_context(|| format!("connecting to {}", socket.display()))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut monitor = Monitor { stream };
        monitor.answer()?;
        Ok(monitor)
    }

    /// Runs a command and returns what it printed.
    pub fn run(&mut self, command: &str) -> Result<String> {
        writeln!(self.stream, "{command}")?;
        let answer = self.answer()?;
        // The first line is the command's own echo.
        Ok(match answer.split_once('\n') {
            Some((_, rest)) => rest.to_string(),
            None => answer,
        })
    }

    fn answer(&mut self) -> Result<String> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        while !bytes.ends_with(PROMPT) {
            match self.stream.read(&mut chunk)? {
                0 => bail!("the monitor hung up"),
                size => bytes.extend_from_slice(&chunk[..size]),
            }
        }
        bytes.truncate(bytes.len() - PROMPT.len());
        Ok(String::from_utf8_lossy(&bytes).replace('\r', ""))
    }
}
