// SPDX-License-Identifier: GPL-2.0

//! Modes, timings, and monitors that describe themselves.

use proptest::prelude::*;

use super::support::*;

/// Totals and clock (10 kHz) as `cvt -r` of xorg prints them.
#[test]
fn modes_are_those_of_cvt() {
    for (width, height, htotal, vtotal, sync, clock) in [
        (1024, 768, 1184, 790, 4, 5600),
        (1280, 1024, 1440, 1054, 7, 9100),
        (1600, 1200, 1760, 1235, 4, 13025),
        (1920, 1080, 2080, 1111, 5, 13850),
        (1920, 1200, 2080, 1235, 6, 15400),
        (2560, 1600, 2720, 1646, 6, 26850),
    ] {
        let mode = Mode::new(width, height, 60).unwrap();
        let (h, v) = (mode.horizontal(), mode.vertical());
        assert_eq!((h.active + h.blank, v.active + v.blank), (htotal, vtotal));
        assert_eq!((v.sync, mode.clock()), (sync, clock), "{width}x{height}");
    }
    assert_eq!(Mode::new(4096, 2160, 60), None);
    assert_eq!(Mode::new(3840, 2160, 240), None);
    assert_eq!(Mode::new(0, 0, 0), None);
}

#[test]
fn a_small_monitor_offers_no_larger_modes() {
    let block = edid::block(&Mode::new(1024, 768, 60).unwrap());
    assert_eq!(block[35..38], [1 << 5 | 1, 1 << 3, 0]);
    assert_eq!(block[38..54], [1; 16]);
    let block = edid::block(&Mode::new(1920, 1200, 60).unwrap());
    assert_eq!(block[52..54], [209, 3 << 6]);
}

#[test]
fn an_edid_is_told_from_nonsense() {
    let mode = Mode::new(1366, 768, 60).unwrap();
    let good = edid::block(&mode);
    assert_eq!(edid::best(&good), Some((1366, 768)));
    // The sum is right again after each change.
    let changed = |at: usize, value: u8| {
        let mut block = good;
        block[at] = value;
        block[127] = block[127].wrapping_add(good[at]).wrapping_sub(value);
        block
    };
    assert_eq!(
        edid::best(&changed(12, 99)),
        Some((1366, 768)),
        "a serial number"
    );
    for at in [0, 1, 7, 126] {
        assert_eq!(edid::best(&changed(at, 1)), None, "byte {at}");
    }
    let mut broken = good;
    broken[40] ^= 1;
    assert_eq!(edid::best(&broken), None);
    let mut no_clock = changed(54, 0);
    no_clock[127] = no_clock[127].wrapping_add(no_clock[55]);
    no_clock[55] = 0;
    assert_eq!(edid::best(&no_clock), None);
    assert_eq!(edid::best(&[0; edid::SIZE]), None);
}

proptest! {
    /// A driver parses what it finds: drm_edid_header_is_valid, drm_mode_detailed.
    #[test]
    fn any_mode_is_found_again_in_its_edid(width: u16, height: u16, rate: u8) {
        let Some(mode) = Mode::new(width, height, rate) else {
            return Ok(());
        };
        let block = edid::block(&mode);
        prop_assert_eq!(block.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte)), 0);
        prop_assert_eq!(&block[..8], [0, 255, 255, 255, 255, 255, 255, 0]);
        prop_assert_eq!(block[126], 0);
        let timing = &block[54..72];
        let low = |at: usize| u16::from(timing[at]);
        prop_assert_eq!(low(0) | low(1) << 8, mode.clock());
        prop_assert_eq!(low(2) | (low(4) >> 4) << 8, width);
        prop_assert_eq!(low(3) | (low(4) & 15) << 8, mode.horizontal().blank);
        prop_assert_eq!(low(5) | (low(7) >> 4) << 8, height);
        prop_assert_eq!(low(6) | (low(7) & 15) << 8, mode.vertical().blank);
        prop_assert_eq!(low(10) >> 4, mode.vertical().front);
        prop_assert_eq!(low(10) & 15, mode.vertical().sync);
        // The clock is rounded down to a quarter of a MHz.
        let pixels = u64::from(width + mode.horizontal().blank)
            * u64::from(height + mode.vertical().blank) * u64::from(rate);
        let clock = u64::from(mode.clock()) * 10_000;
        prop_assert!(clock <= pixels && pixels - clock < 250_000 + 10_000);
    }

    #[test]
    fn any_timing_stays_in_its_limits(
        pixels: u32, lines: u32, blank: u32, khz: Option<u64>, after: u64
    ) {
        let timing = Timing::new(pixels, lines, blank, khz);
        let period = timing.period().0;
        prop_assert!((1_000_000_000 / 240..=1_000_000_000).contains(&period));
        prop_assert!(timing.line(Nanos(after)) < lines.clamp(1, 1 << 16));
    }
}
