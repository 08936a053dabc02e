// SPDX-License-Identifier: GPL-2.0

//! Surfaces that others have by a number.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use kernel::alloc::failing;
use kernel::error::code::{ENOMEM, ENOSPC};
use proptest::prelude::*;
use unit::hw::addr::{Gfn, GuestGma};
use unit::model::screen::{
    Alpha, Format, Gallery, Plane, Scene, Surface, Tiling, View, MOST_EXPORTED,
};
use unit::model::seam::Exported;

const PAGE: u64 = 4096;

/// What the tests see of something that others have.
#[derive(Clone, Default)]
struct Held(Rc<RefCell<(bool, u32)>>);

impl Held {
    fn used() -> Self {
        Self(Rc::new(RefCell::new((true, 0))))
    }

    fn give_up(&self) {
        self.0.borrow_mut().0 = false;
    }

    fn revoked(&self) -> u32 {
        self.0.borrow().1
    }
}

impl Exported for Held {
    fn is_used(&self) -> bool {
        self.0.borrow().0
    }

    fn has_pages(&self) -> bool {
        KEPT.get()
    }

    fn revoke(&self) {
        self.0.borrow_mut().1 += 1;
    }
}

thread_local! {
    /// Whether pages that were taken away are made use of still.
    static KEPT: Cell<bool> = const { Cell::new(false) };
}

/// A view of two pages from page `first` on.
fn view(first: u64) -> View {
    View {
        surface: Surface {
            base: GuestGma::new(first * PAGE),
            pitch: 4,
            tiling: Tiling::Linear,
            format: Format::Xrgb8888,
        },
        size: (64, 32),
        translucent: false,
    }
}

fn identity(gma: GuestGma) -> Option<Gfn> {
    Some(Gfn::new(gma.get() / PAGE))
}

fn number(gallery: &mut Gallery<Held>, first: u64) -> u32 {
    gallery.number(view(first), identity).unwrap().unwrap()
}

#[test]
fn a_number_stays_with_the_pages() {
    let mut gallery = Gallery::<Held>::new();
    let first = number(&mut gallery, 0);
    let second = number(&mut gallery, 10);
    assert_ne!(first, second);
    assert_eq!(number(&mut gallery, 0), first);
    assert_eq!(number(&mut gallery, 10), second);

    let moved = |gma: GuestGma| match gma.get() / PAGE {
        1 => Some(Gfn::new(77)),
        page => Some(Gfn::new(page)),
    };
    let third = gallery.number(view(0), moved).unwrap().unwrap();
    assert_ne!(third, first);
    let (pages, _) = gallery.get(third).unwrap();
    assert_eq!(pages, [Gfn::new(0), Gfn::new(77)]);
    assert_eq!(number(&mut gallery, 0), first);
}

#[test]
fn what_nobody_has_is_given_back() {
    let mut gallery = Gallery::<Held>::new();
    let [kept, given_up] = [Held::used(), Held::used()];
    for (first, held) in [(0, &kept), (10, &given_up)] {
        let id = number(&mut gallery, first);
        *gallery.get(id).unwrap().1 = Some(held.clone());
    }
    gallery.tidy();
    assert_eq!(Rc::strong_count(&given_up.0), 2);
    given_up.give_up();
    gallery.tidy();
    assert_eq!(Rc::strong_count(&given_up.0), 1);
    assert_eq!(Rc::strong_count(&kept.0), 2);
}

#[test]
fn what_differs_in_anything_is_another() {
    let mut gallery = Gallery::<Held>::new();
    let base = view(0);
    let mut wide = base;
    wide.size = (63, 32);
    let mut clear = base;
    clear.translucent = true;
    let mut swapped = base;
    swapped.surface.format = Format::Xbgr8888;
    let numbers = [base, wide, clear, swapped].map(|view| gallery.number(view, identity).unwrap());
    for (index, number) in numbers.iter().enumerate() {
        assert!(number.is_some());
        assert!(!numbers[..index].contains(number), "{numbers:?}");
    }
}

