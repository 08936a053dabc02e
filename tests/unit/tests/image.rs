// SPDX-License-Identifier: GPL-2.0

//! What is read of a guest's context image, and what is written back.

use proptest::prelude::*;
use unit::hw::addr::{Bytes, GmaRange, HostGma};
use unit::hw::context::{
    CONTEXT_CONTROL, INDIRECT_CONTEXT, PDP, PER_CONTEXT_BATCH, RING_CONTROL, RING_HEAD, RING_START,
    RING_TAIL, STATE_DWORDS, TIMESTAMP,
};
use unit::hw::engine::Engine;
use unit::hw::execlist::Descriptor;
use unit::hw::platform::Platform;
use unit::model::image::{Context, Invalid, Roots, StatePage};
use unit::model::partition::Share;

const LEGACY_32: u64 = 1 << 3;
const LEGACY_64: u64 = 3 << 3;

/// Aperture from 16 MiB to 32 MiB, hidden space from 1 GiB to 1.25 GiB.
fn share() -> Share {
    let range = |start, size| GmaRange::new(HostGma::new(start), Bytes::mib(size)).unwrap();
    Share {
        aperture: range(16 << 20, 16),
        hidden: range(1 << 30, 256),
        fences: 4,
    }
}

/// A context as i915 makes it: a ring of 16 KiB, with commands in it.
fn usual() -> StatePage {
    let mut page = StatePage::new();
    for (dword, value) in [
        (CONTEXT_CONTROL, 0x000f_0008),
        (RING_HEAD, 0x100),
        (RING_TAIL, 0x180),
        (RING_START, 0x0100_0000),
        (RING_CONTROL, 0x3001),
        (TIMESTAMP, 0xffff_fff0),
        (PDP[0].0, 0x12),
        (PDP[0].1, 0x3456_7000),
    ] {
        page.set(dword, value);
    }
    page
}

fn parse(page: &StatePage, engine: Engine) -> Result<Context, Invalid> {
    let descriptor = Descriptor::from_raw(LEGACY_64 | 0x101);
    Context::parse(page, descriptor, Platform::Skylake, engine, &share())
}

#[test]
fn a_context_as_i915_makes_it() {
    let context = parse(&usual(), Engine::Rcs).expect("a good one");
    assert_eq!(context.roots, Roots::Four(0x12_3456_7000));
    assert!(!context.inhibited);
    assert_eq!((context.indirect, context.per_context), (None, None));
    assert_eq!(context.ring.start, HostGma::new(0x0100_0000));
    assert_eq!(context.ring.bytes, 0x4000);
    let spans: Vec<_> = context.ring.pending(0x100).unwrap().spans().collect();
    assert_eq!(spans.len(), 1);
    assert_eq!((spans[0].offset, spans[0].length), (0x100, 0x80));
    assert_eq!(
        context.finished(0x100, 0x20),
        [
            (RING_HEAD, 0x180),
            (CONTEXT_CONTROL, 0x000f_0008),
            (TIMESTAMP, 0x10)
        ]
    );
}

#[test]
fn a_ring_that_wraps() {
    let mut page = usual();
    page.set(RING_HEAD, 0xffe0_3f00);
    page.set(RING_TAIL, 0x40);
    page.set(CONTEXT_CONTROL, 0x0009_0009);
    let context = parse(&page, Engine::Bcs).unwrap();
    assert!(context.inhibited);
    let pending = context.ring.pending(context.ring.head).unwrap();
    let spans: Vec<_> = pending.spans().map(|s| (s.offset, s.length)).collect();
    assert_eq!(spans, [(0x3f00, 0x100), (0, 0x40)]);
    assert_eq!(pending.bytes(), 0x140);
    let [head, control, _] = context.finished(0x3f00, 0);
    assert_eq!(head, (RING_HEAD, 0x40), "the count of wraps wraps, too");
    assert_eq!(
        control,
        (CONTEXT_CONTROL, 0x0009_0008),
        "it has a state now"
    );

    page.set(RING_HEAD, 0x0060_0040);
    let empty = parse(&page, Engine::Bcs).unwrap();
    let pending = empty.ring.pending(0x40).unwrap();
    assert_eq!((pending.spans().count(), pending.bytes()), (0, 0));
    assert_eq!(empty.finished(0x40, 0)[0], (RING_HEAD, 0x0060_0040));
    assert_eq!(empty.ring.pending(0x4000), None);
}

#[test]
fn the_offset_of_batches_comes_and_goes() {
    let mut page = usual();
    page.set(0x65, 0x1234_5678);
    let context = parse(&page, Engine::Rcs).unwrap();
    let registers: Vec<_> = context.registers().collect();
    assert_eq!(registers, [(0x65, 0x1234_5678)]);
    assert_eq!(context.saved(), [Some(0x65), None]);
}

