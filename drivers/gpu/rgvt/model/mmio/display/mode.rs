// SPDX-License-Identifier: GPL-2.0

//! Modes by width, height and refresh rate: VESA Coordinated Video Timings 1.1 with reduced
//! blanking.

/// Frames in a second that monitors show.
pub const REFRESH: u8 = 60;

/// Smallest and largest refresh rate, in Hz.
const RATES: core::ops::RangeInclusive<u8> = 24..=240;
/// Fewest pixels and lines.
const LEAST: (u16, u16) = (640, 480);
/// Most pixels and lines: a detailed timing of an EDID holds 12 bits.
const MOST: u16 = 0xfff;
/// Clocks are multiples of 0.25 MHz, here in 10 kHz as in a detailed timing.
const CLOCK_STEP: u64 = 25;

/// Horizontal blanking, front porch and sync in pixels.
const H_BLANK: u16 = 160;
const H_FRONT: u16 = 48;
const H_SYNC: u16 = 32;
/// Vertical front porch and smallest back porch in lines.
const V_FRONT: u16 = 3;
const V_BACK: u16 = 6;
/// Smallest vertical blanking in picoseconds: 460 us.
const V_BLANK: u64 = 460_000_000;
const SECOND: u64 = 1_000_000_000_000;

/// One direction of a timing, in pixels or lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The picture, 12 bits.
    pub active: u16,
    /// From picture to picture, 12 bits.
    pub blank: u16,
    /// From picture to sync.
    pub front: u16,
    /// The sync.
    pub sync: u16,
}

/// A mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    horizontal: Axis,
    vertical: Axis,
    clock: u16,
}

impl Mode {
    /// The mode of so many pixels, lines and frames a second. `None` if it is not within 640x480 and
    /// 4095x4095, and 24 Hz and 240 Hz, or a detailed timing cannot tell its clock.
    pub fn new(width: u16, height: u16, rate: u8) -> Option<Self> {
        if !(LEAST.0..=MOST).contains(&width)
            || !(LEAST.1..=MOST).contains(&height)
            || !RATES.contains(&rate)
        {
            return None;
        }
        let sync = sync(width, height);
        // The time of a line, from what the frame has left for the picture; then as many lines as
        // fill the vertical blanking, and one more.
        let frame = SECOND.checked_div(u64::from(rate))?;
        let line = frame.checked_sub(V_BLANK)?.checked_div(u64::from(height))?;
        let lines = u16::try_from(V_BLANK.checked_div(line)?).ok()?;
        let least = V_FRONT.checked_add(sync)?.checked_add(V_BACK)?;
        let blank = lines.checked_add(1)?.max(least);
        let total = (
            u64::from(width.checked_add(H_BLANK)?),
            u64::from(height.checked_add(blank)?),
        );
        let pixels = total.0.checked_mul(total.1)?.checked_mul(u64::from(rate))?;
        // In units of 10 kHz, rounded down to 0.25 MHz.
        let clock = (pixels / 10_000 / CLOCK_STEP).checked_mul(CLOCK_STEP)?;
        Some(Self {
            horizontal: Axis {
                active: width,
                blank: H_BLANK,
                front: H_FRONT,
                sync: H_SYNC,
            },
            vertical: Axis {
                active: height,
                blank: (blank <= MOST).then_some(blank)?,
                front: V_FRONT,
                sync,
            },
            clock: u16::try_from(clock).ok()?,
        })
    }

    /// Pixels in a line.
    pub const fn width(&self) -> u16 {
        self.horizontal.active
    }

    /// Lines.
    pub const fn height(&self) -> u16 {
        self.vertical.active
    }

    /// The timing of a line.
    pub const fn horizontal(&self) -> Axis {
        self.horizontal
    }

    /// The timing of a frame.
    pub const fn vertical(&self) -> Axis {
        self.vertical
    }

    /// The pixel clock in units of 10 kHz.
    pub const fn clock(&self) -> u16 {
        self.clock
    }

    /// Width and height of a picture of 96 dots an inch, in mm.
    pub fn millimetres(&self) -> (u16, u16) {
        let size = |dots: u16| {
            let tenths = u32::from(dots).saturating_mul(254) / 960;
            u16::try_from(tenths).unwrap_or(u16::MAX)
        };
        (size(self.width()), size(self.height()))
    }
}

/// Lines of the vertical sync: they tell the aspect ratio.
fn sync(width: u16, height: u16) -> u16 {
    const BY_ASPECT: [(u32, u32, u16); 5] =
        [(4, 3, 4), (16, 9, 5), (16, 10, 6), (5, 4, 7), (15, 9, 7)];
    BY_ASPECT
        .into_iter()
        .find(|&(w, h, _)| {
            let exact = u32::from(height).saturating_mul(w).checked_div(h);
            exact == Some(u32::from(width))
        })
        .map_or(10, |(_, _, sync)| sync)
}
