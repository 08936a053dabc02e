// SPDX-License-Identifier: GPL-2.0

//! The table and the shapes of accesses.

use super::support::*;

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
