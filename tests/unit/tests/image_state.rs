// SPDX-License-Identifier: GPL-2.0

//! The engine's state in a context image: which part it is, and where it is taken from.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

use proptest::prelude::*;
use unit::hw::addr::{Bytes, GmaRange, HostGma};
use unit::hw::context::{
    batch_offset, engine_dwords, CONTEXT_CONTROL, PDP, POWER_CLOCK_STATE, RING_CONTROL, RING_START,
    STATE_DWORDS, TIMESTAMP, UNUSED,
};
use unit::hw::engine::Engine;
use unit::hw::execlist::Descriptor;
use unit::hw::platform::Platform;
use unit::model::image::{Context, EngineState, Origin, Seal, StatePage};
use unit::model::partition::Share;

const PLATFORMS: [Platform; 6] = [
    Platform::Broadwell,
    Platform::Skylake,
    Platform::Broxton,
    Platform::KabyLake,
    Platform::CoffeeLake,
    Platform::CometLake,
];

#[test]
fn the_state_is_apart_from_the_registers_of_the_ring() {
    for (platform, engine) in PLATFORMS
        .iter()
        .flat_map(|&platform| Engine::ALL.map(|engine| (platform, engine)))
    {
        let runs = engine_dwords(platform, engine);
        assert!(
            runs.iter().all(|run| run.0 < run.1),
            "{platform:?} {engine:?}"
        );
        assert!(runs.windows(2).all(|pair| pair[0].1 < pair[1].0));
        let state = EngineState::of(platform, engine);
        let dwords: Vec<u16> = state.dwords().collect();
        assert!(dwords.iter().all(|&dword| dword > POWER_CLOCK_STATE));
        assert!(dwords.iter().all(|dword| !UNUSED.contains(dword)));
        assert_eq!(dwords.last(), Some(&(STATE_DWORDS - 1)));
        let runs: Vec<usize> = state.runs().flatten().collect();
        let same: Vec<usize> = dwords.iter().map(|&dword| dword.into()).collect();
        assert_eq!(runs, same);
    }
}

#[test]
fn the_offset_of_batches_is_apart_from_the_state() {
    for (platform, engine) in PLATFORMS
        .iter()
        .flat_map(|&platform| Engine::ALL.map(|engine| (platform, engine)))
    {
        let mut state = EngineState::of(platform, engine).dwords();
        let offset = batch_offset(platform, engine);
        assert!(offset.is_none_or(|offset| state.all(|dword| dword != offset)));
        let gen8_copy = platform == Platform::Broadwell && engine != Engine::Rcs;
        assert_eq!(offset.is_none(), gen8_copy, "{platform:?} {engine:?}");
    }
}

#[test]
fn what_drivers_set_is_no_state() {
    // RING_MI_MODE, BB_OFFSET, OACTXCONTROL, the first and the last EU_PERF_CNTL: their values.
    let table: [(Platform, Engine, &[u16]); 3] = [
        (
            Platform::Skylake,
            Engine::Rcs,
            &[0x55, 0x65, 0x129, 0x3df, 0x3eb],
        ),
        (Platform::KabyLake, Engine::Vecs, &[0x55, 0x65]),
        (
            Platform::Broadwell,
            Engine::Rcs,
            &[0x59, 0xc5, 0x121, 0x2cf, 0x2db],
        ),
    ];
    for (platform, engine, set) in table {
        let dwords: HashSet<u16> = EngineState::of(platform, engine).dwords().collect();
        assert!(set.iter().all(|dword| !dwords.contains(dword)));
        for general in [0x69, 0xa7, 0x200] {
            assert!(
                dwords.contains(&general),
                "{platform:?} {engine:?} {general:#x}"
            );
        }
    }
}

#[test]
fn whole_pages_of_state() {
    for (platform, engine, pages) in [
        (Platform::Broadwell, Engine::Rcs, 2..19),
        (Platform::Skylake, Engine::Rcs, 2..22),
        (Platform::Broadwell, Engine::Vcs1, 2..2),
        (Platform::Skylake, Engine::Bcs, 2..2),
    ] {
        assert_eq!(EngineState::of(platform, engine).pages(), pages);
    }
}

