// SPDX-License-Identifier: GPL-2.0
//! What a check gets to work with, and what it gives back.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
pub use harness::Outcome;
use harness::Rng;

use crate::device::{Buffer, Device};
use crate::engine::Engine;

/// The body of a check.
type Body = Box<dyn Fn(&Bench) -> Result<Outcome>>;

/// A named check.
pub struct Check {
    /// `what` or `what/engine`, without the set's name.
    pub name: String,
    /// What to do.
    pub body: Body,
}

impl Check {
    /// A check of its own.
    pub fn new(
        name: impl Into<String>,
        body: impl Fn(&Bench) -> Result<Outcome> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            body: Box::new(body),
        }
    }

    /// One check for each engine.
    pub fn each_engine(name: &str, body: fn(&Bench, Engine) -> Result<Outcome>) -> Vec<Self> {
        let one = |engine| Self::new(format!("{name}/{engine}"), move |bench| body(bench, engine));
        Engine::ALL.map(one).into()
    }
}

/// Options and helpers for all checks.
pub struct Bench {
    /// The device node, or none for the first that answers.
    pub node: Option<PathBuf>,
    /// How often repeated parts are repeated, at least 1.
    pub rounds: u32,
    /// Start of the pseudo-random numbers.
    pub seed: u64,
    /// The folder where a request for a picture of the screen is answered, if there is one.
    pub camera: Option<PathBuf>,
    /// The longest that a check waits for the GPU at once.
    pub limit: Duration,
}

impl Bench {
    /// A client of its own for a check, so that no check suffers from another's bans.
    pub fn open(&self) -> Result<Device> {
        Device::open(self.node.as_deref())
    }

    /// Pseudo-random numbers, the same in every run with the same seed.
    pub fn rng(&self) -> Rng {
        Rng::new(self.seed)
    }

    /// Prints a diagnostic line.
    pub fn note(&self, text: impl std::fmt::Display) {
        println!("# {text}");
    }

    /// Waits until the dword at `index` has a value, by looking at it.
    pub fn wait_for(&self, buffer: &Buffer, index: usize, value: u32) -> Result<()> {
        let start = Instant::now();
        while buffer.read(index) != value {
            let seen = buffer.read(index);
            ensure!(
                start.elapsed() < self.limit,
                "dword {index} is {seen:#x} and not {value:#x} after {} s",
                self.limit.as_secs()
            );
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }
}

/// Compares what the GPU left with what it should have left.
pub fn expect(what: impl std::fmt::Display, found: u64, wanted: u64) -> Result<()> {
    ensure!(
        found == wanted,
        "{what}: found {found:#x}, wanted {wanted:#x}"
    );
    Ok(())
}
