// SPDX-License-Identifier: GPL-2.0

//! Conversions and tables of hw.

use std::collections::BTreeMap;

use unit::hw::addr::{
    Bytes, Dwords, Gfn, GgttIndex, GmaRange, GuestGma, GuestPhys, HostGma, MmioOffset,
    GGTT_MAX_BYTES,
};
use unit::hw::context::{ring_bytes, PDP};
use unit::hw::engine::Engine;
use unit::hw::gtt::{Level, PpgttEntry};
use unit::hw::irq::{decode, Group, Register};
use unit::hw::platform::Platform;
use unit::hw::pvinfo::{Notification, MAGIC};

#[test]
fn addresses_end_somewhere() {
    assert_eq!(GuestPhys::new(0x1234_5678).gfn(), Gfn::new(0x1_2345));
    assert_eq!(GuestPhys::new(0x1234_5678).offset_in_page(), 0x678);
    assert_eq!(Gfn::new(2).phys(), Some(GuestPhys::new(0x2000)));
    assert_eq!(Gfn::new(1 << 52).phys(), None);
    assert_eq!(
        GuestGma::new(GGTT_MAX_BYTES - 1).index(),
        Some(GgttIndex::new(0xf_ffff))
    );
    assert_eq!(GuestGma::new(GGTT_MAX_BYTES).index(), None);
    assert_eq!(HostGma::new(u64::MAX).index(), None);
    assert_eq!(GgttIndex::new(0xf_ffff).gma(), GuestGma::new(0xffff_f000));
    assert_eq!(Dwords::new(u32::MAX).bytes(), Bytes::new(0x3_ffff_fffc));
    assert_eq!(Bytes::new(0x1001).pages(), 2);
    assert_eq!(Bytes::mib(u64::MAX), Bytes::new(u64::MAX));
    assert_eq!(MmioOffset::new(4).checked_sub(MmioOffset::new(8)), None);
    assert_eq!(MmioOffset::new(u32::MAX).checked_add(1), None);
}

#[test]
fn ranges_stay_in_the_ggtt() {
    let range = |start, size| GmaRange::new(HostGma::new(start), Bytes::new(size));
    assert!(range(0, GGTT_MAX_BYTES).is_some());
    assert!(range(1, GGTT_MAX_BYTES).is_none());
    assert!(range(u64::MAX, 2).is_none());
    let (low, high) = (range(0, 0x1000).unwrap(), range(0x1000, 0x1000).unwrap());
    assert!(!low.overlaps(high) && !high.overlaps(low) && low.overlaps(low));
    assert_eq!(
        high.offset_of(GuestGma::new(0x1800), Bytes::new(0x800)),
        Some(Bytes::new(0x800))
    );
    assert_eq!(
        high.offset_of(GuestGma::new(0x1800), Bytes::new(0x801)),
        None
    );
}

#[test]
fn engines_are_found_by_register() {
    let table = [
        (0x2230, Some((Engine::Rcs, 0x230))),
        (0x1_2234, Some((Engine::Vcs0, 0x234))),
        (0x1_a3a0, Some((Engine::Vecs, 0x3a0))),
        (0x1_c7fc, Some((Engine::Vcs1, 0x7fc))),
        (0x2_2000, Some((Engine::Bcs, 0))),
        (0x2_2800, None),
        (0x1ffc, None),
        (u32::MAX, None),
    ];
    for (offset, expected) in table {
        assert_eq!(
            Engine::of_register(MmioOffset::new(offset)),
            expected,
            "{offset:#x}"
        );
    }
    for offset in (0..8 << 20).step_by(4).map(MmioOffset::new) {
        let within = |engine: Engine| Some((engine, offset.checked_sub(engine.mmio_base())?));
        let mut blocks = Engine::ALL.into_iter().filter_map(within);
        let searched = blocks.find(|&(_, within)| within < 0x800);
        assert_eq!(Engine::of_register(offset), searched, "{offset:?}");
    }
    for (place, engine) in Engine::ALL.into_iter().enumerate() {
        assert_eq!(engine.index(), place);
    }
    let bits = Engine::ALL.map(Engine::reset_bit);
    assert_eq!(bits.iter().fold(0, |all, bit| all | bit), 0x9e);
}

#[test]
fn interrupts_are_found_by_register() {
    let kinds = [Register::Isr, Register::Imr, Register::Iir, Register::Ier];
    let mut searched = BTreeMap::new();
    for group in Group::ALL {
        for (at, kind) in (group.base().get()..).step_by(4).zip(kinds) {
            assert_eq!(searched.insert(at, (group, kind)), None, "{at:#x}");
        }
    }
    for at in (0..8 << 20).chain([u32::MAX, !3]) {
        let found = decode(MmioOffset::new(at));
        assert_eq!(found, searched.get(&at).copied(), "{at:#x}");
    }
}

#[test]
fn platforms() {
    let table = [
        (Platform::Broadwell, 4, 20),
        (Platform::Skylake, 5, 22),
        (Platform::Broxton, 5, 22),
        (Platform::CometLake, 5, 22),
    ];
    for (platform, version, pages) in table {
        assert_eq!(platform.type_version(), version);
        assert_eq!(platform.context_size(Engine::Rcs).pages(), pages);
        assert_eq!(platform.context_size(Engine::Bcs).pages(), 2);
    }
}

#[test]
fn rings_and_roots() {
    assert_eq!(ring_bytes(0x1), 0x1000);
    assert_eq!(ring_bytes(0x3001), 0x4000);
    assert_eq!(ring_bytes(u32::MAX), 2 << 20);
    assert!(PDP.iter().all(|(upper, lower)| upper + 2 == *lower));
}

#[test]
fn tables_of_pages() {
    let entry = PpgttEntry::from_raw(0x0012_3456_7883);
    assert!(entry.present() && entry.writable() && entry.large() && entry.pages_64k());
    assert_eq!(entry.frame().get(), 0x123_4567);
    let levels = [Level::Pml4e, Level::Pdpe, Level::Pde, Level::Pte];
    for pair in levels.windows(2) {
        assert_eq!(pair[0].below(), Some(pair[1]));
        assert_eq!(pair[0].span_shift(), pair[1].span_shift() + 9);
    }
    assert_eq!(Level::Pte.below(), None);
}

#[test]
fn the_guest_interface() {
    assert_eq!(&MAGIC.to_le_bytes(), b"vGTvGTvG");
    assert_eq!(Notification::from_raw(1), None);
    assert_eq!(Notification::from_raw(2), Some(Notification::CreateTable3));
    assert_eq!(
        Notification::from_raw(7),
        Some(Notification::DestroyContext)
    );
    assert_eq!(Notification::from_raw(8), None);
}