#[test]
fn a_seal_is_three_commands_that_do_nothing() {
    for hash in [
        1,
        0x3f_ffff,
        0x40_0000,
        1 << 63,
        u64::MAX,
        0x0123_4567_89ab_cdef,
    ] {
        let mut page = StatePage::new();
        assert_eq!(Seal::of(&page), None);
        for (dword, value) in Seal::new(hash).registers() {
            assert!(UNUSED.contains(&dword));
            assert_eq!(value >> 22, 0, "MI_NOOP without a write to NOPID");
            page.set(dword, value);
        }
        assert_eq!(Seal::of(&page), Some(Seal::new(hash)), "{hash:#x}");
    }
    let mut page = StatePage::new();
    for (dword, value) in [(0x34, 1 << 22), (0x35, 1 << 31), (0x36, 1 << 20)] {
        page.set(dword, value);
        assert_eq!(Seal::of(&page), None, "no command of ours");
        page.set(dword, 0);
    }
}

/// An image: page of registers, and one number for the pages behind.
#[derive(Clone)]
struct Image {
    page: StatePage,
    rest: u64,
}

impl Image {
    /// As a driver makes it that has no state for it.
    fn inhibited() -> Self {
        let mut page = StatePage::new();
        page.set(CONTEXT_CONTROL, 0x0009_0009);
        page.set(RING_START, 0x0100_0000);
        page.set(RING_CONTROL, 1);
        Self { page, rest: 0 }
    }

    /// What a driver writes into a copy of another image.
    fn set_up(&mut self, number: u32) {
        let foreign = [0x55, 0x65, 0x129, 0x3df];
        for dword in [TIMESTAMP, PDP[0].0, PDP[0].1].into_iter().chain(foreign) {
            self.page.set(dword, number);
        }
    }

    fn state(&self, layout: &EngineState) -> (Vec<u32>, u64) {
        let words = layout.dwords().map(|dword| self.page.get(dword));
        (words.collect(), self.rest)
    }
}

/// A host with one image of its own, as the driver goes about it.
struct Host {
    layout: EngineState,
    default: Image,
    image: Image,
    resident: Option<Seal>,
    key: u64,
}

impl Host {
    fn new(key: u64) -> Self {
        let mut default = Image::inhibited();
        default.rest = 0xd0;
        let image = default.clone();
        Self {
            layout: EngineState::of(Platform::Skylake, Engine::Rcs),
            default,
            image,
            resident: None,
            key,
        }
    }

    fn seal(&self, image: &Image) -> Seal {
        let mut page = image.page.clone();
        self.layout.isolate(&mut page);
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.key);
        hasher.write(page.bytes());
        hasher.write_u64(image.rest);
        Seal::new(hasher.finish())
    }

    fn load(&mut self, from: Image) {
        for dword in self.layout.dwords() {
            self.image.page.set(dword, from.page.get(dword));
        }
        self.image.rest = from.rest;
    }

    /// Runs a piece of the guest's context, which leaves `mark` in the engine's state.
    fn run(&mut self, guest: &mut Image, mark: u32) -> Origin {
        let range = GmaRange::new(HostGma::new(16 << 20), Bytes::mib(16)).unwrap();
        let share = Share {
            aperture: range,
            hidden: range,
            fences: 0,
        };
        let descriptor = Descriptor::from_raw(0x119);
        let (platform, engine) = (Platform::Skylake, Engine::Rcs);
        let context = Context::parse(&guest.page, descriptor, platform, engine, &share).unwrap();
        let origin = Origin::of(&context, &guest.page, self.resident);
        match origin {
            Origin::Resident => {}
            Origin::Guest(seal) if self.seal(guest) == seal => self.load(guest.clone()),
            Origin::Guest(_) | Origin::Default => self.load(self.default.clone()),
        }

        let before = self.image.page.get(0x69);
        self.image.page.set(0x69, mark);
        self.image.page.set(0x68, before);
        self.image.rest += 1;

        let seal = self.seal(&self.image);
        for dword in self.layout.dwords() {
            guest.page.set(dword, self.image.page.get(dword));
        }
        guest.rest = self.image.rest;
        let registers = seal.registers().chain(context.finished(0, 0));
        registers.for_each(|(dword, value)| guest.page.set(dword, value));
        self.resident = Some(seal);
        origin
    }
}

