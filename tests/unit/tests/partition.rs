// SPDX-License-Identifier: GPL-2.0

//! The partition of aperture, hidden space and fences.

use proptest::prelude::*;
use unit::hw::addr::{Bytes, GmaRange, GuestGma, HostGma};
use unit::hw::platform::Platform;
use unit::model::partition::{Full, HostShare, Partition, Share, Space, VgpuId, MAX_VGPUS};
use unit::model::types::{offered, Name, Resolution, VgpuType};

const MIB: u64 = 1 << 20;

fn gpu(aperture: u64, total: u64) -> Partition {
    let space = Space {
        aperture: Bytes::mib(aperture),
        total: Bytes::mib(total),
        fences: 32,
    };
    Partition::new(space, HostShare::DEFAULT).expect("a usual GPU")
}

fn kind(aperture: u64, hidden: u64, fences: u8) -> VgpuType {
    VgpuType {
        suffix: "test",
        aperture: Bytes::mib(aperture),
        hidden: Bytes::mib(hidden),
        fences,
        weight: 1,
        resolution: SMALL,
        largest: SMALL,
    }
}

const SMALL: Resolution = Resolution {
    width: 640,
    height: 480,
};

#[test]
fn types_and_instances_by_aperture() {
    let table: [(u64, &[(&str, u32)]); 4] = [
        (128, &[]),
        (256, &[("8", 2), ("4", 1), ("16", 4)]),
        (
            512,
            &[("8", 6), ("4", 3), ("2", 1), ("16", 12), ("full", 1)],
        ),
        (
            1024,
            &[
                ("8", 7),
                ("4", 5),
                ("2", 2),
                ("1", 1),
                ("16", 14),
                ("full", 1),
            ],
        ),
    ];
    for (aperture, expected) in table {
        let partition = gpu(aperture, 4096);
        let found: Vec<(&str, u32)> = offered(&partition)
            .iter()
            .flatten()
            .map(|kind| (kind.suffix, partition.available(kind)))
            .collect();
        assert_eq!(found, expected, "aperture of {aperture} MiB");
    }
}

/// At first a monitor is like kvmgt's.
#[test]
fn a_monitor_is_at_most_as_large_as_it_may_be() {
    for kind in offered(&gpu(1024, 4096)).iter().flatten() {
        let size = |mode: Resolution| (mode.width, mode.height);
        let (first, most) = match kind.suffix {
            "8" | "16" => ((1024, 768), (1024, 768)),
            _ => ((1920, 1200), (2560, 1600)),
        };
        assert_eq!(size(kind.resolution), first, "{}", kind.suffix);
        assert_eq!(size(kind.largest), most, "{}", kind.suffix);
    }
}

/// An operator's wish holds for the types that can have it.
#[test]
fn a_monitor_prefers_another_mode_that_it_may_have() {
    let [Some(small), Some(large), ..] = offered(&gpu(1024, 4096)) else {
        panic!("two types fit");
    };
    let mode = |width, height| Resolution { width, height };
    for (wanted, by_small, by_large) in [
        (mode(800, 600), true, true),
        (mode(1024, 768), true, true),
        (mode(1024, 769), false, true),
        (mode(1366, 768), false, true),
        (mode(2560, 1600), false, true),
        (mode(2561, 1600), false, false),
        (mode(639, 480), false, false),
        (mode(640, 479), false, false),
        (mode(1280, 0), false, false),
        (mode(0, 0), false, false),
        (mode(u16::MAX, u16::MAX), false, false),
    ] {
        for (kind, may) in [(small, by_small), (large, by_large)] {
            let resolution = if may { wanted } else { kind.resolution };
            let like = VgpuType { resolution, ..kind };
            assert_eq!(kind.preferring(wanted), like, "{wanted:?}");
        }
    }
}

#[test]
fn names_are_those_that_configurations_hold() {
    let partition = gpu(1024, 4096);
    let [Some(first), ..] = offered(&partition) else {
        panic!("the first type fits");
    };
    let name = |platform| {
        let kind = &first;
        Name { platform, kind }.to_string()
    };
    assert_eq!(name(Platform::Broadwell), "GVTg_V4_8");
    assert_eq!(name(Platform::Skylake), "GVTg_V5_8");
    assert_eq!(name(Platform::CometLake), "GVTg_V5_8");
}

