// SPDX-License-Identifier: GPL-2.0
//! A user that wants an engine all the time, by batches that take a known time.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::client::Client;
use crate::context::{Context, Engine};
use crate::memory::{Memory, PAGE};

/// Pages of memory with the tables of an address space in which pages of memory follow each other from 0 on:
/// level 3, 2 and 1. The root is the context's.
const TABLES: [u64; 3] = [600, 601, 602];
/// How many pages that address space has.
const MAPPED: u64 = 512;
/// The pages with batches, one for each place of a context.
const BATCHES: u64 = 480;

/// Dword of the target's page that counts the rounds of a batch that are left.
const ROUNDS: u64 = 16;

const MI_FLUSH: u32 = 0x04 << 23;
const MI_ARB_CHECK: u32 = 0x05 << 23;
/// By the GGTT.
const MI_STORE_DWORD: u32 = 0x20 << 23 | 1 << 22 | 2;
/// Less 1.
const MI_ATOMIC_DECREMENT: u32 = 0x2f << 23 | 0x6 << 8 | 1;
/// By the address space.
const MI_BATCH_BUFFER_START: u32 = 0x31 << 23 | 1 << 8 | 1;
/// Unless what is in memory is larger.
const MI_CONDITIONAL_BATCH_BUFFER_END: u32 = 0x36 << 23 | 1 << 21 | 2;

/// The clock that the scenarios give the emulated GPU. At the usual 1000 the machine may need longer to execute the
/// commands of two engines than they are to take, and all of it for that.
const CLOCK_MHZ: usize = 300;
/// Groups of flushes in a batch, and flushes in each.
const GROUPS: usize = 6;
const GROUP: usize = 15;
/// What the commands of a round of a batch cost.
const ROUND_CYCLES: usize = GROUPS * (GROUP * 64 + 2) + 64 + 32 + 32;
/// Nanoseconds that the emulated GPU takes for it.
const ROUND_NS: u64 = (ROUND_CYCLES * 1000 / CLOCK_MHZ) as u64;

/// What the GPU is kept from by nothing but a reset, as good as endless.
const ENDLESS: u32 = u32::MAX;

/// How long it may take until a batch runs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the GPU can leave a batch in its middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// It can, after a microsecond or so.
    Polite,
    /// It cannot.
    Stubborn,
}

/// Dwords of a submission in the ring, so that none of its commands goes beyond the ring's end.
const SUBMISSION: usize = 16;

/// Batches for one engine in one context.
pub struct Stream {
    context: Context,
    batch: u64,
    /// What the last batch stores when it is done.
    submitted: u32,
}

impl Stream {
    /// A stream in a place of the client's memory of its own.
    pub fn new(client: &Client, engine: Engine, place: u64, manners: Manners) -> Result<Self> {
        let context = Context::new(client, engine, place)?;
        let entry = |table: u64, index: u64, page: u64| {
            let at = table * PAGE + index * 8;
            let value = Memory::page(page) | 3;
            client.memory.write(at, value as u32);
            client.memory.write(at + 4, (value >> 32) as u32);
        };
        let [third, second, first] = TABLES;
        entry(Context::root(place), 0, third);
        entry(third, 0, second);
        entry(second, 0, first);
        (0..MAPPED).for_each(|page| entry(first, page, page));

        let stream = Self {
            batch: (BATCHES + place) * PAGE,
            context,
            submitted: 0,
        };
        client.memory.fill(stream.batch, &stream.commands(manners));
        Ok(stream)
    }

    fn rounds(&self) -> u64 {
        self.context.target_page() * PAGE + ROUNDS * 4
    }

    /// The batch, which starts itself until no rounds are left.
    fn commands(&self, manners: Manners) -> Vec<u32> {
        let last = match manners {
            Manners::Polite => MI_ARB_CHECK,
            Manners::Stubborn => MI_FLUSH,
        };
        let mut group = [MI_FLUSH; GROUP + 1];
        group[GROUP] = last;
        let rounds = self.rounds() as u32;
        let mut commands = group.repeat(GROUPS);
        commands.extend([MI_ATOMIC_DECREMENT, rounds, 0]);
        commands.extend([MI_CONDITIONAL_BATCH_BUFFER_END, 0, rounds, 0]);
        commands.extend([MI_BATCH_BUFFER_START, self.batch as u32, 0]);
        commands
    }

    fn submit_rounds(&mut self, client: &Client, rounds: u32) -> io::Result<()> {
        self.submitted += 1;
        let target = self.context.target_address();
        let mut commands = vec![MI_STORE_DWORD, (target + ROUNDS * 4) as u32, 0, rounds];
        commands.extend([MI_BATCH_BUFFER_START, self.batch as u32, 0]);
        commands.extend([MI_STORE_DWORD, target as u32, 0, self.submitted]);
        commands.resize(SUBMISSION, 0);
        self.context.commands(client, &commands);
        self.context.submit(client)
    }

    /// Submits a batch that takes so long.
    pub fn submit(&mut self, client: &Client, length: Duration) -> io::Result<()> {
        let rounds = length.as_nanos() as u64 / ROUND_NS;
        self.submit_rounds(client, rounds.max(1) as u32)
    }

    /// Submits one that does not end by itself.
    pub fn submit_endless(&mut self, client: &Client) -> io::Result<()> {
        self.submit_rounds(client, ENDLESS)
    }

    /// Lets one that does not end by itself come to its end.
    pub fn end(&self, client: &Client) {
        client.memory.write(self.rounds(), 1);
    }

    /// Waits until a batch that does not end by itself runs.
    pub fn runs(&self, client: &Client) -> Result<()> {
        let begin = Instant::now();
        while [0, ENDLESS].contains(&self.rounds_left(client)) {
            ensure!(begin.elapsed() < PATIENCE, "the batch does not run");
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Rounds that are left of the batch that runs.
    pub fn rounds_left(&self, client: &Client) -> u32 {
        client.memory.read(self.rounds())
    }

    /// Batches that are not done.
    fn left(&self, client: &Client) -> u32 {
        self.submitted.wrapping_sub(self.context.target(client))
    }

    /// Waits until all is done, at most so long; says whether it is.
    pub fn wait(&self, client: &Client, limit: Duration) -> bool {
        let begin = Instant::now();
        while self.left(client) > 0 {
            if begin.elapsed() > limit {
                return false;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        true
    }

    /// Keeps `depth` batches of this length submitted until it is told to stop, and waits for their end.
    pub fn run(
        &mut self,
        client: &Client,
        length: Duration,
        depth: u32,
        stop: &AtomicBool,
    ) -> Result<()> {
        while !stop.load(Ordering::Relaxed) {
            while self.left(client) < depth {
                self.submit(client, length)?;
            }
            std::thread::sleep((length / 4).min(Duration::from_millis(2)));
        }
        ensure!(
            self.wait(client, Duration::from_secs(20)),
            "{} batches of {length:?} are not done",
            self.left(client)
        );
        Ok(())
    }
}
