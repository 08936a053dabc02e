// SPDX-License-Identifier: GPL-2.0

//! A machine without a CPU: memory, a device, and a driver's steps for one context an engine.

#![allow(dead_code, reason = "each test program needs a part of it")]

use std::fs::File;
use std::os::fd::FromRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gen9::addr::{Dma, PAGE_SIZE};
use gen9::display::Monitor;
use gen9::engine::EngineId;
use gen9::gpu::{Gpu, Options};
use gen9::platform::Device;
use gen9::witness::ContextKey;

/// Bytes of memory; mapped one to one by the first entries of the GGTT.
pub const MEMORY: u64 = 4 << 20;
const STATUS_PAGE: u32 = 0x10_0000;
const RING: u32 = 0x20_0000;
const RING_BYTES: u32 = 4096;

/// Offsets from an engine's base.
const HWS_PGA: u32 = 0x80;
const ELSP: u32 = 0x230;

/// One context: where its image is and how much of its ring is used.
pub struct Context {
    lrca: u32,
    ring: u32,
    tail: u32,
    id: u32,
}

impl Context {
    /// What the device calls the context.
    pub fn key(&self) -> ContextKey {
        let (id, lrca) = (self.id, self.lrca);
        ContextKey { id, lrca }
    }

    /// Where the register state of the image starts.
    pub fn state(&self) -> u32 {
        self.lrca + 4096
    }
}

/// The machine.
pub struct Machine {
    pub gpu: Arc<Gpu>,
    engine: EngineId,
    contexts: u32,
    read: u32,
}

impl Machine {
    /// A Skylake whose commands take no time.
    pub fn new(engine: EngineId) -> Self {
        Self::of(Device::Skl, engine)
    }

    /// A device whose commands take no time.
    pub fn of(device: Device, engine: EngineId) -> Self {
        Self::with_clock(device, engine, 0)
    }

    /// A device that works at so many MHz.
    pub fn with_clock(device: Device, engine: EngineId, clock_mhz: u32) -> Self {
        let gpu = Gpu::new(&Options {
            platform: device.platform(),
            monitor: Monitor::None,
            clock_mhz,
        })
        .unwrap();
        // SAFETY: the name is a C string; the descriptor that comes back is ours alone.
        let file = unsafe { File::from_raw_fd(libc::memfd_create(c"ram".as_ptr(), 0)) };
        file.set_len(MEMORY).unwrap();
        gpu.ram.map(Dma(0), MEMORY, true, file, 0).unwrap();
        Self::around(gpu, engine)
    }

    /// One for a device that has its memory, from address 0 on.
    pub fn around(gpu: Arc<Gpu>, engine: EngineId) -> Self {
        for page in 0..MEMORY / PAGE_SIZE {
            gpu.ggtt.set_entry(page, page * PAGE_SIZE | 1);
        }
        gpu.mmio_write(engine.base() + HWS_PGA, STATUS_PAGE);
        Self {
            gpu,
            engine,
            contexts: 0,
            read: 5,
        }
    }

    pub fn store(&self, at: u32, dwords: &[u32]) {
        for (i, &value) in dwords.iter().enumerate() {
            self.gpu
                .ram
                .store(Dma(u64::from(at) + 4 * i as u64), value)
                .unwrap();
        }
    }

    pub fn load(&self, at: u32) -> u32 {
        self.gpu.ram.load(Dma(u64::from(at))).unwrap()
    }

    /// A new context whose ring is empty.
    pub fn context(&mut self) -> Context {
        let n = self.contexts;
        self.contexts += 1;
        let lrca = 0x4_0000 + n * 0x4000;
        let ring = RING + n * RING_BYTES;
        let base = self.engine.base();
        let mut state = vec![0u32; 0x40];
        state[1] = 0x22 << 23 | (2 * 14 - 1);
        let registers = [
            (0x244, 0x0009_0009),
            (0x34, 0),
            (0x30, 0),
            (0x38, ring),
            (0x3c, (RING_BYTES - 4096) | 1),
            (0x168, 0),
            (0x140, 0),
            (0x110, 0),
            (0x11c, 0),
            (0x114, 0),
            (0x118, 0),
            (0x1c0, 0),
            (0x1c4, 0),
            (0x1c8, 0),
        ];
        for (i, (offset, value)) in registers.into_iter().enumerate() {
            state[2 + 2 * i] = base + offset;
            state[3 + 2 * i] = value;
        }
        state[0x3f] = 0x05 << 24;
        self.store(lrca + 4096, &state);
        Context {
            lrca,
            ring,
            tail: 0,
            id: 0x100 + n,
        }
    }

    /// Appends commands to the context's ring, padded to a whole number of quadwords.
    pub fn emit(&self, context: &mut Context, commands: &[u32]) {
        self.store(context.ring + context.tail, commands);
        context.tail += 4 * commands.len().next_multiple_of(2) as u32;
        self.store(context.state() + 7 * 4, &[context.tail]);
    }

    /// Submits one or two contexts.
    pub fn submit(&self, contexts: &[&Context]) {
        let port = |n: usize| {
            contexts
                .get(n)
                .map_or((0, 0), |c| (c.id, c.lrca | 1 << 3 | 1))
        };
        let (high1, low1) = port(1);
        let (high0, low0) = port(0);
        for value in [high1, low1, high0, low0] {
            self.gpu.mmio_write(self.engine.base() + ELSP, value);
        }
    }

    /// The next event of the context status buffer in the status page; `None` after two seconds.
    pub fn event(&mut self) -> Option<(u32, u32)> {
        let deadline = Instant::now() + Duration::from_secs(2);
        while self.load(STATUS_PAGE + 0x1f * 4) == self.read || !self.has_events() {
            if Instant::now() > deadline {
                return None;
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        self.read = (self.read + 1) % 6;
        let entry = STATUS_PAGE + 0x40 + 8 * self.read;
        Some((self.load(entry), self.load(entry + 4)))
    }

    /// After a reset of the engine its events start over.
    pub fn restart_events(&mut self) {
        self.store(STATUS_PAGE + 0x1f * 4, &[5]);
        self.read = 5;
    }

    fn has_events(&self) -> bool {
        self.gpu.mmio_read(self.engine.base() + 0x3a0) & 7 != 7
    }
}
