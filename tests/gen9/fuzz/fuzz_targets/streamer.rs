// SPDX-License-Identifier: GPL-2.0

//! Commands that mean no good, submitted as a driver submits them.
//!
//! The first byte of the input chooses the engine and the shape of the context, two more the split
//! between ring and batch; the others are the commands. All of the device's memory is mapped at
//! the same addresses in the GGTT and the PPGTT, so that addresses made up by the fuzzer can hit.

#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use gen9::addr::{Dma, PAGE_SIZE};
use gen9::display::Monitor;
use gen9::engine::EngineId;
use gen9::gpu::{Gpu, Options};
use gen9::platform::Device as Model;
use libfuzzer_sys::fuzz_target;
use vmm_sys_util::tempfile::TempFile;

/// Pages of memory: as many as one page table has entries.
const PAGES: u64 = 512;

// Addresses of what the device is given.
const CONTEXT: u64 = 0x1_0000;
const RING: u64 = 0x2_0000;
const RING_SIZE: usize = 0x4000;
const BATCH: u64 = 0x4_0000;
const BATCH_SIZE: usize = 0x4_0000;
/// Four page tables of one page each, from the root down.
const TABLES: u64 = 0x8_0000;

/// How long commands may run before the engine is reset, as a driver would.
const PATIENCE: Duration = Duration::from_millis(1);

// Bits of the input's first byte, besides the engine in bits 1:0.
const FOUR_LEVEL: u8 = 1 << 2;
const IN_BATCH: u8 = 1 << 3;
const TWO_PORTS: u8 = 1 << 4;

static GPU: LazyLock<Arc<Gpu>> = LazyLock::new(|| {
    let gpu = Gpu::new(&Options {
        platform: Model::Skl.platform(),
        monitor: Monitor::None,
        clock_mhz: 0,
    })
    .expect("no device");
    let file = TempFile::new().expect("no file").into_file();
    file.set_len(PAGES * PAGE_SIZE).expect("no space");
    gpu.ram
        .map(Dma(0), PAGES * PAGE_SIZE, true, file, 0)
        .expect("no memory");
    gpu
});

fn put(gpu: &Gpu, at: u64, bytes: &[u8]) {
    gpu.ram.write(Dma(at), bytes).expect("outside of memory");
}

fn put32(gpu: &Gpu, at: u64, value: u32) {
    put(gpu, at, &value.to_le_bytes());
}

fn put64(gpu: &Gpu, at: u64, value: u64) {
    put(gpu, at, &value.to_le_bytes());
}

/// Both kinds of page tables, mapping address to the same address.
fn map(gpu: &Gpu) {
    for page in 0..PAGES {
        gpu.ggtt.set_entry(page, (page * PAGE_SIZE) | 1);
        put64(
            gpu,
            TABLES + 3 * PAGE_SIZE + page * 8,
            (page * PAGE_SIZE) | 3,
        );
    }
    for level in 0..3 {
        put64(
            gpu,
            TABLES + level * PAGE_SIZE,
            (TABLES + (level + 1) * PAGE_SIZE) | 3,
        );
    }
}

/// The context's image: the list of registers up to the ring's, the rest at its place.
fn image(gpu: &Gpu, base: u32, shape: u8, tail: u32) {
    let slot = |dword: u64, value| put32(gpu, CONTEXT + PAGE_SIZE + dword * 4, value);
    slot(1, 0x22 << 23 | 9);
    let registers = [
        (base + 0x244, 0x0009_0008),
        (base + 0x34, 0),
        (base + 0x30, tail),
        (base + 0x38, RING as u32),
        (base + 0x3c, (RING_SIZE as u32 - 0x1000) | 1),
    ];
    for ((register, value), dword) in registers.into_iter().zip((2..).step_by(2)) {
        slot(dword, register);
        slot(dword + 1, value);
    }
    slot(0xc, 0x0a << 23);
    if shape & IN_BATCH != 0 {
        slot(0xf, BATCH as u32 | 1);
        slot(0x11, 1 << 5);
    }
    let root = if shape & FOUR_LEVEL != 0 {
        TABLES
    } else {
        TABLES + 2 * PAGE_SIZE
    };
    slot(0x33, root as u32);
}

fuzz_target!(|data: &[u8]| {
    let [shape, split @ ..] = data else { return };
    let [low, high, commands @ ..] = split else {
        return;
    };
    let split = (usize::from(u16::from_le_bytes([*low, *high])) % (RING_SIZE - 8)) & !7;
    let (ring, batch) = commands.split_at(split.min(commands.len()));
    let gpu = &*GPU;
    let engine = EngineId::ALL[usize::from(shape & 3)];
    let base = engine.base();

    put(gpu, 0, &vec![0; (PAGES * PAGE_SIZE) as usize]);
    map(gpu);
    put(gpu, RING, ring);
    put(gpu, BATCH, &batch[..batch.len().min(BATCH_SIZE)]);
    image(gpu, base, *shape, ring.len().next_multiple_of(8) as u32);

    // Execution lists on, status page at 0.
    gpu.mmio_write(base + 0x29c, 0x8000_8000);
    gpu.mmio_write(base + 0x80, 0);
    let mode = if shape & FOUR_LEVEL != 0 { 3 } else { 1 };
    let descriptor = CONTEXT as u32 | mode << 3 | 1;
    let second = if shape & TWO_PORTS != 0 {
        [2, descriptor]
    } else {
        [0, 0]
    };
    for value in [second[0], second[1], 1, descriptor] {
        gpu.mmio_write(base + 0x230, value);
    }
    let until = Instant::now() + PATIENCE;
    while gpu.engines.is_busy(engine) && Instant::now() < until {
        std::thread::yield_now();
    }
    gpu.reset();
});
