// SPDX-License-Identifier: GPL-2.0

//! Commands that access registers.

use super::support::*;
use unit::hw::addr::MmioOffset;
use unit::hw::engine::Engine;
use unit::model::parser::{audit, Place, RegisterPolicy, Unaudited, Verdict, Why};

const NO: u32 = 0x4_4200;
const CHANGED: u32 = 0x20c0;
const DROPPED: u32 = 0x20a0;
const RCS_NOPID: u32 = 0x2000 + NOPID;

fn setting() -> Setting {
    Setting::rcs()
        .verdict(NO, Verdict::Reject)
        .verdict(CHANGED, Verdict::Replace(7))
        .verdict(DROPPED, Verdict::Drop)
}

fn no() -> Why {
    Why::Register(MmioOffset::new(NO))
}

#[test]
fn load_immediate() {
    let load = [LRI + 4, ALLOWED, 1, CHANGED, 2, DROPPED, 3];
    let expected = [LRI + 4, ALLOWED, 1, CHANGED, 7, RCS_NOPID, 0];
    assert_eq!(setting().ring(&load), expected);
    assert_eq!(setting().ring(&expected), expected);
    assert_eq!(setting().refusal(Place::Ring, &[LRI, NO, 0]), no());
    let half_a_pair = [LRI + 1, ALLOWED, 1, ALLOWED];
    assert_eq!(setting().refusal(Place::Ring, &half_a_pair), Why::Length);
    let bits_that_hardware_ignores = [LRI, 0xff80_0003 | NO, 0];
    assert_eq!(
        setting().refusal(Place::Ring, &bits_that_hardware_ignores),
        no()
    );
}

#[test]
fn nopid_is_the_engine_s_own() {
    let load = [LRI, DROPPED, 3];
    for engine in Engine::ALL {
        let setting = Setting::new(engine).verdict(DROPPED, Verdict::Drop);
        let nopid = engine.mmio_base().get() + NOPID;
        assert_eq!(setting.ring(&load), [LRI, nopid, 0]);
    }
}

#[test]
fn load_from_memory() {
    let load = |register| [LRM, register, 0x1000, 5];
    assert_eq!(setting().ring(&load(ALLOWED)), load(ALLOWED));
    assert_eq!(setting().ring(&load(CHANGED)), [LRI, CHANGED, 7, NOOP]);
    assert_eq!(setting().ring(&load(DROPPED)), [NOOP; 4]);
    assert_eq!(setting().refusal(Place::Ring, &load(NO)), no());
}

#[test]
fn store_to_memory() {
    let store = |flags, register| [SRM | flags, register, DATA, 0];
    let ring = |words: [u32; 4]| setting().ring(&words);
    assert_eq!(ring(store(GLOBAL, ALLOWED)), store(GLOBAL, ALLOWED));
    assert_eq!(ring(store(GLOBAL, CHANGED)), [STORE | GLOBAL, DATA, 0, 7]);
    assert_eq!(ring(store(0, DROPPED)), [STORE, DATA, 0, 0]);
    assert_eq!(ring(store(1 << 21, DROPPED)), [NOOP; 4]);
    assert_eq!(setting().refusal(Place::Ring, &store(0, NO)), no());
}

#[test]
fn from_register_to_register() {
    let load = |from, to| [LRR, from, to];
    let ring = |from, to| setting().ring(&load(from, to));
    assert_eq!(ring(ALLOWED, 0x2600), load(ALLOWED, 0x2600));
    assert_eq!(ring(CHANGED, ALLOWED), [LRI, ALLOWED, 7]);
    assert_eq!(ring(DROPPED, ALLOWED), [LRI, ALLOWED, 0]);
    assert_eq!(ring(ALLOWED, CHANGED), [LRI, CHANGED, 7]);
    assert_eq!(ring(CHANGED, DROPPED), [NOOP; 3]);
    for (from, to) in [(NO, ALLOWED), (ALLOWED, NO)] {
        assert_eq!(setting().refusal(Place::Ring, &load(from, to)), no());
    }
}

#[test]
fn a_pipe_control_that_writes_a_register() {
    let to_register = 1 << 23;
    let write = |register, value| [PIPE_CONTROL, to_register | WRITE, register, 0, value, 0];
    let ring = |words: [u32; 6]| setting().ring(&words);
    assert_eq!(ring(write(ALLOWED, 1)), write(ALLOWED, 1));
    assert_eq!(ring(write(CHANGED, 1)), write(CHANGED, 7));
    assert_eq!(ring(write(DROPPED, 1)), [PIPE_CONTROL, 0, DROPPED, 0, 1, 0]);
    let mut both = write(ALLOWED, 1);
    both[1] |= PIPE_GLOBAL | INDEX;
    assert_eq!(ring(both), write(ALLOWED, 1));
    assert_eq!(setting().refusal(Place::Ring, &write(NO, 1)), no());
}

#[test]
fn without_privilege_it_is_dropped_instead_of_refused() {
    assert_eq!(setting().user(&[LRI, NO, 1]), [LRI, RCS_NOPID, 0]);
    assert_eq!(setting().user(&[LRM, NO, 0, 0]), [NOOP; 4]);
    assert_eq!(setting().user(&[SRM, NO, 0x1000, 0]), [STORE, 0x1000, 0, 0]);
}

/// Makes 9 of every value that it is told.
struct Nine;

impl RegisterPolicy for Nine {
    fn command_write(&self, _: Engine, _: MmioOffset, value: Option<u32>) -> Verdict {
        match value {
            Some(_) => Verdict::Replace(9),
            None => Verdict::Drop,
        }
    }

    fn command_read(&self, _: Engine, _: MmioOffset) -> Verdict {
        Verdict::Allow
    }
}

#[test]
fn values_are_told_when_they_are_known() {
    let setting = Setting::rcs();
    let guest = setting.guest_with(&Nine);
    let keeps_a_byte = LRI | 1 << 9;
    for (mut words, expected) in [
        ([LRI, ALLOWED, 1, NOOP], [LRI, ALLOWED, 9, NOOP]),
        (
            [keeps_a_byte, ALLOWED, 1, NOOP],
            [keeps_a_byte, RCS_NOPID, 0, NOOP],
        ),
        ([LRM, ALLOWED, DATA, 0], [NOOP; 4]),
        ([LRR, ALLOWED, ALLOWED, NOOP], [NOOP; 4]),
    ] {
        let audited = audit(Unaudited::new(&mut words[..]), Place::Ring, &guest).unwrap();
        assert_eq!(*audited.finish().unwrap().0, expected);
    }
}
