// SPDX-License-Identifier: GPL-2.0

//! Clocks, wells and PHYs are switched on.

use super::support::*;

#[test]
fn skylake_powers_up() {
    let mut gpu = Gpu::new(Platform::Skylake, false);
    // PG0 is distributed; PG1 and MISC_IO, then PG2; and their fuses.
    assert_eq!(gpu.read(0x4_2000), 1 << 31 | 7 << 25);
    for well in [14, 0, 15] {
        gpu.set(0x4_5404, 2 << (2 * well));
        assert_ne!(gpu.read(0x4_5404) & 1 << (2 * well), 0);
    }
    // DPLL 0, on which the display's clock runs, with an override and 810 MHz.
    assert_eq!(gpu.read(0x4_6010), 0);
    gpu.write(0x6_c058, 1 | 2 << 1);
    gpu.set(0x4_6010, 1 << 31);
    assert_eq!(gpu.read(0x4_6010), 3 << 30);
    assert_eq!(gpu.read(0x6_c060), 1);
    gpu.write(0x4_6000, 1 << 26 | 673);
    assert_eq!(gpu.read(0x4_6000), 1 << 26 | 673);
    gpu.set(0x4_5008, 1 << 31);
    assert_eq!(gpu.read(0x4_5008), 3 << 30);
    // And down again.
    gpu.write(0x4_5008, 0);
    gpu.write(0x4_6010, 0);
    gpu.write(0x4_5404, 0);
    for at in [0x4_5008, 0x4_6010, 0x4_5404, 0x6_c060] {
        assert_eq!(gpu.read(at), 0, "{at:#x}");
    }
}

#[test]
fn a_power_well_is_on_while_anybody_asks() {
    let mut gpu = Gpu::new(Platform::Skylake, false);
    gpu.write(0x4_5404, 2 << 28 | 1 << 2);
    assert_eq!(gpu.read(0x4_5404), 3 << 28);
    gpu.write(0x4_5400, 2 << 28);
    gpu.write(0x4_5404, 0);
    assert_eq!(gpu.read(0x4_5404), 1 << 28);
    gpu.write(0x4_5400, 0);
    assert_eq!(gpu.read(0x4_5404), 0);
}

// bdw_set_cdclk and hsw_disable_lcpll.
#[test]
fn broadwell_switches_its_clock() {
    let mut gpu = Gpu::new(Platform::Broadwell, false);
    let lcpll = 0x13_0040;
    assert_eq!(gpu.read(lcpll), 1 << 30);
    gpu.set(lcpll, 1 << 21);
    assert_ne!(gpu.read(lcpll) & 1 << 19, 0);
    gpu.write(lcpll, 1 << 26 | 1 << 19);
    assert_eq!(gpu.read(lcpll), 1 << 30 | 1 << 26);
    gpu.set(lcpll, 1 << 31);
    assert_eq!(gpu.read(lcpll) & 1 << 30, 0);
}

// _bxt_dpio_phy_init, bxt_de_pll_enable, bxt_ddi_pll_enable, intel_ddi_get_hw_state.
#[test]
fn broxton_powers_its_phys() {
    let mut gpu = Gpu::new(Platform::Broxton, true);
    assert_eq!(gpu.read(0x4_6070), 0);
    gpu.write(0x4_6070, 1 << 31);
    assert_eq!(gpu.read(0x4_6070), 3 << 30);
    for (base, bit, family) in [(0x6_c000, 1, 0x6_4c90), (0x16_2000, 2, 0x6_4c80)] {
        assert_eq!(gpu.read(base), 0);
        gpu.set(0x13_8090, bit);
        assert_eq!(gpu.read(base) & (1 << 16 | 1 << 7), 1 << 16);
        assert_ne!(gpu.read(base + 0x18c) & 1 << 22, 0);
        gpu.set(family, 1 << 31);
    }
    for port in [0x6_4c00, 0x6_4c10, 0x6_4c20] {
        assert_eq!(gpu.read(port) & 7 << 8, 1 << 8);
    }
    // Lane registers of ports B and C follow their group: BXT_PORT_PCS_DW12, BXT_PORT_TX_DW2.
    for (group, lanes) in [
        (0x6_cc30, &[0x6_c430, 0x6_c630][..]),
        (0x6_ce30, &[0x6_c830, 0x6_ca30]),
        (0x16_2c30, &[0x16_2430, 0x16_2630]),
        (0x6_cd08, &[0x6_c508, 0x6_c588, 0x6_c708, 0x6_c788]),
        (0x6_cf08, &[0x6_c908, 0x6_c988, 0x6_cb08, 0x6_cb88]),
    ] {
        gpu.write(group, group);
        for &lane in lanes {
            assert_eq!(gpu.read(lane), group, "{lane:#x}");
        }
    }
    gpu.set(0x4_6078, 1 << 31);
    assert_ne!(gpu.read(0x4_6078) & 1 << 30, 0);
}
