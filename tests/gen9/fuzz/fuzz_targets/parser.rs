// SPDX-License-Identifier: GPL-2.0

//! The driver's audit of a guest's commands.
//!
//! The first byte of the input chooses platform and engine, the second where the commands are and what becomes
//! of registers; the others are the commands.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unit::hw::engine::Engine;
use unit::hw::platform::Platform;
use unit::model::parser::{Place, Verdict};

use oracle::{COPY, PLACES, accesses, at, grown, outcome, own};
use support::{Setting, USER};

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
const VERDICTS: [Verdict; 4] = [
    Verdict::Allow,
    Verdict::Replace(0x55),
    Verdict::Drop,
    Verdict::Reject,
];

fn pick<T: Copy, const N: usize>(of: [T; N], byte: u8) -> T {
    of[usize::from(byte) % N]
}

/// Whatever passed does nothing to the GGTT that is not the guest's to do.
fn check(setting: &Setting, place: Place, passed: &[u32]) {
    let copy = (u64::from(COPY), 4);
    let all = accesses(setting, passed).into_iter();
    for access in all.filter(|access| *access != copy) {
        assert!(own(access), "{access:x?} by {passed:x?}");
        assert!(
            place != USER,
            "{access:x?} without privilege by {passed:x?}"
        );
    }
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

    let whole = outcome(&setting, place, &words);
    if let Some(after) = &whole {
        check(&setting, place, after);
        assert_eq!(after.len(), at(place, &words).len());
    }
    // As the driver goes through batches: while they are copied.
    if matches!(place, Place::PerContext | Place::Batch { .. }) {
        let size = usize::from(*second) + 1;
        let copy = grown(&setting, place, &at(place, &words), size);
        if let Some(copy) = &copy {
            check(&setting, place, copy);
        }
        assert!(whole.is_none() || copy.is_some());
    }
});
