// SPDX-License-Identifier: GPL-2.0
//! Contexts for execlists, made by hand. Source of the layout: i915's intel_lrc_reg.h; of commands:
//! intel_gpu_commands.h.

use std::io;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::client::Client;
use crate::device::Device;
use crate::memory::{Memory, PAGE};
use crate::regs::{PRESENT, Share, flush, set_entry};

/// What a store writes; nothing else does.
pub const MARK: u32 = 0x5eed_0000;

/// An engine.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// Where its registers are.
    pub base: u32,
    /// Its bit in GEN6_GDRST.
    pub reset: u32,
}

/// Those that all devices have: render, copy, video, video enhancement.
pub const ENGINES: [Engine; 4] = [
    Engine {
        base: 0x0_2000,
        reset: 1 << 1,
    },
    Engine {
        base: 0x2_2000,
        reset: 1 << 3,
    },
    Engine {
        base: 0x1_2000,
        reset: 1 << 2,
    },
    Engine {
        base: 0x1_a000,
        reset: 1 << 4,
    },
];

const MI_BATCH_BUFFER_END: u32 = 0x0a << 23;

/// Dwords of the context's page of registers.
const COMMANDS: u64 = 0x01;
/// Where the engine's part begins for kvmgt (`RING_CTX_SIZE`).
const ENGINE_COMMANDS: u64 = 0x50;
const CONTEXT_CONTROL: u64 = 0x03;
const RING_HEAD: u64 = 0x05;
pub const RING_TAIL: u64 = 0x07;
pub const RING_START: u64 = 0x09;
pub const RING_CONTROL: u64 = 0x0b;
/// RCS_INDIRECT_CTX: the batch that runs while the context is loaded, and how many cache lines it has.
const INDIRECT: u64 = 0x1b;
/// BB_PER_CTX_PTR: the batch that runs whenever the context is loaded; bit 0 makes it valid.
const PER_CONTEXT: u64 = 0x19;
const PDP0_UPPER: u64 = 0x31;
const PDP0_LOWER: u64 = 0x33;

/// Pages of a context's place: status page, ring, target, root of page tables, then the image, of which
/// the largest (Gen8 and Gen9's render engine) has 22.
const STATUS: u64 = 0;
const RING: u64 = 1;
const TARGET: u64 = 2;
const ROOT: u64 = 3;
const IMAGE: u64 = 4;
const PAGES: u64 = 28;

/// A page of the image that engines of this kind do not use, for a batch.
const BATCH: u64 = 27;

/// How long a submission may take. The emulated GPU is slow, and so is everything around it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A context, with a ring and a page to write to.
pub struct Context {
    engine: Engine,
    /// The first page of its place, in memory and in the share of the aperture.
    first: u64,
    /// Where its image is in the GGTT.
    image: u64,
    /// Where its target is in the GGTT.
    target: u64,
    /// What software calls it.
    pub id: u32,
}

impl Device {
    /// Writes two descriptors to the submission port, element 1 first.
    pub fn submit(&self, base: u32, [second, first]: [u64; 2]) -> io::Result<()> {
        for half in [second >> 32, second, first >> 32, first] {
            self.set_reg(base + 0x230, half as u32)?;
        }
        Ok(())
    }
}

