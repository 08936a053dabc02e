// SPDX-License-Identifier: GPL-2.0

//! Batches: where they start, on what level, and where they end.

use super::support::*;
use unit::hw::addr::{Dwords, HostGma};
use unit::hw::engine::Engine;
use unit::hw::platform::Platform;
use unit::model::parser::{
    audit, Audited, Batch, Extent, Level, PerProcess, Place, Space, Unaudited, Why, MOST_STARTS,
};

fn extent(level: Level, words: &[u32]) -> Option<u32> {
    let mut extent = Extent::new(Platform::Skylake, Engine::Rcs, level);
    extent.scan(words).unwrap().map(Dwords::get)
}

/// All batches that have to be copied; the starts are made to point to 0x1000, 0x2000 and so on.
fn redirect_all(audited: &mut Audited<&mut [u32]>) -> Vec<Batch> {
    let mut batches = vec![];
    while let Some(batch) = audited.next_batch() {
        batches.push(batch);
        audited.redirect(HostGma::new(0x1000 * batches.len() as u64));
    }
    batches
}

const fn global(address: u32, level: Level) -> Batch {
    Batch {
        space: Space::Global,
        address: address as u64,
        level,
    }
}

#[test]
fn batches_in_the_ggtt_are_redirected() {
    let setting = Setting::rcs();
    let mut ring = [
        START,
        DATA,
        0,
        START | IN_PPGTT,
        0x5000,
        0,
        START | PREDICATED,
        DATA + 0x1000,
        0,
    ];
    let audited = audit(Unaudited::new(&mut ring[..]), Place::Ring, &setting.guest()).unwrap();
    let mut audited = audited.finish().expect_err("they point to the guest's");
    let batches = redirect_all(&mut audited);
    let (first, second) = (
        global(DATA, Level::First),
        global(DATA + 0x1000, Level::First),
    );
    assert_eq!(batches, [first, second]);
    audited.redirect(HostGma::new(0x9000));
    let (ready, _) = audited.finish().unwrap();
    let expected = [
        START,
        0x1000,
        0,
        START | IN_PPGTT,
        0x5000,
        0,
        START | PREDICATED,
        0x2000,
        0,
    ];
    assert_eq!(*ready, expected);
}

#[test]
fn per_process_batches_are_redirected_on_demand() {
    let setting = Setting::rcs().auditing();
    let mut ring = [START | IN_PPGTT | 1 << 10, 0x5000, 0xffff_fff2];
    let audited = audit(Unaudited::new(&mut ring[..]), Place::Ring, &setting.guest());
    let mut audited = audited.unwrap();
    let batch = Batch {
        space: Space::PerProcess,
        address: 0xfff2_0000_5000,
        level: Level::First,
    };
    assert_eq!(redirect_all(&mut audited), [batch]);
    let (ready, _) = audited.finish().unwrap();
    assert_eq!(*ready, [START, 0x1000, 0]);
}

#[test]
fn whose_batches_need_an_audit() {
    for platform in [Platform::Broadwell, Platform::Skylake, Platform::CometLake] {
        for engine in Engine::ALL {
            let unguarded = platform != Platform::Broadwell && engine == Engine::Bcs;
            let expected = match unguarded {
                true => PerProcess::Audit,
                false => PerProcess::Trust,
            };
            assert_eq!(PerProcess::needed(platform, engine), expected);
        }
    }
}

#[test]
fn a_batch_without_privilege_starts_none_with() {
    for (setting, expected) in [
        (Setting::rcs(), START | SECOND | IN_PPGTT),
        (Setting::rcs().auditing(), START | SECOND),
    ] {
        let mut words = [START | SECOND, DATA, 0, END, NOOP];
        let audited = audit(Unaudited::new(&mut words[..]), USER, &setting.guest());
        let mut audited = audited.unwrap();
        for batch in redirect_all(&mut audited) {
            assert_eq!(batch.space, Space::PerProcess);
        }
        assert_eq!(audited.finish().unwrap().0[0], expected);
    }
}

#[test]
fn levels() {
    let call = [START | SECOND, DATA, 0, END, NOOP];
    let chain = [START, DATA, 0, 0xffff_ffff, 0xffff_ffff];
    let maybe = [START | PREDICATED, DATA, 0, END, NOOP];
    let started = |place, words: &[u32]| -> Result<(Vec<Batch>, Vec<u32>), Why> {
        let setting = Setting::rcs();
        let mut copy = words.to_vec();
        let audited = audit(Unaudited::new(&mut copy[..]), place, &setting.guest());
        let mut audited = audited.map_err(|rejected| rejected.why)?;
        let batches = redirect_all(&mut audited);
        Ok((batches, audited.finish().unwrap().0.to_vec()))
    };

    let (batches, after) = started(FIRST, &call).unwrap();
    assert_eq!(batches, [global(DATA, Level::Second)]);
    assert_eq!(after, [START | SECOND, 0x1000, 0, END, END]);

    // What follows a batch's last command is not left to chance.
    let (batches, after) = started(FIRST, &chain).unwrap();
    assert_eq!(batches, [global(DATA, Level::First)]);
    assert_eq!(after, [START, 0x1000, 0, END, END]);

    let (_, after) = started(FIRST, &maybe).unwrap();
    assert_eq!(after, [START | PREDICATED, 0x1000, 0, END, END]);

    let (batches, after) = started(CALLED, &[START | SECOND, DATA, 0, 9, 9]).unwrap();
    assert_eq!(batches, [global(DATA, Level::Second)]);
    assert_eq!(after, [START | SECOND, 0x1000, 0, END, END]);

    for (place, words) in [
        (Place::Ring, &call),
        (CALLED, &chain),
        (Place::IndirectContext, &chain),
        (Place::PerContext, &chain),
    ] {
        assert_eq!(started(place, words), Err(Why::Level), "{place:?}");
    }
}