#[test]
fn a_space_that_is_none_is_refused() {
    let new = |aperture, total, fences, host| {
        let space = Space {
            aperture: Bytes::new(aperture),
            total: Bytes::new(total),
            fences,
        };
        Partition::new(space, host).is_some()
    };
    assert!(new(256 * MIB, 4096 * MIB, 32, HostShare::DEFAULT));
    assert!(
        !new(64 * MIB, 4096 * MIB, 32, HostShare::DEFAULT),
        "host wants more"
    );
    assert!(
        !new(256 * MIB, 512 * MIB, 32, HostShare::DEFAULT),
        "no hidden space"
    );
    assert!(
        !new(256 * MIB, 4096 * MIB, 3, HostShare::DEFAULT),
        "too few fences"
    );
    assert!(
        !new(256 * MIB, 8192 * MIB, 32, HostShare::DEFAULT),
        "above the GGTT"
    );
    assert!(
        !new(256 * MIB + 1, 4096 * MIB, 32, HostShare::DEFAULT),
        "no whole page"
    );
    let host = HostShare {
        hidden: Bytes::new(u64::MAX),
        ..HostShare::DEFAULT
    };
    assert!(!new(256 * MIB, 4096 * MIB, 32, host), "sums past the end");
    let host = HostShare {
        top: Bytes::mib(4097),
        ..HostShare::DEFAULT
    };
    assert!(!new(256 * MIB, 4096 * MIB, 32, host), "sums below 0");
}

#[test]
fn what_is_missing_is_said() {
    let mut partition = gpu(256, 4096);
    assert_eq!(partition.take(&kind(256, 1, 1)), Err(Full::Aperture));
    assert_eq!(partition.take(&kind(1, 3800, 1)), Err(Full::Hidden));
    assert_eq!(partition.take(&kind(1, 1, 29)), Err(Full::Fences));
    assert_eq!(partition.take(&kind(0, 1, 1)), Err(Full::Aperture));
    for _ in 0..MAX_VGPUS {
        partition.take(&kind(1, 1, 0)).expect("there is room");
    }
    assert_eq!(partition.take(&kind(1, 1, 0)), Err(Full::Ids));
    assert_eq!(partition.available(&kind(1, 1, 0)), 0);
}

