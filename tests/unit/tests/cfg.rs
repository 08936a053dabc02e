// SPDX-License-Identifier: GPL-2.0

//! PCI configuration space.

use proptest::prelude::*;
use unit::hw::addr::{Bytes, GuestPhys};
use unit::model::cfg::{BadShape, Changes, ConfigSpace, Identity, Power, SIZE};

const SKYLAKE: Identity = Identity {
    device: 0x1912,
    revision: 6,
    subsystem_vendor: 0x1028,
    subsystem: 0x06b9,
    aperture: Bytes::mib(256),
};

fn space() -> ConfigSpace {
    ConfigSpace::new(SKYLAKE).expect("a usual aperture")
}

fn write(space: &mut ConfigSpace, offset: u16, size: usize, value: u32) -> Changes {
    space.write(offset, size, value).expect("an aligned access")
}

const NONE: Changes = Changes {
    memory: None,
    msi: None,
    intx: None,
    power: None,
    opregion: None,
    call: false,
};

#[test]
fn after_power_on() {
    let space = space();
    let table: [(u16, usize, u32); 16] = [
        (0x00, 2, 0x8086),
        (0x02, 2, 0x1912),
        (0x04, 2, 0),
        (0x06, 2, 0x10),
        (0x08, 1, 6),
        (0x09, 1, 0),
        (0x0a, 2, 0x300),
        (0x0e, 1, 0),
        (0x10, 4, 0x4),
        (0x18, 4, 0xc),
        (0x2c, 4, 0x06b9_1028),
        (0x34, 1, 0xac),
        (0x3d, 1, 1),
        (0x50, 2, 0xc0),
        (0xac, 4, 0xd005),
        (0xd0, 4, 0x0022_0001),
    ];
    for (offset, size, expected) in table {
        assert_eq!(space.read(offset, size), Ok(expected), "{offset:#x}");
    }
    assert!(!space.memory() && !space.msi() && space.intx());
    assert_eq!(
        (space.power(), space.opregion()),
        (Power::D0, GuestPhys::new(0))
    );
}

#[test]
fn bars_say_their_size() {
    let mut space = space();
    for offset in (0x10..0x34).step_by(4) {
        assert_eq!(write(&mut space, offset, 4, u32::MAX), NONE);
    }
    let bars: Vec<_> = (0x10..0x34)
        .step_by(4)
        .map(|at| space.read(at, 4).unwrap())
        .collect();
    let expected = [
        0xff00_0004,
        0xffff_ffff,
        0xf000_000c,
        0xffff_ffff,
        0,
        0,
        0,
        0x06b9_1028,
        0,
    ];
    assert_eq!(bars, expected);
    assert_eq!(write(&mut space, 0x10, 4, 0xe012_3456), NONE);
    assert_eq!(space.read(0x10, 4), Ok(0xe000_0004));
    assert_eq!(write(&mut space, 0x1b, 1, 0xd7), NONE, "one byte of it");
    assert_eq!(space.read(0x18, 4), Ok(0xd000_000c));
}

#[test]
fn the_aperture_is_a_power_of_two() {
    let with = |aperture| {
        ConfigSpace::new(Identity {
            aperture,
            ..SKYLAKE
        })
    };
    for size in [0, 1 << 19, 3 << 20, 1 << 33, u64::MAX] {
        assert!(with(Bytes::new(size)).is_none(), "{size:#x}");
    }
    let mut space = with(Bytes::mib(4096)).expect("the largest");
    assert_eq!(write(&mut space, 0x18, 4, u32::MAX), NONE);
    assert_eq!(space.read(0x18, 4), Ok(0xc));
}

#[test]
fn command_and_msi() {
    let mut space = space();
    let memory = Some(true);
    assert_eq!(
        write(&mut space, 0x04, 2, 0xffff),
        Changes {
            memory,
            intx: Some(false),
            ..NONE
        }
    );
    assert_eq!(space.read(0x04, 2), Ok(0x0407));
    let msi = Some(true);
    assert_eq!(write(&mut space, 0xae, 2, 0xffff), Changes { msi, ..NONE });
    assert_eq!(
        space.read(0xac, 4),
        Ok(0x1_d005),
        "one message, 32 bits of address"
    );
    assert_eq!(write(&mut space, 0xb0, 4, 0xfee0_100f), NONE);
    assert_eq!(write(&mut space, 0xb4, 4, 0xffff_4041), NONE);
    assert_eq!(space.read(0xb0, 4), Ok(0xfee0_100c));
    assert_eq!(space.read(0xb4, 4), Ok(0x4041));
    // A message is a write to memory: none without bus mastering.
    assert_eq!(
        write(&mut space, 0x04, 1, 0x02),
        Changes {
            msi: Some(false),
            ..NONE
        }
    );
    assert_eq!(
        write(&mut space, 0x05, 1, 0),
        NONE,
        "MSI is on, so there is no INTx"
    );
    assert_eq!(
        write(&mut space, 0xae, 2, 0),
        Changes {
            intx: Some(true),
            ..NONE
        }
    );
}

