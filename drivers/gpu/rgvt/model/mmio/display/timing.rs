// SPDX-License-Identifier: GPL-2.0

//! How long a frame lasts, and where in it the scan is.

use super::{clocks, pipe, Nanos};
use crate::{
    hw::{irq::Pipe, platform::Platform},
    model::mmio::cells::Cells,
};

/// TRANS_HTOTAL and TRANS_VTOTAL of transcoder A: bits 31:16 are the total, less 1.
const HTOTAL: u32 = 0x6_0000;
const VTOTAL: u32 = 0x6_000c;
/// TRANS_VBLANK: bits 15:0 are the line on which the vertical blank starts, less 1.
const VBLANK: u32 = 0x6_0010;
/// PIPE_LINK_M1 and PIPE_LINK_N1, 24 bits each: pixel clock over link symbol clock.
const LINK_M: u32 = 0x6_0040;
const LINK_N: u32 = 0x6_0044;
const LINK_BITS: u32 = 0xff_ffff;
/// TRANS_DDI_FUNC_CTL: TRANS_DDI_FUNC_ENABLE; TRANS_DDI_PORT_MASK and TRANS_DDI_MODE_SELECT_MASK, each of 3 bits.
const FUNCTION: u32 = 0x6_0400;
const FUNCTION_ENABLE: u32 = 1 << 31;
const PORT_SHIFT: u32 = 28;
const MODE_SHIFT: u32 = 24;
/// TRANS_DDI_MODE_SELECT_DP_SST.
const MODE_DP: u32 = 2;

const SECOND: u64 = 1_000_000_000;
/// A frame where the pixel clock is not known: 60 Hz.
const DEFAULT: u64 = SECOND / 60;
/// What a guest may program has these limits, 240 Hz and 1 Hz: a timer of the host's goes with it.
const SHORTEST: u64 = SECOND / 240;
const LONGEST: u64 = SECOND;

/// The timing of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Lines of a frame, 1 to 65536.
    lines: u32,
    /// First line of the vertical blank, 1 to `lines`.
    blank: u32,
    /// Nanoseconds of a frame, within the limits above.
    period: u64,
}

impl Timing {
    /// A timing of any totals in pixels and lines, forced into what the type promises.
    pub fn new(pixels: u32, lines: u32, blank: u32, pixel_khz: Option<u64>) -> Self {
        let lines = lines.clamp(1, 1 << 16);
        let all = u64::from(pixels.max(1)).saturating_mul(u64::from(lines));
        let period = pixel_khz
            .and_then(|khz| all.saturating_mul(1_000_000).checked_div(khz))
            .unwrap_or(DEFAULT);
        Self {
            lines,
            blank: blank.clamp(1, lines),
            period: period.clamp(SHORTEST, LONGEST),
        }
    }

    /// The timing that is programmed for the transcoder of `pipe`.
    pub(super) fn programmed(platform: Platform, cells: &Cells, pipe: Pipe) -> Self {
        let get = |at| cells.get(pipe::register(pipe, at));
        let total = |value: u32| (value & 0xffff).saturating_add(1);
        let function = get(FUNCTION);
        let symbols = match function >> MODE_SHIFT & 7 {
            MODE_DP => clocks::link(platform, cells, function >> PORT_SHIFT & 7),
            _ => None,
        };
        let (m, n) = (get(LINK_M) & LINK_BITS, get(LINK_N) & LINK_BITS);
        Self::new(
            total(get(HTOTAL) >> 16),
            total(get(VTOTAL) >> 16),
            total(get(VBLANK)),
            symbols.and_then(|khz| khz.saturating_mul(u64::from(m)).checked_div(u64::from(n))),
        )
    }

    /// The length of a frame: 1/240 s to 1 s.
    pub const fn period(&self) -> Nanos {
        Nanos(self.period)
    }

    /// What the line counter reads so long after a vblank. It is one behind the scan, as for
    /// DisplayPort outputs (i915: `intel_crtc_scanline_offset`).
    pub fn line(&self, after: Nanos) -> u32 {
        let passed = after
            .0
            .saturating_mul(u64::from(self.lines))
            .checked_div(self.period)
            .unwrap_or(0);
        let line = u64::from(self.blank.saturating_sub(1))
            .saturating_add(passed)
            .checked_rem(u64::from(self.lines));
        line.and_then(|line| u32::try_from(line).ok()).unwrap_or(0)
    }
}

/// Whether the transcoder of `pipe` feeds the port of this number.
pub(super) fn feeds(cells: &Cells, pipe: Pipe, port: u32) -> bool {
    let function = cells.get(pipe::register(pipe, FUNCTION));
    function & FUNCTION_ENABLE != 0 && function >> PORT_SHIFT & 7 == port
}
