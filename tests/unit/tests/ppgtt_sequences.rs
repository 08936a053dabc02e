// SPDX-License-Identifier: GPL-2.0

//! Whatever a guest does: the shadow is what its tables say, the GPU reaches nothing else, and all is
//! given back.

mod ppgtt_world;

use std::collections::BTreeSet;

use kernel::alloc::failing;
use kernel::error::code::{EAGAIN, EBUSY, ENOMEM};
use kernel::error::Error;
use ppgtt_world::{walk, World};
use proptest::prelude::*;
use unit::hw::addr::{Gfn, GuestPhys};
use unit::model::ppgtt::{Config, Hold, Tables};
use unit::model::pvinfo::Root;
use unit::model::seam::edquot;

/// Pages that the guest's tables are in. Some are also what their entries map.
const TABLES: std::ops::Range<u64> = 16..24;
/// Pages of the guest's.
const MEMORY: std::ops::Range<u64> = 14..30;
/// Pages that can be mapped in one piece.
const HUGE: std::ops::Range<u64> = 512..1024;

#[derive(Clone, Debug)]
enum Step {
    /// Entry, at an index of a page.
    Entry(u64, u64, u64),
    /// Any bytes.
    Bytes(u64, Vec<u8>),
    /// Submit with a root; memory runs out after some allocations.
    Hold(Root, Option<u32>),
    Release(prop::sample::Index),
    Destroy(Root),
    /// These pages go away; and come back before the guest submits anything.
    Unmap(u64, u64, bool),
    Pages64k(bool),
    Clear,
}

fn entry() -> impl Strategy<Value = u64> {
    let frame = prop_oneof![
        6 => TABLES,
        3 => 12_u64..32,
        1 => Just(512_u64),
        1 => 510_u64..1100,
        1 => any::<u64>().prop_map(|frame| frame & 0x3_ffff_ffff),
    ];
    let bits = prop_oneof![
        Just(3_u64),
        Just(0x803),
        Just(0x83),
        Just(0),
        any::<u64>().prop_map(|bits| bits & 0xffff_c000_0000_0fff),
    ];
    (frame, bits).prop_map(|(frame, bits)| frame << 12 | bits)
}

