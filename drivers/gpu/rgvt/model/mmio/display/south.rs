// SPDX-License-Identifier: GPL-2.0

//! The south display, in the PCH: straps, hotplug, panel power, what else a driver waits for.

use super::{at, special, Register};
use crate::{
    hw::addr::MmioOffset,
    model::mmio::{cells::Cells, platforms::Platforms, span::Span},
};

/// SOUTH_CHICKEN2: FDI_MPHY_IOSFSB_RESET_CTL and its STATUS.
const CHICKEN2: u32 = 0xc_2004;
const MPHY_RESET: u32 = 1 << 12;
const MPHY_RESET_DONE: u32 = 1 << 13;
/// SFUSE_STRAP: SFUSE_STRAP_RAW_FREQUENCY, a crystal of 24 MHz; SFUSE_STRAP_CRT_DISABLED;
/// SFUSE_STRAP_DDIB_DETECTED, the port of the monitor.
const STRAP: u32 = 0xc_2014;
const STRAPS: u32 = 1 << 8 | 1 << 6 | 1 << 2;
/// SHOTPLUG_CTL (ports A to D, a byte each) and SHOTPLUG_CTL2 (port E); DIGITAL_PORT_HOTPLUG_CNTRL
/// of Broadwell (port A) is laid out alike.
const HOTPLUG: [u32; 2] = [0xc_4030, 0xc_403c];
pub(super) const HOTPLUG_NORTH: u32 = 0x4_4030;
/// A short and a long pulse were seen, in each byte.
const PULSES: u32 = 0x0303_0303;
/// PORTB_HOTPLUG_ENABLE and PORTB_HOTPLUG_LONG_DETECT.
const DETECT_B: u32 = 1 << 4;
const LONG_PULSE_B: u32 = 2;
/// SBI_CTL_STAT.
const SIDEBAND: u32 = 0xc_6008;
/// PCH_RAWCLK_FREQ, MHz.
const RAW_CLOCK: u32 = 0xc_6204;
/// PP_STATUS, and PP_CONTROL, PP_ON_DELAYS, PP_OFF_DELAYS and PP_DIVISOR behind it, of both
/// sequencers; the second is of Broxton and of PCHs from Cannon Point on.
const PANELS: [u32; 2] = [0xc_7200, 0xc_7300];
/// PANEL_POWER_ON in PP_CONTROL.
const PANEL_POWER: u32 = 1;
/// PP_ON, PP_READY and PP_SEQUENCE_STATE_ON_IDLE.
const PANEL_ON: u32 = 1 << 31 | 1 << 30 | 8;
/// Two delays of 100 us. Where there are none, drivers take the longest that the standard has.
const DELAYS: u32 = 1 << 16 | 1;
/// LPT_TRANSCONF: TRANS_ENABLE and TRANS_STATE_ENABLE.
const TRANSCODER: u32 = 0xf_0008;
const ENABLE: u32 = 1 << 31;
const ENABLED: u32 = 1 << 30;

/// The registers up to the panel's, without those of GMBUS.
pub(super) const TABLE: &[Span] = &[
    Span::plain(0xc_2000),
    special(CHICKEN2, Register::MphyReset).read_only(MPHY_RESET_DONE),
    Span::plain(0xc_2008).to(0xc_2010),
    Span::constant(STRAP, STRAPS),
    Span::plain(0xc_2018).to(0xc_3ffc),
    Span::plain(0xc_4010).to(0xc_402c),
    special(HOTPLUG[0], Register::Hotplug),
    Span::plain(0xc_4034).to(0xc_4038),
    special(HOTPLUG[1], Register::Hotplug),
    Span::plain(0xc_4040).to(0xc_4ffc),
    Span::plain(0xc_6000).to(0xc_6004),
    special(SIDEBAND, Register::Sideband),
    Span::plain(0xc_600c).to(0xc_6200),
    Span::plain(RAW_CLOCK).starts(24),
    Span::plain(0xc_6208).to(0xc_71fc),
    special(PANELS[0], Register::PanelStatus).read_only(u32::MAX),
    // Of Gen9, drivers take port A for that of an embedded panel, and wait for half a second until
    // they dare to switch it on. It is on, as if firmware had done that.
    Span::plain(0xc_7204)
        .starts(PANEL_POWER)
        .on(Platforms::GEN9),
    Span::plain(0xc_7204).on(Platforms::GEN8),
    Span::plain(0xc_7208).to(0xc_720c).starts(DELAYS),
    Span::plain(0xc_7210).to(0xc_72fc),
    special(PANELS[1], Register::PanelStatus).read_only(u32::MAX),
    Span::plain(0xc_7304).to(0xc_fffc),
    Span::plain(0xf_0000).to(0xf_0004),
    special(TRANSCODER, Register::PchTranscoder).read_only(ENABLED),
    Span::plain(0xf_000c).to(0xf_2ffc),
];

/// What SOUTH_CHICKEN2 reads after `value` was written.
pub(super) const fn chicken2(value: u32) -> u32 {
    let done = if value & MPHY_RESET != 0 {
        MPHY_RESET_DONE
    } else {
        0
    };
    value & !MPHY_RESET_DONE | done
}

/// What the PCH's TRANSCONF reads after `value` was written.
pub(super) const fn transcoder(value: u32) -> u32 {
    let state = if value & ENABLE != 0 { ENABLED } else { 0 };
    value & !ENABLED | state
}

/// What a hotplug register holds after `value` was written to one that held `old`.
pub(super) const fn hotplug(old: u32, value: u32) -> u32 {
    old & PULSES & !value | value & !PULSES
}

/// Something was plugged in at port B, or unplugged.
pub(super) fn pulse(cells: &mut Cells) {
    cells.update(at(HOTPLUG[0]), |old| match old & DETECT_B {
        0 => old,
        _ => old | LONG_PULSE_B,
    });
}

/// What PP_STATUS at `status` reads.
pub(super) fn panel(cells: &Cells, status: MmioOffset) -> u32 {
    let control = status.checked_add(4).map_or(0, |at| cells.get(at));
    if control & PANEL_POWER != 0 {
        PANEL_ON
    } else {
        0
    }
}