impl Context {
    /// A context that never ran, in a place of its own, mapped, with its engine set up for execlists.
    pub fn new(client: &Client, engine: Engine, place: u64) -> Result<Self> {
        let device = &client.device;
        let share = Share::of(device)?;
        let first = place * PAGES;
        for page in first..first + PAGES {
            let zeros = [0; 1024];
            client.memory.fill(page * PAGE, &zeros);
            set_entry(device, share.page(page), Memory::page(page) | PRESENT)?;
        }
        flush(device)?;
        let context = Self {
            engine,
            first,
            image: share.page(first + IMAGE),
            target: share.page(first + TARGET),
            id: 0x55 + place as u32,
        };
        // What the hardware adds behind the registers is not for software to read: kvmgt would, up to these.
        for end in [COMMANDS, ENGINE_COMMANDS] {
            context.set(client, end, MI_BATCH_BUFFER_END);
        }
        // Restore inhibit: there is no state yet. Masked, like the register.
        context.set(client, CONTEXT_CONTROL, 0x0001_0001);
        context.set(client, RING_START, share.page(first + RING) as u32);
        context.set(client, RING_CONTROL, 1);
        let root = Memory::page(first + ROOT);
        context.set(client, PDP0_UPPER, (root >> 32) as u32);
        context.set(client, PDP0_LOWER, root as u32);
        device.set_reg(engine.base + 0x80, share.page(first + STATUS) as u32)?;
        // GFX_RUN_LIST_ENABLE, masked.
        device.set_reg(engine.base + 0x29c, 1 << 31 | 1 << 15)?;
        Ok(context)
    }

    fn at(&self, page: u64, dword: u64) -> u64 {
        (self.first + page) * PAGE + dword * 4
    }

    /// Sets a dword of the page of registers.
    pub fn set(&self, client: &Client, dword: u64, value: u32) {
        client.memory.write(self.at(IMAGE + 1, dword), value);
    }

    fn get(&self, client: &Client, dword: u64) -> u32 {
        client.memory.read(self.at(IMAGE + 1, dword))
    }

    /// Where the ring was read to, in bytes.
    pub fn head(&self, client: &Client) -> u32 {
        self.get(client, RING_HEAD) & 0x1f_fffc
    }

    /// Where the ring ends, in bytes.
    pub fn tail(&self, client: &Client) -> u32 {
        self.get(client, RING_TAIL)
    }

    /// Puts commands into the ring, where the last ones ended.
    pub fn commands(&self, client: &Client, commands: &[u32]) {
        let tail = self.tail(client);
        for (index, &command) in (0..).zip(commands) {
            let dword = (u64::from(tail) / 4 + index) % 1024;
            client.memory.write(self.at(RING, dword), command);
        }
        let bytes = commands.len().next_multiple_of(2) * 4;
        self.set(client, RING_TAIL, (tail + bytes as u32) % 4096);
    }

    /// Puts commands into a batch, and has the ring go there.
    pub fn batch(&self, client: &Client, commands: &[u32]) {
        let at = self.at(BATCH, 0);
        client
            .memory
            .fill(at, &commands[..commands.len().min(1023)]);
        let start = self.image + (BATCH - IMAGE) * PAGE;
        self.commands(client, &[0x31 << 23 | 1, start as u32, 0]);
    }

    /// Puts commands into a batch, and has the engine run that whenever it loads the context.
    pub fn restore_batch(&self, client: &Client, commands: &[u32]) {
        client.memory.fill(self.at(BATCH, 0), commands);
        let start = self.image + (BATCH - IMAGE) * PAGE;
        self.set(client, PER_CONTEXT, start as u32 | 1);
    }

    /// The page of memory that is the root of the address space of the context in a place.
    pub fn root(place: u64) -> u64 {
        place * PAGES + ROOT
    }

    /// The same in the middle of that, on the render engine; the commands are whole cache lines.
    pub fn indirect_batch(&self, client: &Client, commands: &[u32]) {
        client.memory.fill(self.at(BATCH, 0), commands);
        let start = self.image + (BATCH - IMAGE) * PAGE;
        self.set(client, INDIRECT, start as u32 | commands.len() as u32 / 16);
    }

    /// Puts into the ring that a register's value goes to the target's second dword: MI_STORE_REGISTER_MEM by the
    /// GGTT.
    pub fn store_register(&self, client: &Client, register: u32) {
        let store = 0x24 << 23 | 1 << 22 | 2;
        self.commands(client, &[store, register, self.target as u32 + 4, 0]);
    }

