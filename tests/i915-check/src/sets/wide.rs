// SPDX-License-Identifier: GPL-2.0
//! A picture much larger than the screen, which i915 pins from the lower end of the GGTT on while it is shown.

use std::time::Duration;

use anyhow::Result;

use crate::bench::{Bench, Check, Outcome};
use crate::device::Device;
use crate::kms::{Format, Framebuffer, Screen};
use crate::outside::ask;
use crate::tiling::Tiling;

/// 160 MiB. i915 wants no more than half of the aperture for a picture.
const SIZE: (u16, u16) = (8192, 5120);
const PITCH: u32 = 8192 * 4;
/// How long somebody outside may do something beside it.
const LIMIT: Duration = Duration::from_secs(60);

pub fn checks() -> Vec<Check> {
    vec![Check::new("beside", beside)]
}

/// Has somebody outside do what is to be done while the picture is shown.
fn beside(bench: &Bench) -> Result<Outcome> {
    let Some(outside) = &bench.camera else {
        return Outcome::skip("nobody outside does anything");
    };
    let device = Device::open_card()?;
    let screen = Screen::find(&device)?.sized(640, 480);
    let buffer = device.buffer(PITCH as usize * usize::from(SIZE.1))?;
    let format = Format(*b"XR24");
    let picture = Framebuffer::new(&device, &buffer, SIZE, PITCH, format, Tiling::Linear)?;
    screen.show(&picture)?;
    ask(outside, "wide", "shown", "", LIMIT)?;
    Ok(Outcome::Pass)
}
