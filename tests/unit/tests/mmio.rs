// SPDX-License-Identifier: GPL-2.0

//! The registers of a virtual GPU: the core and the GT.

use std::cell::Cell;

use kernel::alloc::{flags::GFP_KERNEL, KBox};
use kernel::sync::Arc;
use proptest::prelude::*;
use unit::hw::{
    addr::{Bytes, GmaRange, GuestGma, HostGma, MmioOffset},
    engine::Engine,
    irq,
    platform::Platform,
    pvinfo,
};
use unit::model::{
    execlist::Execlists,
    mmio::{
        access::{Access, BadShape},
        cells::SPACE,
        display::{Display, Nanos},
        engines::{self, EngineSet},
        fence, nonpriv,
        reset::Scope,
        span::{Initial, Policy, Unit},
        table::Map,
        Effect, Registers,
    },
    parser::{RegisterPolicy, Verdict},
    partition::Share,
    seam::HostMmio,
};

const PLATFORMS: [Platform; 6] = [
    Platform::Broadwell,
    Platform::Skylake,
    Platform::Broxton,
    Platform::KabyLake,
    Platform::CoffeeLake,
    Platform::CometLake,
];

const MAILBOX: u32 = 0x13_8124;
const DATA: u32 = 0x13_8128;
const CAPABILITIES: u32 = 0x14_5998;
const FUSE2: u32 = 0x9120;

/// A host whose registers count the reads of them.
#[derive(Default)]
struct Host {
    reads: Cell<u32>,
}

fn boxed(display: Display) -> KBox<Display> {
    KBox::new(display, GFP_KERNEL).unwrap()
}

/// The registers of a platform, as all of its guests have them.
fn map(platform: Platform) -> Arc<Map> {
    Arc::new(Map::new(platform).unwrap(), GFP_KERNEL).unwrap()
}

impl HostMmio for Host {
    fn read(&self, at: MmioOffset) -> u32 {
        self.reads.set(self.reads.get() + 1);
        at.get() ^ 0x5a5a_0000
    }
}

/// What the host had when the virtual GPU was made.
fn snapshot(at: MmioOffset) -> u32 {
    match at.get() {
        CAPABILITIES => 0x0007_0717,
        other => other ^ 0xc0de_0000,
    }
}

/// The display's time.
fn now() -> Nanos {
    Nanos(1)
}

struct Machine {
    registers: Registers,
    host: Host,
}

impl Machine {
    fn new(platform: Platform) -> Self {
        let display = Display::new(platform, None).unwrap();
        Self {
            registers: Registers::new(map(platform), boxed(display), snapshot).unwrap(),
            host: Host::default(),
        }
    }

    fn read(&mut self, at: u32) -> u32 {
        self.registers
            .read(MmioOffset::new(at), &self.host, now)
            .unwrap()
    }

    fn write(&mut self, at: u32, value: u32) -> Effect {
        self.registers.write(MmioOffset::new(at), value, now)
    }

    /// A write that asks nothing of the outside.
    fn set(&mut self, at: u32, value: u32) {
        assert_eq!(self.write(at, value), Effect::None, "{at:#x}");
    }
}