/// BCS_SWCTRL is a masked register: the whole of it is loaded, whatever a driver has put into the mask.
#[test]
fn the_blitter_s_tiling_comes_and_goes() {
    let mut page = usual();
    page.set(0x43, 2);
    let registers = |platform, engine| {
        let descriptor = Descriptor::from_raw(LEGACY_64 | 0x101);
        let context = Context::parse(&page, descriptor, platform, engine, &share()).unwrap();
        let registers: Vec<_> = context.registers().collect();
        let saved: Vec<_> = context.saved().into_iter().flatten().collect();
        let dwords: Vec<_> = registers.iter().map(|&(dword, _)| dword).collect();
        assert_eq!(dwords, saved);
        registers
    };
    let tiling = (0x43, 0xffff_0002);
    assert_eq!(registers(Platform::Broadwell, Engine::Bcs), [tiling]);
    assert_eq!(
        registers(Platform::Skylake, Engine::Bcs),
        [(0x65, 0), tiling]
    );
    // There it is another register, the host's.
    for engine in [Engine::Rcs, Engine::Vcs0, Engine::Vecs] {
        let registers = registers(Platform::Skylake, engine);
        assert!(!registers.contains(&tiling), "{engine:?}");
    }
}

#[test]
fn page_tables_of_3_levels() {
    let mut page = usual();
    for (index, (upper, lower)) in (0..).zip(PDP) {
        page.set(upper, index);
        page.set(lower, 0x1000 * index);
    }
    let read = |addressing| {
        let descriptor = Descriptor::from_raw(addressing | 0x101);
        Context::parse(
            &page,
            descriptor,
            Platform::Broadwell,
            Engine::Vecs,
            &share(),
        )
        .map(|context| context.roots)
    };
    let values = [0, 0x1_0000_1000, 0x2_0000_2000, 0x3_0000_3000];
    assert_eq!(read(LEGACY_32), Ok(Roots::Three(values)));
    assert_eq!(read(LEGACY_64), Ok(Roots::Four(0)));
    for other in [0, 2 << 3] {
        assert_eq!(read(other), Err(Invalid::Addressing));
    }

    let written: Vec<_> = Roots::Three(values).registers().collect();
    assert_eq!(written.len(), 8);
    for (dword, value) in written {
        assert_eq!(page.get(dword), value, "dword {dword:#x}");
    }
    let four: Vec<_> = Roots::Four(0x12_3456_7000).registers().collect();
    assert_eq!(four[..2], [(0x31, 0x12), (0x33, 0x3456_7000)]);
    assert!(four[2..].iter().all(|&(_, value)| value == 0));
}

#[test]
fn what_cannot_run() {
    let table: &[(u16, u32, Invalid)] = &[
        (RING_CONTROL, 0x3000, Invalid::Disabled),
        (RING_CONTROL, 0x001f_f001, Invalid::Head),
        (RING_START, 0x00ff_f000, Invalid::Ring),
        (RING_START, 0x01ff_d000, Invalid::Ring),
        (RING_START, 0, Invalid::Ring),
        (RING_START, 0xffff_f000, Invalid::Ring),
        (RING_HEAD, 0x4000, Invalid::Head),
        (RING_TAIL, 0x4000, Invalid::Tail),
        (RING_TAIL, 0xffff_ffff, Invalid::Tail),
        (INDIRECT_CONTEXT, 0x0000_0001, Invalid::Indirect),
        (INDIRECT_CONTEXT, 0x01ff_ff82, Invalid::Indirect),
        (PER_CONTEXT_BATCH, 0x0200_0001, Invalid::PerContext),
    ];
    for &(dword, value, expected) in table {
        let mut page = usual();
        page.set(dword, value);
        let result = parse(&page, Engine::Rcs);
        if value == 0x001f_f001 {
            assert!(result.is_ok(), "a ring of 2 MiB fits");
        } else if value == 0x01ff_ff82 {
            let batch = result.unwrap().indirect.expect("it just fits");
            assert_eq!(batch.start, HostGma::new(0x01ff_ff80));
            assert_eq!(batch.size, Bytes::new(0x80));
        } else {
            assert_eq!(result, Err(expected), "dword {dword:#x} = {value:#x}");
        }
    }
}

