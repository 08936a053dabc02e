// SPDX-License-Identifier: GPL-2.0
//! A run of the lab's scenario `mesa-scenes`: how long a frame of glmark2's scenes takes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::figures::Figures;

/// Reads the folder of a run; there is nothing in one of another scenario.
pub fn read(folder: &Path) -> Result<Figures> {
    let mut figures = Figures::new();
    // L1's natively, and the guest's otherwise.
    for stream in ["l1.tap", "l2-1.tap"] {
        let path = folder.join(stream);
        if path.exists() {
            let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            figures.extend(parse(&String::from_utf8_lossy(&text))?);
        }
    }
    Ok(figures)
}

/// `# figure: build: FPS: 37 FrameTime: 27.428 ms`, into microseconds.
fn parse(text: &str) -> Result<Figures> {
    let said = text
        .lines()
        .filter_map(|line| line.strip_prefix("# figure: ")?.split_once(": FPS: "));
    said.map(|(scene, rest)| {
        let (_, time) = rest.split_once("FrameTime: ").context("no time")?;
        let time = time.trim().strip_suffix(" ms").context("no unit")?;
        let time: f64 = time.parse()?;
        Ok((format!("frame-us/{scene}"), 1000.0 * time))
    })
    .collect::<Result<_>>()
    .context("a frame's time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_frames_are_found() {
        let text = "# figure: Rendered 119 frames in 6.921427 sec (17.192987 fps)\n\
                    # figure: build: FPS: 37 FrameTime: 27.5 ms\n";
        let figures: Vec<_> = parse(text).unwrap().into_iter().collect();
        assert_eq!(figures, [("frame-us/build".to_string(), 27_500.0)]);
        assert!(parse("# figure: build: FPS: 37 FrameTime: x ms").is_err());
    }
}