fn root() -> impl Strategy<Value = Root> {
    let at = || prop_oneof![TABLES, Just(0), Just(40)].prop_map(|gfn| GuestPhys::new(gfn << 12));
    prop_oneof![
        2 => at().prop_map(Root::Four),
        1 => [at(), at(), at(), at()].prop_map(Root::Three),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = prop_oneof![0_u64..2, 15_u64..18, Just(511)];
    let at = TABLES.start << 12..TABLES.end << 12;
    let bytes = prop::collection::vec(any::<u8>(), 0..24);
    let pages = prop_oneof![12_u64..32, Just(600)];
    let step = prop_oneof![
        20 => (TABLES, index, entry()).prop_map(|(gfn, index, raw)| Step::Entry(gfn, index, raw)),
        2 => (at, bytes).prop_map(|(at, bytes)| Step::Bytes(at, bytes)),
        12 => (root(), prop::option::weighted(0.3, 0_u32..60))
            .prop_map(|(root, allowed)| Step::Hold(root, allowed)),
        8 => any::<prop::sample::Index>().prop_map(Step::Release),
        2 => root().prop_map(Step::Destroy),
        1 => (pages, 1_u64..4, any::<bool>())
            .prop_map(|(first, pages, back)| Step::Unmap(first, pages, back)),
        1 => any::<bool>().prop_map(Step::Pages64k),
        1 => Just(Step::Clear),
    ];
    prop::collection::vec(step, 1..120)
}

/// Something that runs, and all that its translation buffers may know.
struct Running {
    hold: Hold,
    root: Root,
    known: BTreeSet<u64>,
}

impl Running {
    fn pdps(&self) -> [u64; 4] {
        self.hold.pdps().map(|pdp| pdp.get())
    }

    /// The GPU may look at its tables at any time.
    fn look(&mut self, world: &World) {
        let found = walk::reachable(&world.state(), self.root, self.pdps());
        self.known.extend(found);
    }

    fn is_safe(&self, world: &World) {
        let state = world.state();
        self.known.iter().for_each(|&f| walk::allowed(&state, f));
    }
}

struct Run {
    world: World,
    tables: Tables<World>,
    running: Vec<Running>,
    pages_64k: bool,
}

impl Run {
    /// Submits. What is not accepted leaves everything well.
    fn submit(&mut self, root: Root, allowed: Option<u32>) {
        let mut failed = |limit: Option<u32>| -> Result<Hold, Error> {
            loop {
                let hold = match limit {
                    Some(allowed) => failing::after(allowed, || self.tables.hold(root)),
                    None => self.tables.hold(root),
                };
                match hold {
                    Err(EAGAIN) => {}
                    other => return other,
                }
            }
        };
        let hold = match failed(allowed) {
            Err(ENOMEM) if allowed.is_some() => failed(None),
            other => other,
        };
        match hold {
            Ok(hold) => {
                let pdps = hold.pdps().map(|pdp| pdp.get());
                walk::compare(&self.world.state(), root, pdps, self.pages_64k);
                let known = BTreeSet::new();
                self.running.push(Running { hold, root, known });
            }
            Err(EBUSY) => assert!(!self.running.is_empty()),
            Err(error) => {
                assert_eq!(error, edquot());
                assert!(self.running.is_empty());
            }
        }
    }

    fn write(&mut self, at: u64, bytes: &[u8]) {
        if self.world.write(at, bytes) {
            self.tables.written(GuestPhys::new(at), bytes.len());
        }
    }

    fn unmap(&mut self, first: u64, pages: u64, back: bool) {
        let gone = first..first + pages;
        self.tables.unmapped(Gfn::new(first), pages);
        for gfn in gone.clone() {
            let mut state = self.world.state();
            assert!(!state.pins.contains_key(&gfn) && !state.tracks.contains_key(&gfn));
            if !back {
                state.memory.remove(&gfn);
            }
        }
        // The GPU was stopped.
        for running in &mut self.running {
            running.known.clear();
        }
    }

    fn clear(&mut self) {
        self.tables.clear();
        self.pages_64k = false;
        // Holds from before mean nothing, and do no harm.
        let stale = std::mem::take(&mut self.running);
        let scratch_and_empty = 2;
        {
            let state = self.world.state();
            assert!(state.pins.is_empty() && state.tracks.is_empty());
            assert_eq!(state.tables.len(), scratch_and_empty);
        }
        for running in stale {
            self.tables.release(running.hold);
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Entry(gfn, index, raw) => self.write(gfn << 12 | index << 3, &raw.to_le_bytes()),
            Step::Bytes(at, bytes) => self.write(at, &bytes),
            Step::Hold(root, allowed) => self.submit(root, allowed),
            Step::Release(which) => {
                if !self.running.is_empty() {
                    let running = self.running.remove(which.index(self.running.len()));
                    self.tables.release(running.hold);
                }
            }
            Step::Destroy(root) => self.tables.destroy(root),
            Step::Unmap(first, pages, back) => self.unmap(first, pages, back),
            Step::Pages64k(on) => {
                self.tables.set_pages_64k(on);
                self.pages_64k = on;
            }
            Step::Clear => self.clear(),
        }
        for running in &mut self.running {
            running.look(&self.world);
            running.is_safe(&self.world);
        }
    }
}

fn memory() -> impl Iterator<Item = u64> {
    MEMORY.chain(HUGE)
}

proptest! {
    #![proptest_config(ProptestConfig { ..ProptestConfig::default() })]
    #[test]
    fn the_shadow_is_what_the_guest_says(
        kvm in any::<bool>(),
        secret in any::<u64>(),
        config in (8_u32..60, 1_u32..6, 1_u32..600, 1_u32..1000, 1_u32..6),
        quota in prop::option::of(1000_u32..3000),
        steps in steps(),
    ) {
        let world = World::new(kvm);
        {
            let mut state = world.state();
            state.memory = memory().map(|gfn| (gfn, [0; 512])).collect();
            state.quota = quota;
        }
        let (tables, roots, work, retired, patience) = config;
        let config = Config { tables, roots, work, retired, patience };
        let tables = Tables::new(world.clone(), config, secret).unwrap();
        let mut run = Run { world: world.clone(), tables, running: Vec::new(), pages_64k: false };
        for step in steps {
            run.step(step);
        }
        // Nothing runs any more, so nothing is kept for it.
        for running in std::mem::take(&mut run.running) {
            run.tables.release(running.hold);
        }
        prop_assert_eq!(run.tables.statistics().retired, 0);
        drop(run);
        prop_assert!(world.nothing_is_left());
    }
}
