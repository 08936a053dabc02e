// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::addr::Dma;
use crate::display::Monitor;
use crate::engine::run::run_ports;
use crate::engine::{Descriptor, EngineId};
use crate::gpu::{Gpu, Options};
use crate::platform::Device;
use crate::shared::Shared;

fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

#[test]
fn what_is_owed_is_kept_until_it_is_worth_a_sleep() {
    let clock = Clock::new(1, 1);
    let mut pace = Pace::new();
    for context in 0..4 {
        pace.cycles += 30;
        pace.balance(&clock, pace.since + micros(1));
        assert_eq!(pace.owed, micros(29 * (context + 1)));
        // The engine was idle meanwhile.
        pace.since += micros(500);
    }
    assert!(pace.owed >= GRAIN);
    pace.balance(&clock, pace.since + micros(116));
    assert_eq!(pace.owed, Duration::ZERO);
}

#[test]
fn a_slow_host_gets_no_credit() {
    let clock = Clock::new(1, 1);
    let mut pace = Pace::new();
    pace.cycles = 10;
    pace.balance(&clock, pace.since + micros(1_000_000));
    pace.cycles = 500;
    pace.balance(&clock, pace.since);
    assert_eq!(pace.owed, micros(500));
}

#[test]
fn idle_time_pays_nothing() {
    let clock = Clock::new(1, 1);
    let mut pace = Pace::new();
    // Ten minutes, so that a loaded host does not work it off during the test.
    assert!(pace.charge(&clock, 600_000_000).is_some());
    pace.since -= Duration::from_secs(3600);
    pace.resume();
    assert!(pace.settle(&clock) > Some(Duration::from_secs(300)));
}

#[test]
fn the_clock_is_looked_at_now_and_then() {
    let clock = Clock::new(1, 1);
    let mut pace = Pace::new();
    let since = pace.since;
    assert_eq!(pace.charge(&clock, 10_000), None);
    assert_eq!(pace.since, since);
    assert!(pace.charge(&clock, 4_000_000_000).is_some());
    assert_ne!(pace.since, since);
}

#[test]
fn free_work_owes_nothing() {
    let clock = Clock::new(1, 0);
    let mut pace = Pace::new();
    assert_eq!(pace.charge(&clock, u32::MAX), None);
    assert_eq!(pace.settle(&clock), None);
}

const MEMORY: u64 = 0x1_0000;
const LRCA: u32 = 0x1000;
const STATE: u64 = 0x2000;
const RING: u64 = 0x8000;

/// Has the engine run a context whose ring holds one MI_FLUSH, which takes 64 clocks.
fn run_short(gpu: &Gpu, pace: &mut Pace) {
    // Places of the ring's head, tail and start in the image.
    for (dword, value) in [(0x05, 0), (0x07, 8), (0x09, RING as u32)] {
        gpu.ram.store::<u32>(Dma(STATE + 4 * dword), value).unwrap();
    }
    gpu.ram.store::<u32>(Dma(RING), 0x04 << 23).unwrap();
    let ports = [Descriptor::new(1, LRCA | 1), Descriptor::default()];
    run_ports(gpu.engines.get(EngineId::Bcs), gpu, pace, ports);
}

#[test]
fn a_context_leaves_its_debt_to_the_next_one() {
    let gpu = Gpu::new(&Options {
        platform: Device::Skl.platform(),
        monitor: Monitor::None,
        clock_mhz: 1,
    })
    .unwrap();
    let memory = Shared::new(c"memory", MEMORY as usize).unwrap();
    let file = memory.file().try_clone().unwrap();
    gpu.ram.map(Dma(0), MEMORY, true, file, 0).unwrap();
    (0..MEMORY / 4096).for_each(|page| gpu.ggtt.set_entry(page, page << 12 | 1));
    let mut pace = Pace::new();
    // Not each of them on a loaded host, which may need as long as the GPU.
    let owes = (0..1000).any(|_| {
        pace.since -= Duration::from_secs(3600);
        run_short(&gpu, &mut pace);
        pace.owed > Duration::ZERO
    });
    assert!(owes);
}
