// SPDX-License-Identifier: GPL-2.0
//! What the monitor is to others: another one in its place, of which the kernel finds out by itself, and soon; and
//! what it costs the host.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::bench::{Bench, Check, Outcome};
use crate::device::Device;
use crate::kms::{Format, Framebuffer, Screen};
use crate::outside::{ask, ask_and};
use crate::tiling::Tiling;

/// How long the kernel may take.
const SOON: Duration = Duration::from_secs(2);

/// Columns and rows.
type Size = (u16, u16);

const SIZES: [Size; 4] = [(640, 480), (1366, 768), (1920, 1080), (2560, 1440)];

pub fn checks() -> Vec<Check> {
    vec![Check::new("sizes", sizes), Check::new("timers", timers)]
}

/// Where the kernel tells of the monitor that is plugged in.
fn connector() -> Result<PathBuf> {
    let entries = fs::read_dir("/sys/class/drm").context("no DRM")?;
    let plugged = |path: &PathBuf| {
        fs::read_to_string(path.join("status")).is_ok_and(|status| status.trim() == "connected")
    };
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find(plugged).context("no monitor is plugged in")
}

/// What the monitor likes best, by the description of it that the kernel has: the first detailed timing. To read
/// that does not have the kernel look for a monitor.
fn best(connector: &Path) -> Result<Size> {
    let edid = fs::read(connector.join("edid"))?;
    let timing = edid.get(54..62).context("no description")?;
    let size = |low: u8, high: u8| u16::from(low) | u16::from(high >> 4) << 8;
    Ok((size(timing[2], timing[4]), size(timing[5], timing[7])))
}

/// Waits until the kernel knows a monitor that likes this best.
fn wait_for(connector: &Path, wanted: Size) -> Result<Duration> {
    let begin = Instant::now();
    loop {
        // While it changes there may be none.
        let found = best(connector);
        if found.as_ref().is_ok_and(|&found| found == wanted) {
            return Ok(begin.elapsed());
        }
        ensure!(
            begin.elapsed() < SOON,
            "it is still {found:?}, and not {wanted:?}"
        );
        sleep(Duration::from_millis(20));
    }
}

fn sizes(bench: &Bench) -> Result<Outcome> {
    let Some(outside) = &bench.camera else {
        return Outcome::skip("nobody outside plugs in a monitor");
    };
    let device = Device::open_card()?;
    let connector = connector()?;
    let first = best(&connector)?;
    for size in SIZES.into_iter().chain([first]) {
        let name = format!("{}x{}", size.0, size.1);
        ask(outside, &name, "plug", &name, bench.limit)?;
        let time = wait_for(&connector, size)?;
        println!("# {name} after {} ms", time.as_millis());
        let screen = Screen::find(&device)?;
        ensure!(
            (screen.width(), screen.height()) == size,
            "the best of {name}'s modes is {}x{}",
            screen.width(),
            screen.height()
        );
    }
    Ok(Outcome::Pass)
}

/// How often the host is woken for the screen within a second, in which the guest does something again and again.
fn wakes(
    bench: &Bench,
    outside: &Path,
    name: &str,
    meanwhile: impl FnMut() -> Result<()>,
) -> Result<u32> {
    ask_and(outside, name, "count", "", bench.limit, meanwhile)?;
    let counted = outside.join(format!("{name}.counted"));
    let count = fs::read_to_string(&counted).with_context(|| counted.display().to_string())?;
    println!("# {count} times {name}");
    Ok(count.parse()?)
}

/// The host is woken while somebody waits for vertical blanks, and not while nobody does.
fn timers(bench: &Bench) -> Result<Outcome> {
    let Some(outside) = &bench.camera else {
        return Outcome::skip("nobody outside counts");
    };
    let device = Device::open_card()?;
    let screen = Screen::find(&device)?.sized(640, 480);
    let size = (screen.width(), screen.height());
    let pitch = (u32::from(size.0) * 4).next_multiple_of(64);
    let buffer = device.buffer(pitch as usize * usize::from(size.1))?;
    let format = Format(*b"XR24");
    let picture = Framebuffer::new(&device, &buffer, size, pitch, format, Tiling::Linear)?;
    screen.show(&picture)?;
    let rest = || {
        sleep(Duration::from_millis(50));
        Ok(())
    };

    let waited = wakes(bench, outside, "waited-for", || screen.wait())?;
    ensure!(waited > 0, "vertical blanks come without a timer");
    let idle = wakes(bench, outside, "on-and-idle", rest)?;
    ensure!(idle == 0, "woken {idle} times for a screen that is idle");
    drop(picture);
    let off = wakes(bench, outside, "off", rest)?;
    ensure!(off == 0, "woken {off} times for a screen that is off");
    Ok(Outcome::Pass)
}
