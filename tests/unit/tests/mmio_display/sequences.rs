// SPDX-License-Identifier: GPL-2.0

//! Whatever is written in whatever order.

use proptest::prelude::*;

use super::support::*;

/// What a hostile guest does.
#[derive(Clone, Debug)]
enum Step {
    Write(u32, u32),
    Read(u32),
    Wait(u64),
    Vblank,
}

fn display_register() -> impl Strategy<Value = u32> {
    let anywhere = prop_oneof![
        0x4_0000u32..0x8_0000,
        0xc_0000u32..0x10_0000,
        0x16_2000u32..0x16_3000
    ];
    let behaviour = prop::sample::select(vec![
        0x4_4030, 0x4_4070, 0x4_5008, 0x4_5400, 0x4_5404, 0x4_6010, 0x4_6040, 0x4_6070, 0x4_6078,
        0x4_6104, 0x4_a400, 0x4_a404, 0x6_0000, 0x6_000c, 0x6_0010, 0x6_0040, 0x6_0044, 0x6_0400,
        0x6_4100, 0x6_4110, 0x6_4114, 0x6_4118, 0x6_4140, 0x6_4144, 0x6_4c10, 0x6_4c90, 0x6_c000,
        0x6_c034, 0x6_c058, 0x6_c05c, 0x6_c060, 0x6_c100, 0x6_c104, 0x6_cc30, 0x6_cd08, 0x7_0000,
        0x7_0008, 0x7_0040, 0x7_0180, 0x7_019c, 0x7_01ac, 0x7_1008, 0x7_2008, 0x7_029c, 0x7_0084,
        0x7_f008, 0xc_2004, 0xc_4030, 0xc_5014, 0xc_5104, 0xc_5110, 0xc_6000, 0xc_6004, 0xc_6008,
        0xc_7200, 0xc_7204, 0xe_4110, 0xe_4114, 0xf_0008, 0x13_0040, 0x13_8090, 0x16_2000,
    ]);
    prop_oneof![behaviour, anywhere].prop_map(|at| at & !3)
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![
        any::<u32>(),
        (0u32..32).prop_map(|bit| 1 << bit),
        Just(0),
        Just(u32::MAX)
    ];
    prop_oneof![
        4 => (display_register(), value).prop_map(|(at, value)| Step::Write(at, value)),
        3 => display_register().prop_map(Step::Read),
        1 => any::<u32>().prop_map(|nanos| Step::Wait(u64::from(nanos))),
        1 => Just(Step::Vblank),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_sequence_is_survived(
        platform in prop::sample::select(PLATFORMS.to_vec()),
        steps in prop::collection::vec(step(), 0..600)
    ) {
        let mut gpu = Gpu::new(platform, true);
        let mut now = 0;
        for step in steps {
            match step {
                Step::Write(at, value) => {
                    let now = gpu.now;
                    let _ = gpu.registers.write(MmioOffset::new(at), value, || now);
                }
                Step::Read(at) => {
                    // Among the display's registers are some that others answer for.
                    let now = gpu.now;
                    let _ = gpu.registers.read(MmioOffset::new(at), &NoHost, || now);
                }
                Step::Wait(nanos) => {
                    now += nanos;
                    gpu.time(now);
                }
                Step::Vblank => {
                    for pipe in [Pipe::A, Pipe::B, Pipe::C] {
                        gpu.vblank(pipe);
                    }
                }
            }
            // What a driver relies on holds after whatever was written.
            for pipe in 0..3 {
                let config = gpu.read(0x7_0008 + 0x1000 * pipe);
                prop_assert_eq!(config >> 31, config >> 30 & 1);
            }
            prop_assert_eq!(gpu.read(aux_b(platform)) >> 31, 0);
            prop_assert_eq!(gpu.read(0xc_5108) & !(1 << 10), 0);
            prop_assert_eq!(gpu.read(0xc_2014), 1 << 8 | 1 << 6 | 1 << 2);
            let wells = gpu.read(0x4_5404);
            prop_assert_eq!(wells & 0xaaaa_aaaa & !(wells << 1), 0);
            prop_assert!(gpu.period(Pipe::A).is_none_or(|period| period >= 1_000_000_000 / 240));
        }
    }
}
