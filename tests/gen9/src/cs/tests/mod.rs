// SPDX-License-Identifier: GPL-2.0

//! The streamer as a whole: rings and batches in real memory.

mod blits;
mod control;
mod data;
mod hostile;
mod privilege;
mod witnessed;

use std::sync::Arc;

use super::{Batch, Ring, State, Step, Streamer};
use crate::addr::{Dma, Gma};
use crate::display::Monitor;
use crate::engine::EngineId;
use crate::gpu::{Gpu, Options};
use crate::platform::Device;
use crate::ppgtt::Ppgtt;
use crate::shared::Shared;

/// Bytes of memory, all of it mapped one to one in the GGTT and the PPGTT.
const SIZE: u64 = 4 << 20;
/// Where things lie in every space.
const LRCA: u64 = 0x1000;
const STATUS_PAGE: u64 = 0x2000;
const RING: u64 = 0x4000;
const RING_SIZE: u32 = 0x2000;
const BATCH: u64 = 0x8000;
const SECOND: u64 = 0xc000;
const DATA: u64 = 0x1_0000;
const TABLES: u64 = 0x3f_0000;
/// A PPGTT page that may not be written, and one that is not mapped anywhere.
const READ_ONLY: u64 = 0x3e_0000;
const HOLE: u64 = 0x3e_1000;

const END: u32 = 0x0a << 23;
const ARB_CHECK: u32 = 0x05 << 23;
const STORE: u32 = 0x20 << 23 | 2;
const LRI: u32 = 0x22 << 23 | 1;
const SRM: u32 = 0x24 << 23 | 2;
const GLOBAL: u32 = 1 << 22;
const IN_PPGTT: u32 = 1 << 8;

struct Fixture {
    gpu: Arc<Gpu>,
    engine: EngineId,
}

impl Fixture {
    fn new(engine: EngineId) -> Self {
        Self::on(Device::Skl, engine)
    }

    fn on(device: Device, engine: EngineId) -> Self {
        let gpu = Gpu::new(&Options {
            platform: device.platform(),
            monitor: Monitor::None,
            clock_mhz: 0,
        })
        .unwrap();
        let memory = Shared::new(c"memory", SIZE as usize).unwrap();
        let file = memory.file().try_clone().unwrap();
        gpu.ram.map(Dma(0), SIZE, true, file, 0).unwrap();
        for page in (0..SIZE / 4096).filter(|page| page * 4096 != HOLE) {
            gpu.ggtt.set_entry(page, page << 12 | 1);
            let writable = if page * 4096 == READ_ONLY { 0 } else { 2 };
            let entry = page << 12 | 1 | writable;
            gpu.ram
                .store(Dma(TABLES + 0x3000 + page * 8), entry)
                .unwrap();
        }
        // PML4, PDP, PD with two tables.
        for (at, entry) in [
            (0x0000, TABLES + 0x1000),
            (0x1000, TABLES + 0x2000),
            (0x2000, TABLES + 0x3000),
            (0x2008, TABLES + 0x4000),
        ] {
            gpu.ram.store(Dma(TABLES + at), entry | 3).unwrap();
        }
        gpu.regs.set(engine.base() + 0x80, STATUS_PAGE as u32);
        Self { gpu, engine }
    }

    fn write(&self, at: u64, words: &[u32]) {
        for (i, word) in words.iter().enumerate() {
            self.gpu.ram.store(Dma(at + 4 * i as u64), *word).unwrap();
        }
    }

    fn read(&self, at: u64) -> u32 {
        self.gpu.ram.load(Dma(at)).unwrap()
    }

    fn reg(&self, offset: u32) -> u32 {
        self.gpu.regs.get(self.engine.base() + offset)
    }

    fn set_reg(&self, offset: u32, value: u32) {
        self.gpu.regs.set(self.engine.base() + offset, value);
    }

    fn vm(&self) -> Ppgtt {
        Ppgtt::new([Dma(TABLES), Dma(0), Dma(0), Dma(0)], true)
    }

    /// A streamer with `words` in its ring.
    fn ring(&self, words: &[u32]) -> Streamer<'_> {
        self.write(RING, words);
        let ring = Ring {
            start: RING as u32,
            head: 0,
            tail: 4 * words.len() as u32,
            size: RING_SIZE,
        };
        Streamer::new(
            &self.gpu,
            self.engine,
            State::new(ring),
            self.vm(),
            LRCA as u32,
        )
    }

    /// A streamer with `words` in a batch of the PPGTT or, privileged, of the GGTT.
    fn batch(&self, privileged: bool, words: &[u32]) -> Streamer<'_> {
        self.write(BATCH, words);
        let mut streamer = self.ring(&[]);
        let at = if privileged {
            Gma::global(BATCH)
        } else {
            Gma::per_process(BATCH)
        };
        streamer.state.batch = Some(Batch { at, privileged });
        streamer
    }

    /// Runs the words from the ring to its end.
    fn run(&self, words: &[u32]) {
        finish(&mut self.ring(words));
    }

    /// Runs the words as a batch, to which an end is added.
    fn run_batch(&self, privileged: bool, words: &[u32]) {
        let mut words = words.to_vec();
        words.push(END);
        finish(&mut self.batch(privileged, &words));
    }

    /// Dumped counter of the witness.
    fn notes(&self, name: &str) -> u64 {
        let dump = serde_json::to_value(self.gpu.witness.report()).unwrap();
        find(&dump, name).unwrap_or(0)
    }
}

fn find(value: &serde_json::Value, name: &str) -> Option<u64> {
    let object = value.as_object()?;
    object
        .get(name)
        .and_then(serde_json::Value::as_u64)
        .or_else(|| object.values().find_map(|v| find(v, name)))
}

/// Steps until the ring is empty; gives the steps.
fn finish(streamer: &mut Streamer<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..10_000 {
        match streamer.step() {
            Step::Idle => return steps,
            step @ Step::Ran { .. } => steps.push(step),
            step => panic!("{step:?} after {steps:?}"),
        }
    }
    panic!("no end after {} steps", steps.len());
}

fn lo(value: u64) -> u32 {
    value as u32
}