#[test]
fn a_context_finds_its_state_again() {
    let mut host = Host::new(1);
    let mut first = Image::inhibited();
    assert_eq!(host.run(&mut first, 7), Origin::Default);
    assert_eq!((host.image.page.get(0x68), host.image.rest), (0, 0xd1));
    assert_eq!(host.run(&mut first, 8), Origin::Resident);
    assert_eq!((host.image.page.get(0x68), host.image.rest), (7, 0xd2));

    // What i915 does for each context after its first one.
    let recorded = first.clone();
    let mut second = recorded.clone();
    second.set_up(0x1234_5000);
    assert_eq!(host.run(&mut second, 9), Origin::Resident, "it is the same");
    assert_eq!(host.image.page.get(0x68), 8);
    assert!(matches!(host.run(&mut first, 10), Origin::Guest(_)));
    assert_eq!((host.image.page.get(0x68), host.image.rest), (8, 0xd3));
    assert!(matches!(host.run(&mut second, 11), Origin::Guest(_)));
    assert_eq!((host.image.page.get(0x68), host.image.rest), (9, 0xd4));

    // A reset: the driver forgets what state there was.
    second = Image {
        rest: second.rest,
        ..Image::inhibited()
    };
    assert_eq!(host.run(&mut second, 12), Origin::Default);
    assert_eq!((host.image.page.get(0x68), host.image.rest), (0, 0xd1));
}

#[test]
fn a_state_of_another_virtual_gpu_is_none() {
    let (mut host, mut other) = (Host::new(1), Host::new(2));
    let mut image = Image::inhibited();
    host.run(&mut image, 7);
    assert!(matches!(other.run(&mut image, 8), Origin::Guest(_)));
    assert_eq!((other.image.page.get(0x68), other.image.rest), (0, 0xd1));
}

#[derive(Clone, Debug)]
enum Step {
    New(usize),
    Copy(usize, usize),
    SetUp(usize, u32),
    Poke(usize, u16, u32),
    PokeRest(usize, u64),
    Run(usize, u32),
    Reset,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0_usize..4;
    // Where the seal is, and anywhere else but in the registers of the ring.
    let dword = prop_oneof![Just(0x34_u16), 0x34_u16..0x41, 0x50_u16..0x400];
    let step = prop_oneof![
        1 => who().prop_map(Step::New),
        3 => (who(), who()).prop_map(|(to, from)| Step::Copy(to, from)),
        2 => (who(), any::<u32>()).prop_map(|(id, value)| Step::SetUp(id, value)),
        2 => (who(), dword, any::<u32>()).prop_map(|(id, at, value)| Step::Poke(id, at, value)),
        1 => (who(), any::<u64>()).prop_map(|(id, value)| Step::PokeRest(id, value >> 1)),
        9 => (who(), any::<u32>()).prop_map(|(id, mark)| Step::Run(id, mark)),
        1 => Just(Step::Reset),
    ];
    prop::collection::vec(step, 1..80)
}

proptest! {
    /// Whatever a guest does to its images, the engine loads what it saved before, or the default; and
    /// a guest that leaves the state alone gets the context's own.
    #[test]
    fn only_what_the_engine_saved_is_loaded(steps in steps()) {
        let mut host = Host::new(1);
        let mut images = vec![Image::inhibited(); 4];
        let mut poked = [false; 4];
        let default = host.default.state(&host.layout);
        let mut saved = HashSet::from([default.clone()]);
        for step in steps {
            match step {
                Step::New(id) => (images[id], poked[id]) = (Image::inhibited(), false),
                Step::Copy(to, from) => {
                    images[to] = images[from].clone();
                    poked[to] = poked[from];
                }
                Step::SetUp(id, number) => images[id].set_up(number),
                Step::Poke(id, dword, value) => {
                    images[id].page.set(dword, value);
                    poked[id] = true;
                }
                Step::PokeRest(id, value) => {
                    images[id].rest = value;
                    poked[id] = true;
                }
                Step::Run(id, mark) => {
                    let fresh = images[id].page.get(CONTEXT_CONTROL) & 1 != 0;
                    let own = images[id].state(&host.layout);
                    let resident = host.image.state(&host.layout);
                    let origin = host.run(&mut images[id], mark);
                    // What was loaded, from what the run left behind.
                    let mut loaded = host.image.clone();
                    loaded.rest -= 1;
                    let previous = loaded.page.get(0x68);
                    loaded.page.set(0x69, previous);
                    let (mut words, rest) = loaded.state(&host.layout);
                    let matches = |known: &(Vec<u32>, u64)| {
                        // The run wrote over dword 0x68.
                        let place = host.layout.dwords().position(|dword| dword == 0x68).unwrap();
                        words[place] = known.0[place];
                        known.1 == rest && known.0 == words
                    };
                    let mut matches = matches;
                    prop_assert!(saved.iter().any(&mut matches));
                    if origin == Origin::Resident {
                        prop_assert!(matches(&resident));
                    }
                    if fresh {
                        prop_assert!(matches(&default));
                    } else if !poked[id] {
                        prop_assert!(matches(&own));
                    }
                    saved.insert(host.image.state(&host.layout));
                    poked[id] = false;
                }
                Step::Reset => host.resident = None,
            }
        }
    }
}
