// SPDX-License-Identifier: GPL-2.0
//! Scenarios: small TOML files that say what L1 and L2 do, how long it may take, and which messages
//! of the kernel are known and why.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::Deserialize;

use crate::judge::kmsg;

/// Who virtualises the GPU in L1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// Nobody: i915 alone.
    Native,
    /// The kernel's own C module.
    Kvmgt,
    /// This project's module.
    Rgvt,
}

impl Driver {
    pub fn name(self) -> &'static str {
        match self {
            Driver::Native => "native",
            Driver::Kvmgt => "kvmgt",
            Driver::Rgvt => "rgvt",
        }
    }

    pub fn is_nested(self) -> bool {
        self != Driver::Native
    }
}

/// Which GPU is emulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// Skylake GT2.
    Skl,
    /// Kaby Lake.
    Kbl,
    /// Coffee Lake.
    Cfl,
    /// Broadwell.
    Bdw,
}

impl Device {
    pub fn name(self) -> &'static str {
        match self {
            Device::Skl => "skl",
            Device::Kbl => "kbl",
            Device::Cfl => "cfl",
            Device::Bdw => "bdw",
        }
    }
}

/// Whose messages an allowance is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Where {
    L1,
    L2,
}

/// A kernel message that would fail the run, were its reason not known.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// In whose log; both when absent.
    #[serde(rename = "where")]
    pub place: Option<Where>,
    /// With which vendor drivers; all when absent.
    pub drivers: Option<Vec<Driver>>,
    /// What the message looks like; `*` stands for anything, and both ends are open.
    pub pattern: String,
    /// Why that is not a fault of what is tested.
    pub reason: String,
}

/// A test point that is known to fail, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// In whose stream.
    #[serde(rename = "where")]
    pub place: Where,
    /// With which vendor drivers.
    pub drivers: Vec<Driver>,
    /// What the point's name looks like, as in an allowance.
    pub point: String,
    /// Why that is not a fault of what is tested.
    pub reason: String,
}

/// A kind of violation that the witness may see, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// As the witness names it.
    pub kind: String,
    /// Why that is not a fault of what is tested.
    pub reason: String,
}

/// A scenario's file. Times are in seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One line for `lab list`.
    pub description: String,
    /// The drivers that it makes sense with.
    #[serde(default = "all_drivers")]
    pub drivers: Vec<Driver>,
    /// Script of tests/lab/l1 that L1 sources.
    pub l1_script: String,
    /// Script of tests/lab/l2 that each guest sources. Without one no guest is booted.
    #[serde(default)]
    pub l2_script: String,
    /// Arguments of i915-check, or of another program that the script is about, a space between them.
    #[serde(default)]
    pub checks: String,
    /// For L1 as a whole, without its guests.
    #[serde(default = "default_l1_limit")]
    pub l1_limit: u64,
    /// For each guest boot, or round of work.
    #[serde(default = "default_guest_limit")]
    pub guest_limit: u64,
    /// Silence after which L1 counts as stalled.
    #[serde(default = "default_l1_stall")]
    pub l1_stall: u64,
    /// Silence after which a guest counts as stalled. Guests show a sign of life every 5 s.
    #[serde(default = "default_guest_stall")]
    pub guest_stall: u64,
    /// How many guest boots in a hundred the emulated CPU may spoil, rounded up.
    #[serde(default = "default_restarts")]
    pub restarts_percent: u32,
    /// Which image of programs must be there, "igt" or "mesa": L1 and guests have it as a disk. They have IGT's anyway
    /// if it is there and no other is named.
    #[serde(default)]
    pub image: Option<String>,
    /// A list of IGT tests must be given.
    #[serde(default)]
    pub needs_test_list: bool,
    /// How often one guest is started again at most.
    #[serde(default = "default_guest_restarts")]
    pub guest_restarts: u32,
    /// A guest that stops for any reason is started again and goes on where it was.
    #[serde(default)]
    pub guest_resumes: bool,
    /// Boots of guests, or rounds of work where there are none, when `--n` is not given.
    #[serde(default = "one")]
    pub boots: u32,
    /// Added to L1's kernel command line.
    #[serde(default)]
    pub l1_args: Vec<String>,
    /// Added to the guests' kernel command line.
    #[serde(default)]
    pub l2_args: Vec<String>,
    /// Parameters of i915 in L1, besides those that the vendor driver needs.
    #[serde(default)]
    pub l1_i915: String,
    /// Parameters of i915 in guests.
    #[serde(default)]
    pub l2_i915: String,
    /// Of which types the virtual GPUs may be, as the last part of their names has it; the first wins of which there
    /// are enough.
    #[serde(default = "default_vgpu_types")]
    pub vgpu_types: String,
    /// Guests' QEMU shows what is on the vGPU's monitor, of which guests can have pictures taken.
    #[serde(default)]
    pub guest_screen: bool,
    /// What is plugged into the emulated GPU: "none" or "dp".
    #[serde(default = "no_monitor")]
    pub monitor: String,
    /// Executed instructions are counted between marks, into the run's folder `counts`.
    #[serde(default)]
    pub counts: bool,
    /// More arguments of gen9.
    #[serde(default)]
    pub gen9_args: Vec<String>,
    #[serde(default)]
    pub allow: Vec<Allowance>,
    #[serde(default)]
    pub known: Vec<Known>,
    #[serde(default)]
    pub violation: Vec<Violation>,
}

