// SPDX-License-Identifier: GPL-2.0

//! Batches: where they start, on what level, and where they end.

use super::support::*;
use kernel::error::code::{EFAULT, ENOMEM};
use unit::hw::addr::HostGma;
use unit::hw::engine::Engine;
use unit::hw::platform::Platform;
use unit::model::parser::{
    audit, Audited, Batch, Growing, Level, PerProcess, Place, Space, Unaudited, Why, MOST_STARTS,
};

/// Copies `words` piece by piece, as long as the pieces are; says how many are copied when the end is there.
fn copied(growing: &mut Growing<'_, Policy>, pieces: &[&[u32]]) -> Option<usize> {
    let mut copied = 0;
    for piece in pieces {
        let read = |words: &mut [u32]| {
            words.copy_from_slice(piece);
            Ok(())
        };
        growing.copy(piece.len(), read).unwrap();
        copied += piece.len();
        if growing.audit().unwrap() {
            return Some(copied);
        }
    }
    None
}

/// The length of the batch that `words` begin with, if they have its end.
fn extent(level: Level, words: &[u32]) -> Option<usize> {
    let setting = Setting::rcs();
    let guest = setting.guest();
    let mut growing = Growing::new(batch(level, Space::Global), &guest);
    copied(&mut growing, &[words])?;
    let audited = growing.finish().unwrap();
    // With what follows the end.
    Some(audited.dwords() - 1)
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
    assert_eq!(extent(Level::First, &[START, DATA, 0]), Some(3));
    assert_eq!(extent(Level::First, &[START, 0]), None);
    assert_eq!(
        extent(Level::First, &[START | PREDICATED, DATA, 0, END]),
        Some(4)
    );
    assert_eq!(
        extent(Level::First, &[START | SECOND, DATA, 0, END]),
        Some(4)
    );
    assert_eq!(
        extent(Level::Second, &[START | SECOND, DATA, 0, END]),
        Some(3)
    );
    assert_eq!(extent(Level::First, &[NOOP; 5]), None);

    let setting = Setting::rcs();
    let guest = setting.guest();
    let mut growing = Growing::new(FIRST, &guest);
    growing
        .copy(2, |words| {
            words.copy_from_slice(&[NOOP, 0x3000_0000]);
            Ok(())
        })
        .unwrap();
    let rejected = growing.audit().unwrap_err();
    assert_eq!((rejected.at.get(), rejected.why), (1, Why::Unknown));
}

#[test]
fn a_batch_that_comes_in_pieces() {
    let batch = [
        NOOP,
        STORE,
        DATA,
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
    let setting = Setting::rcs();
    let guest = setting.guest();
    let whole = setting.audit(FIRST, &batch).unwrap().0;
    for size in 1..=16 {
        let mut growing = Growing::new(FIRST, &guest);
        let pieces: Vec<&[u32]> = batch.chunks(size).collect();
        let copied = copied(&mut growing, &pieces).unwrap();
        assert!((15..15 + size).contains(&copied), "{size}");
        let (ready, findings) = growing.finish().unwrap().finish().unwrap();
        // What follows its end is not the batch's.
        assert_eq!((&ready[..], findings.dwords), (&whole[..16], 15), "{size}");
    }

    for length in 0..15 {
        let mut growing = Growing::new(FIRST, &guest);
        assert_eq!(copied(&mut growing, &[&batch[..length]]), None);
        let why = growing.finish().unwrap_err().why;
        let expected = setting.refusal(FIRST, &batch[..length]);
        assert_eq!(why, expected, "{length}");
    }
}

#[test]
fn a_copy_that_fails() {
    let setting = Setting::rcs();
    let guest = setting.guest();
    let mut growing = Growing::new(FIRST, &guest);
    assert_eq!(growing.copy(1, |_| Err(EFAULT)), Err(EFAULT));

    let mut growing = Growing::new(FIRST, &guest);
    let no_memory = kernel::alloc::failing::after(0, || growing.copy(1, |_| Ok(())));
    assert_eq!(no_memory, Err(ENOMEM));
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
