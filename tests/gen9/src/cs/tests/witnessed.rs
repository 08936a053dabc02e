// SPDX-License-Identifier: GPL-2.0

//! What the witness learns of commands, and what it does to them.

use super::*;
use crate::witness::{ContextKey, Injection, Kind, Origin};

const LOAD: u32 = 0x29 << 23 | 2;
const COPY: u32 = 0x2e << 23 | 3;
const CONTEXT: ContextKey = ContextKey {
    id: 0x77,
    lrca: LRCA as u32,
};

/// A record: kind, space, address and direction. Engine and context are those that ran.
type Seen = (Kind, Origin, u64, &'static str);

fn seen(f: &Fixture) -> Vec<Seen> {
    let records = f.gpu.witness.report().violations.records;
    let one = records.into_iter().map(|record| {
        assert_eq!(record.engine, Some(f.engine));
        assert_eq!(record.context, Some(CONTEXT.id));
        assert_eq!(record.lrca, Some(CONTEXT.lrca));
        (record.kind, record.space, record.addr, record.access)
    });
    one.collect()
}

fn fixture() -> Fixture {
    let f = Fixture::new(EngineId::Vcs0);
    f.gpu.witness.context_in(f.engine, CONTEXT);
    f
}

#[test]
fn invalid_entries_of_both_tables_are_recorded() {
    use Kind::InvalidPte;
    let gpr = EngineId::Vcs0.base() + 0x600;
    let hole = lo(HOLE);
    for (bit, space, batch) in [(GLOBAL, Origin::Ggtt, true), (0, Origin::Ppgtt, false)] {
        let f = fixture();
        f.gpu.regs.set(gpr, 5);
        f.write(DATA, &[6]);
        let copy_bits = if bit == GLOBAL { 3 << 21 } else { 0 };
        f.run_batch(
            batch,
            &[
                LOAD | bit,
                gpr,
                hole + 0x10,
                0,
                STORE | bit,
                hole + 0x24,
                0,
                1,
                COPY | copy_bits,
                lo(DATA),
                0,
                hole + 0x38,
                0,
            ],
        );
        let expected = [(0x10, "read"), (0x24, "write"), (0x38, "read")];
        assert_eq!(
            seen(&f),
            expected.map(|(at, access)| (InvalidPte, space, HOLE + at, access))
        );
        // Reads as zero.
        assert_eq!([f.gpu.regs.get(gpr), f.read(DATA)], [0, 0]);
    }
}

#[test]
fn an_entry_without_memory_behind_it_is_recorded() {
    let f = fixture();
    f.gpu.ggtt.set_entry(HOLE / 4096, 0x7_0000_0001);
    f.run(&[STORE | GLOBAL, lo(HOLE) + 4, 0, 1]);
    let write = (Kind::InvalidPte, Origin::Ggtt, HOLE + 4, "write");
    assert_eq!(seen(&f), [write]);
}

#[test]
fn a_fetch_through_an_invalid_entry_is_recorded() {
    let f = fixture();
    let mut streamer = f.ring(&[0x31 << 23 | IN_PPGTT | 1, lo(HOLE) + 0x40, 0]);
    streamer.step();
    assert_eq!(streamer.step(), Step::Hung);
    let fetch = (Kind::InvalidPte, Origin::Ppgtt, HOLE + 0x40, "read");
    assert_eq!(seen(&f), [fetch]);
}

#[test]
fn a_stuck_register_sticks_for_commands() {
    let f = fixture();
    let register = EngineId::Vcs0.base() + 0x600;
    let value = 0x1234;
    let fault = Injection::StuckRegister { register, value };
    f.gpu.witness.inject(&fault).unwrap();
    f.run(&[LRI, register, 5, 0, SRM, register, lo(DATA), 0]);
    assert_eq!(f.read(DATA), value);
}