#[test]
fn the_status_shows_intx() {
    let mut space = space();
    space.set_interrupt(true);
    assert_eq!(space.read(0x06, 2), Ok(0x18));
    assert_eq!(write(&mut space, 0x06, 2, 0xffff), NONE);
    assert_eq!(space.read(0x06, 2), Ok(0x18), "not cleared by writing");
    space.set_interrupt(false);
    assert_eq!(space.read(0x06, 2), Ok(0x10));
}

#[test]
fn power_states() {
    let mut space = space();
    assert_eq!(write(&mut space, 0xd4, 2, 1), NONE, "D1 is not offered");
    assert_eq!(
        write(&mut space, 0xd4, 2, 0xffff),
        Changes {
            power: Some(Power::D3hot),
            ..NONE
        }
    );
    assert_eq!(space.read(0xd4, 4), Ok(3));
    assert_eq!(write(&mut space, 0xd4, 4, 2), NONE, "nor is D2");
    assert_eq!(space.power(), Power::D3hot);
    assert_eq!(write(&mut space, 0xd5, 1, 0), NONE, "the byte beside it");
    assert_eq!(
        write(&mut space, 0xd4, 1, 0),
        Changes {
            power: Some(Power::D0),
            ..NONE
        }
    );
}

#[test]
fn firmware() {
    let mut space = space();
    let opregion = Some(GuestPhys::new(0x7ffe_0000));
    assert_eq!(
        write(&mut space, 0xfc, 4, 0x7ffe_0000),
        Changes { opregion, ..NONE }
    );
    assert_eq!(write(&mut space, 0xfc, 4, 0x7ffe_0000), NONE);
    assert_eq!(write(&mut space, 0xe8, 2, 0x8000), NONE);
    assert_eq!(
        write(&mut space, 0xe8, 2, 0x8001),
        Changes { call: true, ..NONE }
    );
    assert_eq!(space.read(0xe8, 2), Ok(0x8000));
    assert_eq!(write(&mut space, 0xe9, 1, 0x01), NONE);
    assert_eq!(space.read(0xe8, 2), Ok(0));
}

#[test]
fn shapes() {
    let mut space = space();
    for (offset, size) in [
        (0, 0),
        (0, 3),
        (0, 8),
        (1, 2),
        (2, 4),
        (3, 4),
        (SIZE, 1),
        (u16::MAX, 1),
    ] {
        assert_eq!(space.read(offset, size), Err(BadShape), "{offset} {size}");
        assert_eq!(
            space.write(offset, size, 0),
            Err(BadShape),
            "{offset} {size}"
        );
    }
    assert_eq!(space.read(SIZE - 1, 1), Ok(0));
}

proptest! {
    #[test]
    fn a_write_is_its_bytes_one_by_one(
        writes in prop::collection::vec(
            (0_u16..64, prop::sample::select(vec![1_usize, 2, 4]), any::<u32>()), 1..60),
    ) {
        // Byte by byte, the power state passes through no other: its bits are in one byte.
        let (mut whole, mut bytes) = (space(), space());
        let reset = space();
        for (dword, size, value) in writes {
            let offset = dword * 4;
            let changes = write(&mut whole, offset, size, value);
            let mut power = None;
            for (at, byte) in value.to_le_bytes().into_iter().take(size).enumerate() {
                let one = write(&mut bytes, offset + at as u16, 1, u32::from(byte));
                power = power.or(one.power);
            }
            prop_assert_eq!(changes.power, power);
            for offset in 0..SIZE {
                prop_assert_eq!(whole.read(offset, 1), bytes.read(offset, 1), "{:#x}", offset);
            }
            for offset in [0x00, 0x08, 0x2c, 0x34, 0x50, 0x5c, 0xd0] {
                prop_assert_eq!(whole.read(offset, 4), reset.read(offset, 4), "{:#x}", offset);
            }
        }
        whole.reset();
        for offset in 0..SIZE {
            prop_assert_eq!(whole.read(offset, 1), reset.read(offset, 1));
        }
    }
}
