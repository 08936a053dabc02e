// SPDX-License-Identifier: GPL-2.0

//! What a stock i915 of a guest emits (gen8_engine_cs.c, intel_lrc.c, intel_renderstate.c).

use super::support::*;
use unit::hw::addr::{GuestGma, MmioOffset};
use unit::hw::command::Flip;
use unit::hw::engine::Engine;
use unit::hw::irq::{Pipe, Source};
use unit::hw::platform::{Generation, Platform};
use unit::model::parser::{Events, Findings, Place, MOST_MARKS};

const SEQNO: u32 = DATA + 0x40;
/// Where i915 has a scratch cache line in the context's status page.
const SCRATCH: u32 = 0xd0;
const L3SQCREG4: u32 = 0xb118;

/// A request without its end: initial breadcrumb, invalidation, batch.
fn request(invalidate: &[u32]) -> Vec<u32> {
    let breadcrumb = [STORE | GLOBAL, SEQNO, 0, 41, NOOP, ARB_CHECK];
    let batch = [ARB_ON, START | IN_PPGTT, 0xfffe_0000, 0xffff, ARB_OFF, NOOP];
    [&breadcrumb, invalidate, &batch].concat()
}

const TAIL: [u32; 4] = [USER_INTERRUPT, ARB_ON, ARB_CHECK, NOOP];

#[test]
fn a_request_of_the_render_engine() {
    let flags = PIPE_STALL | WRITE | INDEX | 0x40c1c;
    let invalidate = [
        [PIPE_CONTROL, 0, 0, 0, 0, 0],
        [PIPE_CONTROL, flags, SCRATCH, 0, 0, 0],
    ];
    let flush = [PIPE_CONTROL, PIPE_STALL | 0x1021, 0, 0, 0, 0];
    let write = [
        PIPE_CONTROL,
        PIPE_STALL | PIPE_GLOBAL | WRITE | 0x80,
        SEQNO,
        0,
        42,
        0,
    ];
    let ring = [
        &request(invalidate.as_flattened())[..],
        &flush,
        &write,
        &TAIL,
    ]
    .concat();

    let (after, findings) = Setting::rcs().audit(Place::Ring, &ring).unwrap();

    let mut expected = ring.clone();
    expected[13] = PIPE_STALL | WRITE | PIPE_GLOBAL | 0x40c1c;
    expected[14] = CONTEXT + SCRATCH;
    expected[22] = NOOP; // preemption is not for the guest to turn off
    expected[36] = NOOP; // the interrupt
    assert_eq!(after, expected);
    let events = Events {
        user: true,
        flush: false,
    };
    assert_eq!(findings.events, events);
    let sources: Vec<Source> = events.sources(Engine::Rcs).collect();
    assert_eq!(sources, [Source::user(Engine::Rcs)]);
    assert!(!findings.waits && findings.flips.is_empty());
    assert_eq!(marks(&findings), (Some(SEQNO.into()), vec![(42, 1)]));
}

#[test]
fn a_request_of_the_other_engines() {
    let invalidate = [FLUSH | INDEX | WRITE | 1 << 18, SCRATCH, 0, 0];
    let write = [FLUSH | WRITE, SEQNO | FLUSH_GLOBAL, 0, 42];
    let ring = [&request(&invalidate)[..], &write, &TAIL].concat();
    for engine in [Engine::Bcs, Engine::Vcs0, Engine::Vcs1, Engine::Vecs] {
        let (after, findings) = Setting::new(engine).audit(Place::Ring, &ring).unwrap();
        let mut expected = ring.clone();
        expected[6] = FLUSH | WRITE | 1 << 18;
        expected[7] = CONTEXT + SCRATCH | FLUSH_GLOBAL;
        expected[14] = NOOP;
        expected[20] = NOOP;
        assert_eq!(after, expected);
        assert!(findings.events.user);
        assert_eq!(marks(&findings), (Some(SEQNO.into()), vec![(42, 1)]));
    }
}

