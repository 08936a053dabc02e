// SPDX-License-Identifier: GPL-2.0

//! Registers that answer by themselves.

use super::support::*;

#[test]
fn fuses_are_the_hosts_and_stay() {
    let mut machine = skylake();
    for at in [FUSE2, 0x9134, 0x913c, 0xa26c, 0xd00, 0x14_5e04] {
        let fused = snapshot(MmioOffset::new(at));
        assert_eq!(machine.read(at), fused);
        machine.set(at, 0);
        assert_eq!(machine.read(at), fused);
    }
    assert_eq!(machine.host.reads.get(), 0);
}

#[test]
fn timestamps_are_the_hosts_of_now() {
    let mut machine = skylake();
    for engine in Engine::ALL {
        let at = engines::at(engine, 0x358).get();
        assert_eq!(machine.read(at), at ^ 0x5a5a_0000);
        machine.set(at, 0);
        assert_eq!(machine.read(at + 4), (at + 4) ^ 0x5a5a_0000);
    }
    assert_eq!(machine.host.reads.get(), 10);
}

#[test]
fn the_upper_half_of_a_masked_register_masks() {
    let mut machine = skylake();
    machine.set(0x7004, 0xffff_1234);
    assert_eq!(machine.read(0x7004), 0x1234);
    machine.set(0x7004, 0x00f0_ffff);
    assert_eq!(machine.read(0x7004), 0x12f4);
    machine.set(0x7004, 0x0000_ffff);
    assert_eq!(machine.read(0x7004), 0x12f4);
}

#[test]
fn ones_clear_errors() {
    let mut machine = skylake();
    let eir = 0x20b0;
    machine.registers.set(MmioOffset::new(eir), 0b111);
    machine.set(eir, 0b010);
    assert_eq!(machine.read(eir), 0b101);
}

/// Workarounds that a guest's i915 writes and then looks at again.
#[test]
fn workarounds_stick() {
    let mut machine = skylake();
    for at in [
        0x4090, 0x4ab0, 0x4ab8, 0x4ddc, 0x940c, 0xb004, 0xb008, 0xb100, 0xb118, 0xb11c, 0xb034,
    ] {
        machine.set(at, 0x1234_5678);
        assert_eq!(machine.read(at), 0x1234_5678, "{at:#x}");
    }
    for at in [0x20e0, 0x20ec, 0x7004, 0x7014, 0xe184, 0xe194, 0xe48c] {
        machine.set(at, 0x0100_0100);
        assert_eq!(machine.read(at), 0x0100, "{at:#x}");
    }
}

#[test]
fn forcewake_is_granted_at_once() {
    let domains = [(0xa278, 0xd84), (0xa188, 0x13_0044), (0xa270, 0xd88)];
    for (platform, domains) in [
        (Platform::Skylake, &domains[..]),
        (Platform::Broadwell, &domains[1..2]),
    ] {
        let mut machine = Machine::new(platform);
        for &(request, acknowledge) in domains {
            machine.set(request, 0xffff_0000);
            assert_eq!(machine.read(acknowledge), 0);
            machine.set(request, 0x0001_0001);
            assert_eq!(machine.read(acknowledge), 1);
            machine.set(request, 0x8000_8000);
            assert_eq!(machine.read(acknowledge), 0x8001);
            machine.set(request, 0x0001_0000);
            assert_eq!(machine.read(acknowledge), 0x8000);
            machine.set(acknowledge, 0);
            assert_eq!(machine.read(acknowledge), 0x8000);
        }
    }
}

/// An order to the firmware: the low byte of the mailbox, and the data.
fn order(machine: &mut Machine, order: u32, data: u32) -> (u32, u32) {
    machine.set(DATA, data);
    machine.set(MAILBOX, 1 << 31 | order);
    let mailbox = machine.read(MAILBOX);
    assert_eq!(mailbox >> 31, 0, "the order is still carried out");
    (mailbox & 0xff, machine.read(DATA))
}

#[test]
fn the_power_controller_answers() {
    let mut machine = skylake();
    let table = [
        // order, data, answer; or none if it is to be refused
        (0x06, 0, Some(0x201c_1302)),
        (0x06, 1, Some(0x6353_4d3f)),
        (0x07, 3, Some(1)),
        (0x08, 0x1234, Some(0x1234)),
        (0x1a, 0, Some(0x0700)),
        // SAGV: a guest asks until it is told that it is disabled
        (0x21, 0, Some(1)),
        (0x17, 0, None),
        (0x7e, 0, None),
    ];
    for (number, data, answer) in table {
        match answer {
            Some(answer) => assert_eq!(order(&mut machine, number, data), (0, answer)),
            None => assert_eq!(order(&mut machine, number, data), (1, data)),
        }
    }
    let mut broadwell = Machine::new(Platform::Broadwell);
    assert_eq!(order(&mut broadwell, 0x17, 5), (0, 5));
    assert_eq!(order(&mut broadwell, 0x21, 0).0, 1);
    let mut broxton = Machine::new(Platform::Broxton);
    assert_eq!(order(&mut broxton, 0x17, 5), (0, 5));
}

#[test]
fn a_frequency_runs_when_it_is_asked_for() {
    let mut machine = skylake();
    machine.set(0xa008, 23 << 23);
    assert_eq!(machine.read(0xa01c) >> 23, 23);
    let mut machine = Machine::new(Platform::Broadwell);
    machine.set(0xa008, 19 << 24);
    assert_eq!(machine.read(0xa01c) >> 7 & 0x7f, 19);
}