#[test]
fn ends() {
    let setting = Setting::rcs();
    assert_eq!(
        setting.audit(FIRST, &[NOOP, END, 1, 2]).unwrap().0,
        [NOOP, END, END, END]
    );
    for place in [FIRST, CALLED, USER, Place::PerContext] {
        assert_eq!(setting.refusal(place, &[NOOP, NOOP]), Why::Endless);
        assert_eq!(setting.refusal(place, &[NOOP, END]), Why::Endless);
        assert_eq!(setting.refusal(place, &[]), Why::Endless);
    }
    for place in [Place::Ring, Place::IndirectContext] {
        assert_eq!(setting.refusal(place, &[END]), Why::Level);
        assert!(setting.audit(place, &[]).is_ok());
    }
    let compare = [0x36 << 23 | GLOBAL | 1 << 21 | 2, 5, DATA, 0, END, END];
    assert_eq!(setting.audit(FIRST, &compare).unwrap().0, compare);
    assert_eq!(setting.refusal(Place::Ring, &compare[..4]), Why::Level);
}

#[test]
fn the_length_of_a_batch() {
    assert_eq!(
        extent(
            Level::First,
            &[NOOP, PIPE_CONTROL, END, END, END, END, END, END]
        ),
        Some(8)
    );
    assert_eq!(extent(Level::First, &[START, 0, 0]), Some(3));
    assert_eq!(extent(Level::First, &[START, 0]), None);
    assert_eq!(
        extent(Level::First, &[START | PREDICATED, 0, 0, END]),
        Some(4)
    );
    assert_eq!(extent(Level::First, &[START | SECOND, 0, 0, END]), Some(4));
    assert_eq!(extent(Level::Second, &[START | SECOND, 0, 0, END]), Some(3));
    assert_eq!(extent(Level::First, &[NOOP; 5]), None);

    let mut extent = Extent::new(Platform::Skylake, Engine::Rcs, Level::First);
    let rejected = extent.scan(&[NOOP, 0x3000_0000]).unwrap_err();
    assert_eq!((rejected.at.get(), rejected.why), (1, Why::Unknown));
}

#[test]
fn a_batch_that_comes_in_pieces() {
    let batch = [
        NOOP,
        STORE,
        0,
        0,
        END,
        LRI,
        0x2600,
        END,
        PIPE_CONTROL,
        0,
        0,
        0,
        0,
        0,
        END,
        9,
    ];
    let mut extent = Extent::new(Platform::Skylake, Engine::Rcs, Level::First);
    for length in 0..15 {
        assert_eq!(extent.scan(&batch[..length]).unwrap(), None);
    }
    for length in 15..=16 {
        assert_eq!(
            extent.scan(&batch[..length]).unwrap(),
            Some(Dwords::new(15))
        );
    }
}

#[test]
fn starts_are_counted() {
    let setting = Setting::rcs();
    let most = [START, DATA, 0].repeat(MOST_STARTS);
    let mut copy = most.clone();
    let audited = audit(Unaudited::new(&mut copy[..]), Place::Ring, &setting.guest());
    assert_eq!(redirect_all(&mut audited.unwrap()).len(), MOST_STARTS);
    let more = [&most[..], &[START, DATA, 0]].concat();
    assert_eq!(setting.refusal(Place::Ring, &more), Why::TooMany);
    let trusted = [START | IN_PPGTT, DATA, 0].repeat(MOST_STARTS + 1);
    assert_eq!(setting.ring(&trusted), trusted);
}

#[test]
fn bits_of_a_start() {
    let setting = Setting::rcs();
    for bit in [10, 16, 13, 9, 11] {
        let start = [START | 1 << bit, DATA, 0];
        assert_eq!(setting.refusal(Place::Ring, &start), Why::Operand);
    }
    let offset = [START | IN_PPGTT | 1 << 16, 0x5000, 0];
    assert_eq!(setting.ring(&offset), offset);
    assert_eq!(
        Setting::rcs().auditing().refusal(Place::Ring, &offset),
        Why::Operand
    );
    let elsewhere = [START, FOREIGN, 0];
    assert_eq!(
        setting.refusal(Place::Ring, &elsewhere),
        foreign(FOREIGN.into())
    );
}

#[test]
fn memory_runs_out() {
    let setting = Setting::rcs();
    let start = [START, DATA, 0];
    let flip = [0x14 << 23 | 1, 0, DATA];
    for words in [start, flip] {
        let why = kernel::alloc::failing::after(0, || setting.refusal(Place::Ring, &words));
        assert_eq!(why, Why::Memory);
    }
}
