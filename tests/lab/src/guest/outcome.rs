// SPDX-License-Identifier: GPL-2.0
//! What became of a guest, handed from L1 to the runner as JSON.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// How a guest's last boot ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuestEnding {
    PoweredOff,
    /// QEMU ended in some other way.
    Crashed(String),
    /// No sign of life, and not by the emulated CPU's known fault.
    Stalled(String),
    /// Alive, but not finished within so many seconds.
    TimeLimit(u64),
}

/// The whole story of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestOutcome {
    pub ending: GuestEnding,
    /// Seconds that the last boot took.
    pub seconds: u64,
    /// Earlier boots, which were given up.
    pub restarts: Vec<Restart>,
    /// How often it was killed at work on purpose, and started again.
    pub kills: u32,
}

/// A boot that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// Whether the emulated CPU spoiled it, by the evidence.
    pub emulated_cpu: bool,
    pub reason: String,
}

impl GuestOutcome {
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    pub fn store(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(path, text).with_context(|| format!("writing {}", path.display()))
    }

    /// What is wrong with it, if anything.
    pub fn problem(&self) -> Option<String> {
        Self::problem_of(&self.ending)
    }

    /// What is wrong with an end, if anything.
    pub fn problem_of(ending: &GuestEnding) -> Option<String> {
        match ending {
            GuestEnding::PoweredOff => None,
            GuestEnding::Crashed(how) => Some(how.clone()),
            GuestEnding::Stalled(why) => Some(format!("stalled: {why}")),
            GuestEnding::TimeLimit(limit) => Some(format!("not finished within {limit} s")),
        }
    }
}