#[test]
fn a_missing_page_is_nothing() {
    let mut gallery = Gallery::<Held>::new();
    let missing = |gma: GuestGma| identity(gma).filter(|gfn| gfn.get() != 1);
    assert_eq!(gallery.number(view(0), missing), Ok(None));
    let mut beyond = view(0);
    beyond.surface.base = GuestGma::new(u64::MAX - PAGE + 1);
    assert_eq!(gallery.number(beyond, identity), Ok(None));
}

#[test]
fn without_memory_nothing_changes() {
    let mut gallery = Gallery::<Held>::new();
    for allowed in 0..2 {
        let failed = failing::after(allowed, || gallery.number(view(0), identity));
        assert_eq!(failed, Err(ENOMEM), "after {allowed}");
    }
    number(&mut gallery, 0);
}

#[test]
fn the_oldest_that_nobody_has_makes_way() {
    let mut gallery = Gallery::new();
    let numbers: Vec<_> = (0..MOST_EXPORTED as u64)
        .map(|first| number(&mut gallery, first * 2))
        .collect();
    // The first is asked for again, the second is somebody's: the third is the one to go.
    number(&mut gallery, 0);
    *gallery.get(numbers[1]).unwrap().1 = Some(Held::used());
    number(&mut gallery, 1000);
    let there = |gallery: &mut Gallery<Held>, id| gallery.get(id).is_some();
    assert!(there(&mut gallery, numbers[0]));
    assert!(there(&mut gallery, numbers[1]));
    assert!(!there(&mut gallery, numbers[2]));
    assert!(there(&mut gallery, numbers[3]));
}

/// Has others have all surfaces that they may; their numbers, and what is had.
fn take_all(gallery: &mut Gallery<Held>) -> Vec<(u32, Held)> {
    let take = |first| {
        let id = number(gallery, first * 2);
        let held = Held::used();
        *gallery.get(id).unwrap().1 = Some(held.clone());
        (id, held)
    };
    (0..MOST_EXPORTED as u64).map(take).collect()
}

#[test]
fn who_had_the_device_does_not_keep_the_next_from_surfaces() {
    let mut gallery = Gallery::new();
    let held = take_all(&mut gallery);
    gallery.clear();
    assert!(held.iter().all(|(_, held)| held.revoked() > 0));
    for (id, _) in take_all(&mut gallery) {
        assert!(held.iter().all(|&(old, _)| old != id));
    }
    KEPT.set(true);
    gallery.clear();
    assert_eq!(gallery.number(view(1000), identity), Err(ENOSPC));
    KEPT.set(false);
    gallery.clear();
    number(&mut gallery, 1000);
}

#[test]
fn there_is_an_end_to_what_others_may_have() {
    let mut gallery = Gallery::new();
    let held: Vec<_> = take_all(&mut gallery)
        .into_iter()
        .map(|(_, held)| held)
        .collect();
    assert_eq!(gallery.number(view(1000), identity), Err(ENOSPC));
    // What is taken back still counts while somebody has it.
    gallery.revoke(|gfn| gfn.get() < 4);
    assert_eq!(held[0].revoked(), 1);
    assert_eq!(held[1].revoked(), 1);
    assert_eq!(held[2].revoked(), 0);
    assert_eq!(gallery.number(view(1000), identity), Err(ENOSPC));
    held[1].give_up();
    number(&mut gallery, 1000);
}

#[test]
fn what_was_taken_back_has_no_number() {
    let mut gallery = Gallery::new();
    let id = number(&mut gallery, 0);
    let held = Held::used();
    *gallery.get(id).unwrap().1 = Some(held.clone());
    gallery.revoke(|gfn| gfn.get() == 1);
    gallery.revoke(|gfn| gfn.get() == 1);
    assert_eq!(held.revoked(), 1, "once is enough");
    assert!(gallery.get(id).is_none());
    assert_ne!(number(&mut gallery, 0), id);
}

