// SPDX-License-Identifier: GPL-2.0

//! What a batch without privilege cannot do.

use super::*;

/// A register that nothing guards and nobody may write from a batch.
const CLOSED: u32 = 0x2_4000;
const GPR: u32 = 0x2600;

#[test]
fn registers() {
    let f = Fixture::new(EngineId::Rcs);
    f.write(DATA, &[3]);
    let words = [
        LRI,
        CLOSED,
        1,
        LRI,
        GPR,
        2, // one is closed
        0x29 << 23 | 2,
        CLOSED,
        lo(DATA),
        0,
        0x2a << 23 | 1,
        GPR,
        CLOSED,
        0x7a00_0004,
        1 << 14 | 1 << 23,
        CLOSED,
        0,
        5,
        0,
    ];
    f.run_batch(false, &words);
    assert_eq!([f.gpu.regs.get(CLOSED), f.gpu.regs.get(GPR)], [0, 2]);
    assert_eq!(
        f.notes("write of a privileged register by a batch dropped"),
        4
    );
    // Reads are open to all.
    f.gpu.regs.set(CLOSED, 9);
    f.run_batch(false, &[SRM, CLOSED, lo(DATA), 0]);
    assert_eq!(f.read(DATA), 9);
    f.run_batch(true, &[LRI, CLOSED, 1]);
    assert_eq!(f.gpu.regs.get(CLOSED), 1);
}

#[test]
fn a_slot_opens_a_register() {
    let f = Fixture::new(EngineId::Rcs);
    f.set_reg(0x4d0 + 4 * 11, CLOSED);
    f.run_batch(false, &[LRI, CLOSED, 7]);
    assert_eq!(f.gpu.regs.get(CLOSED), 7);
}

#[test]
fn a_batch_makes_addresses_of_constants_absolute_on_gen9() {
    for (device, value) in [(Device::Skl, 1 << 4), (Device::Bdw, 0)] {
        let f = Fixture::on(device, EngineId::Rcs);
        f.run_batch(false, &[LRI, 0x20d8, 1 << 20 | 1 << 4]);
        assert_eq!(f.reg(0xd8), value, "{device:?}");
    }
}

#[test]
fn the_blitter_of_gen9_guards_nothing() {
    for (device, value) in [(Device::Skl, 7), (Device::Bdw, 0)] {
        let f = Fixture::on(device, EngineId::Bcs);
        f.run_batch(false, &[LRI, CLOSED, 7]);
        assert_eq!(f.gpu.regs.get(CLOSED), value, "{device:?}");
    }
}

#[test]
fn an_engine_cannot_reset_itself() {
    let f = Fixture::new(EngineId::Bcs);
    f.run(&[LRI, 0x941c, 1]);
    assert_eq!(
        f.notes("write of the reset register by a command dropped"),
        1
    );
}

#[test]
fn global_addresses() {
    let f = Fixture::new(EngineId::Rcs);
    let words = [
        STORE | GLOBAL,
        lo(DATA),
        0,
        1,
        SRM | GLOBAL,
        GPR,
        lo(DATA),
        0,
        0x29 << 23 | GLOBAL | 2,
        GPR,
        lo(DATA) + 4,
        0,
        0x2f << 23 | GLOBAL | 5 << 8 | 1,
        lo(DATA),
        0,
        0x2e << 23 | 3 | 1 << 21,
        lo(DATA),
        0,
        lo(DATA) + 4,
        0,
        0x21 << 23 | 1,
        0x200,
        1,
        0x23 << 23 | 2,
        0x50_0000,
        1,
        0,
        0x26 << 23 | 2 | 1 << 14,
        lo(DATA) | 4,
        0,
        1,
        0x26 << 23 | 2 | 1 << 14 | 1 << 21,
        0x200,
        0,
        1,
        0x7a00_0004,
        1 << 14 | 1 << 24,
        lo(DATA),
        0,
        1,
        1,
        0x28 << 23 | 2,
        lo(DATA) | 1,
        0,
        1,
        0x1c << 23 | GLOBAL | 2,
        5,
        lo(DATA),
        0, // does not wait
        0x36 << 23 | GLOBAL | 1 << 21 | 2,
        5,
        lo(DATA),
        0,          // does not end
        0x08 << 23, // does not change arbitration
        STORE,
        lo(DATA) + 0x40,
        0,
        0x77,
        END,
    ];
    f.gpu.regs.set(GPR, 3);
    f.write(DATA + 4, &[4]);
    let mut streamer = f.batch(false, &words);
    finish(&mut streamer);
    assert!(streamer.state.arbitrate);
    assert_eq!([f.read(DATA), f.gpu.regs.get(GPR)], [0, 3]);
    assert_eq!([f.read(STATUS_PAGE + 0x200), f.read(LRCA + 0x200)], [0, 0]);
    assert_eq!(f.gpu.ggtt.entry(0x500), 0);
    assert_eq!(f.read(DATA + 0x40), 0x77);
}

#[test]
fn rights_are_not_regained() {
    let f = Fixture::new(EngineId::Rcs);
    f.write(SECOND, &[LRI, CLOSED, 1, END]);
    f.run_batch(false, &[0x31 << 23 | 1, lo(SECOND), 0]);
    assert_eq!(f.gpu.regs.get(CLOSED), 0);
    f.run_batch(true, &[0x31 << 23 | 1, lo(SECOND), 0]);
    assert_eq!(f.gpu.regs.get(CLOSED), 1);
}