    /// What that has stored.
    pub fn stored(&self, client: &Client) -> u32 {
        client.memory.read(self.at(TARGET, 1))
    }

    /// Puts a store to the target into the ring: MI_STORE_DWORD_IMM by the GGTT.
    pub fn store(&self, client: &Client, value: u32) {
        let store = 0x20 << 23 | 1 << 22 | 2;
        self.commands(client, &[store, self.target as u32, 0, value]);
    }

    /// Has address 0 of its own address space be page `to` of memory, by tables in the pages from `tables` on.
    pub fn map(&self, client: &Client, tables: u64, to: u64) {
        let pages = [self.first + ROOT, tables, tables + 1, tables + 2, to];
        for (table, below) in pages.into_iter().zip(&pages[1..]) {
            // Present and writable.
            let entry = Memory::page(*below) | 3;
            client
                .memory
                .fill(table * PAGE, &[entry as u32, (entry >> 32) as u32]);
        }
    }

    /// Puts a store to address 0 of its own address space into the ring.
    pub fn store_own(&self, client: &Client, value: u32) {
        self.commands(client, &[0x20 << 23 | 2, 0, 0, value]);
    }

    /// Puts into the ring that the engine waits until the target has a value: MI_SEMAPHORE_WAIT by the GGTT,
    /// polling, for equality.
    pub fn wait(&self, client: &Client, value: u32) {
        let wait = 0x1c << 23 | 1 << 22 | 1 << 15 | 4 << 12 | 2;
        self.commands(client, &[wait, value, self.target as u32, 0]);
    }

    /// Writes the value that the engine waits for.
    pub fn release(&self, client: &Client, value: u32) {
        client.memory.write(self.at(TARGET, 0), value);
    }

    /// Its descriptor: valid, 64 bits of address, coherent, with an address space of its own.
    pub fn descriptor(&self) -> u64 {
        u64::from(self.id) << 32 | self.image | 0x100 | 0x20 | 3 << 3 | 1
    }

    /// Submits it.
    pub fn submit(&self, client: &Client) -> io::Result<()> {
        client
            .device
            .submit(self.engine.base, [0, self.descriptor()])
    }

    /// What the first dword of its target is.
    pub fn target(&self, client: &Client) -> u32 {
        client.memory.read(self.at(TARGET, 0))
    }

    /// The page of memory that is its target.
    pub fn target_page(&self) -> u64 {
        self.first + TARGET
    }

    /// The same by its address in the GGTT.
    pub fn target_address(&self) -> u64 {
        self.target
    }

    /// The last entry of the status buffer in the status page: context and event.
    pub fn last_status(&self, client: &Client) -> (u32, u32) {
        let write = u64::from(client.memory.read(self.at(STATUS, 0x1f)) & 7) % 6;
        let word = |index| {
            client
                .memory
                .read(self.at(STATUS, 0x10 + 2 * write + index))
        };
        (word(1), word(0))
    }

    /// Whether a store has happened a little later.
    pub fn has_run(&self, client: &Client, value: u32) -> bool {
        std::thread::sleep(Duration::from_millis(50));
        self.target(client) == value
    }

    /// Waits until a store has happened.
    pub fn reaches(&self, client: &Client, value: u32) -> Result<()> {
        let begin = Instant::now();
        while self.target(client) != value {
            ensure!(
                begin.elapsed() < PATIENCE,
                "{:#x}: the target has {:#x}, not {value:#x}",
                self.engine.base,
                self.target(client)
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Waits until a store has happened, and the engine has said that it is done.
    pub fn wait_for(&self, client: &Client, value: u32) -> Result<()> {
        let begin = Instant::now();
        while self.target(client) != value || self.head(client) != self.tail(client) {
            ensure!(
                begin.elapsed() < PATIENCE,
                "{:#x}: the target has {:#x}, not {value:#x}; head {:#x}, tail {:#x}",
                self.engine.base,
                self.target(client),
                self.head(client),
                self.tail(client)
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}
