// SPDX-License-Identifier: GPL-2.0

//! Submissions through the registers, as a driver makes them.

mod machine;

use gen9::engine::EngineId;
use gen9::platform::Device;
use machine::Machine;

const SCRATCH: u32 = 0x30_0000;
const IDLE_TO_ACTIVE: u32 = 0x1;
const PREEMPTED: u32 = 0x2;
const ELEMENT_SWITCH: u32 = 0x14;
const ACTIVE_TO_IDLE: u32 = 0x18;
const LITE_RESTORE: u32 = 0x8002;

fn store_dword(at: u32, value: u32) -> [u32; 4] {
    [0x20 << 23 | 1 << 22 | 2, at, 0, value]
}

/// Waits until the dword at `at` is 1, in the GGTT.
fn wait_for_one(at: u32) -> [u32; 4] {
    [0x1c << 23 | 1 << 22 | 1 << 15 | 4 << 12 | 2, 1, at, 0]
}

#[test]
fn every_engine_stores_and_reports() {
    for engine in EngineId::ALL {
        let mut machine = Machine::new(engine);
        let mut context = machine.context();
        machine.emit(&mut context, &store_dword(SCRATCH, 0x1234));
        machine.submit(&[&context]);
        assert_eq!(machine.event(), Some((IDLE_TO_ACTIVE, 0)), "{engine:?}");
        assert_eq!(machine.event(), Some((ACTIVE_TO_IDLE, 0x100)), "{engine:?}");
        assert_eq!(machine.load(SCRATCH), 0x1234, "{engine:?}");
    }
}

#[test]
fn two_contexts_run_in_order() {
    let mut machine = Machine::new(EngineId::Bcs);
    let (mut first, mut second) = (machine.context(), machine.context());
    machine.emit(&mut first, &store_dword(SCRATCH, 1));
    machine.emit(&mut second, &store_dword(SCRATCH, 2));
    machine.submit(&[&first, &second]);
    assert_eq!(machine.event(), Some((IDLE_TO_ACTIVE, 0)));
    assert_eq!(machine.event(), Some((ELEMENT_SWITCH, 0x100)));
    assert_eq!(machine.event(), Some((ACTIVE_TO_IDLE, 0x101)));
    assert_eq!(machine.load(SCRATCH), 2);
}

#[test]
fn a_waiting_context_is_preempted_and_goes_on() {
    let mut machine = Machine::new(EngineId::Vecs);
    let (mut waits, mut signals) = (machine.context(), machine.context());
    machine.emit(&mut waits, &wait_for_one(SCRATCH));
    machine.emit(&mut waits, &store_dword(SCRATCH + 8, 7));
    machine.emit(&mut signals, &store_dword(SCRATCH, 1));
    machine.submit(&[&waits]);
    assert_eq!(machine.event(), Some((IDLE_TO_ACTIVE, 0)));
    machine.submit(&[&signals, &waits]);
    assert_eq!(machine.event(), Some((PREEMPTED, 0x100)));
    assert_eq!(machine.event(), Some((ELEMENT_SWITCH, 0x101)));
    assert_eq!(machine.event(), Some((ACTIVE_TO_IDLE, 0x100)));
    assert_eq!(machine.load(SCRATCH + 8), 7);
}

#[test]
fn a_lite_restore_takes_the_new_tail() {
    let mut machine = Machine::new(EngineId::Vcs0);
    let mut context = machine.context();
    machine.emit(&mut context, &wait_for_one(SCRATCH));
    machine.submit(&[&context]);
    assert_eq!(machine.event(), Some((IDLE_TO_ACTIVE, 0)));
    machine.emit(&mut context, &store_dword(SCRATCH + 8, 9));
    machine.submit(&[&context]);
    assert_eq!(machine.event(), Some((LITE_RESTORE, 0x100)));
    machine.store(SCRATCH, &[1]);
    assert_eq!(machine.event(), Some((ACTIVE_TO_IDLE, 0x100)));
    assert_eq!(machine.load(SCRATCH + 8), 9);
}

#[test]
fn registers_of_a_context_survive_another_one() {
    let gpr = EngineId::Rcs.base() + 0x600;
    let load_register = |value| [0x22 << 23 | 1, gpr, value, 0];
    let store_register = |at| [0x24 << 23 | 1 << 22 | 2, gpr, at, 0];
    let mut machine = Machine::new(EngineId::Rcs);
    let (mut mine, mut other) = (machine.context(), machine.context());
    for (context, value) in [(&mut mine, 0xaaaa), (&mut other, 0xbbbb)] {
        machine.emit(context, &load_register(value));
        // The general-purpose registers stand in the driver's full list; name this one here.
        machine.store(context_list(context), &[0x22 << 23 | 1, gpr, 0, 0x05 << 24]);
    }
    machine.submit(&[&mine, &other]);
    for _ in 0..3 {
        assert!(machine.event().is_some());
    }
    machine.emit(&mut mine, &store_register(SCRATCH));
    machine.submit(&[&mine]);
    assert_eq!(machine.event(), Some((IDLE_TO_ACTIVE, 0)));
    assert_eq!(machine.event(), Some((ACTIVE_TO_IDLE, 0x100)));
    assert_eq!(machine.load(SCRATCH), 0xaaaa);
}

