// SPDX-License-Identifier: GPL-2.0

//! How long a frame lasts and where in it the scan is.

use super::clocks;
use crate::gpu::Gpu;

/// Distance of the transcoders' registers.
const STRIDE: u32 = 0x1000;
/// TRANS_HTOTAL, TRANS_VTOTAL and TRANS_VBLANK of transcoder A.
const HTOTAL: u32 = 0x6_0000;
const VTOTAL: u32 = 0x6_000c;
const VBLANK: u32 = 0x6_0010;
/// PIPE_LINK_M1 and PIPE_LINK_N1: pixel clock over link symbol clock.
const LINK_M: u32 = 0x6_0040;
const LINK_N: u32 = 0x6_0044;
/// Bits of M and N.
const LINK_MASK: u32 = 0xff_ffff;
/// TRANS_DDI_FUNC_CTL: TRANS_DDI_PORT_MASK and TRANS_DDI_MODE_SELECT_DP_SST.
const FUNCTION: u32 = 0x6_0400;
const PORT_SHIFT: u32 = 28;
const MODE_SHIFT: u32 = 24;
const MODE_DP: u32 = 2;

/// Lines that TRANS_VTOTAL can tell.
const MOST_LINES: u32 = 1 << 16;
/// Nanoseconds of a frame where the pixel clock is not known, 60 Hz, and the limits, 1 kHz to 1 Hz.
const DEFAULT: u64 = 1_000_000_000 / 60;
const SHORTEST: u64 = 1_000_000;
const LONGEST: u64 = 1_000_000_000;

/// Timing of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Lines of a frame, 1 to 65536.
    vtotal: u32,
    /// First line of the vertical blank, 1 to `vtotal`.
    vblank_start: u32,
    /// Nanoseconds of a frame.
    period: u64,
}

impl Timing {
    /// A timing of any totals (pixels, lines) and pixel clock, forced into what the type promises.
    pub fn new(htotal: u32, vtotal: u32, vblank_start: u32, pixel_khz: Option<u64>) -> Self {
        let vtotal = vtotal.clamp(1, MOST_LINES);
        let pixels = u64::from(htotal.max(1)) * u64::from(vtotal);
        let period = pixel_khz
            .and_then(|khz| pixels.saturating_mul(1_000_000).checked_div(khz))
            .unwrap_or(DEFAULT);
        Self {
            vtotal,
            vblank_start: vblank_start.clamp(1, vtotal),
            period: period.clamp(SHORTEST, LONGEST),
        }
    }

    /// The timing that is programmed for transcoder `pipe`.
    pub fn programmed(gpu: &Gpu, pipe: usize) -> Self {
        // CAST: there are three pipes.
        let get = |register: u32| gpu.regs.get(register + STRIDE * pipe as u32);
        let above_one = |value: u32| (value & 0xffff) + 1;
        let function = get(FUNCTION);
        let clock = match function >> MODE_SHIFT & 7 {
            MODE_DP => clocks::link_clock(gpu, function >> PORT_SHIFT & 7),
            _ => None,
        };
        let pixel_khz = clock.and_then(|khz| {
            let (m, n) = (get(LINK_M) & LINK_MASK, get(LINK_N) & LINK_MASK);
            (khz * u64::from(m)).checked_div(u64::from(n))
        });
        Self::new(
            above_one(get(HTOTAL) >> 16),
            above_one(get(VTOTAL) >> 16),
            above_one(get(VBLANK)),
            pixel_khz,
        )
    }

    /// Nanoseconds of a frame.
    pub fn period(&self) -> u64 {
        self.period
    }

    /// The line counter `remaining` nanoseconds before the next vblank. It runs one line behind the
    /// scan, as DisplayPort outputs do (i915: `intel_crtc_scanline_offset`).
    pub fn scanline(&self, remaining: u64) -> u32 {
        let lines = (remaining.min(self.period) * u64::from(self.vtotal)).div_ceil(self.period);
        // CAST: not more than `vtotal`.
        let before = lines as u32 % self.vtotal;
        (self.vblank_start - 1 + self.vtotal - before) % self.vtotal
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FULL_HD: (u32, u32, u32) = (2200, 1125, 1080);

    #[test]
    fn full_hd_is_60_hz() {
        let timing = Timing::new(FULL_HD.0, FULL_HD.1, FULL_HD.2, Some(148_500));
        assert_eq!(1_000_000_000 / timing.period(), 60);
    }

    #[test]
    fn lines_around_the_vblank() {
        let timing = Timing::new(FULL_HD.0, FULL_HD.1, FULL_HD.2, Some(148_500));
        assert_eq!(timing.scanline(timing.period()), 1079);
        assert_eq!(timing.scanline(1), 1078);
        assert_eq!(timing.scanline(timing.period() / 2), 1079 - 563);
        let active = timing.period() * 1080 / 1125;
        assert_eq!(timing.scanline(active), 1124);
    }

    #[test]
    fn an_unknown_clock_is_60_hz() {
        assert_eq!(Timing::new(1, 1, 1, None).period(), DEFAULT);
        assert_eq!(Timing::new(1, 1, 1, Some(0)).period(), DEFAULT);
    }

    proptest! {
        #[test]
        fn any_timing_stays_in_its_limits(
            htotal: u32, vtotal: u32, start: u32, khz: Option<u64>, remaining: u64
        ) {
            let timing = Timing::new(htotal, vtotal, start, khz);
            prop_assert!((SHORTEST..=LONGEST).contains(&timing.period()));
            prop_assert!(timing.scanline(remaining) < timing.vtotal);
        }
    }
}
