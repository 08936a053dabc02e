// SPDX-License-Identifier: GPL-2.0
//! What an operator of the host does, when the guest asks for it by a file in its share. When that is gone it is
//! done, or there is what went wrong, `NAME.error`.
//!
//! - `NAME.plug`: plugs in another monitor; what the file says is written to the vGPU's `rgvt/mode`
//! - `NAME.count`: counts for a second how often a timer of the driver's wakes the host, into `NAME.counted`

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

use super::trace::Trace;

/// Does what was asked for in `share`.
pub fn serve(share: &Path, vgpu: &Path) {
    let Ok(entries) = fs::read_dir(share) else {
        return;
    };
    for request in entries.flatten().map(|entry| entry.path()) {
        let done = match request.extension().and_then(|end| end.to_str()) {
            Some("plug") => plug(&request, vgpu),
            Some("count") => count(&request),
            _ => continue,
        };
        if let Err(error) = done {
            // Nobody is left to tell when this fails, too; the guest will wait in vain.
            let _ = fs::write(request.with_extension("error"), format!("{error:#}"));
        }
        let _ = fs::remove_file(&request);
    }
}

fn plug(request: &Path, vgpu: &Path) -> Result<()> {
    let mode = fs::read(request)?;
    fs::write(vgpu.join("rgvt/mode"), mode).context("plugging in a monitor")
}

fn count(request: &Path) -> Result<()> {
    let trace = Trace::of_timers("timers")?;
    sleep(Duration::from_secs(1));
    let timers = trace.take()?;
    let ours = timers.lines().filter(|line| line.contains("[rgvt]"));
    fs::write(request.with_extension("counted"), ours.count().to_string())
        .context("telling the guest")
}
