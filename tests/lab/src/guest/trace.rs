// SPDX-License-Identifier: GPL-2.0
//! Traces of the kernel's, each in a small ring buffer of its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

const TRACEFS: &str = "/sys/kernel/tracing";

/// Kibibytes for each CPU. What is recorded stops when the guest spins, so little is enough.
const BUFFER_KIB: &str = "256";

pub struct Trace {
    folder: PathBuf,
}

impl Trace {
    /// KVM's: each injected interrupt, and each exit that struck while an event was being delivered to the
    /// guest.
    pub fn of_kvm(name: &str) -> Result<Self> {
        Self::start(
            name,
            &[
                ("events/kvm/kvm_exit/filter", "intr_info != 0"),
                ("events/kvm/kvm_exit/enable", "1"),
                ("events/kvm/kvm_inj_virq/enable", "1"),
            ],
        )
    }

    /// Timers that the kernel is woken for.
    pub fn of_timers(name: &str) -> Result<Self> {
        Self::start(name, &[("events/timer/hrtimer_expire_entry/enable", "1")])
    }

    fn start(name: &str, events: &[(&str, &str)]) -> Result<Self> {
        let folder = Path::new(TRACEFS).join("instances").join(name);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let trace = Trace { folder };
        trace.set("buffer_size_kb", BUFFER_KIB)?;
        for (file, value) in events {
            trace.set(file, value)?;
        }
        trace.set("tracing_on", "1")?;
        Ok(trace)
    }

    /// Stops, returns what was recorded, and starts again with an empty buffer.
    pub fn take(&self) -> Result<String> {
        self.set("tracing_on", "0")?;
        let path = self.folder.join("trace");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        self.set("trace", "")?;
        self.set("tracing_on", "1")?;
        Ok(text)
    }

    fn set(&self, name: &str, value: &str) -> Result<()> {
        let path = self.folder.join(name);
        fs::write(&path, value).with_context(|| format!("writing {}", path.display()))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // L1 is about to end; a ring buffer that stays does no harm.
        let _ = fs::remove_dir(&self.folder);
    }
}