/// Where it can be seen how far the ring is, and what is written there, with how many interrupts are due then.
fn marks(findings: &Findings) -> (Option<u64>, Vec<(u32, u32)>) {
    let marks = findings.marks.iter().map(|mark| (mark.value, mark.due));
    (findings.marks.place().map(GuestGma::get), marks.collect())
}

#[test]
fn by_what_it_can_be_seen_how_far_a_ring_is() {
    let store = |to, value| [STORE | GLOBAL, to, 0, value];
    let data = |value| store(DATA, value);
    let timestamp = [FLUSH | 3 << 14, SEQNO | FLUSH_GLOBAL, 0, 9];
    type Row<'a> = (Vec<u32>, Option<u32>, &'a [(u32, u32)]);
    let table: [Row; 7] = [
        (vec![USER_INTERRUPT; 2], None, &[]),
        (
            [&data(1)[..], &data(2), &[USER_INTERRUPT], &data(3)].concat(),
            Some(DATA),
            &[(2, 1), (3, 1)],
        ),
        // No other place tells.
        (
            [
                &store(SEQNO, 0)[..],
                &data(1),
                &[USER_INTERRUPT],
                &store(SEQNO, 0),
                &[USER_INTERRUPT],
                &data(2),
            ]
            .concat(),
            Some(DATA),
            &[(1, 1), (2, 2)],
        ),
        (
            [&data(1)[..], &[USER_INTERRUPT, USER_INTERRUPT]].concat(),
            Some(DATA),
            &[(1, 2)],
        ),
        // What is in memory then is not known, or not in the GGTT.
        ([&timestamp[..], &[USER_INTERRUPT]].concat(), None, &[]),
        (vec![STORE, DATA, 0, 1, USER_INTERRUPT], None, &[]),
        // By index in the page of the context, which is where the guest has that.
        (
            vec![FLUSH | INDEX | WRITE, 0x40, 0, 5, USER_INTERRUPT],
            Some(CONTEXT + 0x40),
            &[(5, 1)],
        ),
    ];
    let audit = |place, words: &[u32]| Setting::new(Engine::Bcs).audit(place, words).unwrap().1;
    for (ring, place, expected) in table {
        let findings = audit(Place::Ring, &ring);
        assert_eq!(
            marks(&findings),
            (place.map(u64::from), expected.to_vec()),
            "{ring:x?}"
        );
    }
    // What is left out is not taken for what was kept last.
    let many = [&data(1)[..], &[USER_INTERRUPT]]
        .concat()
        .repeat(MOST_MARKS + 2);
    let findings = audit(Place::Ring, &many);
    assert_eq!(findings.marks.last().unwrap().due, MOST_MARKS as u32);
    assert_eq!(findings.marks.interrupts(), MOST_MARKS as u32 + 2);
    // A batch's interrupts come with the end.
    let findings = audit(FIRST, &[&data(1)[..], &[USER_INTERRUPT, END, 0]].concat());
    assert!(findings.events.user && findings.marks.is_empty());
    assert_eq!(findings.marks.interrupts(), 0);
}

#[test]
fn preemption_stays_off_where_a_workaround_needs_it() {
    let broadwell = Setting::rcs().on(Platform::Broadwell);
    assert_eq!(broadwell.ring(&[ARB_OFF, ARB_ON]), [ARB_OFF, ARB_ON]);
    assert_eq!(Setting::rcs().ring(&[ARB_OFF, ARB_ON]), [NOOP, ARB_ON]);
}