/// i915 gt/intel_lrc.c: `REG16(0x200)` of `gen9_xcs_offsets`.
#[test]
fn the_blitter_s_tiling_is_at_its_fixed_place() {
    let tiling = EngineId::Bcs.base() + 0x200;
    let mut machine = Machine::new(EngineId::Bcs);
    let mut context = machine.context();
    let state = context.state();
    machine.store(
        state + 0x3f * 4,
        &[0, 0, 0x22 << 23 | 1, tiling, 0, 0x05 << 24],
    );
    machine.emit(&mut context, &[0x22 << 23 | 1, tiling, 3 << 16 | 1]);
    machine.submit(&[&context]);
    assert!(machine.event().is_some() && machine.event().is_some());
    assert_eq!(machine.load(state + 0x43 * 4), 0xffff_0001);

    machine.store(state + 0x43 * 4, &[0xffff_0002]);
    machine.emit(
        &mut context,
        &[0x24 << 23 | 1 << 22 | 2, tiling, SCRATCH, 0],
    );
    machine.submit(&[&context]);
    assert!(machine.event().is_some() && machine.event().is_some());
    assert_eq!(machine.load(SCRATCH), 2);
}

/// i915 gt/intel_lrc.c: `lrc_ring_mi_mode`. kvmgt reads what a context's image holds there as commands.
#[test]
fn gen8_s_mode_register_is_in_a_list() {
    let mode = EngineId::Rcs.base() + 0x9c;
    let mut machine = Machine::of(Device::Bdw, EngineId::Rcs);
    let mut context = machine.context();
    let state = context.state();
    machine.store(context_list(&context), &[0]);
    machine.emit(&mut context, &[0x22 << 23 | 1, mode, 1 << 27 | 1 << 11]);
    machine.submit(&[&context]);
    assert!(machine.event().is_some() && machine.event().is_some());
    let list = [0x57, 0x58, 0x59].map(|dword| machine.load(state + dword * 4));
    assert_eq!(list, [0x22 << 23 | 1, mode, 0xffff_0800]);

    machine.store(state + 0x59 * 4, &[1 << 27]);
    machine.emit(&mut context, &[0x24 << 23 | 1 << 22 | 2, mode, SCRATCH, 0]);
    machine.submit(&[&context]);
    assert!(machine.event().is_some() && machine.event().is_some());
    assert_eq!(machine.load(SCRATCH), 0);
}

#[test]
fn the_ring_s_registers_are_loaded_without_the_engine_s_state() {
    // RING_INDIRECT_CTX, of no cache line.
    let pointer = 0x1b * 4;
    let mut machine = Machine::new(EngineId::Rcs);
    let (mine, other) = (machine.context(), machine.context());
    machine.store(mine.state() + pointer, &[0x7000]);
    machine.submit(&[&mine, &other]);
    for _ in 0..3 {
        assert!(machine.event().is_some());
    }
    assert_eq!(machine.load(mine.state() + pointer), 0x7000);
    assert_eq!(machine.load(other.state() + pointer), 0);
}

/// Where the list of a context's image ends.
fn context_list(context: &machine::Context) -> u32 {
    context.state() + 0x3f * 4
}

#[test]
fn a_hung_engine_is_reset_and_works_again() {
    let mut machine = Machine::new(EngineId::Bcs);
    let mut bad = machine.context();
    machine.emit(&mut bad, &[0x3f << 23]);
    machine.submit(&[&bad]);
    assert_eq!(machine.event(), Some((IDLE_TO_ACTIVE, 0)));
    assert!(machine.gpu.engines.is_busy(EngineId::Bcs));
    machine.gpu.mmio_write(0x941c, EngineId::Bcs.reset_bit());
    assert_eq!(machine.gpu.mmio_read(0x941c), 0);
    assert!(!machine.gpu.engines.is_busy(EngineId::Bcs));
    machine.restart_events();
    let mut good = machine.context();
    machine.emit(&mut good, &store_dword(SCRATCH, 5));
    machine.submit(&[&good]);
    assert_eq!(machine.event(), Some((IDLE_TO_ACTIVE, 0)));
    assert_eq!(machine.event(), Some((ACTIVE_TO_IDLE, 0x101)));
    assert_eq!(machine.load(SCRATCH), 5);
}
