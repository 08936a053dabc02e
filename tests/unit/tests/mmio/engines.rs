// SPDX-License-Identifier: GPL-2.0

//! Engines, their resets, fences and address translation.

use super::support::*;

#[test]
fn resets_name_their_engines() {
    let mut machine = skylake();
    let only = |engine| Scope::Engines(EngineSet::NONE.with(engine));
    let table = [
        (1, Scope::Gt),
        (1 << 1, only(Engine::Rcs)),
        (1 << 2, only(Engine::Vcs0)),
        (1 << 3, only(Engine::Bcs)),
        (1 << 4, only(Engine::Vecs)),
        (1 << 7, only(Engine::Vcs1)),
        (
            1 << 1 | 1 << 3,
            Scope::Engines(EngineSet::NONE.with(Engine::Rcs).with(Engine::Bcs)),
        ),
    ];
    for (value, scope) in table {
        assert_eq!(machine.write(0x941c, value), Effect::Reset(scope));
        assert_eq!(machine.read(0x941c), 0);
    }
    // The microcontroller's, which there is not.
    machine.set(0x941c, 1 << 5);
    assert_eq!(machine.read(0xc000) & 1, 1);
}

#[test]
fn a_reset_forgets_what_it_should() {
    let mut machine = skylake();
    let written = [
        (0x2038, 0x1000),
        (0x2_2038, 0x2000),
        (0xc800, 3),
        (0xb118, 7),
        (0x10_0000, 9),
        (0xa188, 0x0001_0001),
        (0x4_f100, 5),
    ];
    for (at, value) in written {
        let _ = machine.write(at, value);
    }
    machine
        .registers
        .finish_reset(Scope::Engines(EngineSet::NONE.with(Engine::Bcs)));
    assert_eq!(machine.read(0x2038), 0x1000);
    assert_eq!(machine.read(0x2_2038), 0);
    assert_eq!(machine.read(0xc800), 3);

    machine.registers.finish_reset(Scope::Gt);
    assert_eq!(machine.read(0x2038), 0);
    assert_eq!(machine.read(0x20a8), u32::MAX);
    assert_eq!(machine.read(0xc800), 0);
    assert_eq!(machine.read(0xb118), snapshot(MmioOffset::new(0xb118)));
    // What is not the GT's, and what keeps it awake.
    assert_eq!(machine.read(0x10_0000), 9);
    assert_eq!(machine.read(0x13_0044), 1);
    assert_eq!(machine.read(FUSE2), snapshot(MmioOffset::new(FUSE2)));

    machine.registers.reset();
    assert_eq!(machine.read(0x10_0000), 0);
    assert_eq!(machine.read(0x13_0044), 0);
    assert_eq!(machine.read(FUSE2), snapshot(MmioOffset::new(FUSE2)));
}

#[test]
fn an_engine_says_whether_it_works() {
    let mut machine = skylake();
    let (mode, done) = (0x209c, 0x206c);
    machine.set(mode, 0x0100_0100);
    assert_eq!(machine.read(mode), 0x0300);
    assert_eq!(machine.read(done), u32::MAX);
    machine.registers.set_busy(Engine::Rcs, true);
    assert_eq!(machine.read(mode), 0x0100);
    assert_eq!(machine.read(done), !1);
    assert_eq!(machine.read(0x2_206c), u32::MAX);
    machine.set(mode, 0x0200_0200);
    assert_eq!(machine.read(mode), 0x0100);
    machine.registers.finish_reset(Scope::Gt);
    assert_eq!(machine.read(mode), 0x0200);
}

#[test]
fn an_engine_grants_its_reset() {
    let mut machine = skylake();
    for engine in Engine::ALL {
        let at = engines::at(engine, 0xd0).get();
        machine.set(at, 0x0001_0001);
        assert_eq!(machine.read(at), 0b11);
        machine.set(at, 0x0002_0000);
        assert_eq!(machine.read(at), 0b11);
        machine.set(at, 0x0001_0000);
        assert_eq!(machine.read(at), 0);
    }
}

