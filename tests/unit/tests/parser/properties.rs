// SPDX-License-Identifier: GPL-2.0

//! The audit of anything at all.

use proptest::prelude::*;

use super::oracle::{accesses, at, grown, naive, outcome, own, PLACES};
use super::support::*;
use unit::hw::addr::HostGma;
use unit::hw::command::Decoder;
use unit::hw::engine::Engine;
use unit::hw::platform::Platform;
use unit::model::parser::{audit, PerProcess, Place, Unaudited, Verdict};

fn engines() -> impl Strategy<Value = Engine> {
    prop::sample::select(&Engine::ALL[..])
}

fn platforms() -> impl Strategy<Value = Platform> {
    prop::sample::select(vec![
        Platform::Broadwell,
        Platform::Skylake,
        Platform::Broxton,
        Platform::CoffeeLake,
    ])
}

fn places() -> impl Strategy<Value = Place> {
    prop::sample::select(&PLACES[..])
}

prop_compose! {
    fn settings()(
        engine in engines(),
        platform in platforms(),
        audited: bool,
        verdicts in prop::collection::vec(
            (0_u32..0x400, prop::sample::select(vec![
                Verdict::Drop, Verdict::Reject, Verdict::Replace(0x55),
            ])),
            0..8,
        ),
    ) -> Setting {
        let mut setting = Setting::new(engine).on(platform);
        if audited {
            setting.per_process = PerProcess::Audit;
        }
        for (register, verdict) in verdicts {
            setting.policy.0.insert(0x2000 + 4 * register, verdict);
        }
        setting
    }
}

/// A dword that is often the beginning of a command, an address or a register.
fn dword() -> impl Strategy<Value = u32> {
    prop_oneof![
        8 => (0_u32..0x40, 0_u32..12, 0_u32..0x80).prop_map(|(opcode, length, flags)| {
            opcode << 23 | (flags & 0x7f) << 16 | length
        }),
        4 => (0_u32..0x40, 0_u32..12).prop_map(|(opcode, length)| opcode << 23 | length),
        2 => (0x6000_u32..0x7c00, 0_u32..12).prop_map(|(opcode, length)| opcode << 16 | length),
        2 => (0x200_u32..0x280, 0_u32..12).prop_map(|(opcode, length)| opcode << 22 | length),
        2 => (0_u32..PART).prop_map(|offset| APERTURE + offset),
        2 => (0_u32..0x800).prop_map(|offset| 0x2000 + 4 * offset),
        2 => Just(END),
        2 => Just(NOOP),
        1 => any::<u32>(),
    ]
}

fn dwords() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(dword(), 0..64)
}

/// Headers of commands that have to do with more than the context.
const HEADERS: [u32; 25] = [
    USER_INTERRUPT,
    ARB_OFF,
    ARB_ON,
    END,
    STORE,
    STORE + 1,
    LRI,
    LRI + 2,
    SRM,
    LRM,
    LRR,
    FLUSH,
    FLUSH + 1,
    PIPE_CONTROL,
    START,
    START | IN_PPGTT,
    0x03 << 23,
    0x14 << 23 | 1,
    0x1c << 23 | 2,
    0x21 << 23 | 1,
    0x28 << 23 | 2,
    0x2e << 23 | 3,
    0x2f << 23 | 1,
    0x36 << 23 | 2,
    0x7100_0002,
];

/// Flags that such headers have.
const FLAGS: [u32; 8] = [0, 0, GLOBAL, GLOBAL, INDEX, NOTIFY, WRITE, PREDICATED];

/// Operands: an address in one of two places, mostly one of the guest's, or anything.
fn operands() -> impl Strategy<Value = Vec<u32>> {
    let address = prop_oneof![
        6 => (0_u32..PART / 8).prop_map(|at| APERTURE + 8 * at),
        2 => (0_u32..PART / 8).prop_map(|at| HIDDEN + 8 * at | FLUSH_GLOBAL),
        1 => dword(),
    ];
    let flags = prop::sample::select(vec![0, PIPE_GLOBAL | WRITE, INDEX | WRITE, NOTIFY, ALLOWED]);
    prop_oneof![
        4 => address.clone().prop_map(|at| vec![at, 0, at, 0]),
        4 => (flags, address).prop_map(|(flags, at)| vec![flags, at, 0]),
        1 => prop::collection::vec(dword(), 12),
    ]
}

