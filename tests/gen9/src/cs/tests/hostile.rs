// SPDX-License-Identifier: GPL-2.0

//! Whatever stands in memory, the streamer goes on, waits, or stops; and how fast it is.

use proptest::prelude::*;

use super::*;
use crate::cs::decode;

/// Dwords that are often commands.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        (0u32..0x40, 0u32..0x80_0000).prop_map(|(op, rest)| op << 23 | rest & 0x7f_003f),
        (0u32..0x80, 0u32..16).prop_map(|(op, len)| 2 << 29 | op << 22 | len),
        (0x6000u32..0x8000, 0u32..16).prop_map(|(op, len)| op << 16 | len),
        0u32..SIZE as u32,
    ]
}

#[test]
fn any_ring_and_batch() {
    for engine in EngineId::ALL {
        let f = Fixture::new(engine);
        let words = prop::collection::vec(word(), 1..256);
        let config = ProptestConfig::with_cases(64);
        proptest!(config, |(words in words, privileged: bool, ring: [u32; 4])| {
            f.write(TABLES - 0x1_0000, &[0; 16]);
            let mut streamer = f.batch(privileged, &words);
            if ring[3] % 2 == 0 {
                let [start, head, tail, size] = ring;
                streamer.state.ring = Ring { start, head, tail, size };
                streamer.state.batch = None;
            }
            for _ in 0..400 {
                if streamer.step() == Step::Hung {
                    break;
                }
            }
            // Stores may have hit the tables: put them right.
            f.repair();
        });
    }
}

#[test]
fn lengths_never_run_past() {
    let f = Fixture::new(EngineId::Rcs);
    proptest!(|(words in prop::collection::vec(word(), 1..64))| {
        let mut streamer = f.batch(false, &words);
        for _ in 0..64 {
            let Some(before) = streamer.state.batch else { break };
            let header = f.read(before.at.addr);
            let Some(command) = decode::find(EngineId::Rcs, header) else {
                prop_assert_eq!(streamer.step(), Step::Hung);
                break;
            };
            let next = before.at.offset(4 * u64::from(command.dwords(header)));
            if next.addr >= BATCH + 4 * words.len() as u64 {
                break;
            }
            // A known command with operands that are not legal hangs where it stands.
            if matches!(streamer.step(), Step::Waiting | Step::Hung) {
                break;
            }
            let jumps = matches!(
                command.action,
                decode::Action::BatchStart | decode::Action::BatchEnd
                    | decode::Action::ConditionalEnd
            );
            if jumps {
                break;
            }
            prop_assert_eq!(streamer.state.batch.map(|b| b.at), Some(next));
        }
        f.repair();
    });
}

impl Fixture {
    /// Makes all mappings right again.
    fn repair(&self) {
        for page in (0..SIZE / 4096).filter(|page| page * 4096 != HOLE) {
            self.gpu.ggtt.set_entry(page, page << 12 | 1);
            self.gpu
                .ram
                .store(Dma(TABLES + 0x3000 + page * 8), page << 12 | 3)
                .unwrap();
        }
        for at in 0..3 {
            let entry = (TABLES + 0x1000 * (at + 1)) | 3;
            self.gpu
                .ram
                .store(Dma(TABLES + 0x1000 * at), entry)
                .unwrap();
        }
        self.set_reg(0x80, STATUS_PAGE as u32);
    }
}

/// Commands a second; run with `--release --ignored --nocapture`.
#[test]
#[ignore = "measures"]
fn speed() {
    let f = Fixture::new(EngineId::Rcs);
    let store = [STORE, lo(DATA), 0, 1];
    let lri = [LRI, 0x2600, 1];
    for (name, command) in [
        ("MI_NOOP", &[0][..]),
        ("MI_STORE_DATA_IMM", &store),
        ("MI_LOAD_REGISTER_IMM", &lri),
    ] {
        let mut words = command.repeat(1000);
        words.extend([0x31 << 23 | IN_PPGTT | 1, lo(DATA) + 0x1000, 0]);
        f.write(DATA + 0x1000, &words);
        let mut streamer = f.batch(false, &[0x31 << 23 | IN_PPGTT | 1, lo(DATA) + 0x1000, 0]);
        let start = std::time::Instant::now();
        for _ in 0..2_000_000 {
            streamer.step();
        }
        println!(
            "{name}: {:.1} million a second",
            2.0 / start.elapsed().as_secs_f64()
        );
    }
}