#[test]
fn batches_of_a_restore() {
    let mut page = usual();
    page.set(INDIRECT_CONTEXT, 0x4000_0043);
    page.set(PER_CONTEXT_BATCH, 0x4000_1001);
    for (platform, engine, runs) in [
        (Platform::Skylake, Engine::Rcs, true),
        (Platform::Skylake, Engine::Vcs0, true),
        (Platform::Broadwell, Engine::Rcs, true),
        (Platform::Broadwell, Engine::Bcs, false),
    ] {
        let descriptor = Descriptor::from_raw(LEGACY_64 | 0x101);
        let context = Context::parse(&page, descriptor, platform, engine, &share()).unwrap();
        let found = (
            context.indirect.map(|batch| (batch.start, batch.size)),
            context.per_context.map(|batch| batch.start),
        );
        let indirect = (HostGma::new(0x4000_0040), Bytes::new(0xc0));
        let expected = (Some(indirect), Some(HostGma::new(0x4000_1000)));
        assert_eq!(found, if runs { expected } else { (None, None) });
    }
}

#[test]
fn a_page_ends() {
    let mut page = StatePage::default();
    page.set(STATE_DWORDS - 1, 0x1234_5678);
    page.set(STATE_DWORDS, 1);
    page.set(u16::MAX, 1);
    assert_eq!(page.get(STATE_DWORDS - 1), 0x1234_5678);
    assert_eq!((page.get(STATE_DWORDS), page.get(u16::MAX)), (0, 0));
    assert_eq!(page.bytes().len(), 4096);
    assert_eq!(page.bytes()[4092..], [0x78, 0x56, 0x34, 0x12]);
    assert_eq!(page.bytes().iter().filter(|&&byte| byte != 0).count(), 4);
    page.bytes_mut()[0] = 0xaa;
    assert_eq!(page.get(0), 0xaa);
}

/// Values near what is valid, and any others.
fn register() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        0_u32..0x8000,
        (0_u32..0x2000).prop_map(|page| page << 12),
        (0_u32..0x2000).prop_map(|page| page << 12 | 0x4000_0001),
    ]
}

proptest! {
    /// Whatever a guest writes, what comes out is the guest's own.
    #[test]
    fn nothing_leaves_the_share(
        values in prop::collection::vec((0_u16..0x50, register()), 0..40),
        descriptor in any::<u64>(),
        engine in 0_usize..5,
    ) {
        let mut page = usual();
        for (dword, value) in values {
            page.set(dword, value);
        }
        let (share, engine) = (share(), Engine::ALL[engine]);
        let descriptor = Descriptor::from_raw(descriptor);
        let parsed = Context::parse(&page, descriptor, Platform::Broadwell, engine, &share);
        let Ok(context) = parsed else { return Ok(()) };
        let inside = |start: HostGma, size: u64| {
            [share.aperture, share.hidden].iter().any(|part| {
                start >= part.start() && start.get() + size <= part.end().get()
            })
        };
        let ring = context.ring;
        prop_assert!(inside(ring.start, ring.bytes.into()));
        prop_assert!(ring.head < ring.bytes && ring.head % 4 == 0);
        prop_assert!(ring.tail < ring.bytes && ring.tail % 8 == 0);
        for batch in [context.indirect, context.per_context].into_iter().flatten() {
            prop_assert!(inside(batch.start, batch.size.get()));
        }
    }

    /// The parts of a ring are what an engine runs that goes on dword by dword until it is at the tail.
    #[test]
    fn the_engine_runs_the_same(
        pages in 0_u32..4,
        head in 0_u32..0x4000,
        tail in 0_u32..0x4000,
        from in 0_u32..0x5000,
        wraps in 0_u32..0x800,
    ) {
        let mut page = usual();
        page.set(RING_CONTROL, pages << 12 | 1);
        page.set(RING_HEAD, wraps << 21 | head);
        page.set(RING_TAIL, tail);
        let Ok(context) = parse(&page, Engine::Rcs) else { return Ok(()) };
        let (ring, from) = (context.ring, from & !3);
        let Some(pending) = ring.pending(from) else {
            prop_assert!(from >= ring.bytes);
            return Ok(());
        };
        let (mut at, mut count, mut run) = (from, wraps, Vec::new());
        while at != ring.tail {
            run.push(at);
            at += 4;
            if at == ring.bytes {
                (at, count) = (0, (count + 1) % 0x800);
            }
        }
        let parts: Vec<u32> = pending
            .spans()
            .flat_map(|span| (span.offset..span.offset + span.length).step_by(4))
            .collect();
        prop_assert_eq!(pending.bytes() as usize, 4 * run.len());
        prop_assert_eq!(parts, run);
        let [(_, after), ..] = context.finished(from, 0);
        // With the tail at 0 the engine has gone past the end, too.
        prop_assert_eq!(after, count << 21 | ring.tail);
    }
}
