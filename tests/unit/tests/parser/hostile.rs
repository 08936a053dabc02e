// SPDX-License-Identifier: GPL-2.0

//! Commands that no driver would emit.

use super::support::*;
use unit::hw::engine::Engine;
use unit::hw::platform::Platform;
use unit::model::parser::{audit, Place, Rejected, Unaudited, Verdict, Why};

/// The last bytes of the guest's part of the aperture.
const LAST: u32 = APERTURE + PART - 8;

/// A command that writes or reads so many bytes at an address in the GGTT.
struct Access {
    name: &'static str,
    engine: Engine,
    size: u32,
    command: fn(low: u32, high: u32) -> Vec<u32>,
}

const fn access(
    name: &'static str,
    engine: Engine,
    size: u32,
    command: fn(u32, u32) -> Vec<u32>,
) -> Access {
    Access {
        name,
        engine,
        size,
        command,
    }
}

const RCS: Engine = Engine::Rcs;

const ACCESSES: [Access; 18] = [
    access("store", RCS, 4, |low, high| {
        vec![STORE | GLOBAL, low, high, 1]
    }),
    access("store qword", RCS, 8, |low, high| {
        vec![STORE + 1 | GLOBAL | 1 << 21, low, high, 1, 2]
    }),
    access("store many", RCS, 4 * 8, |low, high| {
        [&[STORE + 7 | GLOBAL, low, high][..], &[1; 8]].concat()
    }),
    access("store register", RCS, 4, |low, high| {
        vec![SRM | GLOBAL, ALLOWED, low, high]
    }),
    access("load register", RCS, 4, |low, high| {
        vec![LRM | GLOBAL, ALLOWED, low, high]
    }),
    access("copy to", RCS, 4, |low, high| {
        vec![0x2e << 23 | 1 << 21 | 3, low, high, 0x1000, 0]
    }),
    access("copy from", RCS, 4, |low, high| {
        vec![0x2e << 23 | 1 << 22 | 3, 0x1000, 0, low, high]
    }),
    access("copy within", RCS, 4, |low, high| {
        vec![0x2e << 23 | 3 << 21 | 3, DATA, 0, low, high]
    }),
    access("atomic", RCS, 4, |low, high| {
        vec![0x2f << 23 | GLOBAL | 1, low, high]
    }),
    access("atomic qword", RCS, 8, |low, high| {
        vec![0x2f << 23 | GLOBAL | 1 << 19 | 1, low, high]
    }),
    access("semaphore", RCS, 4, |low, high| {
        vec![0x1c << 23 | GLOBAL | 2, 0, low, high]
    }),
    access("perf counters", RCS, 256, |low, high| {
        vec![0x28 << 23 | 2, low | 1, high, 0]
    }),
    access("pipe control", RCS, 8, |low, high| {
        vec![PIPE_CONTROL, PIPE_GLOBAL | WRITE, low, high, 1, 0]
    }),
    access("pipe control, depth count", RCS, 8, |low, high| {
        vec![PIPE_CONTROL, PIPE_GLOBAL | 2 << 14, low, high, 1, 0]
    }),
    access("pipe control, timestamp", RCS, 8, |low, high| {
        vec![PIPE_CONTROL, PIPE_GLOBAL | 3 << 14, low, high, 1, 0]
    }),
    access("flush", Engine::Bcs, 8, |low, high| {
        vec![FLUSH | WRITE, low | FLUSH_GLOBAL, high, 1]
    }),
    access("flush qword", Engine::Vcs0, 8, |low, high| {
        vec![FLUSH + 1 | WRITE, low | FLUSH_GLOBAL, high, 1, 0]
    }),
    access("flush, timestamp", Engine::Vecs, 8, |low, high| {
        vec![FLUSH | 3 << 14, low | FLUSH_GLOBAL, high, 1]
    }),
];

#[test]
fn nothing_waits_or_is_skipped_while_a_context_is_restored() {
    let predicate = [0x01 << 23 | 1, END, NOOP, NOOP, NOOP, NOOP];
    let wait = [0x1c << 23 | 2, 1, DATA, 0, END, NOOP];
    for words in [predicate, wait] {
        only_while_nothing_is_restored(Engine::Rcs, &words);
    }
}

#[test]
fn units_have_nothing_to_do_while_a_context_is_restored() {
    for (engine, header) in [
        (Engine::Rcs, 0x7100_0000),  // MEDIA_OBJECT
        (Engine::Rcs, 0x7105_0000),  // GPGPU_WALKER
        (Engine::Rcs, 0x7852_0000),  // 3DSTATE_WM_HZ_OP
        (Engine::Rcs, 0x780c_0000),  // 3DSTATE_VF
        (Engine::Rcs, 0x7b00_0000),  // 3DPRIMITIVE
        (Engine::Bcs, 0x5400_0000),  // XY_COLOR_BLT
        (Engine::Vcs0, 0x7000_0000), // MFX_PIPE_MODE_SELECT
        (Engine::Vecs, 0x7400_0000), // VEBOX_SURFACE_STATE
    ] {
        only_while_nothing_is_restored(engine, &[header, 0, END, NOOP]);
    }
    let pool = [0x7005_0000, 0, END, NOOP];
    assert!(Setting::rcs().audit(Place::PerContext, &pool).is_ok());
}