/// What the last command about it says: the engine stays as the batch leaves it.
#[test]
fn whether_a_restore_leaves_preemption_on() {
    let table: [(&[u32], Option<bool>); 6] = [
        (&[NOOP, ARB_CHECK], None),
        (&[ARB_ON, NOOP], Some(true)),
        (&[ARB_OFF, NOOP], Some(false)),
        (&[ARB_OFF, NOOP, ARB_ON], Some(true)),
        (&[ARB_ON, ARB_OFF, NOOP], Some(false)),
        // An operand is no command.
        (&[ARB_OFF, LRI, ALLOWED, ARB_ON], Some(false)),
    ];
    for (words, expected) in table {
        let batch = [words, &[END, END]].concat();
        for (place, words) in [
            (Place::IndirectContext, words),
            (Place::PerContext, &batch[..]),
        ] {
            let (after, findings) = Setting::rcs().audit(place, words).unwrap();
            assert_eq!(after, words, "{place:?}");
            assert_eq!(findings.arbitration, expected, "{place:?} {words:x?}");

            let broadwell = Setting::rcs().on(Platform::Broadwell);
            let (_, findings) = broadwell.audit(place, words).unwrap();
            assert_eq!(findings.arbitration, None, "{place:?} {words:x?}");
        }
        let (_, findings) = Setting::rcs().audit(Place::Ring, words).unwrap();
        assert_eq!(findings.arbitration, None, "{words:x?}");
    }
    // What follows the end does not run.
    let batch = [ARB_OFF, END, ARB_ON, NOOP];
    let (_, findings) = Setting::rcs().audit(Place::PerContext, &batch).unwrap();
    assert_eq!(findings.arbitration, Some(false));
}

#[test]
fn the_batch_of_a_context_s_restoration() {
    let scratch = APERTURE + 0x180;
    let mut batch = vec![ARB_OFF];
    batch.extend([SRM | GLOBAL, L3SQCREG4, scratch, 0]);
    batch.extend([LRI, L3SQCREG4, 0x4060_0000]);
    batch.extend([PIPE_CONTROL, PIPE_STALL | 0x20, 0, 0, 0, 0]);
    batch.extend([LRM | GLOBAL, L3SQCREG4, scratch, 0]);
    let index = batch.len();
    let flags = PIPE_STALL | 1 << 27 | WRITE;
    batch.extend([PIPE_CONTROL, flags | INDEX, SCRATCH, 0, 0, 0]);
    batch.extend([
        LRI + 4,
        ALLOWED,
        1 << 28,
        0x2088,
        0x0002_0002,
        0x2090,
        0x1000_1000,
        NOOP,
    ]);
    batch.extend([0x7005_0004, 1 << 31, 0x0077_7000, 0, 0, 0]);
    batch.push(ARB_ON);
    batch.resize(batch.len().next_multiple_of(16), NOOP);

    for platform in [Platform::Broadwell, Platform::Broxton] {
        let setting = Setting::rcs().on(platform);
        let (after, findings) = setting.audit(Place::IndirectContext, &batch).unwrap();
        assert_ne!(findings.arbitration, Some(false));
        let mut expected = batch.clone();
        expected[index + 1] = flags | PIPE_GLOBAL;
        expected[index + 2] = CONTEXT + SCRATCH;
        assert_eq!(after, expected);
    }
    let per_context = [ARB_ON, END, 0x1234_5678, 0xffff_ffff];
    let (after, _) = Setting::rcs()
        .audit(Place::PerContext, &per_context)
        .unwrap();
    assert_eq!(after, [ARB_ON, END, END, END]);
}

#[test]
fn writes_to_the_engine_s_status_page() {
    let rcs = Setting::rcs();
    let write = |flags| [PIPE_CONTROL, flags, 0x100, 0, 1, 0];
    let mut expected = write(WRITE | PIPE_GLOBAL);
    expected[2] = STATUS_PAGE + 0x100;
    assert_eq!(rcs.ring(&write(WRITE | PIPE_GLOBAL | INDEX)), expected);

    let flush = [FLUSH | WRITE | INDEX, 0x100 | FLUSH_GLOBAL, 0, 1];
    let expected = [FLUSH | WRITE, STATUS_PAGE + 0x100 | FLUSH_GLOBAL, 0, 1];
    assert_eq!(Setting::new(Engine::Vcs0).ring(&flush), expected);
}

#[test]
fn notifications_become_events() {
    for (engine, words) in [
        (
            Engine::Rcs,
            vec![PIPE_CONTROL, NOTIFY | PIPE_STALL, 0, 0, 0, 0],
        ),
        (Engine::Vecs, vec![FLUSH | NOTIFY, 0, 0, 0]),
    ] {
        let (after, findings) = Setting::new(engine).audit(Place::Ring, &words).unwrap();
        assert!(after.iter().all(|word| word & NOTIFY == 0));
        let sources: Vec<Source> = findings.events.sources(engine).collect();
        assert_eq!(sources, [Source::flush(engine)]);
    }
    let flush = Events {
        flush: true,
        user: false,
    };
    let user = Events {
        user: true,
        flush: false,
    };
    assert_eq!(flush.merge(user).sources(Engine::Bcs).count(), 2);
    assert_eq!(Events::default().sources(Engine::Bcs).count(), 0);
}