fn all_drivers() -> Vec<Driver> {
    vec![Driver::Native, Driver::Kvmgt, Driver::Rgvt]
}

fn default_l1_limit() -> u64 {
    300
}

fn default_guest_limit() -> u64 {
    300
}

fn default_l1_stall() -> u64 {
    90
}

fn default_vgpu_types() -> String {
    "4 8".to_string()
}

/// As long as the guest's kernel waits before it calls that a soft lock-up.
fn default_guest_stall() -> u64 {
    120
}

fn default_guest_restarts() -> u32 {
    2
}

fn default_restarts() -> u32 {
    2
}

fn one() -> u32 {
    1
}

fn no_monitor() -> String {
    "none".to_string()
}

/// What holds for everything that runs, from `common.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    #[serde(default)]
    allow: Vec<Allowance>,
    #[serde(default)]
    known: Vec<Known>,
}

impl Scenario {
    /// Reads `<folder>/<name>.toml`, and the allowances that all scenarios share.
    pub fn load(folder: &Path, name: &str) -> Result<Self> {
        let path = folder.join(format!("{name}.toml"));
        if name == COMMON || name.contains('/') || !path.is_file() {
            bail!(
                "no scenario {name}; there are: {}",
                Self::names(folder)?.join(", ")
            );
        }
        let mut scenario: Scenario = read_toml(&path)?;
        let common: Common = read_toml(&folder.join(format!("{COMMON}.toml")))?;
        scenario.allow.extend(common.allow);
        scenario.known.extend(common.known);
        if let Some(unexplained) = scenario.allow.iter().find(|a| a.reason.trim().is_empty()) {
            bail!(
                "{name}: no reason is given to allow {}",
                unexplained.pattern
            );
        }
        Ok(scenario)
    }

    /// The names of all scenarios in `folder`.
    pub fn names(folder: &Path) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
            let path = entry?.path();
            if let (Some(stem), Some("toml")) = (
                path.file_stem().and_then(|s| s.to_str()),
                path.extension().and_then(|e| e.to_str()),
            ) {
                if stem != COMMON {
                    names.push(stem.to_string());
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// The reason for which a point is known to fail in one place under one driver.
    pub fn known_failure(&self, place: Where, driver: Driver, point: &str) -> Option<&str> {
        let known = self.known.iter().find(|known| {
            known.place == place
                && known.drivers.contains(&driver)
                && kmsg::matches(&known.point, point)
        });
        known.map(|known| known.reason.as_str())
    }

    /// The allowances that hold in one log under one driver.
    pub fn allowances(&self, place: Where, driver: Driver) -> Vec<Allowance> {
        self.allow
            .iter()
            .filter(|a| a.place.is_none_or(|p| p == place))
            .filter(|a| a.drivers.as_ref().is_none_or(|d| d.contains(&driver)))
            .cloned()
            .collect()
    }
}

const COMMON: &str = "common";

fn read_toml<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_of_the_tree_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let names = Scenario::names(&folder).unwrap();
        assert!(names.iter().any(|name| name == "smoke"));
        for name in names {
            let scenario = Scenario::load(&folder, &name).unwrap();
            let lab = folder.parent().unwrap();
            assert!(lab.join("l1").join(&scenario.l1_script).is_file(), "{name}");
            if !scenario.l2_script.is_empty() {
                assert!(lab.join("l2").join(&scenario.l2_script).is_file(), "{name}");
            }
        }
    }

    #[test]
    fn unknown_names_are_refused() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        assert!(Scenario::load(&folder, "no-such").is_err());
        assert!(Scenario::load(&folder, "common").is_err());
    }
}
