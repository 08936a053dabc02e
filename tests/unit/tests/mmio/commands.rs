// SPDX-License-Identifier: GPL-2.0

//! What the registers allow to commands.

use super::support::*;

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

/// Neither the context has these, nor does i915 set them on these GPUs.
#[test]
fn commands_write_no_chicken_bits_that_stay() {
    let (rcs, at) = (Engine::Rcs, MmioOffset::new);
    for platform in PLATFORMS {
        let map = Map::new(platform).unwrap();
        for register in [0x208c, 0x5584, 0x731c, 0xe18c, 0xe48c] {
            for value in [None, Some(u32::MAX)] {
                let verdict = map.command_write(rcs, at(register), value);
                assert_eq!(verdict, Verdict::Drop, "{platform:?} {register:#x}");
            }
        }
        // Their neighbours, which the context has.
        for register in [0x5588, 0x7304, 0xe188] {
            let verdict = map.command_write(rcs, at(register), Some(u32::MAX));
            assert_eq!(verdict, Verdict::Allow, "{platform:?} {register:#x}");
        }
    }
}

/// Of these i915 sets one bit each whenever it restores a context, on Gen9 (gen9_init_indirectctx_bb).
#[test]
fn commands_write_the_bits_that_everybody_sets() {
    for platform in PLATFORMS {
        let map = Map::new(platform).unwrap();
        for (register, bit) in [(0x2088, 1 << 1), (0x2090, 1 << 12)] {
            let at = MmioOffset::new(register);
            let write = |engine, value| map.command_write(engine, at, value);
            let left = |value| match platform {
                Platform::Broadwell => Verdict::Drop,
                _ => Verdict::Replace(value),
            };
            let set: u32 = bit << 16 | bit;
            for (value, expected) in [
                (set, set),
                (bit << 16, bit << 16),
                (u32::MAX, set),
                (!set, 0),
            ] {
                let verdict = write(Engine::Rcs, Some(value));
                assert_eq!(verdict, left(expected), "{platform:?} {register:#x}");
            }
            // The value is not known, or the engine is another.
            assert_eq!(write(Engine::Rcs, None), Verdict::Drop);
            assert_eq!(write(Engine::Bcs, Some(set)), Verdict::Drop);
        }
    }
}

/// These the host's commands put back. On Gen8 that is one of them: it does not have the first, and commands do not
/// write the last.
#[test]
fn what_stays_and_commands_write_comes_back() {
    for platform in PLATFORMS {
        let back = leftovers(platform.generation());
        for (register, expected) in [
            (0x2248, Back::Host),
            (0x23bc, Back::Zero),
            (0xb118, Back::Host),
        ] {
            let there = back.contains(&(MmioOffset::new(register), expected));
            let exists = register == 0x23bc || platform != Platform::Broadwell;
            assert_eq!(there, exists, "{platform:?} {register:#x}");
        }
        let map = Map::new(platform).unwrap();
        let write = |at| map.command_write(Engine::Rcs, MmioOffset::new(at), Some(1));
        let preemption = match platform {
            Platform::Broadwell => Verdict::Drop,
            _ => Verdict::Allow,
        };
        assert_eq!(write(0x2248), preemption, "{platform:?}");
        let l3 = match platform {
            Platform::Skylake | Platform::KabyLake => Verdict::Allow,
            _ => Verdict::Drop,
        };
        for &(register, _) in back {
            let verdict = if register.get() == 0xb118 {
                l3
            } else {
                Verdict::Allow
            };
            assert_eq!(write(register.get()), verdict, "{platform:?}");
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