#[test]
fn ids_begin_at_one_and_are_used_again() {
    let mut partition = gpu(512, 4096);
    let small = kind(32, 32, 1);
    let ids: Vec<VgpuId> = (0..3).map(|_| partition.take(&small).unwrap().0).collect();
    assert_eq!(ids.iter().map(|id| id.get()).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(partition.give_back(ids[1]).is_some());
    assert!(partition.give_back(ids[1]).is_none());
    assert_eq!(partition.share(ids[1]), None);
    assert_eq!(partition.take(&small).unwrap().0, ids[1]);
}

#[test]
fn a_hole_of_the_right_size_is_preferred() {
    let mut partition = gpu(512, 4096);
    let (first, _) = partition.take(&kind(64, 64, 1)).unwrap();
    partition.take(&kind(32, 32, 1)).unwrap();
    let freed = partition.give_back(first).unwrap();
    assert_eq!(partition.available(&kind(288, 64, 1)), 1);
    let (_, again) = partition.take(&kind(64, 64, 1)).unwrap();
    assert_eq!(again, freed);
}

#[test]
fn what_the_host_keeps_is_gone_around() {
    let mut partition = gpu(1024, 4096);
    let kind = kind(64, 384, 4);
    let (id, share) = partition.take(&kind).unwrap();
    partition.give_back(id);

    let mut barred = vec![share.hidden];
    let (id, second) = partition.take_beside(&kind, &barred).unwrap();
    assert_eq!(second.aperture, share.aperture);
    let moved = second.hidden.start().checked_sub(share.hidden.start());
    assert_eq!(
        (moved, second.hidden.size()),
        (Some(16 * MIB), share.hidden.size())
    );
    partition.give_back(id);

    // In the end all places were tried, each of them once.
    while let Ok((id, share)) = partition.take_beside(&kind, &barred) {
        assert!(!barred.contains(&share.hidden));
        barred.push(share.hidden);
        partition.give_back(id);
    }
    assert_eq!(barred.len() as u64, (2688 - 384) / 16 + 1);
    assert_eq!(partition.take_beside(&kind, &barred), Err(Full::Hidden));
    assert_eq!(partition.available(&kind), 7);
}

#[test]
fn another_stretch_is_used_if_the_host_keeps_one() {
    let mut partition = gpu(1024, 4096);
    let small = kind(64, 64, 1);
    let (first, freed) = partition.take(&small).unwrap();
    let (_, second) = partition.take(&small).unwrap();
    partition.give_back(first);
    let barred = [freed.aperture, freed.hidden];
    let (_, share) = partition.take_beside(&small, &barred).unwrap();
    assert_eq!(share.aperture.start(), second.aperture.end());
    assert_eq!(share.hidden.start(), second.hidden.end());
}

#[test]
fn audit_keeps_to_one_part() {
    let range = |start, size| GmaRange::new(HostGma::new(start), Bytes::new(size)).unwrap();
    // Adjacent on purpose: an access must not run from one part into the other.
    let share = Share {
        aperture: range(0x1000, 0x2000),
        hidden: range(0x3000, 0x1000),
        fences: 0,
    };
    let table = [
        (0x1000, 0x2000, true),
        (0x1000, 0x2001, false),
        (0x0fff, 1, false),
        (0x2fff, 1, true),
        (0x2fff, 2, false),
        (0x3fff, 1, true),
        (0x4000, 0, false),
        (0x3fff, u64::MAX, false),
        (u64::MAX, 1, false),
    ];
    for (address, size, expected) in table {
        let host = share.audit(GuestGma::new(address), Bytes::new(size));
        assert_eq!(
            host,
            expected.then_some(HostGma::new(address)),
            "{address:#x} {size:#x}"
        );
    }
}

/// The reference: a byte for each MiB of the GGTT, and who owns it.
struct Naive {
    owner: Vec<Option<VgpuId>>,
    hidden_from: usize,
    fences: u8,
}

impl Naive {
    fn runs(&self, part: std::ops::Range<usize>, size: usize) -> u32 {
        let mut found = 0;
        let mut free = 0;
        for owner in &self.owner[part] {
            free = if owner.is_none() { free + 1 } else { 0 };
            if free == size {
                found += 1;
                free = 0;
            }
        }
        found
    }

    fn available(&self, kind: &VgpuType, ids: usize) -> u32 {
        let mib = |bytes: Bytes| (bytes.get() / MIB) as usize;
        self.runs(0..self.hidden_from, mib(kind.aperture))
            .min(self.runs(self.hidden_from..self.owner.len(), mib(kind.hidden)))
            .min(u32::from(self.fences / kind.fences))
            .min(ids as u32)
    }

    fn paint(&mut self, range: GmaRange, from: Option<VgpuId>, to: Option<VgpuId>) {
        let start = (range.start().get() / MIB) as usize;
        let count = (range.size().get() / MIB) as usize;
        for owner in &mut self.owner[start..start + count] {
            assert_eq!(*owner, from, "someone else's");
            *owner = to;
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_a_map_of_megabytes(
        (aperture, total) in (32_u64..128, 200_u64..600),
        (host_aperture, host_hidden, top, host_fences) in (0_u64..32, 0_u64..40, 0_u64..20, 0_u8..8),
        steps in prop::collection::vec(
            (any::<bool>(), 1_u64..40, 1_u64..120, 1_u8..6, any::<prop::sample::Index>()), 1..60),
    ) {
        let space = Space { aperture: Bytes::mib(aperture), total: Bytes::mib(total), fences: 32 };
        let host = HostShare {
            aperture: Bytes::mib(host_aperture),
            hidden: Bytes::mib(host_hidden),
            top: Bytes::mib(top),
            fences: host_fences,
        };
        let mut partition = Partition::new(space, host).unwrap();
        let mut naive = Naive {
            owner: vec![None; total as usize],
            hidden_from: aperture as usize,
            fences: 32 - host_fences,
        };
        // The host's own id is none of a virtual GPU.
        let mut other = gpu(1024, 4096);
        let mut host_id = other.take(&kind(1, 1, 0)).unwrap().0;
        while usize::from(host_id.get()) < MAX_VGPUS {
            host_id = other.take(&kind(1, 1, 0)).unwrap().0;
        }
        naive.owner[..host_aperture as usize].fill(Some(host_id));
        naive.owner[aperture as usize..(aperture + host_hidden) as usize].fill(Some(host_id));
        naive.owner[(total - top) as usize..].fill(Some(host_id));

        let mut living: Vec<(VgpuId, Share)> = Vec::new();
        for (give_back, low, high, fences, index) in steps {
            if give_back && !living.is_empty() {
                let (id, share) = living.swap_remove(index.index(living.len()));
                prop_assert_eq!(partition.share(id), Some(&share));
                prop_assert_eq!(partition.give_back(id), Some(share));
                naive.paint(share.aperture, Some(id), None);
                naive.paint(share.hidden, Some(id), None);
                naive.fences += share.fences;
                continue;
            }
            let kind = kind(low, high, fences);
            let expected = naive.available(&kind, MAX_VGPUS - living.len());
            prop_assert_eq!(partition.available(&kind), expected);

            // The promise is kept to the last one.
            let mut trial = partition.clone();
            let made = std::iter::from_fn(|| trial.take(&kind).ok()).count();
            prop_assert_eq!(made as u32, expected);

            if let Ok((id, share)) = partition.take(&kind) {
                prop_assert!(living.iter().all(|&(other, _)| other != id));
                naive.paint(share.aperture, None, Some(id));
                naive.paint(share.hidden, None, Some(id));
                naive.fences -= share.fences;
                living.push((id, share));
            }
        }
    }
}