#[test]
fn an_engine_is_set_up() {
    let mut machine = skylake();
    for engine in Engine::ALL {
        let at = |offset| engines::at(engine, offset).get();
        assert_eq!(machine.registers.status_page(engine), GuestGma::new(0));
        assert_eq!(machine.write(at(0x80), 0x0123_4567), Effect::None);
        assert_eq!(
            machine.registers.status_page(engine),
            GuestGma::new(0x0123_4000)
        );

        assert!(!machine.registers.execlists(engine));
        assert_eq!(machine.write(at(0x29c), 0x8000_8000), Effect::None);
        assert!(machine.registers.execlists(engine));
        machine.set(at(0x29c), 0x8000_8000);
        // Interrupts to the microcontroller.
        assert_eq!(machine.write(at(0x29c), 0x4000_4000), Effect::Refused);
        assert_eq!(machine.read(at(0x29c)), 0x8000);

        assert_eq!(machine.registers.interrupt_mask(engine), u32::MAX);
        assert_eq!(machine.write(at(0xa8), 0xfffe_fffe), Effect::Listen);
        assert_eq!(machine.registers.interrupt_mask(engine), 0xfffe_fffe);
    }
}

#[test]
fn a_fence_stays_in_the_share() {
    const MIB: u64 = 1 << 20;
    let range = |start, size| GmaRange::new(HostGma::new(start), Bytes::new(size)).unwrap();
    let share = Share {
        aperture: range(128 * MIB, 64 * MIB),
        hidden: range(1024 * MIB, 64 * MIB),
        fences: 4,
    };
    // X tiles in rows of 512 bytes, 1 KiB and 256 KiB; Y tiles in rows of 128 and 256 bytes.
    let (narrow, x, wide) = (0x3_0000_0001, 0x7_0000_0001, 0x7ff_0000_0001);
    let (y_narrow, y) = (0x3, 0x1_0000_0003);
    let end = 192 * MIB;
    // First page, last page, other bits: pitch, tiling, valid.
    let table = [
        (128 * MIB, 129 * MIB - 4096, 0x7f_0000_0003, true),
        (128 * MIB, end - 4096, narrow, true),
        (191 * MIB, 191 * MIB, narrow, true),
        (128 * MIB, 129 * MIB - 4096, 0x7f_0000_0002, false),
        (128 * MIB - 4096, 129 * MIB, narrow, false),
        (128 * MIB, end, narrow, false),
        (130 * MIB, 129 * MIB, narrow, false),
        (0, 4095 * MIB, narrow, false),
        (1024 * MIB, 1025 * MIB, narrow, false),
        (0, 0xffff_f000, narrow, false),
        // The other tiles of a row.
        (end - 4096, end - 4096, narrow, true),
        (end - 4096, end - 4096, x, false),
        (end - 8192, end - 8192, x, true),
        (end - 12288, end - 4096, x, false),
        (end - 4096, end - 4096, 0xfff_0000_0001, false),
        (190 * MIB, 190 * MIB, wide, true),
        (190 * MIB + 4096, 190 * MIB + 4096, wide, false),
        (end - 4096, end - 4096, y_narrow, true),
        (end - 4096, end - 4096, y, false),
        (end - 8192, end - 8192, y, true),
        // No pitch of whole tiles, and none at all.
        (191 * MIB, 191 * MIB, 1, false),
        (191 * MIB, 191 * MIB, 0x4_0000_0001, false),
        (128 * MIB, 129 * MIB - 4096, 0x803_0000_0001, false),
    ];
    for (first, last, bits, good) in table {
        let value = last << 32 | first | bits;
        let expected = if good { value } else { 0 };
        assert_eq!(fence::audited(value, &share), expected, "{value:#x}");
    }
}

#[test]
fn fences_are_pairs() {
    let mut machine = skylake();
    assert_eq!(machine.write(0x10_0018, 0x1000_0001), Effect::Fence(3));
    assert_eq!(machine.write(0x10_001c, 0x2000), Effect::Fence(3));
    assert_eq!(machine.registers.fence(3), 0x2000_1000_0001);
    assert_eq!(machine.registers.fence(2), 0);
    assert_eq!(machine.write(0x10_00fc, 1), Effect::Fence(31));
    assert_eq!(machine.registers.fence(200), 0);
}

#[test]
fn translations_are_forgotten() {
    let mut machine = skylake();
    let table = [
        (0x4260, Engine::Rcs),
        (0x4264, Engine::Vcs0),
        (0x4268, Engine::Vcs1),
        (0x426c, Engine::Bcs),
        (0x4270, Engine::Vecs),
    ];
    for (at, engine) in table {
        assert_eq!(machine.write(at, 1), Effect::InvalidateTlb(engine));
        assert_eq!(machine.read(at), 0);
        machine.set(at, 0);
    }
    assert_eq!(machine.write(0x10_1008, 1), Effect::FlushGgtt);
}