fn only_while_nothing_is_restored(engine: Engine, words: &[u32]) {
    for (place, expected) in [
        (FIRST, None),
        (Place::PerContext, Some(Why::Forbidden)),
        (Place::IndirectContext, Some(Why::Forbidden)),
    ] {
        let result = Setting::new(engine).audit(place, words);
        let why = result.err().map(|rejected| rejected.why);
        assert_eq!(why, expected, "{:#x} in {place:?}", words[0]);
    }
}

#[test]
fn accesses_of_the_ggtt_stay_in_the_share() {
    for Access {
        name,
        engine,
        size,
        command,
    } in ACCESSES
    {
        let setting = Setting::new(engine);
        let end = APERTURE + PART;
        let aligned = size.next_power_of_two().clamp(4, 8);
        for good in [APERTURE, HIDDEN, end - size, HIDDEN + PART - size] {
            let words = command(good, 0);
            assert_eq!(setting.ring(&words), words, "{name} at {good:#x}");
        }
        let bad = [
            0,
            FOREIGN,
            APERTURE - aligned,
            end - size + aligned,
            end,
            HIDDEN + PART,
            !7,
        ];
        for bad in bad {
            let why = setting.refusal(Place::Ring, &command(bad, 0));
            assert_eq!(why, foreign(bad.into()), "{name} at {bad:#x}");
        }
        for high in [1, 0x8000_0000, u32::MAX] {
            let why = setting.refusal(Place::Ring, &command(DATA, high));
            let address = u64::from(high) << 32 | u64::from(DATA);
            assert_eq!(why, foreign(address), "{name}");
        }
        for place in [FIRST, CALLED, Place::PerContext, Place::IndirectContext] {
            let why = setting.refusal(place, &command(FOREIGN, 0));
            if why != Why::Forbidden {
                assert_eq!(why, foreign(FOREIGN.into()), "{name} in {place:?}");
            }
        }
    }
}

#[test]
fn without_privilege_the_ggtt_is_not_accessed() {
    for Access {
        name,
        engine,
        command,
        ..
    } in ACCESSES
    {
        let setting = Setting::new(engine);
        let words = command(DATA, 0);
        let after = setting.user(&words);
        let expected = match words[0] {
            PIPE_CONTROL => vec![PIPE_CONTROL, 0, DATA, 0, 1, 0],
            header if header >> 23 == 0x26 => {
                let mut flush = words.clone();
                flush[0] &= !(3 << 14);
                flush[1] = DATA;
                flush
            }
            _ => vec![NOOP; words.len()],
        };
        assert_eq!(after, expected, "{name}");
    }
}

#[test]
fn a_register_s_substitute_does_not_bring_the_access_back() {
    let setting = Setting::rcs().verdict(ALLOWED, Verdict::Replace(5));
    assert_eq!(setting.user(&[SRM | GLOBAL, ALLOWED, DATA, 0]), [NOOP; 4]);
    assert_eq!(setting.user(&[LRM | GLOBAL, ALLOWED, DATA, 0]), [NOOP; 4]);
    let why = setting.refusal(Place::Ring, &[SRM | GLOBAL, ALLOWED, FOREIGN, 0]);
    assert_eq!(why, foreign(FOREIGN.into()));
}

#[test]
fn forbidden_commands() {
    let words: [&[u32]; 4] = [
        &[0x18 << 23, 0],                     // MI_SET_CONTEXT
        &[0x23 << 23 | 1, 0, 0],              // MI_UPDATE_GTT
        &[0x21 << 23 | 1, 0x40, 1],           // MI_STORE_DATA_INDEX, in the engine's page
        &[0x21 << 23 | 1 << 21 | 1, 0x40, 1], // and the context's
    ];
    for words in words {
        assert_eq!(Setting::rcs().refusal(Place::Ring, words), Why::Forbidden);
        assert_eq!(Setting::rcs().refusal(FIRST, words), Why::Forbidden);
        assert_eq!(Setting::rcs().user(words), vec![NOOP; words.len()]);
    }
    let lines = [0x27 << 23 | GLOBAL | 1, DATA, 0];
    assert_eq!(Setting::rcs().refusal(Place::Ring, &lines), Why::Forbidden);
    assert_eq!(Setting::rcs().user(&lines), [NOOP; 3]);
    let lines = [0x27 << 23 | 1, DATA, 0];
    assert_eq!(Setting::rcs().ring(&lines), lines);
}

