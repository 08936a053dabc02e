// SPDX-License-Identifier: GPL-2.0

//! The driver's audit of a guest's commands.
//!
//! The first byte of the input chooses platform and engine, the second where the commands are and what becomes
//! of registers; the others are the commands.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unit::hw::engine::Engine;
use unit::hw::platform::Platform;
use unit::model::parser::{Extent, Level, Place, Verdict};

use oracle::{accesses, at, outcome, own};
use support::{CALLED, FIRST, Setting, USER};

// The unit tests' crate formats both, by the rules of another edition.
#[rustfmt::skip]
#[path = "../../../unit/tests/parser/oracle.rs"]
#[allow(dead_code)] // The unit tests have a use for all of it.
mod oracle;
#[rustfmt::skip]
#[path = "../../../unit/tests/parser/support.rs"]
#[allow(dead_code)]
mod support;

const PLATFORMS: [Platform; 3] = [Platform::Broadwell, Platform::Skylake, Platform::CoffeeLake];
const PLACES: [Place; 6] = [
    Place::Ring,
    Place::IndirectContext,
    Place::PerContext,
    FIRST,
    CALLED,
    USER,
];
const VERDICTS: [Verdict; 4] = [
    Verdict::Allow,
    Verdict::Replace(0x55),
    Verdict::Drop,
    Verdict::Reject,
];

fn pick<T: Copy, const N: usize>(of: [T; N], byte: u8) -> T {
    of[usize::from(byte) % N]
}

fuzz_target!(|input: &[u8]| {
    let [first, second, rest @ ..] = input else {
        return;
    };
    let place = pick(PLACES, *second);
    let mut setting = Setting::new(pick(Engine::ALL, first & 0xf)).on(pick(PLATFORMS, first >> 4));
    if second & 0x80 != 0 {
        setting = setting.auditing();
    }
    for register in (0x2000..0x2040).step_by(4) {
        setting = setting.verdict(register, pick(VERDICTS, second >> 3));
    }
    let words: Vec<u32> = rest
        .chunks_exact(4)
        .map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();

    // How long a batch is, which is asked while its copy grows.
    let mut extent = Extent::new(setting.platform, setting.engine, Level::First);
    let _ = extent
        .scan(&words[..words.len() / 2])
        .and_then(|_| extent.scan(&words));

    let Some(after) = outcome(&setting, place, &words) else {
        return;
    };
    for access in accesses(&setting, &after) {
        assert!(own(access), "{access:x?} by {after:x?}");
        assert!(place != USER, "{access:x?} without privilege by {after:x?}");
    }
    assert_eq!(after.len(), at(place, &words).len());
});
