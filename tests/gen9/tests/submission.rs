// SPDX-License-Identifier: GPL-2.0

//! Submissions through the registers, as a driver makes them.

mod machine;

use gen9::engine::EngineId;
use gen9::platform::Device;
use gen9::witness::{Claim, Extent, GrantRequest, Kind, Origin};
use machine::{Context, Machine};

const SCRATCH: u32 = 0x30_0000;
const TABLES: u32 = 0x38_0000;
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
fn context_list(context: &Context) -> u32 {
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

/// A page of the GGTT that belongs to one context is read by another one.
#[test]
fn a_read_of_another_context_s_range_is_a_trespass() {
    let engine = EngineId::Vcs0;
    let mut machine = Machine::new(engine);
    let (mut owner, mut other) = (machine.context(), machine.context());
    let page = Extent {
        start: SCRATCH.into(),
        size: 0x1000,
    };
    let grant = GrantRequest {
        name: "owner".into(),
        ggtt: vec![page],
        contexts: vec![Claim::Lrca(owner.key().lrca)],
        ..GrantRequest::default()
    };
    machine.gpu.witness.grant(&grant).unwrap();
    let behind = SCRATCH + 0x1000;
    for context in [&mut owner, &mut other] {
        for at in [SCRATCH + 0x10, SCRATCH + 0xffc, SCRATCH - 4, behind] {
            // To a register.
            machine.emit(
                context,
                &[0x29 << 23 | 1 << 22 | 2, engine.base() + 0x600, at, 0],
            );
            // To memory that is nobody's.
            machine.emit(context, &[0x2e << 23 | 3 << 21 | 3, behind, 0, at, 0, 0]);
        }
        machine.submit(&[context]);
        assert!(machine.event().is_some() && machine.event().is_some());
    }
    let (key, records) = (other.key(), machine.gpu.witness.report().violations.records);
    for record in &records {
        assert_eq!((record.kind, record.access), (Kind::Trespass, "read"));
        assert_eq!(record.engine, Some(engine));
        assert_eq!(
            (record.context, record.lrca),
            (Some(key.id), Some(key.lrca))
        );
        assert_eq!(record.space, Origin::Ggtt);
        assert_eq!(record.grant.as_deref(), Some("owner"));
    }
    let addresses: Vec<u64> = records.iter().map(|record| record.addr).collect();
    let [first, last] = [0x10, 0xffc].map(|at| u64::from(SCRATCH) + at);
    assert_eq!(addresses, [first, first, last, last]);
}

/// Writes page tables of three levels, whose directories the context's image names, and one page
/// in each quarter of the address space: the one of quarter `n` is at `SCRATCH + n * 0x1000`.
fn map_quarters(machine: &Machine, context: &Context) {
    for n in 0..4 {
        let (directory, table) = (TABLES + n * 0x2000, TABLES + n * 0x2000 + 0x1000);
        machine.store(directory + 8 * (n + 1), &[table | 3, 0]);
        machine.store(table + 8 * (n + 2), &[(SCRATCH + n * 0x1000) | 3, 0]);
        // PDP3 comes first; each half of a value is behind its register, the upper one first.
        let slot = 0x24 + 4 * (3 - n);
        machine.store(context.state() + 4 * slot, &[0, 0, 0, directory]);
    }
}

/// An address in the page of the quarter.
fn in_quarter(n: u32, offset: u32) -> u32 {
    n << 30 | (n + 1) << 21 | (n + 2) << 12 | offset
}

#[test]
fn an_image_s_four_directories_are_the_context_s_memory() {
    for engine in EngineId::ALL {
        let mut machine = Machine::new(engine);
        let mut context = machine.context();
        map_quarters(&machine, &context);
        for n in 0..4 {
            // From the ring into the PPGTT. More than 32 bits of an address are not looked at.
            machine.emit(&mut context, &[0x20 << 23 | 2, in_quarter(n, 8), 1, n + 1]);
        }
        // A batch in the last quarter.
        let batch = [0x20 << 23 | 2, in_quarter(0, 12), 0, 9, 0x0a << 23];
        machine.store(SCRATCH + 0x3000 + 0x40, &batch);
        let start = [0x31 << 23 | 1 << 8 | 1, in_quarter(3, 0x40), 0];
        machine.emit(&mut context, &start);
        machine.submit(&[&context]);
        assert_eq!(machine.event(), Some((IDLE_TO_ACTIVE, 0)));
        assert_eq!(machine.event(), Some((ACTIVE_TO_IDLE, 0x100)));
        let stored = [0, 1, 2, 3].map(|n| machine.load(SCRATCH + n * 0x1000 + 8));
        assert_eq!(stored, [1, 2, 3, 4], "{engine:?}");
        assert_eq!(machine.load(SCRATCH + 12), 9, "{engine:?}");
        assert!(machine.gpu.witness.report().violations.records.is_empty());
    }
}