/// Commands of the tables, whole ones.
fn commands() -> impl Strategy<Value = (Setting, Vec<u32>)> {
    let flags = || prop::sample::select(&FLAGS[..]);
    let header = prop_oneof![
        4 => (prop::sample::select(&HEADERS[..]), flags(), flags())
            .prop_map(|(header, one, other)| header | one | other),
        1 => dword(),
    ];
    let pieces = prop::collection::vec((header, operands()), 1..8);
    (settings(), pieces).prop_map(|(setting, pieces)| {
        let mut words = vec![];
        for (header, operands) in pieces {
            let Ok(command) = Decoder::new(setting.platform, setting.engine).decode(header) else {
                continue;
            };
            let more = usize::from(command.dwords) - 1;
            if more < 64 {
                words.push(header);
                words.extend(operands.iter().cycle().take(more));
            }
        }
        (setting, words)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn nothing_panics(setting in settings(), place in places(), words in dwords()) {
        outcome(&setting, place, &words);
    }

    #[test]
    fn what_passed_passes_again_unchanged((setting, words) in commands(), place in places()) {
        if let Some(once) = outcome(&setting, place, &words) {
            let mut twice = once.clone();
            let audited = audit(Unaudited::new(&mut twice[..]), place, &setting.guest());
            prop_assert!(audited.is_ok());
            prop_assert_eq!(twice, once);
        }
    }

    #[test]
    fn what_passed_is_whole((setting, words) in commands(), place in places()) {
        if let Some(after) = outcome(&setting, place, &words) {
            // Every command that was there is one still, and of the same length but for what became
            // several that do nothing.
            let (before, _) = naive(&setting, &at(place, &words));
            let (now, end) = naive(&setting, &after);
            prop_assert_eq!(end, after.len());
            let batch = matches!(place, Place::PerContext | Place::Batch { .. });
            if !batch {
                prop_assert!(before.iter().all(|start| now.contains(start)));
            }
        }
    }

    #[test]
    fn nothing_but_the_share_is_accessed((setting, words) in commands(), place in places()) {
        if let Some(after) = outcome(&setting, place, &words) {
            for access in accesses(&setting, &after) {
                prop_assert!(own(access), "{:x?} by {:x?}", access, after);
            }
        }
    }

    #[test]
    fn without_privilege_not_even_the_share_is((setting, words) in commands()) {
        if let Some(after) = outcome(&setting, USER, &words) {
            prop_assert_eq!(accesses(&setting, &after), vec![]);
        }
    }

    #[test]
    fn no_interrupt_is_left((setting, words) in commands(), place in places()) {
        if let Some(after) = outcome(&setting, place, &words) {
            for at in naive(&setting, &after).0 {
                let notifies = match after[at] >> 23 {
                    0x02 => true,
                    0x26 => after[at] & NOTIFY != 0,
                    0xf4 if setting.engine == Engine::Rcs => after[at + 1] & NOTIFY != 0,
                    _ => false,
                };
                prop_assert!(!notifies);
            }
        }
    }

    #[test]
    fn a_batch_in_pieces_is_audited_as_a_whole(
        (setting, words) in commands(),
        place in prop::sample::select(vec![FIRST, CALLED, USER, Place::PerContext]),
        size in 1_usize..200,
    ) {
        let words = at(place, &words);
        match (grown(&setting, place, &words, size), outcome(&setting, place, &words)) {
            (Some(ready), Some(whole)) => {
                let length = ready.len() - 1;
                prop_assert_eq!(ready[length], END);
                prop_assert!(whole[length..].iter().all(|&word| word == END));
                prop_assert_eq!(naive(&setting, &ready[..length]).1, length);
                prop_assert_eq!(naive(&setting, &whole[..length]).0, naive(&setting, &ready[..length]).0);
            }
            // Its end is the last dword that was copied: there is room behind it, other than in the whole.
            (Some(ready), None) => prop_assert_eq!(ready.len(), words.len() + 1),
            (None, whole) => prop_assert_eq!(whole, None),
        }
    }

    #[test]
    fn batches_are_redirected_one_by_one((setting, words) in commands(), place in places()) {
        let mut copy = at(place, &words);
        let Ok(mut audited) = audit(Unaudited::new(&mut copy[..]), place, &setting.guest()) else {
            return Ok(());
        };
        let mut count = 0;
        while audited.next_batch().is_some() {
            audited = audited.finish().expect_err("a batch is left");
            audited.redirect(HostGma::new(0x1234_5000));
            count += 1;
        }
        let (ready, _) = audited.finish().expect("no batch is left");
        let copies = naive(&setting, &ready).0.into_iter().filter(|&at| {
            ready[at] >> 23 == 0x31 && ready[at] & IN_PPGTT == 0
        });
        let copies: Vec<u32> = copies.map(|at| ready[at + 1]).collect();
        prop_assert_eq!(copies, vec![0x1234_5000; count]);
    }
}