#[test]
fn the_display_is_not_waited_for() {
    let wait = [
        0x03 << 23 | 1 << 1,
        0x12 << 23,
        0x10_0020,
        0x13 << 23,
        0,
        0x07 << 23,
        0x0b << 23,
    ];
    assert_eq!(Setting::rcs().ring(&wait), [NOOP; 7]);
}

#[test]
fn flips_are_reported() {
    let surface = GuestGma::new(DATA.into());
    let flip = |pipe, plane, stride, tiling, immediate| Flip {
        pipe,
        plane,
        surface,
        stride,
        tiling,
        immediate,
    };
    let pitch = 120 << 6;
    let gen8 = [0x14 << 23 | 3 << 19 | 1, pitch | 1, DATA, NOOP];
    let gen9 = [0x14 << 23 | 6 << 8 | 1, pitch | 4, DATA | 1, NOOP];
    let stereo = [0x14 << 23 | 2, pitch, DATA | 2, 0];
    for (platform, words, expected) in [
        (Platform::Broadwell, gen8, flip(Pipe::B, 1, 7680, 1, false)),
        (Platform::Skylake, gen9, flip(Pipe::C, 1, 120, 4, true)),
        (Platform::Skylake, stereo, flip(Pipe::A, 0, 120, 0, false)),
    ] {
        let setting = Setting::rcs().on(platform);
        let (after, findings) = setting.audit(Place::Ring, &words).unwrap();
        assert_eq!(after, [NOOP; 4]);
        assert_eq!(findings.flips[..], [expected]);
    }
}

#[test]
fn flips_are_writes_of_the_planes_registers() {
    let flip = |pipe, plane, tiling, immediate| Flip {
        pipe,
        plane,
        surface: GuestGma::new(0x1234_5000),
        stride: 120,
        tiling,
        immediate,
    };
    let at = MmioOffset::new;
    // DSPCNTR of B, sprite of C; PLANE_CTL of the second plane of C and of the third of A.
    for (generation, flip, control, before, after) in [
        (
            Generation::Gen8,
            flip(Pipe::B, 0, 1, false),
            0x7_1180,
            0x8000_0200,
            0x8000_0400,
        ),
        (
            Generation::Gen8,
            flip(Pipe::C, 1, 0, true),
            0x7_2280,
            0x8000_0400,
            0x8000_0200,
        ),
        (
            Generation::Gen9,
            flip(Pipe::C, 1, 4, true),
            0x7_2280,
            0x8000_0c01,
            0x8000_1201,
        ),
        (
            Generation::Gen9,
            flip(Pipe::A, 2, 7, false),
            0x7_0380,
            u32::MAX,
            !0x200,
        ),
    ] {
        assert_eq!(flip.control(), at(control));
        let expected = [
            (at(control), after),
            (at(control + 8), 120),
            (at(control + 0x1c), 0x1234_5000),
        ];
        assert_eq!(flip.writes(generation, before), expected, "{flip:?}");
    }
}

#[test]
fn copies_and_semaphores_in_the_ring() {
    let fast_copy = [
        0x5080_0008,
        0x0300_1000,
        0,
        0x40_0400,
        0,
        1,
        0,
        0x1000,
        0x1_0000,
        1,
    ];
    assert_eq!(Setting::new(Engine::Bcs).ring(&fast_copy), fast_copy);

    let semaphore = [
        0x1c << 23 | GLOBAL | 1 << 15 | 4 << 12 | 2,
        0,
        STATUS_PAGE,
        0,
    ];
    let (after, findings) = Setting::rcs().audit(Place::Ring, &semaphore).unwrap();
    assert_eq!(after, semaphore);
    assert!(findings.waits);
}
