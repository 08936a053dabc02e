// SPDX-License-Identifier: GPL-2.0

//! The PVINFO page.

use proptest::prelude::*;
use unit::hw::addr::{Bytes, GuestPhys};
use unit::hw::execlist::Descriptor;
use unit::model::partition::{HostShare, Partition, Space};
use unit::model::pvinfo::{BadShape, Event, PvInfo, Root};
use unit::model::types::offered;

fn page() -> PvInfo {
    let space = Space {
        aperture: Bytes::mib(256),
        total: Bytes::mib(4096),
        fences: 32,
    };
    let mut partition = Partition::new(space, HostShare::DEFAULT).unwrap();
    let kind = offered(&partition)[0].expect("the first type fits");
    let (id, share) = partition.take(&kind).unwrap();
    PvInfo::new(id, share)
}

#[test]
fn what_a_guest_looks_for() {
    let page = page();
    // Offsets and sizes of access of i915's intel_vgpu_detect and intel_vgt_balloon.
    let table = [
        (0x000, 8, 0x4776_5447_7654_4776),
        (0x004, 4, 0x4776_5447),
        (0x008, 2, 1),
        (0x00a, 2, 0),
        (0x00c, 4, 1),
        (0x010, 4, 0x1c),
        (0x014, 4, 0),
        (0x040, 4, 128 << 20),
        (0x044, 4, 64 << 20),
        (0x048, 4, (256 + 320) << 20),
        (0x04c, 4, 384 << 20),
        (0x050, 4, 4),
        (0x804, 4, 0),
        (0x830, 8, u64::MAX),
        (0xffc, 4, 0),
        (0x001, 1, 0x47),
    ];
    for (at, size, expected) in table {
        assert_eq!(page.read(at, size), Ok(expected), "{at:#x}");
    }
}

#[test]
fn notifications() {
    let mut page = page();
    for half in 0..8 {
        assert_eq!(page.write(0x838 + 4 * half, 0x1000 * (half + 1)), Ok(None));
    }
    assert_eq!(page.write(0x858, 0x1_2101), Ok(None));
    assert_eq!(page.write(0x85c, 0x7), Ok(None));
    let root = |low: u64, high: u64| GuestPhys::new(low | high << 32);
    let four = Root::Four(root(0x1000, 0x2000));
    let three = Root::Three([
        root(0x1000, 0x2000),
        root(0x3000, 0x4000),
        root(0x5000, 0x6000),
        root(0x7000, 0x8000),
    ]);
    let context = Descriptor::from_raw(0x7_0001_2101);
    let table = [
        (0, Event::Unknown(0)),
        (2, Event::CreateTable(three)),
        (3, Event::DestroyTable(three)),
        (4, Event::CreateTable(four)),
        (5, Event::DestroyTable(four)),
        (6, Event::CreateContext(context)),
        (7, Event::DestroyContext(context)),
        (u32::MAX, Event::Unknown(u32::MAX)),
    ];
    for (value, expected) in table {
        assert_eq!(page.write(0x818, value), Ok(Some(expected)));
        assert_eq!(page.read(0x818, 4), Ok(0));
    }
}

#[test]
fn display_and_cursor() {
    let mut page = page();
    assert_eq!(page.write(0x804, 1), Ok(Some(Event::Display(true))));
    assert_eq!(page.read(0x804, 4), Ok(1));
    assert_eq!(page.cursor_hot_spot(), None);
    assert_eq!(page.write(0x830, 3), Ok(None));
    assert_eq!(page.cursor_hot_spot(), None, "half of it");
    assert_eq!(page.write(0x834, 4), Ok(None));
    assert_eq!(page.cursor_hot_spot(), Some((3, 4)));
    page.reset();
    assert_eq!(page.cursor_hot_spot(), None);
    assert_eq!(page.read(0x804, 4), Ok(0));
}

#[test]
fn shapes() {
    let mut page = page();
    for (at, size) in [
        (0, 0),
        (0, 3),
        (0, 16),
        (1, 2),
        (2, 4),
        (4, 8),
        (0x1000, 1),
        (u32::MAX, 1),
    ] {
        assert_eq!(page.read(at, size), Err(BadShape), "{at:#x} {size}");
    }
    for at in [1, 2, 0x81a, 0x1000, u32::MAX] {
        assert_eq!(page.write(at, 0), Err(BadShape), "{at:#x}");
    }
}

proptest! {
    #[test]
    fn only_the_upper_half_is_the_guests(
        writes in prop::collection::vec((0_u32..0x400, any::<u32>()), 1..80),
    ) {
        let before = page();
        let mut page = page();
        let mut last = std::collections::BTreeMap::new();
        for (dword, value) in writes {
            let event = page.write(dword * 4, value);
            prop_assert_eq!(event.unwrap().is_some(), matches!(dword * 4, 0x804 | 0x818));
            last.insert(dword * 4, value);
        }
        for at in (0..0x1000).step_by(4) {
            let value = page.read(at, 4).unwrap();
            let written = last.get(&at).map(|&value| u64::from(value));
            match (at, written) {
                (0x804, Some(written)) => prop_assert_eq!(value, u64::from(written != 0)),
                (0x830..=0x85c, Some(written)) => prop_assert_eq!(value, written),
                _ => prop_assert_eq!(value, before.read(at, 4).unwrap()),
            }
            let bytes = (0..4).map(|byte| page.read(at + byte, 1).unwrap() << (8 * byte));
            prop_assert_eq!(bytes.sum::<u64>(), value);
        }
    }
}