#[test]
fn operands_that_do_not_fit() {
    let cases: [(&[u32], Why); 17] = [
        // The second core would write behind.
        (&[STORE | GLOBAL, DATA | 1, 0, 1], Why::Operand),
        (&[0x28 << 23 | 2, DATA | 0x11, 0, 0], Why::Operand),
        // A register would be waited for.
        (
            &[0x1c << 23 | GLOBAL | 1 << 16 | 2, 0, DATA, 0],
            Why::Operand,
        ),
        (&[0x1c << 23 | 1 << 16 | 2, 0, 0x2358, 0], Why::Operand),
        (&[STORE | GLOBAL | 1 << 21, DATA, 0, 1], Why::Length),
        (&[0x2f << 23 | GLOBAL | 3 << 19 | 1, DATA, 0], Why::Operand),
        (
            &[0x2f << 23 | GLOBAL | 1 << 19 | 1, DATA + 4, 0],
            Why::Operand,
        ),
        (&[0x2f << 23 | 1 << 18 | 1, DATA, 0], Why::Length),
        (&[0x2f << 23 | 2, DATA, 0, 0], Why::Length),
        (
            &[PIPE_CONTROL, PIPE_GLOBAL | WRITE, DATA + 4, 0, 0, 0],
            Why::Operand,
        ),
        (
            &[PIPE_CONTROL, INDEX | WRITE, 0x1000, 0, 0, 0],
            Why::Operand,
        ),
        (&[PIPE_CONTROL, INDEX | WRITE, 8, 1, 0, 0], Why::Operand),
        (&[FLUSH | INDEX | WRITE, 0x1000, 0, 0], Why::Operand),
        (&[FLUSH - 1 | WRITE, DATA, 0], Why::Length),
        (&[FLUSH - 2 | WRITE, DATA], Why::Length),
        (&[0x14 << 23 | 3 << 8 | 1, 0, DATA], Why::Operand),
        (&[0x14 << 23 | 31 << 8 | 1, 0, DATA], Why::Operand),
    ];
    for (words, why) in cases {
        assert_eq!(
            Setting::rcs().refusal(Place::Ring, words),
            why,
            "{words:x?}"
        );
    }
}

#[test]
fn a_status_page_that_is_not_the_guest_s() {
    let write = [PIPE_CONTROL, PIPE_GLOBAL | INDEX | WRITE, 0x40, 0, 0, 0];
    for page in [0, u64::from(FOREIGN), 1 << 32, u64::MAX] {
        let setting = Setting::rcs();
        let mut guest = setting.guest();
        guest.status_page = unit::hw::addr::GuestGma::new(page);
        let mut copy = write;
        let stream = Unaudited::new(&mut copy[..]);
        let refused = audit(stream, Place::Ring, &guest).unwrap_err();
        assert!(matches!(refused.why, Why::Address(_)), "{page:#x}");
    }
}

#[test]
fn commands_hide_in_nothing() {
    let setting = Setting::rcs();
    let interrupted = [STORE, 0x1000, 0];
    assert_eq!(setting.refusal(Place::Ring, &interrupted), Why::Truncated);
    // What one command takes for data another would take for a command.
    let data = [STORE, 0x1000, 0, 0x23 << 23];
    assert_eq!(setting.ring(&data), data);
    assert_eq!(setting.refusal(Place::Ring, &[0x30 << 23]), Why::Unknown);
    let blt = 0x50 << 22 | 2 << 29 | 5;
    assert_eq!(
        setting.refusal(Place::Ring, &[blt, 0, 0, 0, 0, 0, 0]),
        Why::Unknown
    );
    let bdw = Setting::new(Engine::Bcs).on(Platform::Broadwell);
    assert_eq!(bdw.refusal(Place::Ring, &[0x5080_0008; 10]), Why::Unknown);
}

/// What the host puts behind the guest's commands runs, and runs as it is.
#[test]
fn a_guest_s_command_does_not_go_on_in_the_host_s() {
    let tail = [0x01 << 23, LRI, 0xb118, 7, NOOP];
    let setting = Setting::rcs().verdict(0xb118, Verdict::Reject);
    let run = |guests: &[u32]| {
        let mut words = [guests, &tail].concat();
        let stream = Unaudited::with_tail(&mut words[..], guests.len());
        assert_eq!(stream.dwords(), guests.len());
        let audited = audit(stream, Place::Ring, &setting.guest());
        audited.map(|_| ()).map_err(|rejected| rejected.why)?;
        Ok(words)
    };

    let whole = [STORE, 0x1000, 0, 1];
    assert_eq!(run(&whole), Ok([&whole, &tail[..]].concat()));
    assert_eq!(run(&[]), Ok(tail.to_vec()));
    // Each of these would find its operands in the tail.
    for length in 1..=6 {
        let local = [0x7804_0000 | length];
        assert_eq!(run(&local), Err(Why::Truncated), "{length}");
    }
    for cut in 1..4 {
        assert_eq!(run(&whole[..cut]), Err(Why::Truncated), "{cut}");
    }
}

#[test]
fn a_refusal_says_where() {
    let words = [NOOP, NOOP, 0x23 << 23 | 1, 0, 0];
    let refused: Rejected = Setting::rcs().audit(Place::Ring, &words).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "command 0x11800001 at dword 2: not allowed"
    );
    let words = [STORE | GLOBAL, LAST + 8, 0, 1];
    let refused = Setting::rcs().audit(Place::Ring, &words).unwrap_err();
    let expected = "command 0x10400002 at dword 0: GGTT address 0x8400000 is not the guest's";
    assert_eq!(refused.to_string(), expected);
}