fn skylake() -> Machine {
    Machine::new(Platform::Skylake)
}

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
        machine.set(at(0xa8), 0xfffe_fffe);
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
    // First page, last page, other bits: pitch, tiling, valid.
    let table = [
        (128 * MIB, 129 * MIB - 4096, 0x7f_0000_0003, true),
        (128 * MIB, 192 * MIB - 4096, 1, true),
        (191 * MIB, 191 * MIB, 1, true),
        (128 * MIB, 129 * MIB - 4096, 0x7f_0000_0002, false),
        (128 * MIB - 4096, 129 * MIB, 1, false),
        (128 * MIB, 192 * MIB, 1, false),
        (130 * MIB, 129 * MIB, 1, false),
        (0, 4095 * MIB, 1, false),
        (1024 * MIB, 1025 * MIB, 1, false),
        (0, 0xffff_f000, 1, false),
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

#[test]
fn slots_open_what_is_listed() {
    let mut machine = skylake();
    let slot = 0x24d0;
    machine.set(slot, 0x2580);
    assert_eq!(machine.read(slot), 0x2580);
    for refused in [0x2080, 0x2230, 0x941c, 0x4df4, 0xd80, 0x6_4844, 0x2_2094] {
        assert_eq!(
            machine.write(slot, refused),
            Effect::Refused,
            "{refused:#x}"
        );
        assert_eq!(machine.read(slot), 0x2580);
    }
    // An unused slot names NOPID of its own engine.
    machine.set(slot + 44, 0x2094);
    machine.set(0x2_24d0, 0x2_2094);
}

#[test]
fn a_range_is_judged_as_a_whole() {
    // i915 opens 4 registers to reads on Coffee Lake (cfl_whitelist_build).
    let counters = 0x2348 | 1 << 28 | 1;
    for (platform, slot, permitted) in [
        (Platform::CoffeeLake, counters, true),
        (Platform::CometLake, counters, true),
        (Platform::CoffeeLake, 0x2348 | 2, false),
        (Platform::CoffeeLake, 0x2580 | 1, false),
        (Platform::CoffeeLake, 0x2094 | 1, false),
        (Platform::CoffeeLake, 0x2094, true),
        (Platform::CoffeeLake, 0x7014 | 1, false),
        // Before, bits 1:0 have no meaning.
        (Platform::Skylake, 0x2580 | 1, true),
    ] {
        assert_eq!(
            nonpriv::permitted(platform, Engine::Rcs, slot),
            permitted,
            "{platform:?} {slot:#x}"
        );
    }
    // An engine's own time, to reads alone (allow_read_ctx_timestamp).
    let time = |platform, engine, at: u32| nonpriv::permitted(platform, engine, at);
    let read = 1 << 28;
    assert!(time(Platform::CometLake, Engine::Bcs, 0x2_23a8 | read));
    assert!(!time(Platform::CometLake, Engine::Bcs, 0x2_23a8));
    assert!(!time(Platform::CometLake, Engine::Bcs, 0x23a8 | read));
    assert!(!time(Platform::Skylake, Engine::Bcs, 0x2_23a8 | read));
}

#[test]
fn what_nobody_declared_is_kept_and_counted() {
    let mut machine = skylake();
    let at = 0x3_5550;
    assert_eq!(machine.read(at), 0);
    assert_eq!(machine.registers.unknown().count(), 1);
    machine.set(at, 0xdead_beef);
    assert_eq!(machine.read(at), 0xdead_beef);
    assert_eq!(machine.write(0x3_5560, 1), Effect::Unknown);
    assert_eq!(machine.registers.unknown().count(), 4);
    assert_eq!(
        machine.registers.unknown().first(),
        [MmioOffset::new(at), MmioOffset::new(0x3_5560)]
    );
    // There is a limit to how many are told.
    for n in 0..1000 {
        let _ = machine.write(0x3_6000 + 4 * n, n);
    }
    assert_eq!(machine.registers.unknown().count(), 1004);
    assert_eq!(machine.registers.unknown().first().len(), 32);
    assert_eq!(
        machine.registers.unwritten(MmioOffset::new(at)),
        Ok(0xdead_beef)
    );
    assert_eq!(machine.registers.unwritten(MmioOffset::new(0x20b0)), Ok(0));
    // Past the end there is nothing.
    let _ = machine.write(SPACE, 1);
    assert_eq!(machine.read(SPACE), 0);
    assert_eq!(machine.read(!3), 0);
}

#[test]
fn commands_write_what_is_the_contexts() {
    let map = Map::new(Platform::Skylake).unwrap();
    let write = |engine, at| map.command_write(engine, MmioOffset::new(at), None);
    let read = |engine, at| map.command_read(engine, MmioOffset::new(at));
    let (rcs, bcs) = (Engine::Rcs, Engine::Bcs);
    // engine, register, write, read
    let table = [
        (rcs, 0x2600, Verdict::Allow, Verdict::Allow),
        (rcs, 0x7014, Verdict::Allow, Verdict::Allow),
        (rcs, 0xc8fc, Verdict::Allow, Verdict::Allow),
        (rcs, 0xb118, Verdict::Allow, Verdict::Allow),
        (rcs, 0x5280, Verdict::Allow, Verdict::Allow),
        (bcs, 0x2_2600, Verdict::Allow, Verdict::Allow),
        (bcs, 0x2_2200, Verdict::Allow, Verdict::Allow),
        (Engine::Vcs0, 0x1_28a0, Verdict::Allow, Verdict::Allow),
        // The time is everybody's.
        (rcs, 0x2358, Verdict::Drop, Verdict::Allow),
        (bcs, 0x2358, Verdict::Drop, Verdict::Allow),
        // Another engine's.
        (bcs, 0x2600, Verdict::Drop, Verdict::Drop),
        (bcs, 0x7014, Verdict::Drop, Verdict::Drop),
        (Engine::Vcs1, 0x1_28a0, Verdict::Drop, Verdict::Drop),
        // The host's.
        (rcs, 0x4090, Verdict::Drop, Verdict::Drop),
        (rcs, 0x940c, Verdict::Drop, Verdict::Drop),
        (rcs, 0x4df4, Verdict::Drop, Verdict::Drop),
        (rcs, 0x24d0, Verdict::Drop, Verdict::Drop),
        (rcs, 0x2270, Verdict::Drop, Verdict::Drop),
        (rcs, 0x2b14, Verdict::Drop, Verdict::Drop),
        (rcs, 0x2230, Verdict::Drop, Verdict::Drop),
        (rcs, 0x4_4200, Verdict::Drop, Verdict::Drop),
        // What would reach beyond the guest.
        (rcs, 0x2080, Verdict::Reject, Verdict::Drop),
        (rcs, 0x941c, Verdict::Reject, Verdict::Drop),
        // No registers.
        (rcs, 0x2602, Verdict::Reject, Verdict::Reject),
        (rcs, SPACE, Verdict::Reject, Verdict::Reject),
        (rcs, u32::MAX, Verdict::Reject, Verdict::Reject),
    ];
    for (engine, at, writes, reads) in table {
        assert_eq!(write(engine, at), writes, "{engine:?} writes {at:#x}");
        assert_eq!(read(engine, at), reads, "{engine:?} reads {at:#x}");
    }
}

/// What commands leave behind must not be met by the engine's next owner, the host included.
#[test]
fn commands_write_nothing_that_stays() {
    // FF_THREAD_MODE, CSFE_CHICKEN1, FF_SLICE_CS_CHICKEN2, CS_DEBUG_MODE1, a slot of FORCE_TO_NONPRIV
    let render = [0x20a0, 0x20d4, 0x20e4, 0x20ec, 0x24d0];
    // MOCS of the video engines, of the video enhancer, of the blitter
    let mocs = [0xc900, 0xca00, 0xcb00, 0xcc00];
    for platform in PLATFORMS {
        let map = Map::new(platform).unwrap();
        for engine in Engine::ALL {
            for at in render.into_iter().chain(mocs) {
                let verdict = map.command_write(engine, MmioOffset::new(at), Some(1));
                assert_ne!(verdict, Verdict::Allow, "{platform:?} {engine:?} {at:#x}");
            }
        }
    }
}

/// Of the engines but the render engine i915 knows the images whole.
#[test]
fn commands_write_what_is_in_the_image() {
    let context = [0x94, 0x200];
    let context_of_gen9 = [0xc0, 0x158, 0x41c, 0x600, 0x604, 0x67c];
    let neither = [0x3bc, 0x400, 0x404, 0x418, 0x2c, 0x680];
    for platform in PLATFORMS {
        let map = Map::new(platform).unwrap();
        let gen9 = platform != Platform::Broadwell;
        for engine in [Engine::Bcs, Engine::Vcs0, Engine::Vcs1, Engine::Vecs] {
            let allowed = |within| {
                let at = MmioOffset::new(engine.mmio_base().get() + within);
                map.command_write(engine, at, Some(1)) == Verdict::Allow
            };
            for within in context_of_gen9 {
                assert_eq!(allowed(within), gen9, "{platform:?} {engine:?} {within:#x}");
            }
            for within in context {
                // Only the blitter has BCS_SWCTRL.
                let has = within != 0x200 || engine == Engine::Bcs;
                assert_eq!(allowed(within), has, "{platform:?} {engine:?} {within:#x}");
            }
            for within in neither {
                assert!(!allowed(within), "{platform:?} {engine:?} {within:#x}");
            }
        }
        let general = MmioOffset::new(0x2600);
        assert_eq!(
            map.command_write(Engine::Rcs, general, None),
            Verdict::Allow
        );
    }
}

#[test]
fn each_platform_has_its_registers() {
    for platform in PLATFORMS {
        let map = Map::new(platform).unwrap();
        let spans: Vec<_> = map.spans().collect();
        let mut end = 0;
        for span in &spans {
            assert!(span.first >= end, "{platform:?} {:#x}", span.first);
            end = span.end();
        }
        assert!(end <= SPACE);
        // What is looked up is what a search finds.
        for at in (0..SPACE).step_by(4).chain([SPACE, SPACE + 4, !3]) {
            let after = spans.partition_point(|span| span.first <= at);
            let span = after.checked_sub(1).map(|index| spans[index]);
            let declared = span.filter(|span| span.contains(at));
            assert_eq!(
                map.find(MmioOffset::new(at)),
                declared,
                "{platform:?} {at:#x}"
            );
        }
    }
    let has = |platform, at| {
        let map = Map::new(platform).unwrap();
        map.find(MmioOffset::new(at)).is_some()
    };
    assert!(has(Platform::Skylake, 0xc800) && !has(Platform::Broadwell, 0xc800));
    assert!(has(Platform::CometLake, 0xa278) && !has(Platform::Broadwell, 0xa278));
}

/// Each register of another unit's is known to be that unit's, and no other is.
#[test]
fn others_answer_for_theirs() {
    let port = Execlists::new();
    for platform in PLATFORMS {
        let mut machine = Machine::new(platform);
        for at in (0..SPACE).step_by(4).map(MmioOffset::new) {
            let within = at.checked_sub(pvinfo::PAGE);
            let block = Engine::of_register(at);
            let unit = if within.is_some_and(|within| within < pvinfo::SIZE) {
                Err(Unit::PvInfo)
            } else if at == irq::MASTER || irq::decode(at).is_some() {
                Err(Unit::Interrupts)
            } else if block.is_some_and(|(_, within)| port.read(within).is_some()) {
                Err(Unit::Port)
            } else {
                Ok(())
            };
            let read = machine.registers.read(at, &machine.host, now).map(|_| ());
            assert_eq!(read, unit, "{platform:?} {at:?}");
            assert_eq!(machine.registers.unwritten(at).map(|_| ()), unit);
            let effect = machine.registers.write(at, 0, now);
            let of = matches!(effect, Effect::Of(other) if Err(other) == unit);
            assert_eq!(of, unit.is_err(), "{platform:?} {at:?}");
        }
    }
}

#[test]
fn accesses_have_a_shape() {
    for (at, size) in [(0, 3), (0, 0), (0, 16), (1, 2), (2, 4), (4, 8)] {
        assert_eq!(Access::new(at, size), Err(BadShape), "{at} {size}");
    }
    let read = |at, size| {
        let access = Access::new(at, size).unwrap();
        access.read(|at| 0x4433_2211 + at.get())
    };
    assert_eq!(read(8, 4), 0x4433_2219);
    assert_eq!(read(8, 1), 0x19);
    assert_eq!(read(10, 2), 0x4433);
    assert_eq!(read(11, 1), 0x44);
    assert_eq!(read(8, 8), 0x4433_221d_4433_2219);

    let access = Access::new(10, 1).unwrap();
    assert_eq!(access.lower(0x4433_2211, 0xffff_ffaa), 0x44aa_2211);
    assert_eq!(access.second(), None);
    let access = Access::new(8, 8).unwrap();
    assert_eq!(access.second(), Some(MmioOffset::new(12)));
    assert_eq!(access.lower(7, 0x1_0000_0002), 2);
    assert_eq!(Access::upper(0x1_0000_0002), 1);
}

#[test]
fn memory_can_run_out() {
    let display = Display::new(Platform::Skylake, None).unwrap();
    let map = map(Platform::Skylake);
    kernel::alloc::failing::after(1, || {
        assert!(Registers::new(map, boxed(display), snapshot).is_err());
        assert!(Map::new(Platform::Skylake).is_err());
    });
}

proptest! {
    /// Registers that are memory or masks, against the obvious.
    #[test]
    fn plain_and_masked(writes in prop::collection::vec(any::<u32>(), 1..8), pick in any::<prop::sample::Index>()) {
        let map = Map::new(Platform::Skylake).unwrap();
        let simple: Vec<_> = map
            .spans()
            .filter(|span| matches!(span.policy, Policy::Plain | Policy::Masked))
            .collect();
        let span = simple[pick.index(simple.len())];
        let mut machine = skylake();
        let mut expected = match span.initial {
            Initial::Value(value) => value,
            Initial::Host => snapshot(MmioOffset::new(span.first)),
        };
        for value in writes {
            machine.set(span.first, value);
            for bit in (0..32).filter(|bit| span.read_only >> bit & 1 == 0) {
                let (changes, to) = match span.policy {
                    Policy::Masked if bit < 16 => (value >> (bit + 16) & 1 != 0, value >> bit & 1),
                    Policy::Masked => (true, 0),
                    _ => (true, value >> bit & 1),
                };
                if changes {
                    expected = expected & !(1 << bit) | to << bit;
                }
            }
        }
        prop_assert_eq!(machine.read(span.first), expected, "{:#x}", span.first);
    }
}

proptest! {
    // Each case makes a machine and looks at all of its registers.
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// No access harms, none writes to the host, and a reset makes the registers as new.
    #[test]
    fn any_sequence(
        accesses in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>(), 0..4), 0..2000),
        platform in 0..PLATFORMS.len(),
    ) {
        let mut machine = Machine::new(PLATFORMS[platform]);
        let known: Vec<_> = machine.registers.map().spans().collect();
        for (pick, value, kind) in accesses {
            let at = match kind {
                0 => value % SPACE & !3,
                _ => known[pick.index(known.len())].first,
            };
            if kind == 1 {
                let _ = machine.registers.read(MmioOffset::new(at), &machine.host, now);
            } else if let Effect::Reset(scope) = machine.write(at, value) {
                machine.registers.finish_reset(scope);
            }
        }
        machine.registers.reset();
        let fresh = Machine::new(PLATFORMS[platform]);
        for at in (0..SPACE).step_by(4).map(MmioOffset::new) {
            prop_assert_eq!(machine.registers.get(at), fresh.registers.get(at), "{:?}", at);
        }
    }
}