#[test]
fn what_a_plane_shows_begins_with_a_page() {
    let plane = |tiling, pitch, from| Plane {
        surface: Surface {
            base: GuestGma::new(0x10_0000),
            pitch,
            tiling,
            format: Format::Xrgb8888,
        },
        from,
        at: (0, 0),
        size: (64, 32),
        alpha: Alpha::Opaque,
    };
    for (tiling, pitch, from, offset) in [
        (Tiling::Linear, 16, (0, 0), Some(0)),
        (Tiling::Linear, 16, (0, 4), Some(0x1000)),
        (Tiling::Linear, 16, (0, 3), None),
        (Tiling::Linear, 80, (256, 4), None),
        (Tiling::Linear, 80, (256, 3), Some(0x4000)),
        (Tiling::X, 3, (0, 8), Some(0x3000)),
        (Tiling::X, 3, (128, 8), Some(0x4000)),
        (Tiling::X, 3, (127, 8), None),
        (Tiling::X, 3, (0, 7), None),
        (Tiling::Y, 10, (32, 32), Some(0xb000)),
        (Tiling::Y, 10, (31, 32), None),
        (Tiling::Y, 10, (32, 31), None),
    ] {
        let found = plane(tiling, pitch, from).view();
        let found = found.map(|view| view.surface.base.get() - 0x10_0000);
        assert_eq!(found, offset, "{tiling:?} {pitch} {from:?}");
    }
}

fn any_surface() -> impl Strategy<Value = Surface> {
    let tiling = prop_oneof![Just(Tiling::Linear), Just(Tiling::X), Just(Tiling::Y)];
    let format = prop_oneof![Just(Format::Xrgb8888), Just(Format::Rgb565)];
    (any::<u64>(), any::<u32>(), tiling, format).prop_map(|(base, pitch, tiling, format)| Surface {
        base: GuestGma::new(base & !(PAGE - 1)),
        pitch,
        tiling,
        format,
    })
}

proptest! {
    /// Whatever the registers say, a view is either nothing or as long as its pages.
    #[test]
    fn any_view(
        surface in any_surface(),
        size in (1..=8192_u32, 1..=8192_u32),
        from in (any::<u32>(), any::<u32>()),
    ) {
        let plane = Plane { surface, from, at: (0, 0), size, alpha: Alpha::Coverage };
        let Some(scene) = Scene::new(size, [Some(plane), None, None, None, Some(plane)]) else {
            panic!("{size:?}");
        };
        prop_assert_eq!(scene.primary(), scene.cursor());
        let Some(view) = scene.primary().and_then(Plane::view) else { return Ok(()) };
        prop_assert_eq!(view.surface.base.get() % PAGE, 0);
        let Some(bytes) = view.bytes() else { return Ok(()) };
        prop_assert!(bytes >= view.stride().unwrap());
        if bytes <= 1 << 24 {
            let pages = view.pages().unwrap().count() as u64;
            prop_assert_eq!(pages, u64::from(bytes).div_ceil(PAGE));
        }
    }

    /// Whatever is asked for, given up and taken back: numbers name what they named, and are few.
    #[test]
    fn any_sequence(steps in proptest::collection::vec((0..4_u8, 0..24_u64), 1..200)) {
        let mut gallery = Gallery::<Held>::new();
        let mut named = BTreeMap::new();
        let mut held: Vec<Held> = Vec::new();
        for (step, which) in steps {
            match step {
                0 | 1 => match gallery.number(view(which * 2), identity) {
                    Ok(Some(id)) => {
                        prop_assert_eq!(*named.entry(id).or_insert(which), which);
                        let exported = gallery.get(id).unwrap().1;
                        if step == 1 && exported.as_ref().is_none_or(|it| !it.is_used()) {
                            held.push(Held::used());
                            *exported = held.last().cloned();
                        }
                    }
                    answer => {
                        prop_assert_eq!(answer, Err(ENOSPC));
                        let used = held.iter().filter(|it| it.is_used()).count();
                        prop_assert_eq!(used, MOST_EXPORTED);
                    }
                },
                2 => gallery.revoke(|gfn| gfn.get() / 2 == which),
                _ => {
                    if let Some(held) = held.get(which as usize) {
                        held.give_up();
                    }
                }
            }
            let used = held.iter().filter(|it| it.is_used()).count();
            prop_assert!(used <= MOST_EXPORTED, "{used} are used");
        }
    }
}
