// SPDX-License-Identifier: GPL-2.0
//! Takes pictures of a guest's screen, by QEMU's own means, when the guest asks for one.
//!
//! The guest makes a file `NAME.shoot` in its share. When that is gone there is either a picture, twice:
//! `NAME.ppm` for programs and `NAME.png` for people; or what went wrong, `NAME.error`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::monitor::Monitor;

/// Takes the pictures that were asked for in `share`.
pub fn serve(share: &Path, monitor: &Path) {
    let Ok(entries) = fs::read_dir(share) else {
        return;
    };
    for request in entries.flatten().map(|entry| entry.path()) {
        if request.extension().is_none_or(|end| end != "shoot") {
            continue;
        }
        let shot = shoot(monitor, &request.with_extension("ppm"), "ppm")
            .and_then(|()| shoot(monitor, &request.with_extension("png"), "png"));
        if let Err(error) = shot {
            // Nobody is left to tell when this fails, too; the guest will wait in vain.
            let _ = fs::write(request.with_extension("error"), format!("{error:#}"));
        }
        let _ = fs::remove_file(&request);
    }
}

fn shoot(monitor: &Path, picture: &Path, format: &str) -> Result<()> {
    let command = format!("screendump {} -f {format}", picture.display());
    let answer = Monitor::connect(monitor)
        .and_then(|mut monitor| monitor.run(&command))
        .context("asking QEMU for a picture")?;
    ensure!(answer.trim().is_empty(), "QEMU says: {}", answer.trim());
    ensure!(picture.exists(), "QEMU has taken no picture");
    Ok(())
}
